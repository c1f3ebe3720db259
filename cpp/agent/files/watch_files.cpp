#include "../../common/io.hpp"
#include "file_failure.hpp"
#include "file_operations.hpp"
#include "paths.hpp"
#include "watch_tree.hpp"
#include <cerrno>
#include <cstring>
#include <optional>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

namespace boxlite {
namespace {

// The second half of a rename comes right after the first, if it comes.
constexpr int pair_patience_ms = 20;

// Turns what inotify(7) says into records: the kind, the path, NUL; for a rename also the old path, NUL.
class Watcher {
public:
    Watcher(int inotify, int out, bool recursive, std::string only)
        : inotify_(inotify), out_(out), recursive_(recursive), only_(std::move(only)), tree_(inotify) {}

    int arm(const std::string &path);
    // Until the watched directory is gone, or nobody reads any more.
    int run();

private:
    struct Moved {
        int watch;
        std::uint32_t cookie;
        std::string name;
        bool is_directory;
    };

    void take(const inotify_event &event);
    void take_named(const inotify_event &event, const std::string &name);
    void move_in(const inotify_event &event, const std::string &name);
    void move_out();
    void watch_new(int parent, const std::string &name, bool announce);
    void overflow();
    void say(char kind, const std::string &path, const std::string *from = nullptr);
    void flush();

    int inotify_;
    int out_;
    bool recursive_;
    // When one file is watched: its name in the directory.
    std::string only_;
    WatchTree tree_;
    std::optional<Moved> moved_;
    std::string held_;
    std::string last_;
    bool over_ = false;
};

int Watcher::arm(const std::string &path) {
    if (const int error = tree_.add_root(path); error != 0) return error;
    std::vector<WatchTree::Found> there;
    return recursive_ ? tree_.add_missing(there) : 0;
}

int Watcher::run() {
    alignas(inotify_event) char buffer[32'768];
    while (!over_) {
        pollfd ready[2] = {{inotify_, POLLIN, 0}, {out_, 0, 0}};
        const int count = ::poll(ready, 2, moved_ ? pair_patience_ms : -1);
        if (count < 0 && errno != EINTR) return errno;
        if (count == 0) move_out();
        if ((ready[1].revents & POLLERR) != 0) return 0;
        if (count > 0 && (ready[0].revents & POLLIN) != 0) {
            const ssize_t length = ::read(inotify_, buffer, sizeof buffer);
            if (length < 0 && errno != EINTR) return errno;
            for (ssize_t at = 0; at < length;) {
                const auto &event = *reinterpret_cast<const inotify_event *>(buffer + at);
                at += static_cast<ssize_t>(sizeof event + event.len);
                take(event);
            }
        }
        flush();
    }
    return 0;
}

void Watcher::take(const inotify_event &event) {
    const bool is_pair = (event.mask & IN_MOVED_TO) != 0 && moved_ && moved_->cookie == event.cookie;
    if (moved_ && !is_pair) move_out();
    if ((event.mask & IN_Q_OVERFLOW) != 0) return overflow();
    if ((event.mask & IN_IGNORED) != 0) return tree_.forget(event.wd);
    if (!tree_.knows(event.wd)) return;
    const bool is_root = event.wd == tree_.root();
    if ((event.mask & (IN_DELETE_SELF | IN_MOVE_SELF)) != 0) {
        // Of others the parent says it.
        if (!is_root) return;
        say('d', tree_.path_of(event.wd, only_));
        over_ = true;
        return;
    }
    if (event.len > 0) take_named(event, event.name);
}

void Watcher::take_named(const inotify_event &event, const std::string &name) {
    const bool is_directory = (event.mask & IN_ISDIR) != 0;
    if ((event.mask & IN_MOVED_TO) != 0) return move_in(event, name);
    if ((event.mask & IN_MOVED_FROM) != 0) {
        moved_ = Moved{event.wd, event.cookie, name, is_directory};
        return;
    }
    if (!only_.empty() && name != only_) return;
    const std::string path = tree_.path_of(event.wd, name);
    if ((event.mask & IN_MODIFY) != 0) say('w', path);
    if ((event.mask & IN_DELETE) != 0) say('d', path);
    if ((event.mask & IN_CREATE) == 0) return;
    say('c', path);
    if (is_directory) watch_new(event.wd, name, true);
}

void Watcher::move_in(const inotify_event &event, const std::string &name) {
    const bool is_directory = (event.mask & IN_ISDIR) != 0;
    const std::string path = tree_.path_of(event.wd, name);
    if (!moved_) {
        if (!only_.empty() && name != only_) return;
        say('c', path);
        // What came with it is not new.
        if (is_directory) watch_new(event.wd, name, false);
        return;
    }
    const Moved moved = std::move(*moved_);
    moved_.reset();
    if (only_.empty() || name == only_ || moved.name == only_) {
        const std::string from = tree_.path_of(moved.watch, moved.name);
        say('r', path, &from);
    }
    if (is_directory) tree_.move(moved.watch, moved.name, event.wd, name);
}

// The other half did not come: it left what is watched.
void Watcher::move_out() {
    const Moved moved = std::move(*moved_);
    moved_.reset();
    if (only_.empty() || moved.name == only_) say('d', tree_.path_of(moved.watch, moved.name));
    if (moved.is_directory) tree_.drop(moved.watch, moved.name);
}

void Watcher::watch_new(int parent, const std::string &name, bool announce) {
    if (!recursive_) return;
    std::vector<WatchTree::Found> found;
    // One that cannot be watched is a gap, and said so.
    if (tree_.add(parent, name, found) != 0) say('o', tree_.path_of(tree_.root(), only_));
    if (!announce) return;
    for (const auto &entry : found)
        say('c', entry.path);
}

void Watcher::overflow() {
    say('o', tree_.path_of(tree_.root(), only_));
    if (!recursive_) return;
    std::vector<WatchTree::Found> found;
    tree_.add_missing(found);
}

// The same thing twice in a row is said once.
void Watcher::say(char kind, const std::string &path, const std::string *from) {
    std::string record(1, kind);
    record.append(path).push_back('\0');
    if (from != nullptr) record.append(*from).push_back('\0');
    if (record == last_) return;
    held_.append(record);
    last_ = std::move(record);
}

void Watcher::flush() {
    if (!held_.empty() && !write_all(out_, held_)) over_ = true;
    held_.clear();
    last_.clear();
}

} // namespace

Result<std::string> watch_files(const FileRequest &request, const WorkerStreams &streams) {
    const auto failed = [&](int error) {
        // Not the disk: fs.inotify.max_user_watches.
        if (error != ENOSPC) return file_failure("watch", request.path, error);
        return Failure{"limit", "Cannot watch \"" + request.path + "\": the kernel has no more watches for this user",
                       "Watch fewer directories, or raise fs.inotify.max_user_watches in the box."};
    };
    struct stat status{};
    if (::stat(request.path.c_str(), &status) != 0) return failed(errno);
    // A file is watched through its directory: it may be replaced by another of its name.
    std::string path = without_trailing_slashes(request.path);
    std::string only;
    if (!S_ISDIR(status.st_mode)) {
        SplitPath split = split_path(path);
        path = std::move(split.parent);
        only = std::move(split.name);
    }
    const Fd inotify(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!inotify) return failed(errno);
    Watcher watcher(inotify.get(), streams.out, request.recursive && only.empty(), only);
    if (const int error = watcher.arm(path); error != 0) return failed(error);
    say_word(streams, 'S', "{}");
    if (const int error = watcher.run(); error != 0) return failed(error);
    return std::string("{}");
}

} // namespace boxlite
