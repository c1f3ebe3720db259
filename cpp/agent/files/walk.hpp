#pragma once
#include "../../common/fd.hpp"
#include <dirent.h>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace boxlite {

// A walk down a tree, one open directory a level: no link is followed below its root, and no path grows too long.
class DirectoryWalk {
public:
    struct Entry {
        // Empty at the directory's end.
        std::string name;
        char type = 'o';
    };

    // Each returns an errno, 0 for success.
    int open(int directory, const char *name, int flags, std::string label);
    int enter(const std::string &name);
    int next(Entry &entry);
    // Reads the innermost directory from its beginning again.
    void rewind() { ::rewinddir(levels_.back().listing.get()); }
    void leave() { levels_.pop_back(); }

    bool done() const { return levels_.empty(); }
    std::size_t depth() const { return levels_.size(); }
    int fd() const { return ::dirfd(levels_.back().listing.get()); }
    const std::string &name() const { return levels_.back().name; }
    // Below the root of the walk.
    std::string path_of(std::string_view name) const;

private:
    struct Level {
        std::unique_ptr<DIR, int (*)(DIR *)> listing;
        std::string name;
    };
    std::vector<Level> levels_;
};

} // namespace boxlite
