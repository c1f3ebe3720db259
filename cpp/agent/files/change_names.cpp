#include "../../common/json.hpp"
#include "file_failure.hpp"
#include "file_operations.hpp"
#include "paths.hpp"
#include "remove_tree.hpp"
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <unistd.h>

// mkdir, rename and remove.
namespace boxlite {
namespace {

constexpr mode_t usual_mode = 0755;
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
    std::string at = request.path;
    int error = request.recursive ? remove_tree(AT_FDCWD, request.path, at)
                : ::rmdir(request.path.c_str()) == 0 ? 0
                                                     : errno;
    if (error == ENOENT) return found(false);
    if (error == EEXIST) error = ENOTEMPTY;
    if (error == 0) return found(true);
    return file_failure("remove", at, error);
}

} // namespace boxlite
