#include "file_failure.hpp"
#include "file_operations.hpp"
#include "new_file.hpp"
#include "paths.hpp"
#include "remove_tree.hpp"
#include "tree_stream.hpp"
#include "unfinished.hpp"
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace boxlite {
namespace {

// Makes what a stream says, below one directory. Every step names one entry of an open directory, and no link that is
// there is followed.
class Unpacker {
public:
    explicit Unpacker(RingReader &in) : reader_(in) {}

    // An errno, 0 for success. On a failure a root that was not there before is gone again.
    int run(const FileRequest &request);
    // Where it failed, below the target.
    std::string at() const;

private:
    struct Level {
        Fd directory;
        std::string name;
        bool is_new = false;
        TreeMeta meta{};
    };

    int find_root(const FileRequest &request, TreeRecord &first);
    int entry(const TreeRecord &record);
    int enter(const TreeRecord &record);
    int leave();
    int file(const TreeRecord &record);
    int data(int file, std::uint64_t &size);
    int link(const TreeRecord &record);
    int hard_link(const TreeRecord &record);
    int put_in_place(const std::string &made, const std::string &name);
    int take_back(int error);

    TreeReader reader_;
    Fd base_;
    std::string root_;
    bool root_is_new_ = false;
    std::vector<Level> levels_;
    std::string name_;

    int directory() const { return levels_.empty() ? base_.get() : levels_.back().directory.get(); }
};

int settle(int file, const TreeMeta &meta) {
    const timespec times[2] = {{0, UTIME_OMIT}, meta.mtime};
    if (::fchmod(file, meta.mode) != 0 || ::futimens(file, times) != 0) return errno;
    return 0;
}

int Unpacker::run(const FileRequest &request) {
    TreeRecord record;
    if (const int error = reader_.next(record); error != 0) return error;
    if (const int error = find_root(request, record); error != 0) return error;
    if (record.kind == 'U' || record.kind == 'Z') return EPROTO;
    struct stat status{};
    root_is_new_ = ::fstatat(base_.get(), root_.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT;
    int error = entry(record);
    while (error == 0 && !levels_.empty()) {
        error = reader_.next(record);
        if (error == 0) error = record.kind == 'U' ? leave() : entry(record);
    }
    if (error == 0) error = reader_.next(record);
    if (error == 0 && record.kind != 'Z') error = EPROTO;
    return error == 0 ? 0 : take_back(error);
}

std::string Unpacker::at() const {
    std::string path;
    for (std::size_t level = 1; level < levels_.size(); ++level)
        path.append("/").append(levels_[level].name);
    return levels_.empty() ? path : path.append("/").append(name_);
}

// The directory that the root lies in, and the root's name there.
int Unpacker::find_root(const FileRequest &request, TreeRecord &first) {
    const std::string path = without_trailing_slashes(request.path);
    SplitPath split = split_path(path);
    if (request.into || !is_plain_name(split.name)) {
        if (const int error = make_parents(path + "/"); error != 0) return error;
        split = {path, first.name};
        // A directory without a name of its own is merged with, by way of itself.
        if (!request.into && first.kind != 'D') return EISDIR;
        if (!request.into) split.name = ".";
    } else if (const int error = make_parents(path); error != 0) {
        return error;
    }
    root_ = split.name;
    first.name = root_;
    return open_at(AT_FDCWD, split.parent.c_str(), O_RDONLY | O_DIRECTORY, 0, base_);
}

int Unpacker::entry(const TreeRecord &record) {
    name_ = record.name;
    switch (record.kind) {
    case 'D':
        return enter(record);
    case 'F':
        return file(record);
    case 'L':
        return link(record);
    case 'H':
        return levels_.empty() ? EPROTO : hard_link(record);
    default:
        return EPROTO;
    }
}

int Unpacker::enter(const TreeRecord &record) {
    const char *name = record.name.c_str();
    Level level{Fd(), record.name, true, record.meta};
    const mode_t usable = record.meta.mode | 0700;
    if (::mkdirat(directory(), name, usable) != 0) {
        if (errno != EEXIST) return errno;
        struct stat status{};
        if (::fstatat(directory(), name, &status, AT_SYMLINK_NOFOLLOW) != 0) return errno;
        level.is_new = S_ISLNK(status.st_mode);
        if (!S_ISLNK(status.st_mode) && !S_ISDIR(status.st_mode)) return ENOTDIR;
        // Not written through: a directory takes its place.
        if (level.is_new && (::unlinkat(directory(), name, 0) != 0 || ::mkdirat(directory(), name, usable) != 0))
            return errno;
    }
    const int error = open_at(directory(), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, level.directory);
    if (error != 0) return error;
    levels_.push_back(std::move(level));
    name_.clear();
    return 0;
}

int Unpacker::leave() {
    const Level level = std::move(levels_.back());
    levels_.pop_back();
    return level.is_new ? settle(level.directory.get(), level.meta) : 0;
}

int Unpacker::file(const TreeRecord &record) {
    const std::string name = record.name;
    const TreeMeta meta = record.meta;
    std::string made;
    Fd file;
    if (const int error = make_beside(directory(), made, file); error != 0) return error;
    std::uint64_t size = 0;
    int error = data(file.get(), size);
    if (error == 0 && ::ftruncate(file.get(), static_cast<off_t>(size)) != 0) error = errno;
    if (error == 0) error = settle(file.get(), meta);
    if (error == 0) return put_in_place(made, name);
    ::unlinkat(directory(), made.c_str(), 0);
    Unfinished::done();
    return error;
}

int Unpacker::data(int file, std::uint64_t &size) {
    TreeRecord record;
    NewFile made(file);
    for (;;) {
        if (const int error = reader_.next(record); error != 0) return error;
        size = record.number;
        if (size > INT64_MAX) return EPROTO;
        if (record.kind == 'E') return 0;
        if (record.kind != 'B') return EPROTO;
        if (const int error = made.write(record.number, std::as_bytes(std::span(record.rest))); error != 0) return error;
    }
}

int Unpacker::link(const TreeRecord &record) {
    const std::string made = unused_name();
    Unfinished::keep(directory(), made.c_str());
    const std::string target(record.rest);
    if (::symlinkat(target.c_str(), directory(), made.c_str()) != 0) return errno;
    const timespec times[2] = {{0, UTIME_OMIT}, record.meta.mtime};
    ::utimensat(directory(), made.c_str(), times, AT_SYMLINK_NOFOLLOW);
    return put_in_place(made, record.name);
}

// `rest` is the path, below the root, of a file that this stream made.
int Unpacker::hard_link(const TreeRecord &record) {
    Fd parent(::dup(levels_.front().directory.get()));
    std::string_view path = record.rest;
    for (std::size_t slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/')) {
        const std::string part(path.substr(0, slash));
        Fd next;
        if (!is_plain_name(part)) return EPROTO;
        const int error = open_at(parent.get(), part.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW, 0, next);
        if (error != 0) return error;
        parent = std::move(next);
        path.remove_prefix(slash + 1);
    }
    if (!is_plain_name(path)) return EPROTO;
    const std::string made = unused_name();
    Unfinished::keep(directory(), made.c_str());
    if (::linkat(parent.get(), std::string(path).c_str(), directory(), made.c_str(), 0) != 0) return errno;
    return put_in_place(made, record.name);
}

int Unpacker::put_in_place(const std::string &made, const std::string &name) {
    const int error = ::renameat(directory(), made.c_str(), directory(), name.c_str()) == 0 ? 0 : errno;
    // Also after a rename of one of a file's names over another, which does nothing.
    ::unlinkat(directory(), made.c_str(), 0);
    Unfinished::done();
    return error;
}

int Unpacker::take_back(int error) {
    const std::string failed_at = name_;
    if (root_is_new_ && is_plain_name(root_)) {
        std::string where;
        // What is not a directory was never put in place.
        remove_tree(base_.get(), root_, where);
    }
    name_ = failed_at;
    return error;
}

} // namespace

Result<std::string> unpack_tree(const FileRequest &request, const WorkerStreams &streams) {
    leave_end_to_reader();
    Unpacker unpacker(*streams.in);
    const int error = unpacker.run(request);
    if (error == 0) return std::string("{}");
    if (error == EPROTO) return Failure{"protocol", "The stream of files is not whole, or is none"};
    return file_failure("copy to", request.path + unpacker.at(), error);
}

} // namespace boxlite
