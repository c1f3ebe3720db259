#include "reaper.hpp"
#include "../common/io.hpp"
#include "clock.hpp"
#include "console.hpp"
#include <cerrno>
#include <csignal>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

namespace boxlite {
namespace {

constexpr int batch = 256;
constexpr std::int64_t kill_patience_ns = 3'000 * ns_per_ms;

sigset_t child_signal() {
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGCHLD);
    return set;
}

// What poweroff, halt and reboot of the guest send to PID 1, as busybox's and sysvinit's own do: init(8).
sigset_t heard_signals() {
    sigset_t set = child_signal();
    for (const int asked : {SIGTERM, SIGUSR1, SIGUSR2})
        ::sigaddset(&set, asked);
    return set;
}

} // namespace

Result<Reaper> Reaper::create() {
    Reaper reaper;
    const sigset_t set = heard_signals();
    reaper.signals_.reset(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!reaper.signals_) return failure_from_errno("create a signal descriptor", errno);
    return reaper;
}

bool Reaper::reap(Calls &calls) {
    if (!due_) return false;
    signalfd_siginfo info;
    while (::read(signals_.get(), &info, sizeof info) > 0)
        asked_to_end_ = asked_to_end_ || info.ssi_signo != SIGCHLD;
    for (int i = 0; i < batch; ++i) {
        int status = 0;
        const pid_t pid = ::waitpid(-1, &status, WNOHANG | __WALL);
        if (pid <= 0) {
            due_ = false;
            return false;
        }
        calls.reaped(pid, status);
    }
    return true;
}

bool Reaper::nobody_left() const {
    // Whatever runs has a living chain of parents up to us.
    siginfo_t info{};
    return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) != 0 && errno == ECHILD;
}

void Reaper::kill_everything(Calls &calls) {
    const sigset_t set = child_signal();
    const std::int64_t deadline = boot_clock_ns() + kill_patience_ns;
    while (!nobody_left()) {
        ::kill(-1, SIGKILL);
        due_ = true;
        while (reap(calls)) {}
        if (boot_clock_ns() > deadline) return console_line("some processes do not end");
        constexpr timespec moment{0, 5'000'000};
        if (!nobody_left()) ::sigtimedwait(&set, nullptr, &moment);
    }
}

} // namespace boxlite
