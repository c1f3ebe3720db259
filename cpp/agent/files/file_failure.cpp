#include "file_failure.hpp"
#include "../../common/io.hpp"
#include <cerrno>

namespace boxlite {
namespace {

constexpr std::size_t longest_quoted = 256;

const char *otherwise(int error) {
    switch (error) {
    case EINVAL:
    case ELOOP:
    case ENAMETOOLONG:
        return "invalid-argument";
    case EBUSY:
    case ETXTBSY:
    case ENXIO:
    case ENODEV:
    case EOPNOTSUPP:
        return "permission";
    default:
        return "limit";
    }
}

const char *hint_for(int error) {
    switch (error) {
    case ENOSPC:
    case EDQUOT:
        return "Remove files, or create the box with a larger diskMiB.";
    case EROFS:
        return "This part of the box is mounted read-only.";
    case EXDEV:
        return "Copy the file and remove the old one: a rename stays within one file system.";
    case ENOTEMPTY:
        return "Pass { recursive: true } to remove what is in it too.";
    case EISDIR:
        return "Name a file in it.";
    default:
        return "";
    }
}

} // namespace

Failure file_failure(std::string_view verb, std::string_view path, int error) {
    const bool long_path = path.size() > longest_quoted;
    std::string attempted = "Cannot " + std::string(verb) + " \"" + std::string(path.substr(0, longest_quoted));
    attempted += long_path ? "…\"" : "\"";
    Failure failure = failure_from_errno(attempted, error, otherwise(error));
    failure.hint = hint_for(error);
    return failure;
}

} // namespace boxlite
