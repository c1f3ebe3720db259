#include "socket.hpp"
#include "io.hpp"
#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>

namespace boxlite {
namespace {

// Whatever is wrong with the place, the repair is the same.
Failure bad_place(const std::string &attempted, int error) {
    Failure failure = failure_from_errno(attempted, error, "socket-dir");
    if (failure.code != "no-space" && failure.code != "limit") failure.code = "socket-dir";
    return failure;
}

} // namespace

Result<Fd> listen_at(const std::string &path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        return Failure{"socket-dir", "The socket path " + path + " has " + std::to_string(path.size()) +
                                         " bytes, the limit is " + std::to_string(sizeof address.sun_path - 1)};
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) return failure_from_errno("make a socket", errno);
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return bad_place("remove " + path, errno);
    if (::bind(socket.get(), reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0) {
        return bad_place("bind " + path, errno);
    }
    if (::listen(socket.get(), SOMAXCONN) != 0) return bad_place("listen on " + path, errno);
    return socket;
}

Result<Fd> accept_one(int listener) {
    Fd connection(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (connection) return connection;
    if (errno == EAGAIN || errno == ECONNABORTED || errno == EINTR) return Fd();
    return failure_from_errno("accept a connection", errno);
}

void widen_send_buffer(int socket) {
    constexpr int wide_bytes = 1 << 20;
    ::setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &wide_bytes, sizeof wide_bytes);
}

pid_t peer_pid(int socket) {
    ucred credentials{};
    socklen_t length = sizeof credentials;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) return -1;
    return credentials.pid;
}

} // namespace boxlite
