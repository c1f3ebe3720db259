#include "denial.hpp"
#include "raw_syscall.hpp"
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace boxlite {
namespace {

constexpr std::size_t head_bytes = 4096;

bool may_execute(const char *file) {
    return raw_syscall(SYS_faccessat2, AT_FDCWD, file, X_OK, AT_EACCESS) == 0;
}

std::string_view read_head(const char *file, std::span<char, head_bytes> room) {
    const long fd = raw_syscall(SYS_openat, AT_FDCWD, file, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
    if (fd < 0) return {};
    const long count = raw_syscall(SYS_read, fd, room.data(), room.size());
    raw_syscall(SYS_close, fd);
    return {room.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
}

template <typename T> bool copy_at(std::string_view head, std::uint64_t offset, T &value) {
    if (offset > head.size() || head.size() - offset < sizeof value) return false;
    std::memcpy(&value, head.data() + offset, sizeof value);
    return true;
}

std::string_view script_interpreter(std::string_view head) {
    head = head.substr(2, head.find('\n') - 2);
    const std::size_t begin = head.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return {};
    head.remove_prefix(begin);
    return head.substr(0, head.find_first_of(std::string_view(" \t\r\0", 4)));
}

std::string_view elf_interpreter(std::string_view head) {
    Elf64_Ehdr header;
    if (!copy_at(head, 0, header) || header.e_ident[EI_CLASS] != ELFCLASS64) return {};
    for (unsigned i = 0; i < header.e_phnum; ++i) {
        Elf64_Phdr segment;
        if (!copy_at(head, header.e_phoff + i * sizeof segment, segment)) return {};
        if (segment.p_type != PT_INTERP || segment.p_offset >= head.size()) continue;
        const std::string_view name = head.substr(segment.p_offset, segment.p_filesz);
        return name.substr(0, name.find('\0'));
    }
    return {};
}

Denial denial_of(const char *file, int error) {
    struct stat status{};
    if (raw_syscall(SYS_newfstatat, AT_FDCWD, file, &status, 0) != 0) return Denial::none;
    if (S_ISDIR(status.st_mode)) return Denial::directory;
    if (!S_ISREG(status.st_mode)) return Denial::not_a_file;
    if (error == ENOEXEC) return Denial::format;
    if (error == ENOENT) return Denial::interpreter;
    if (error == EACCES) return may_execute(file) ? Denial::interpreter : Denial::not_executable;
    return Denial::none;
}

} // namespace

bool exists(const char *file) {
    return raw_syscall(SYS_faccessat, AT_FDCWD, file, F_OK) == 0;
}

std::string_view find_interpreter(std::string_view head) {
    if (head.starts_with("#!")) return script_interpreter(head);
    if (head.starts_with(ELFMAG)) return elf_interpreter(head);
    return {};
}

void explain_denial(const char *file, LaunchReport &report) {
    report.denial = denial_of(file, report.error);
    if (report.denial != Denial::interpreter) return;
    char room[head_bytes];
    const std::string_view name = find_interpreter(read_head(file, room));
    std::copy_n(name.begin(), std::min(name.size(), report.interpreter.size() - 1), report.interpreter.begin());
}

} // namespace boxlite
