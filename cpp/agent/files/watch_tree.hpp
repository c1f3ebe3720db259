#pragma once
#include "../../common/fd.hpp"
#include <map>
#include <string>
#include <vector>

namespace boxlite {

// The directories under watch by inotify(7): which watch is which, by name and parent, so that a directory that is
// renamed takes all below it along.
class WatchTree {
public:
    // What is found in a directory that has just come under watch.
    struct Found {
        std::string path;
        bool is_directory = false;
    };

    explicit WatchTree(int inotify) : inotify_(inotify) {}

    // Watches the directory at the root's path. An errno, 0 for success.
    int add_root(const std::string &path);
    // Watches a directory below one that is watched, and everything below it; `found` is what was in them.
    int add(int parent, const std::string &name, std::vector<Found> &found);
    // Everything that is not under watch yet.
    int add_missing(std::vector<Found> &found);
    // Gives a watched directory another place.
    void move(int from, const std::string &name, int to, const std::string &new_name);
    // Lets go of a watched directory that is not in the tree any more.
    void drop(int parent, const std::string &name);
    // The kernel has let go of it.
    void forget(int watch) { nodes_.erase(watch); }

    int root() const { return root_; }
    bool knows(int watch) const { return nodes_.contains(watch); }
    std::string path_of(int watch, const std::string &name) const;

private:
    struct Node {
        int parent = -1;
        std::string name;
    };
    int find(int parent, const std::string &name) const;

    int inotify_;
    int root_ = -1;
    std::map<int, Node> nodes_;
};

} // namespace boxlite
