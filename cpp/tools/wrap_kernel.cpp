// Writes the kernel inside libkrunfw as an ELF file that QEMU boots through its PVH entry.
// usage: boxlite-wrap-kernel <libkrunfw.so.5> <target>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string_view>

#include <dlfcn.h>
#include <elf.h>

namespace {

// The bundle ends at the kernel's data; its bss follows in memory only.
constexpr std::uint64_t bss_bytes = 4u << 20;
constexpr std::uint64_t kernel_offset = 0x1000;

// The Xen ELF note XEN_ELFNOTE_PHYS32_ENTRY, as the kernel's linker laid it out.
struct PvhNote {
    Elf64_Nhdr header;
    char name[4];
    std::uint64_t entry;
};
constexpr std::string_view pvh_note_start{"\4\0\0\0\10\0\0\0\22\0\0\0Xen\0", 16};

struct Wrapping {
    Elf64_Ehdr header;
    Elf64_Phdr load;
    Elf64_Phdr note;
    PvhNote pvh;
};
static_assert(sizeof(Wrapping) <= kernel_offset);

struct Kernel {
    const char *bytes;
    std::size_t size;
    std::size_t address;
    std::size_t entry;
};

std::optional<Kernel> load_kernel(const char *library) {
    using GetKernel = char *(*)(std::size_t *, std::size_t *, std::size_t *);
    void *handle = ::dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
        std::fprintf(stderr, "cannot load %s: %s\n", library, ::dlerror());
        return std::nullopt;
    }
    auto get_kernel = reinterpret_cast<GetKernel>(::dlsym(handle, "krunfw_get_kernel"));
    if (get_kernel == nullptr) {
        std::fprintf(stderr, "%s has no krunfw_get_kernel\n", library);
        return std::nullopt;
    }
    Kernel kernel{};
    kernel.bytes = get_kernel(&kernel.address, &kernel.entry, &kernel.size);
    return kernel;
}

std::optional<PvhNote> find_pvh_note(const Kernel &kernel) {
    const std::string_view bytes{kernel.bytes, kernel.size};
    const std::size_t at = bytes.find(pvh_note_start);
    if (at == std::string_view::npos || bytes.size() - at < sizeof(PvhNote)) {
        std::fprintf(stderr, "the kernel has no PVH entry note\n");
        return std::nullopt;
    }
    PvhNote note{};
    std::memcpy(&note, bytes.data() + at, sizeof note);
    return note;
}

Elf64_Ehdr elf_header(const Kernel &kernel) {
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_EXEC;
    header.e_machine = EM_X86_64;
    header.e_version = EV_CURRENT;
    header.e_entry = kernel.entry;
    header.e_phoff = sizeof(Elf64_Ehdr);
    header.e_ehsize = sizeof(Elf64_Ehdr);
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_phnum = 2;
    return header;
}

Wrapping wrap(const Kernel &kernel, const PvhNote &pvh) {
    Wrapping wrapping{};
    wrapping.header = elf_header(kernel);
    wrapping.load.p_type = PT_LOAD;
    wrapping.load.p_flags = PF_R | PF_W | PF_X;
    wrapping.load.p_offset = kernel_offset;
    wrapping.load.p_vaddr = kernel.address;
    wrapping.load.p_paddr = kernel.address;
    wrapping.load.p_filesz = kernel.size;
    wrapping.load.p_memsz = kernel.size + bss_bytes;
    wrapping.load.p_align = kernel_offset;
    wrapping.note.p_type = PT_NOTE;
    wrapping.note.p_flags = PF_R;
    wrapping.note.p_offset = offsetof(Wrapping, pvh);
    wrapping.note.p_filesz = sizeof(PvhNote);
    wrapping.note.p_memsz = sizeof(PvhNote);
    wrapping.note.p_align = alignof(Elf64_Nhdr);
    wrapping.pvh = pvh;
    return wrapping;
}

bool write_elf(const char *target, const Wrapping &wrapping, const Kernel &kernel) {
    std::FILE *file = std::fopen(target, "wb");
    if (file == nullptr) {
        std::perror(target);
        return false;
    }
    const bool written = std::fwrite(&wrapping, sizeof wrapping, 1, file) == 1 &&
                         std::fseek(file, kernel_offset, SEEK_SET) == 0 &&
                         std::fwrite(kernel.bytes, kernel.size, 1, file) == 1;
    const bool closed = std::fclose(file) == 0;
    if (!written || !closed) std::perror(target);
    return written && closed;
}

} // namespace

int main(int argc, char **argv) {
    if (argc != 3) {
        std::fprintf(stderr, "usage: %s <libkrunfw.so.5> <target>\n", argv[0]);
        return 2;
    }
    const auto kernel = load_kernel(argv[1]);
    if (!kernel) return 1;
    const auto pvh = find_pvh_note(*kernel);
    if (!pvh) return 1;
    return write_elf(argv[2], wrap(*kernel, *pvh), *kernel) ? 0 : 1;
}
