#include "watch_tree.hpp"
#include "walk.hpp"
#include <cerrno>
#include <fcntl.h>
#include <sys/inotify.h>

namespace boxlite {
namespace {

constexpr std::uint32_t interesting = IN_CREATE | IN_MODIFY | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF |
                                      IN_MOVE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK;

// Gone, or another thing, by the time we look.
bool is_race(int error) {
    return error == ENOENT || error == ENOTDIR || error == ELOOP;
}

} // namespace

int WatchTree::add_root(const std::string &path) {
    root_ = ::inotify_add_watch(inotify_, path.c_str(), interesting);
    if (root_ < 0) return errno;
    nodes_[root_] = {-1, path};
    return 0;
}

int WatchTree::add(int parent, const std::string &name, std::vector<Found> &found) {
    const std::string path = path_of(parent, name);
    // Watched before it is read: what comes in between is seen twice, and not missed.
    const int watch = ::inotify_add_watch(inotify_, path.c_str(), interesting | IN_DONT_FOLLOW);
    if (watch < 0) return is_race(errno) ? 0 : errno;
    nodes_[watch] = {parent, name};
    DirectoryWalk walk;
    if (const int error = walk.open(AT_FDCWD, path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW, ""); error != 0)
        return is_race(error) ? 0 : error;
    for (;;) {
        DirectoryWalk::Entry entry;
        if (const int error = walk.next(entry); error != 0 || entry.name.empty()) return is_race(error) ? 0 : error;
        found.push_back({path_of(watch, entry.name), entry.type == 'd'});
        if (entry.type != 'd') continue;
        if (const int error = add(watch, entry.name, found); error != 0) return error;
    }
}

int WatchTree::add_missing(std::vector<Found> &found) {
    DirectoryWalk walk;
    const std::string path = path_of(root_, "");
    if (const int error = walk.open(AT_FDCWD, path.c_str(), O_RDONLY | O_DIRECTORY, ""); error != 0) return error;
    for (;;) {
        DirectoryWalk::Entry entry;
        if (const int error = walk.next(entry); error != 0 || entry.name.empty()) return is_race(error) ? 0 : error;
        if (entry.type != 'd') continue;
        if (const int error = add(root_, entry.name, found); error != 0) return error;
    }
}

void WatchTree::move(int from, const std::string &name, int to, const std::string &new_name) {
    if (const int watch = find(from, name); watch >= 0) nodes_[watch] = {to, new_name};
}

void WatchTree::drop(int parent, const std::string &name) {
    std::vector<int> gone;
    if (const int watch = find(parent, name); watch >= 0) gone.push_back(watch);
    for (std::size_t i = 0; i < gone.size(); ++i) {
        for (const auto &[watch, node] : nodes_) {
            if (node.parent == gone[i]) gone.push_back(watch);
        }
    }
    for (const int watch : gone) {
        ::inotify_rm_watch(inotify_, watch);
        nodes_.erase(watch);
    }
}

std::string WatchTree::path_of(int watch, const std::string &name) const {
    std::string path = name;
    for (auto node = nodes_.find(watch); node != nodes_.end(); node = nodes_.find(node->second.parent)) {
        if (path.empty())
            path = node->second.name;
        else
            path = node->second.name == "/" ? "/" + path : node->second.name + "/" + path;
    }
    return path;
}

int WatchTree::find(int parent, const std::string &name) const {
    for (const auto &[watch, node] : nodes_) {
        if (node.parent == parent && node.name == name) return watch;
    }
    return -1;
}

} // namespace boxlite
