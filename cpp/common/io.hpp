#pragma once
#include "fd.hpp"
#include "result.hpp"
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <sys/types.h>

// Small steps over file descriptors. Every call retries EINTR.
namespace boxlite {

// "open /a/b: No space left on device", with the code its errno means to a caller, else `otherwise`.
Failure failure_from_errno(std::string_view attempted, int error, std::string_view otherwise = "boot-failed");

// Until EOF; more than `limit` bytes is 'limit'.
Result<std::string> read_all(int fd, std::size_t limit);
Result<std::string> read_file(const std::string &path, std::size_t limit);

Status write_all(int fd, std::span<const std::byte> bytes);
Status write_all(int fd, std::string_view text);

// Write beside, fsync, rename, fsync the directory: a reader sees the old content or the new, also after a crash.
Status write_file_by_rename(const std::string &path, std::string_view content, mode_t mode = 0600);

// Into a file that is there: a value for one of the kernel's own.
Status write_setting(const std::string &path, std::string_view value);

Status set_nonblocking(int fd, bool nonblocking = true);
Status set_close_on_exec(int fd, bool close_on_exec = true);

struct Pipe {
    Fd read;
    Fd write;
};
// Both ends close on exec.
Result<Pipe> make_pipe();

// Connected stream sockets, both close on exec.
struct SocketPair {
    Fd ours;
    Fd theirs;
};
Result<SocketPair> make_socket_pair();

// Milliseconds of the monotonic clock.
double now_ms();

} // namespace boxlite
