#include "../vmm/seccomp.hpp"
#include <cerrno>
#include <csignal>
#include <functional>
#include <gtest/gtest.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace boxlite {
namespace {

struct Call {
    const char *title;
    std::function<long()> make;
    // What it comes to: the signal that ended the process, or 0.
    int ends_with;
};

// Raw system calls alone: the sanitizers' own would be judged as well.
int signal_of(const std::function<long()> &call) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        if (!enter_filter(vmm_filter(::getpid()))) ::syscall(SYS_exit_group, 1);
        call();
        ::syscall(SYS_exit_group, 0);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

TEST(VmmFilter, LetsThroughWhatAMachineNeedsAndNothingElse) {
    const Call calls[] = {
        {"getpid", [] { return ::syscall(SYS_getpid); }, 0},
        {"a Unix socket", [] { return ::syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0); }, 0},
        {"an ioctl of KVM", [] { return ::syscall(SYS_ioctl, 0, 0xae80, 0); }, 0},
        {"a signal to itself", [] { return ::syscall(SYS_tgkill, ::syscall(SYS_getpid), ::syscall(SYS_gettid), 0); }, 0},
        {"a socket of the network", [] { return ::syscall(SYS_socket, AF_INET, SOCK_STREAM, 0); }, SIGSYS},
        {"an ioctl of the network", [] { return ::syscall(SYS_ioctl, 0, 0x8912, 0); }, SIGSYS},
        {"a signal to another process", [] { return ::syscall(SYS_tgkill, 1, 1, 0); }, SIGSYS},
        {"kill", [] { return ::syscall(SYS_kill, ::getppid(), 0); }, SIGSYS},
        {"a new program", [] { return ::syscall(SYS_execve, "/bin/true", nullptr, nullptr); }, SIGSYS},
        {"a new process", [] { return ::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0); }, SIGSYS},
        {"another's memory", [] { return ::syscall(SYS_ptrace, 16, 1, 0, 0); }, SIGSYS},
        {"a mount", [] { return ::syscall(SYS_mount, nullptr, "/", nullptr, 0, nullptr); }, SIGSYS},
        {"dumps", [] { return ::syscall(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0); }, SIGSYS},
        {"a call of the x32 ABI", [] { return ::syscall(0x40000000 + SYS_getpid); }, SIGSYS},
    };
    for (const Call &call : calls)
        EXPECT_EQ(signal_of(call.make), call.ends_with) << call.title;
}

TEST(VmmFilter, RefusesCloneWithFlagsBehindAPointerAsAnOldKernelDoes) {
    const auto refused = [] {
        return ::syscall(SYS_clone3, nullptr, 0) == -1 && errno == ENOSYS ? 0 : ::syscall(SYS_exit_group, 1);
    };
    EXPECT_EQ(signal_of(refused), 0);
}

} // namespace
} // namespace boxlite
