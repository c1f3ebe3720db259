#include "../../common/io.hpp"
#include "file_failure.hpp"
#include "file_operations.hpp"
#include "walk.hpp"
#include <cerrno>
#include <fcntl.h>

namespace boxlite {
namespace {

// Enough for one frame of the protocol.
constexpr std::size_t worth_a_write = 64 * 1024;

// A record is the entry's type, its path below the directory, and a NUL.
class Records {
public:
    explicit Records(int out) : out_(out) {}
    void add(char type, std::string_view path) {
        held_.append(1, type).append(path).push_back('\0');
        if (held_.size() >= worth_a_write) flush();
    }
    void flush() {
        [[maybe_unused]] const Status written = write_all(out_, held_);
        held_.clear();
    }

private:
    int out_;
    std::string held_;
};

} // namespace

Result<std::string> list_directory(const FileRequest &request, const WorkerStreams &streams) {
    Records records(streams.out);
    DirectoryWalk walk;
    int error = walk.open(AT_FDCWD, request.path.c_str(), O_RDONLY | O_DIRECTORY, "");
    if (error != 0) return file_failure("list", request.path, error);
    while (!walk.done()) {
        DirectoryWalk::Entry entry;
        if (error = walk.next(entry); error != 0) break;
        if (entry.name.empty()) {
            walk.leave();
            continue;
        }
        records.add(entry.type, walk.path_of(entry.name));
        if (entry.type != 'd' || static_cast<std::int64_t>(walk.depth()) >= request.depth) continue;
        error = walk.enter(entry.name);
        // It may be gone, or be something else by now.
        if (error != 0 && error != ENOENT && error != ENOTDIR && error != ELOOP) {
            return file_failure("list", request.path + "/" + walk.path_of(entry.name), error);
        }
    }
    records.flush();
    if (error != 0 && error != ENOENT && error != ENOTDIR && error != ELOOP)
        return file_failure("list", request.path, error);
    return std::string("{}");
}

} // namespace boxlite
