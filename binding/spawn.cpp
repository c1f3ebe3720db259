#include "spawn.hpp"
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace boxlite::binding {

namespace {

constexpr std::size_t page_bytes = 4096;
constexpr std::size_t stack_bytes = 16 * page_bytes;

// The child's own stack, with a page below it that faults on overflow.
class Stack {
public:
    Stack()
        : base_(::mmap(nullptr, stack_bytes + page_bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0)) {
        if (*this) ::mprotect(base_, page_bytes, PROT_NONE);
    }
    Stack(const Stack &) = delete;
    Stack &operator=(const Stack &) = delete;
    ~Stack() {
        if (*this) ::munmap(base_, stack_bytes + page_bytes);
    }
    explicit operator bool() const { return base_ != MAP_FAILED; }
    void *top() const { return static_cast<char *>(base_) + stack_bytes + page_bytes; }

private:
    void *base_;
};

// No handler of the caller may run in the child, which shares its memory.
class SignalsBlocked {
public:
    SignalsBlocked() {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    SignalsBlocked(const SignalsBlocked &) = delete;
    SignalsBlocked &operator=(const SignalsBlocked &) = delete;
    ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

private:
    sigset_t before_;
};

// Everything the child needs, laid out before it exists: it may not allocate.
struct Child {
    const char *file;
    char *const *argv;
    char *const *env;
    const char *cwd;    // or null
    int cgroup_procs;   // or -1
    const int *fds;
    int *staged;
    int fd_count;
    SpawnFailure failure;
};

std::vector<char *> pointers(const std::vector<std::string> &strings) {
    std::vector<char *> list;
    list.reserve(strings.size() + 1);
    for (const auto &text : strings) list.push_back(const_cast<char *>(text.c_str()));
    list.push_back(nullptr);
    return list;
}

// From here to run_child: only async-signal-safe calls, on memory shared with the suspended caller.

bool failed(Child &child, const char *syscall) {
    child.failure = {errno, syscall};
    return false;
}

bool reset_signals(Child &child) {
    struct sigaction defaults = {};
    defaults.sa_handler = SIG_DFL;
    for (int number = 1; number <= SIGRTMAX; ++number)
        if (::sigaction(number, &defaults, nullptr) < 0 && errno != EINVAL) return failed(child, "sigaction");
    sigset_t none;
    ::sigemptyset(&none);
    if (::sigprocmask(SIG_SETMASK, &none, nullptr) < 0) return failed(child, "sigprocmask");
    return true;
}

bool join_cgroup(Child &child) {
    if (child.cgroup_procs < 0) return true;
    if (::write(child.cgroup_procs, "0", 1) != 1) return failed(child, "cgroup.procs");
    return true;
}

bool place_fds(Child &child) {
    // All sources go above the targets first, so that no target overwrites a source still needed.
    for (int i = 0; i < child.fd_count; ++i) {
        child.staged[i] = ::fcntl(child.fds[i], F_DUPFD_CLOEXEC, child.fd_count);
        if (child.staged[i] < 0) return failed(child, "fcntl");
    }
    for (int i = 0; i < child.fd_count; ++i)
        if (::dup2(child.staged[i], i) < 0) return failed(child, "dup2");
    if (::syscall(SYS_close_range, static_cast<unsigned>(child.fd_count), ~0U, 0U) < 0)
        return failed(child, "close_range");
    return true;
}

bool enter_directory(Child &child) {
    if (child.cwd != nullptr && ::chdir(child.cwd) < 0) return failed(child, "chdir");
    return true;
}

int run_child(void *argument) {
    Child &child = *static_cast<Child *>(argument);
    if (reset_signals(child) && join_cgroup(child) && place_fds(child) && enter_directory(child)) {
        ::execve(child.file, child.argv, child.env);
        failed(child, "execve");
    }
    ::_exit(127);
}

} // namespace

std::variant<Spawned, SpawnFailure> spawn(const SpawnRequest &request) {
    Fd cgroup_procs;
    if (!request.cgroup.empty()) {
        cgroup_procs.reset(::open((request.cgroup + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
        if (!cgroup_procs) return SpawnFailure{errno, "cgroup.procs"};
    }
    const Stack stack;
    if (!stack) return SpawnFailure{errno, "mmap"};

    const auto argv = pointers(request.argv);
    const auto env = pointers(request.env);
    std::vector<int> staged(request.fds.size());
    Child child{request.file.c_str(), argv.data(), env.data(), request.cwd.empty() ? nullptr : request.cwd.c_str(),
                cgroup_procs.get(), request.fds.data(), staged.data(), static_cast<int>(request.fds.size()),
                SpawnFailure{0, nullptr}};

    int pidfd = -1;
    pid_t pid = -1;
    {
        const SignalsBlocked blocked;
        // Sharing memory and waiting for the exec: a fork would copy the page tables of the whole program.
        pid = ::clone(run_child, stack.top(), CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &child, &pidfd);
        if (pid < 0) return SpawnFailure{errno, "clone"};
    }
    Fd owned(pidfd);
    if (child.failure.syscall != nullptr) {
        siginfo_t ended;
        while (::waitid(P_PIDFD, static_cast<id_t>(owned.get()), &ended, WEXITED) < 0 && errno == EINTR) {}
        return child.failure;
    }
    return Spawned{pid, std::move(owned)};
}

} // namespace boxlite::binding
