#include "../../common/json.hpp"
#include "file_failure.hpp"
#include "file_operations.hpp"
#include "paths.hpp"
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace boxlite {
namespace {

// To the first byte wanted; what cannot seek is read up to it.
int go_to(int file, std::int64_t start) {
    if (start == 0 || ::lseek(file, start, SEEK_SET) >= 0) return 0;
    if (errno != ESPIPE) return errno;
    const Fd nowhere(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    return copy_bytes(file, nowhere.get(), start).error;
}

} // namespace

Result<std::string> read_file_range(const FileRequest &request, const WorkerStreams &streams) {
    const auto failed = [&](int error) { return file_failure("read", request.path, error); };
    Fd file;
    if (const int error = open_at(AT_FDCWD, request.path.c_str(), O_RDONLY | O_NOCTTY, 0, file); error != 0)
        return failed(error);
    struct stat status{};
    if (::fstat(file.get(), &status) != 0) return failed(errno);
    if (S_ISDIR(status.st_mode)) return failed(EISDIR);
    if (request.announce) say_word(streams, 'S', "{}");
    if (request.start > 0) {
        if (const int error = go_to(file.get(), request.start); error != 0) return failed(error);
    }
    const Copied copied = copy_bytes(file.get(), streams.out, request.end - request.start);
    if (copied.error != 0) return failed(copied.error);
    return JsonWriter().member("bytes", copied.bytes).text();
}

} // namespace boxlite
