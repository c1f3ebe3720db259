#include "remove_tree.hpp"
#include "walk.hpp"
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace boxlite {
namespace {

// Somebody may put things into a directory while it is being emptied.
constexpr int most_rounds = 5;

int remove_name(int directory, const std::string &name, int flags) {
    return ::unlinkat(directory, name.c_str(), flags) == 0 || errno == ENOENT ? 0 : errno;
}

bool is_full(int error) {
    return error == ENOTEMPTY || error == EEXIST;
}

// Goes into a directory, and removes anything else.
int remove_or_enter(DirectoryWalk &walk, const DirectoryWalk::Entry &entry) {
    if (entry.type == 'd') {
        const int error = walk.enter(entry.name);
        // It may be something else by now.
        if (error != ENOTDIR && error != ELOOP) return error == ENOENT ? 0 : error;
    }
    const int error = remove_name(walk.fd(), entry.name, 0);
    return error == EISDIR ? walk.enter(entry.name) : error;
}

// Removes what is in the directory, not the directory itself.
int empty_tree(int directory, const std::string &name, std::string &at) {
    DirectoryWalk walk;
    at = name;
    if (const int error = walk.open(directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW, ""); error != 0)
        return error;
    for (;;) {
        DirectoryWalk::Entry entry;
        if (const int error = walk.next(entry); error != 0) return error;
        if (!entry.name.empty()) {
            at = name + "/" + walk.path_of(entry.name);
            if (const int error = remove_or_enter(walk, entry); error != 0) return error;
            continue;
        }
        if (walk.depth() == 1) return 0;
        const std::string emptied = walk.name();
        walk.leave();
        at = name + "/" + walk.path_of(emptied);
        const int error = remove_name(walk.fd(), emptied, AT_REMOVEDIR);
        // One that has got something new is left for the next round.
        if (error != 0 && !is_full(error)) return error;
    }
}

} // namespace

int remove_tree(int directory, const std::string &name, std::string &at) {
    at = name;
    int error = ::unlinkat(directory, name.c_str(), AT_REMOVEDIR) == 0 ? 0 : errno;
    for (int round = 0; is_full(error) && round < most_rounds; ++round) {
        if (const int failed = empty_tree(directory, name, at); failed != 0) return failed;
        at = name;
        error = ::unlinkat(directory, name.c_str(), AT_REMOVEDIR) == 0 ? 0 : errno;
    }
    return error;
}

} // namespace boxlite
