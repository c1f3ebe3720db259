#include "../../common/json.hpp"
#include "file_failure.hpp"
#include "file_operations.hpp"
#include "paths.hpp"
#include "tree_stream.hpp"
#include "walk.hpp"
#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <map>
#include <unistd.h>

namespace boxlite {
namespace {

// Puts the entries of a tree into a stream: what is read is what a path without links leads to.
class Packer {
public:
    explicit Packer(int out) : writer_(out), piece_(tree_data_bytes) {}

    // An errno, 0 for success.
    int run(const std::string &path);
    // Where it failed, below the path.
    const std::string &at() const { return at_; }

private:
    int tree(DirectoryWalk &walk);
    int entry(int directory, const std::string &name, const std::string &below, const struct stat &status);
    int file(int directory, const std::string &name, struct stat status);
    int extents(int file, std::uint64_t size, std::uint64_t &end);
    int link(int directory, const std::string &name, const struct stat &status);

    TreeWriter writer_;
    std::vector<char> piece_;
    std::string at_;
    // The first name of each file that has more.
    std::map<std::pair<dev_t, ino_t>, std::string> named_;
};

// What the root is called in the stream; its reader may call it otherwise.
std::string root_name(const std::string &path) {
    const std::string name = split_path(without_trailing_slashes(path)).name;
    return is_plain_name(name) ? name : "root";
}

int Packer::run(const std::string &path) {
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0) return errno;
    if (!S_ISDIR(status.st_mode)) {
        const SplitPath split = split_path(path);
        Fd parent;
        int error = open_at(AT_FDCWD, split.parent.c_str(), O_PATH | O_DIRECTORY, 0, parent);
        if (error == 0) error = entry(parent.get(), split.name, "", status);
        if (error == 0) writer_.finish();
        return error;
    }
    DirectoryWalk walk;
    if (const int error = walk.open(AT_FDCWD, path.c_str(), O_RDONLY | O_DIRECTORY, ""); error != 0) return error;
    writer_.enter(root_name(path), meta_of(status));
    const int error = tree(walk);
    if (error == 0) writer_.finish();
    return error;
}

int Packer::tree(DirectoryWalk &walk) {
    while (!walk.done() && writer_.open()) {
        DirectoryWalk::Entry found;
        if (const int error = walk.next(found); error != 0) return error;
        if (found.name.empty()) {
            walk.leave();
            writer_.leave();
            continue;
        }
        at_ = walk.path_of(found.name);
        struct stat status{};
        if (::fstatat(walk.fd(), found.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
            // It went away while we looked.
            if (errno == ENOENT) continue;
            return errno;
        }
        int error = 0;
        if (S_ISDIR(status.st_mode)) {
            error = walk.enter(found.name);
            if (error == 0) writer_.enter(found.name, meta_of(status));
        } else {
            error = entry(walk.fd(), found.name, at_, status);
        }
        if (error != 0 && error != ENOENT) return error;
    }
    at_.clear();
    return 0;
}

int Packer::entry(int directory, const std::string &name, const std::string &below, const struct stat &status) {
    if (S_ISLNK(status.st_mode)) return link(directory, name, status);
    // A socket is nothing without its program.
    if (S_ISSOCK(status.st_mode) && !below.empty()) return 0;
    if (!S_ISREG(status.st_mode)) return EOPNOTSUPP;
    if (status.st_nlink > 1 && !below.empty()) {
        const auto [known, is_new] = named_.try_emplace({status.st_dev, status.st_ino}, below);
        if (!is_new) return writer_.hard_link(name, known->second), 0;
        const int error = file(directory, name, status);
        // Its other names are then its first.
        if (error != 0) named_.erase(known);
        return error;
    }
    return file(directory, name, status);
}

int Packer::file(int directory, const std::string &name, struct stat status) {
    Fd file;
    if (const int error = open_at(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0, file);
        error != 0)
        return error;
    if (::fstat(file.get(), &status) != 0) return errno;
    if (!S_ISREG(status.st_mode)) return EOPNOTSUPP;
    const auto size = static_cast<std::uint64_t>(status.st_size);
    writer_.file(name, meta_of(status), size);
    std::uint64_t end = 0;
    if (const int error = extents(file.get(), size, end); error != 0) return error;
    writer_.end_file(end);
    return 0;
}

// Holes are passed over. `end` is how long the file turned out to be.
int Packer::extents(int file, std::uint64_t size, std::uint64_t &end) {
    std::uint64_t at = 0;
    while (at < size && writer_.open()) {
        const off_t data = ::lseek(file, static_cast<off_t>(at), SEEK_DATA);
        // Nothing but a hole is left, or the file has become shorter.
        if (data < 0 && errno == ENXIO) break;
        if (data > 0) at = static_cast<std::uint64_t>(data);
        if (at >= size) break;
        const off_t hole = ::lseek(file, static_cast<off_t>(at), SEEK_HOLE);
        const std::uint64_t stop = hole < 0 ? size : std::min(size, static_cast<std::uint64_t>(hole));
        while (at < stop && writer_.open()) {
            const auto room = static_cast<std::size_t>(std::min<std::uint64_t>(piece_.size(), stop - at));
            const ssize_t count = ::pread(file, piece_.data(), room, static_cast<off_t>(at));
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) return errno;
            if (count == 0) return end = at, 0;
            writer_.data(at, {piece_.data(), static_cast<std::size_t>(count)});
            at += static_cast<std::uint64_t>(count);
        }
    }
    struct stat now{};
    end = ::fstat(file, &now) == 0 ? std::min(size, static_cast<std::uint64_t>(now.st_size)) : size;
    return 0;
}

int Packer::link(int directory, const std::string &name, const struct stat &status) {
    std::string target(4096, '\0');
    const ssize_t length = ::readlinkat(directory, name.c_str(), target.data(), target.size());
    if (length < 0) return errno;
    target.resize(static_cast<std::size_t>(length));
    writer_.link(name, meta_of(status), target);
    return 0;
}

} // namespace

Result<std::string> pack_tree(const FileRequest &request, const WorkerStreams &streams) {
    Packer packer(streams.out);
    const int error = packer.run(request.path);
    if (error == 0) return std::string("{}");
    const std::string at = packer.at().empty() ? request.path : request.path + "/" + packer.at();
    if (error == EOPNOTSUPP) {
        return Failure{"unsupported", "Cannot copy \"" + at + "\": it is neither a file, a directory nor a link",
                       "Remove it, or copy what lies beside it."};
    }
    return file_failure("copy", at, error);
}

} // namespace boxlite
