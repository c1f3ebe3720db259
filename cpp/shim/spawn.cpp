#include "spawn.hpp"
#include "../common/io.hpp"
#include "../common/log.hpp"
#include "../common/privileges.hpp"
#include "hygiene.hpp"
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <sys/syscall.h>

namespace boxlite {
namespace {

constexpr int exec_failed_status = 127;

// Through copies above every target, since a source may be another's target.
bool place_descriptors(const std::vector<int> &fds) {
    const int above = std::max(*std::max_element(fds.begin(), fds.end()), static_cast<int>(fds.size())) + 1;
    std::vector<int> copies;
    for (const int fd : fds)
        copies.push_back(::fcntl(fd, F_DUPFD_CLOEXEC, above));
    for (std::size_t i = 0; i < fds.size(); ++i) {
        if (copies[i] < 0 || ::dup2(copies[i], static_cast<int>(i)) < 0) return false;
    }
    return ::close_range(static_cast<unsigned>(fds.size()), ~0u, 0) == 0;
}

void default_signals() {
    for (const int number : {SIGPIPE, SIGHUP, SIGINT, SIGQUIT})
        ::signal(number, SIG_DFL);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void become(const Program &program, pid_t parent) {
    std::vector<char *> argv;
    for (const std::string &argument : program.argv)
        argv.push_back(const_cast<char *>(argument.c_str()));
    argv.push_back(nullptr);
    char *const environment[] = {nullptr};

    Status ready = confine_process(parent);
    if (ready && !place_descriptors(program.fds)) ready = failure_from_errno("place descriptors", errno);
    if (ready && !program.keeps_capabilities) ready = drop_capabilities();
    if (ready) {
        schedule_as_started();
        default_signals();
        ::execve(program.path.c_str(), argv.data(), environment);
        ready = failure_from_errno("run " + program.path, errno);
    }
    log_line("%s", ready.failure().message.c_str());
    ::_exit(exec_failed_status);
}

} // namespace

bool Child::signal(int number) const {
    return ::syscall(SYS_pidfd_send_signal, pidfd.get(), number, nullptr, 0) == 0;
}

Result<Child> spawn(const Program &program) {
    if (::access(program.path.c_str(), X_OK) != 0) {
        return Failure{"native-missing", program.path + " cannot be run: " + std::strerror(errno),
                       "Install it, or reinstall the package's native files."};
    }
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) return failure_from_errno("fork", errno);
    if (pid == 0) become(program, parent);
    // The number cannot be another's yet: only this process reaps it.
    Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!pidfd) {
        const Failure failure = failure_from_errno("open a pidfd", errno);
        ::kill(pid, SIGKILL);
        return failure;
    }
    return Child{pid, std::move(pidfd)};
}

} // namespace boxlite
