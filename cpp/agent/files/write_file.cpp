#include "../../common/json.hpp"
#include "file_failure.hpp"
#include "file_operations.hpp"
#include "new_file.hpp"
#include "paths.hpp"
#include "unfinished.hpp"
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <linux/magic.h>
#include <optional>
#include <string>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace boxlite {
namespace {

constexpr mode_t usual_mode = 0644;
// What a program writes to a file of the kernel's takes effect by the single write(2).
constexpr std::size_t kernel_file_bytes = 64 * 1024;
// Room is told of after each.
constexpr std::size_t piece_bytes = 128 * 1024;

struct Target {
    // What is there now.
    std::optional<struct stat> existing;
    Place place;
    bool in_place = false;
    bool of_kernel = false;
};

bool is_kernel_file_system(const std::string &path) {
    struct statfs status{};
    if (::statfs(path.c_str(), &status) != 0) return false;
    switch (static_cast<unsigned long>(status.f_type)) {
    case PROC_SUPER_MAGIC:
    case SYSFS_MAGIC:
    case CGROUP_SUPER_MAGIC:
    case CGROUP2_SUPER_MAGIC:
    case DEBUGFS_MAGIC:
    case TRACEFS_MAGIC:
    case SECURITYFS_MAGIC:
    case BINFMTFS_MAGIC:
    case BPF_FS_MAGIC:
        return true;
    default:
        return false;
    }
}

bool is_mounted(const std::string &path) {
    struct statx status{};
    if (::statx(AT_FDCWD, path.c_str(), AT_NO_AUTOMOUNT, 0, &status) != 0) return false;
    return (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

// The place that the path leads to is the file that it leads to; a link of /proc leads where no path does.
bool is_at(const Place &place, const struct stat &file) {
    struct stat found{};
    return ::fstatat(place.directory.get(), place.name.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0 &&
           found.st_dev == file.st_dev && found.st_ino == file.st_ino;
}

int find_target(const FileRequest &request, Target &target) {
    if (request.path.ends_with('/')) return EISDIR;
    if (const int error = make_parents(request.path); error != 0) return error;
    struct stat status{};
    if (::stat(request.path.c_str(), &status) == 0)
        target.existing = status;
    else if (errno != ENOENT)
        return errno;
    if (target.existing && S_ISDIR(status.st_mode)) return EISDIR;
    if (request.append || (target.existing && !S_ISREG(status.st_mode))) {
        target.in_place = true;
        return 0;
    }
    if (target.existing) {
        if (::faccessat(AT_FDCWD, request.path.c_str(), W_OK, AT_EACCESS) != 0) return errno;
        target.of_kernel = is_kernel_file_system(request.path);
        target.in_place = target.of_kernel || is_mounted(request.path);
    }
    if (target.in_place) return 0;
    if (const int error = find_place(request.path, target.place); error != 0) return error;
    target.in_place = target.existing && !is_at(target.place, *target.existing);
    return 0;
}

// At least `count` bytes, or all that come.
std::span<const std::byte> wait_for(RingReader &from, std::size_t count) {
    std::span<const std::byte> piece;
    // A signal that is to end this does so by itself.
    while (from.wait_for(count, piece) != 0) {}
    return piece;
}

// What a next piece has at least, unless it is the last, and at most.
struct PieceBytes {
    std::size_t least;
    std::size_t most;
};

// `next` takes how much is written and returns its PieceBytes, `write` takes the piece as well and returns an errno.
template <typename Next, typename Write> Copied write_pieces(RingReader &from, Next next, Write write) {
    Copied copied;
    for (;;) {
        const auto at = static_cast<std::uint64_t>(copied.bytes);
        const PieceBytes bytes = next(at);
        auto piece = wait_for(from, bytes.least);
        piece = piece.first(std::min(piece.size(), bytes.most));
        if (!piece.empty()) copied.error = write(at, piece);
        if (piece.empty() || copied.error != 0) return copied;
        from.take(piece.size());
        copied.bytes += static_cast<std::int64_t>(piece.size());
    }
}

Copied write_all_of(RingReader &from, int to) {
    return write_pieces(
        from, [](std::uint64_t) { return PieceBytes{1, piece_bytes}; },
        [to](std::uint64_t, std::span<const std::byte> piece) { return write_bytes(to, piece); });
}

Copied write_new_file(RingReader &from, int to) {
    NewFile made(to);
    // Whole blocks, which lie in the ring as they do in the file.
    return write_pieces(
        from,
        [](std::uint64_t at) {
            const std::size_t bytes = at < NewFile::cached_bytes ? piece_bytes : NewFile::bulk_bytes;
            return PieceBytes{bytes, bytes};
        },
        [&](std::uint64_t at, std::span<const std::byte> piece) { return made.write(at, piece); });
}

Copied write_to_kernel_file(RingReader &from, int to) {
    auto first = wait_for(from, kernel_file_bytes);
    first = first.first(std::min(first.size(), kernel_file_bytes));
    if (!first.empty() && ::write(to, first.data(), first.size()) < 0) return {0, errno};
    from.take(first.size());
    Copied copied = write_all_of(from, to);
    copied.bytes += static_cast<std::int64_t>(first.size());
    return copied;
}

Copied write_in_place(const FileRequest &request, const Target &target, RingReader &in) {
    Fd file;
    const int how = O_WRONLY | O_NOCTTY | O_CREAT | (request.append ? O_APPEND : O_TRUNC);
    if (const int error = open_at(AT_FDCWD, request.path.c_str(), how, usual_mode, file); error != 0) return {0, error};
    struct stat status{};
    if (::fstat(file.get(), &status) != 0) return {0, errno};
    if (request.mode && S_ISREG(status.st_mode) && ::fchmod(file.get(), *request.mode) != 0) return {0, errno};
    return target.of_kernel ? write_to_kernel_file(in, file.get()) : write_all_of(in, file.get());
}

int keep_owner(const FileRequest &request, const Target &target, int file) {
    if (!target.existing || request.names_user) return 0;
    struct stat own{};
    if (::fstat(file, &own) != 0) return errno;
    const struct stat &old = *target.existing;
    if (own.st_uid == old.st_uid && own.st_gid == old.st_gid) return 0;
    return ::fchown(file, old.st_uid, old.st_gid) == 0 ? 0 : errno;
}

// A file beside the target, with its owner. Where the user may make none, or may not give it away, `made` stays false.
int begin_beside(const FileRequest &request, const Target &target, std::string &name, Fd &file, bool &made) {
    const int directory = target.place.directory.get();
    int error = make_beside(directory, name, file);
    if (error == 0) {
        error = keep_owner(request, target, file.get());
        made = error == 0;
        if (!made) ::unlinkat(directory, name.c_str(), 0);
        if (!made) Unfinished::done();
    }
    return target.existing && (error == EACCES || error == EPERM) ? 0 : error;
}

Copied write_beside(const FileRequest &request, const Target &target, RingReader &in) {
    const int directory = target.place.directory.get();
    std::string name;
    Fd file;
    bool made = false;
    if (const int error = begin_beside(request, target, name, file, made); error != 0) return {0, error};
    // The user may write the file and not replace it.
    if (!made) return write_in_place(request, target, in);

    Copied copied = write_new_file(in, file.get());
    const mode_t kept = target.existing ? target.existing->st_mode & 07777 : usual_mode;
    if (copied.error == 0 && ::fchmod(file.get(), request.mode.value_or(kept)) != 0) copied.error = errno;
    if (copied.error == 0 && ::renameat(directory, name.c_str(), directory, target.place.name.c_str()) != 0)
        copied.error = errno;
    if (copied.error != 0) ::unlinkat(directory, name.c_str(), 0);
    Unfinished::done();
    return copied;
}

} // namespace

Result<std::string> write_whole_file(const FileRequest &request, const WorkerStreams &streams) {
    Target target;
    if (const int error = find_target(request, target); error != 0) return file_failure("write", request.path, error);
    const Copied copied =
        target.in_place ? write_in_place(request, target, *streams.in) : write_beside(request, target, *streams.in);
    if (copied.error != 0) return file_failure("write", request.path, copied.error);
    return JsonWriter().member("bytes", copied.bytes).text();
}

} // namespace boxlite
