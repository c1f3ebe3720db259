#include "kvm_machine.hpp"
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <sys/ioctl.h>
#include <sys/mman.h>

namespace boxlite::binding {

namespace {

constexpr std::size_t memory_bytes = 1u << 20;
constexpr std::uint64_t page_map_at = 0x1000;
constexpr std::uint64_t page_directories_at = 0x2000;
constexpr std::uint64_t page_directory_at = 0x3000;
constexpr std::uint64_t code_at = 0x4000;
constexpr std::uint64_t stack_at = 0x8000;
constexpr std::uint8_t answer_port = 0xe9;
constexpr std::uint32_t cpuid_entries = 256;

// What a kernel does in its first microseconds; emulators of privileged code stop at the pxor.
constexpr std::uint8_t code[] = {
    0x0f, 0x20, 0xd8, 0x0f, 0x22, 0xd8,                         // mov rax, cr3; mov cr3, rax
    0xb9, 0x80, 0x00, 0x00, 0xc0, 0x0f, 0x32, 0x0f, 0x30,       // mov ecx, EFER; rdmsr; wrmsr
    0xbf, 0x00, 0x40, 0x00, 0x00, 0x0f, 0x01, 0x3f,             // mov edi, 0x4000; invlpg [rdi]
    0x31, 0xc0, 0x0f, 0xa2,                                     // xor eax, eax; cpuid
    0x0f, 0x20, 0xe0, 0x48, 0x0d, 0x00, 0x02, 0x00, 0x00,       // mov rax, cr4; or rax, OSFXSR
    0x0f, 0x22, 0xe0,                                           // mov cr4, rax
    0x66, 0x0f, 0xef, 0xc0,                                     // pxor xmm0, xmm0
    0x0f, 0x01, 0xf8,                                           // swapgs
    0xfa,                                                       // cli
    0xb0, 0x42, 0xe6, answer_port,                              // mov al, 0x42; out port, al
    0xf4,                                                       // hlt
};

// In C++ the header's flexible arrays take room, which makes wrong structures and wrong ioctl numbers of these two.
struct Cpuid {
    std::uint32_t count;
    std::uint32_t padding;
    kvm_cpuid_entry2 entries[cpuid_entries];
};
struct SignalMask {
    std::uint32_t length;
    std::uint8_t set[8];
};
constexpr unsigned long get_supported_cpuid = _IOC(_IOC_READ | _IOC_WRITE, KVMIO, 0x05, 8);
constexpr unsigned long set_cpuid2 = _IOC(_IOC_WRITE, KVMIO, 0x90, 8);
constexpr unsigned long set_signal_mask = _IOC(_IOC_WRITE, KVMIO, 0x8b, 4);

std::string problem(const char *what) { return std::string(what) + ": " + ::strerror(errno); }

kvm_segment flat_segment(std::uint16_t selector, std::uint8_t type) {
    kvm_segment segment = {};
    segment.limit = 0xffffffff;
    segment.selector = selector;
    segment.type = type;
    segment.present = 1;
    segment.s = 1;
    segment.g = 1;
    return segment;
}

} // namespace

KvmMachine::~KvmMachine() {
    if (run_ != nullptr) ::munmap(run_, run_bytes_);
    vcpu_.reset();
    vm_.reset();
    if (memory_ != nullptr) ::munmap(memory_, memory_bytes);
}

std::optional<std::string> KvmMachine::build() {
    if (auto failed = open_machine()) return failed;
    if (auto failed = add_memory()) return failed;
    if (auto failed = add_vcpu()) return failed;
    if (auto failed = set_cpuid()) return failed;
    if (auto failed = enter_long_mode()) return failed;
    return let_kick_through();
}

std::optional<std::string> KvmMachine::open_machine() {
    kvm_.reset(::open("/dev/kvm", O_RDWR | O_CLOEXEC));
    if (!kvm_) return problem("/dev/kvm");
    if (::ioctl(kvm_.get(), KVM_GET_API_VERSION, 0) != KVM_API_VERSION) return "/dev/kvm: not the stable KVM interface";
    do vm_.reset(::ioctl(kvm_.get(), KVM_CREATE_VM, 0));
    while (!vm_ && errno == EINTR);
    if (!vm_) return problem("KVM_CREATE_VM");
    return std::nullopt;
}

std::optional<std::string> KvmMachine::add_memory() {
    void *memory = ::mmap(nullptr, memory_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return problem("mmap");
    memory_ = static_cast<std::uint8_t *>(memory);
    kvm_userspace_memory_region region = {};
    region.memory_size = memory_bytes;
    region.userspace_addr = reinterpret_cast<std::uintptr_t>(memory_);
    if (::ioctl(vm_.get(), KVM_SET_USER_MEMORY_REGION, &region) < 0) return problem("KVM_SET_USER_MEMORY_REGION");
    write_page_tables();
    std::memcpy(memory_ + code_at, code, sizeof code);
    return std::nullopt;
}

// One 2 MiB page, mapped to itself.
void KvmMachine::write_page_tables() {
    constexpr std::uint64_t present_writable = 0x3;
    constexpr std::uint64_t large = 0x80;
    const auto put = [&](std::uint64_t at, std::uint64_t entry) { std::memcpy(memory_ + at, &entry, sizeof entry); };
    put(page_map_at, page_directories_at | present_writable);
    put(page_directories_at, page_directory_at | present_writable);
    put(page_directory_at, present_writable | large);
}

std::optional<std::string> KvmMachine::add_vcpu() {
    vcpu_.reset(::ioctl(vm_.get(), KVM_CREATE_VCPU, 0));
    if (!vcpu_) return problem("KVM_CREATE_VCPU");
    const int bytes = ::ioctl(kvm_.get(), KVM_GET_VCPU_MMAP_SIZE, 0);
    if (bytes < 0) return problem("KVM_GET_VCPU_MMAP_SIZE");
    run_bytes_ = static_cast<std::size_t>(bytes);
    void *run = ::mmap(nullptr, run_bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu_.get(), 0);
    if (run == MAP_FAILED) return problem("mmap of the vCPU");
    run_ = static_cast<kvm_run *>(run);
    return std::nullopt;
}

std::optional<std::string> KvmMachine::set_cpuid() {
    const auto cpuid = std::make_unique<Cpuid>();
    cpuid->count = cpuid_entries;
    if (::ioctl(kvm_.get(), get_supported_cpuid, cpuid.get()) < 0) return problem("KVM_GET_SUPPORTED_CPUID");
    if (::ioctl(vcpu_.get(), set_cpuid2, cpuid.get()) < 0) return problem("KVM_SET_CPUID2");
    return std::nullopt;
}

std::optional<std::string> KvmMachine::enter_long_mode() {
    kvm_sregs system = {};
    if (::ioctl(vcpu_.get(), KVM_GET_SREGS, &system) < 0) return problem("KVM_GET_SREGS");
    system.cr0 = 0x80050033; // PG AM WP NE ET MP PE
    system.cr3 = page_map_at;
    system.cr4 = 0x20;   // PAE
    system.efer = 0x500; // LME LMA
    system.cs = flat_segment(0x08, 0xb);
    system.cs.l = 1;
    system.ds = system.es = system.fs = system.gs = system.ss = flat_segment(0x10, 0x3);
    if (::ioctl(vcpu_.get(), KVM_SET_SREGS, &system) < 0) return problem("KVM_SET_SREGS");
    kvm_regs registers = {};
    registers.rip = code_at;
    registers.rsp = stack_at;
    registers.rflags = 2;
    if (::ioctl(vcpu_.get(), KVM_SET_REGS, &registers) < 0) return problem("KVM_SET_REGS");
    return std::nullopt;
}

std::optional<std::string> KvmMachine::let_kick_through() {
    const std::uint64_t blocked = ~(1ull << (kick_signal - 1));
    SignalMask mask = {sizeof mask.set, {}};
    std::memcpy(mask.set, &blocked, sizeof mask.set);
    if (::ioctl(vcpu_.get(), set_signal_mask, &mask) < 0) return problem("KVM_SET_SIGNAL_MASK");
    return std::nullopt;
}

KvmVerdict KvmMachine::run() {
    bool answered = false;
    while (!stopping_) {
        if (::ioctl(vcpu_.get(), KVM_RUN, 0) < 0) {
            if (errno == EINTR || errno == EAGAIN) continue;
            return {false, problem("KVM_RUN")};
        }
        if (run_->exit_reason == KVM_EXIT_IO && run_->io.port == answer_port && !answered) {
            answered = true;
            continue;
        }
        if (run_->exit_reason == KVM_EXIT_HLT && answered) return {true, "KVM ran a guest in long mode"};
        return exit_verdict();
    }
    return {false, "KVM_RUN: the guest did not halt within 2 s: this KVM cannot run a stock guest"};
}

KvmVerdict KvmMachine::exit_verdict() const {
    const auto cannot = [](const std::string &what) {
        return KvmVerdict{false, "KVM_RUN: " + what + ": this KVM cannot run a stock guest"};
    };
    switch (run_->exit_reason) {
    case KVM_EXIT_INTERNAL_ERROR: return cannot("internal error, suberror " + std::to_string(run_->internal.suberror));
    case KVM_EXIT_FAIL_ENTRY:
        return cannot("entry failed, reason " + std::to_string(run_->fail_entry.hardware_entry_failure_reason));
    case KVM_EXIT_SHUTDOWN: return cannot("the guest shut down (triple fault)");
    default: return cannot("unexpected exit " + std::to_string(run_->exit_reason));
    }
}

} // namespace boxlite::binding
