#include "../common/io.hpp"
#include "../common/log.hpp"
#include "boot.hpp"
#include "jail.hpp"
#include "krun_api.hpp"
#include "settings.hpp"
#include "small_root.hpp"
#include <cerrno>
#include <fcntl.h>

// boxlite-vmm <box id>: turns itself into the virtual machine that its standard input describes.
namespace {

using namespace boxlite;

// Read by the shim: cpp/shim/engine_krun.cpp.
enum ExitStatus : int { bad_settings = 70, no_library = 71, no_jail = 72, no_machine = 73, no_kvm = 74 };

constexpr std::size_t settings_limit = 1u << 20;

int give_up(ExitStatus status, const Failure &failure) {
    log_line("%s", failure.message.c_str());
    return status;
}

Result<VmmSettings> read_settings() {
    const auto text = read_all(0, settings_limit);
    if (!text) return text.failure();
    const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!null || ::dup2(null.get(), 0) < 0) return failure_from_errno("open /dev/null", errno);
    return parse_vmm_settings(text.value());
}

} // namespace

int main() {
    log_begin("vmm");
    const auto settings = read_settings();
    if (!settings) return give_up(bad_settings, settings.failure());
    const auto krun = load_krun(settings.value().libkrun, settings.value().libkrunfw);
    if (!krun) return give_up(no_library, krun.failure());
    const auto paths = enter_small_root(settings.value().agent_socket);
    if (!paths) return give_up(no_jail, paths.failure());
    const auto ctx = describe_machine(krun.value(), settings.value(), paths.value());
    if (!ctx) return give_up(no_machine, ctx.failure());
    if (const Status jailed = enter_jail(settings.value()); !jailed) return give_up(no_jail, jailed.failure());
    // With the rights that are left, as libkrun will.
    if (const Status kvm = check_kvm(); !kvm) return give_up(no_kvm, kvm.failure());

    const std::int32_t answer = krun.value().start_enter(ctx.value());
    return give_up(no_machine, failure_from_errno("krun_start_enter", -answer));
}
