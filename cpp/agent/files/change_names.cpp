#include "../../common/json.hpp"
#include "file_failure.hpp"
#include "file_operations.hpp"
#include "paths.hpp"
#include "walk.hpp"
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <unistd.h>

// mkdir, rename and remove.
namespace boxlite {
namespace {

constexpr mode_t usual_mode = 0755;
// Somebody may put things into a directory while it is being emptied.
constexpr int most_rounds = 5;

int unlink_tree_entry(DirectoryWalk &walk, const DirectoryWalk::Entry &entry) {
    if (entry.type == 'd') {
        const int error = walk.enter(entry.name);
        // It may be something else by now.
        if (error != ENOTDIR && error != ELOOP) return error == ENOENT ? 0 : error;
    }
    if (::unlinkat(walk.fd(), entry.name.c_str(), 0) == 0 || errno == ENOENT) return 0;
    return errno == EISDIR ? walk.enter(entry.name) : errno;
}

// Empties and removes the innermost directory's subdirectory that was just read to its end.
int remove_left(DirectoryWalk &walk, const std::string &name) {
    if (::unlinkat(walk.fd(), name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return 0;
    return errno;
}

// Removes what is in the directory, not the directory. `at` is where it failed.
int empty_tree(const std::string &path, std::string &at) {
    DirectoryWalk walk;
    at = path;
    if (const int error = walk.open(AT_FDCWD, path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW, ""); error != 0)
        return error;
    for (;;) {
        DirectoryWalk::Entry entry;
        if (const int error = walk.next(entry); error != 0) return error;
        if (!entry.name.empty()) {
            at = path + "/" + walk.path_of(entry.name);
            if (const int error = unlink_tree_entry(walk, entry); error != 0) return error;
            continue;
        }
        if (walk.depth() == 1) return 0;
        const std::string name = walk.name();
        walk.leave();
        at = path + "/" + walk.path_of(name);
        const int error = remove_left(walk, name);
        // Left for the next round of its parent.
        if (error == ENOTEMPTY || error == EEXIST) continue;
        if (error != 0) return error;
    }
}

int remove_directory(const std::string &path, bool recursive, std::string &at) {
    at = path;
    if (::rmdir(path.c_str()) == 0) return 0;
    for (int round = 0; recursive && (errno == ENOTEMPTY || errno == EEXIST) && round < most_rounds; ++round) {
        if (const int error = empty_tree(path, at); error != 0) return error;
        at = path;
        if (::rmdir(path.c_str()) == 0) return 0;
    }
    return errno;
}

std::string found(bool found) {
    return JsonWriter().member("found", found).text();
}

} // namespace

Result<std::string> make_directory(const FileRequest &request, const WorkerStreams &) {
    const auto failed = [&](int error) { return file_failure("make the directory", request.path, error); };
    const std::string path = without_trailing_slashes(request.path);
    if (const int error = make_parents(path); error != 0) return failed(error);
    if (::mkdir(path.c_str(), usual_mode) == 0) {
        if (request.mode && ::chmod(path.c_str(), *request.mode) != 0) return failed(errno);
        return std::string("{}");
    }
    const int error = errno;
    struct stat status{};
    if (::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return std::string("{}");
    return failed(error);
}

Result<std::string> rename_file(const FileRequest &request, const WorkerStreams &) {
    if (::rename(request.path.c_str(), request.to.c_str()) == 0) return std::string("{}");
    const int error = errno == EEXIST ? ENOTEMPTY : errno;
    Failure failure = file_failure("rename", request.path, error);
    failure.message = file_failure("rename \"" + request.path + "\" to", request.to, error).message;
    return failure;
}

Result<std::string> remove_file(const FileRequest &request, const WorkerStreams &) {
    struct stat status{};
    if (::lstat(request.path.c_str(), &status) != 0) {
        if (errno == ENOENT) return found(false);
        return file_failure("remove", request.path, errno);
    }
    if (!S_ISDIR(status.st_mode)) {
        if (::unlink(request.path.c_str()) == 0) return found(true);
        return errno == ENOENT ? Result<std::string>(found(false)) : file_failure("remove", request.path, errno);
    }
    // The root, and a directory by way of itself, have no name to be removed by.
    if (!is_plain_name(split_path(without_trailing_slashes(request.path)).name) || request.path == "/")
        return file_failure("remove", request.path, EINVAL);
    std::string at;
    int error = remove_directory(request.path, request.recursive, at);
    if (error == ENOENT) return found(false);
    if (error == EEXIST) error = ENOTEMPTY;
    if (error == 0) return found(true);
    return file_failure("remove", at, error);
}

} // namespace boxlite
