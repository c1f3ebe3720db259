#include "file_worker.hpp"
#include "../../common/io.hpp"
#include "../users.hpp"
#include "unfinished.hpp"
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <grp.h>
#include <linux/openat2.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace boxlite {
namespace {

constexpr std::size_t longest_file = 4u << 20;
constexpr std::size_t most_groups = 65'536; // NGROUPS_MAX

// Of the ring that the input comes by.
constexpr int news_fd = 0;
constexpr int room_fd = 3;

Status enter_box(const WorkerPlan &plan) {
    if (::setns(plan.mount_namespace, CLONE_NEWNS) != 0) return failure_from_errno("enter the box", errno, "limit");
    const int news = plan.input ? plan.input->ring().news.get() : plan.null;
    const int room = plan.input ? plan.input->room() : plan.null;
    // The agent has its own three standard ones: only the last can lie where another one goes.
    if (::dup2(news, news_fd) < 0 || ::dup2(plan.out, 1) < 0 || ::dup2(plan.word, 2) < 0 || ::dup2(room, room_fd) < 0)
        return failure_from_errno("set up a file operation", errno, "limit");
    // Other calls wait for the end of their pipes.
    ::syscall(SYS_close_range, room_fd + 1u, ~0u, 0u);
    ::umask(022);
    return success();
}

// The file's first bytes; none when it is not a regular file.
std::string read_text(const char *path) {
    open_how how{};
    how.flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    how.resolve = RESOLVE_NO_MAGICLINKS;
    const Fd file(static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how)));
    struct stat status{};
    if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
    std::string text;
    char piece[16'384];
    while (text.size() < longest_file) {
        const ssize_t count = ::read(file.get(), piece, sizeof piece);
        if (count <= 0) break;
        text.append(piece, static_cast<std::size_t>(count));
    }
    return text;
}

// No link and no ".." leads out of it, and this process holds nothing that is above it.
Status enter_root(const std::string &root) {
    if (root.empty() || (::chdir(root.c_str()) == 0 && ::chroot(".") == 0)) return success();
    const int error = errno;
    const std::string attempted = "Cannot work below " + root + ": ";
    if (error == ENOENT) return Failure{"file-not-found", attempted + "no such directory", "Make it first."};
    if (error == ENOTDIR) return Failure{"not-a-directory", attempted + "not a directory", "Give a directory as root."};
    return failure_from_errno("work below " + root, error, "limit");
}

Status become_user(const std::string &user, const std::string &root) {
    const std::string passwd = read_text("/etc/passwd");
    const std::string group = read_text("/etc/group");
    std::vector<gid_t> groups(most_groups);
    Identity identity;
    const UnknownName unknown = resolve_identity(*parse_user_spec(user), passwd, group, groups, identity);
    if (unknown != UnknownName::none) {
        const bool is_user = unknown == UnknownName::user;
        return Failure{"invalid-argument", std::string("Unknown ") + (is_user ? "user" : "group") + " in \"" + user + "\"",
                       is_user ? "Give a name from /etc/passwd of the box, or a number."
                               : "Give a name from /etc/group of the box, or a number."};
    }
    if (Status s = enter_root(root); !s) return s;
    // Leaving root also keeps the user's other processes from tracing us: the kernel marks us as not dumpable.
    if (::setgroups(identity.group_count, groups.data()) != 0 ||
        ::setresgid(identity.gid, identity.gid, identity.gid) != 0 ||
        ::setresuid(identity.uid, identity.uid, identity.uid) != 0) {
        return failure_from_errno("become the user " + user, errno, "limit");
    }
    return success();
}

void listen_to_end() {
    struct sigaction action{};
    action.sa_handler = Unfinished::end_early;
    ::sigaction(SIGTERM, &action, nullptr);
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGTERM);
    ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

Result<std::string> work(const FileRequest &request, FileOperation operation, const WorkerPlan &plan) {
    if (const Status s = enter_box(plan); !s) return s.failure();
    listen_to_end();
    if (const Status s = become_user(request.user, request.root); !s) return s.failure();
    if (plan.input == nullptr) return operation(request, WorkerStreams{});
    RingReader in(plan.input->ring(), news_fd, room_fd);
    return operation(request, WorkerStreams{&in});
}

} // namespace

void run_file_worker(const FileRequest &request, FileOperation operation, const WorkerPlan &plan) {
    const auto result = work(request, operation, plan);
    if (result) {
        say_word(WorkerStreams{}, 'X', result.value());
    } else {
        const Failure &failure = result.failure();
        JsonWriter error;
        error.member("code", failure.code).member("message", failure.message);
        if (!failure.hint.empty()) error.member("hint", failure.hint);
        say_word(WorkerStreams{}, 'E', error.text());
    }
    ::_exit(0);
}

} // namespace boxlite
