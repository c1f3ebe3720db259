// bare_runner LIBKRUN LIBKRUNFW DISK SOCKET CPUS MEMORY_MIB: becomes a libkrun machine that boots DISK, and nothing more.
#include "krun.hpp"
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <sys/prctl.h>

namespace {

constexpr std::uint32_t agent_port = 1024;
constexpr std::uint32_t log_level_warn = 2;
constexpr std::uint32_t log_style_never = 2;
constexpr std::uint32_t log_option_no_env = 1;
constexpr std::uint32_t format_raw = 0;
constexpr std::uint32_t sync_relaxed = 1;

[[noreturn]] void give_up(const char *what, const char *why) {
    std::fprintf(stderr, "%s: %s\n", what, why);
    std::exit(1);
}

std::int32_t check(const char *call, std::int32_t answer) {
    if (answer >= 0) return answer;
    std::fprintf(stderr, "%s: %d\n", call, answer);
    std::exit(1);
}

void *open_library(const char *path, int flags) {
    void *library = ::dlopen(path, flags);
    if (library == nullptr) give_up(path, ::dlerror());
    return library;
}

template <typename Function> void bind(void *library, const char *name, Function &function) {
    function = reinterpret_cast<Function>(::dlsym(library, name));
    if (function == nullptr) give_up("libkrun lacks", name);
}

Krun load(const char *libkrun, const char *libkrunfw) {
    // libkrun loads libkrunfw by its bare name, which finds the one that is loaded already.
    open_library(libkrunfw, RTLD_NOW | RTLD_GLOBAL);
    void *library = open_library(libkrun, RTLD_NOW | RTLD_LOCAL);
    Krun krun{};
    bind(library, "krun_init_log", krun.init_log);
    bind(library, "krun_create_ctx", krun.create_ctx);
    bind(library, "krun_set_vm_config", krun.set_vm_config);
    bind(library, "krun_disable_implicit_console", krun.disable_implicit_console);
    bind(library, "krun_disable_implicit_vsock", krun.disable_implicit_vsock);
    bind(library, "krun_add_vsock", krun.add_vsock);
    bind(library, "krun_add_vsock_port2", krun.add_vsock_port2);
    bind(library, "krun_disable_implicit_init", krun.disable_implicit_init);
    bind(library, "krun_add_disk3", krun.add_disk3);
    bind(library, "krun_set_env", krun.set_env);
    bind(library, "krun_start_enter", krun.start_enter);
    return krun;
}

} // namespace

int main(int argc, char **argv) {
    if (argc != 7) give_up("usage", "bare_runner LIBKRUN LIBKRUNFW DISK SOCKET CPUS MEMORY_MIB");
    const char *disk = argv[3];
    const char *socket = argv[4];
    const auto cpus = static_cast<std::uint8_t>(std::atoi(argv[5]));
    const auto memory_mib = static_cast<std::uint32_t>(std::atoi(argv[6]));
    // It ends with the benchmark, however that ends.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::signal(SIGPIPE, SIG_IGN);

    const Krun krun = load(argv[1], argv[2]);
    check("krun_init_log", krun.init_log(2, log_level_warn, log_style_never, log_option_no_env));
    const auto ctx = static_cast<std::uint32_t>(check("krun_create_ctx", krun.create_ctx()));
    check("krun_set_vm_config", krun.set_vm_config(ctx, cpus, memory_mib));
    check("krun_disable_implicit_console", krun.disable_implicit_console(ctx));
    check("krun_disable_implicit_vsock", krun.disable_implicit_vsock(ctx));
    check("krun_add_vsock", krun.add_vsock(ctx, 0));
    check("krun_add_vsock_port2", krun.add_vsock_port2(ctx, agent_port, socket, false));
    check("krun_disable_implicit_init", krun.disable_implicit_init(ctx));
    check("krun_add_disk3", krun.add_disk3(ctx, "root", disk, format_raw, true, false, sync_relaxed));
    const char *const kernel_arguments[] = {"root=/dev/vda", "rootfstype=ext4", "init=/agent", nullptr};
    check("krun_set_env", krun.set_env(ctx, kernel_arguments));
    check("krun_start_enter", krun.start_enter(ctx));
}
