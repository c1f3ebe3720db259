#include "io.hpp"
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

namespace boxlite {
namespace {

const char *code_of_errno(int error) {
    switch (error) {
    case ENOSPC:
    case EDQUOT:
        return "no-space";
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EAGAIN:
        return "limit";
    case EACCES:
    case EPERM:
    case EROFS:
        return "permission";
    case ENOENT:
        return "file-not-found";
    case EEXIST:
        return "file-exists";
    case ENOTDIR:
        return "not-a-directory";
    case EISDIR:
        return "is-a-directory";
    case ENOTEMPTY:
        return "not-empty";
    case EXDEV:
        return "cross-device";
    default:
        return nullptr;
    }
}

std::string directory_of(const std::string &path) {
    const auto slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

Status sync_directory(const std::string &path) {
    const Fd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    // Some file systems refuse to sync a directory (EINVAL); the rename itself stands.
    if (!directory || (::fsync(directory.get()) != 0 && errno != EINVAL)) {
        return failure_from_errno("sync directory " + path, errno);
    }
    return success();
}

Status change_flag(int fd, int get, int set, int flag, bool on) {
    const int flags = ::fcntl(fd, get);
    if (flags < 0 || ::fcntl(fd, set, on ? flags | flag : flags & ~flag) < 0) {
        return failure_from_errno("change the flags of fd " + std::to_string(fd), errno);
    }
    return success();
}

} // namespace

Failure failure_from_errno(std::string_view attempted, int error, std::string_view otherwise) {
    const char *code = code_of_errno(error);
    return {std::string(code == nullptr ? otherwise : code), std::string(attempted) + ": " + std::strerror(error)};
}

Result<std::string> read_all(int fd, std::size_t limit) {
    std::string text;
    char buffer[4096];
    for (;;) {
        const ssize_t count = ::read(fd, buffer, sizeof buffer);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return failure_from_errno("read fd " + std::to_string(fd), errno);
        if (count == 0) return text;
        text.append(buffer, static_cast<std::size_t>(count));
        if (text.size() > limit) return Failure{"limit", "Input exceeds " + std::to_string(limit) + " bytes"};
    }
}

Result<std::string> read_file(const std::string &path, std::size_t limit) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return failure_from_errno("open " + path, errno);
    return read_all(file.get(), limit);
}

Status write_all(int fd, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(fd, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return failure_from_errno("write fd " + std::to_string(fd), errno);
        bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return success();
}

Status write_all(int fd, std::string_view text) {
    return write_all(fd, std::as_bytes(std::span(text)));
}

Status write_file_by_rename(const std::string &path, std::string_view content, mode_t mode) {
    const std::string beside = path + "." + std::to_string(::getpid()) + ".tmp";
    const Fd file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode));
    if (!file) return failure_from_errno("create " + beside, errno);
    Status written = write_all(file.get(), content);
    if (!written) written = Failure{written.failure().code, beside + ": " + written.failure().message};
    if (written && ::fsync(file.get()) != 0) written = failure_from_errno("sync " + beside, errno);
    if (written && ::rename(beside.c_str(), path.c_str()) != 0)
        written = failure_from_errno("rename to " + path, errno);
    if (!written) {
        ::unlink(beside.c_str());
        return written;
    }
    return sync_directory(directory_of(path));
}

Status write_setting(const std::string &path, std::string_view value) {
    const Fd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (file && write_all(file.get(), value)) return success();
    return failure_from_errno("write " + path, errno);
}

Status set_nonblocking(int fd, bool nonblocking) {
    return change_flag(fd, F_GETFL, F_SETFL, O_NONBLOCK, nonblocking);
}

Status set_close_on_exec(int fd, bool close_on_exec) {
    return change_flag(fd, F_GETFD, F_SETFD, FD_CLOEXEC, close_on_exec);
}

Result<Pipe> make_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return failure_from_errno("make a pipe", errno);
    return Pipe{Fd(ends[0]), Fd(ends[1])};
}

Result<SocketPair> make_socket_pair() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return failure_from_errno("make a socket pair", errno);
    return SocketPair{Fd(ends[0]), Fd(ends[1])};
}

double now_ms() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

} // namespace boxlite
