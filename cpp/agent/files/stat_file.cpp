#include "../../common/json.hpp"
#include "file_failure.hpp"
#include "file_operations.hpp"
#include "paths.hpp"
#include <cerrno>
#include <fcntl.h>

namespace boxlite {
namespace {

std::string describe(const struct stat &status) {
    return JsonWriter()
        .member("type", std::string(1, type_letter(status.st_mode)))
        .member("size", static_cast<std::int64_t>(status.st_size))
        .member("mode", status.st_mode & 07777u)
        .member("mtimeSeconds", static_cast<std::int64_t>(status.st_mtim.tv_sec))
        .member("mtimeNanoseconds", static_cast<std::int64_t>(status.st_mtim.tv_nsec))
        .member("uid", status.st_uid)
        .member("gid", status.st_gid)
        .text();
}

} // namespace

Result<std::string> stat_file(const FileRequest &request, const WorkerStreams &) {
    struct stat status{};
    const int flags = request.follow ? 0 : AT_SYMLINK_NOFOLLOW;
    if (::fstatat(AT_FDCWD, request.path.c_str(), &status, flags) == 0) return describe(status);
    if (errno == ENOENT) return std::string("{}");
    return file_failure("look at", request.path, errno);
}

} // namespace boxlite
