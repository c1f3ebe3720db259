#include "port_wait.hpp"
#include "clock.hpp"
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace boxlite {
namespace {

constexpr std::int64_t pause_ns = 50 * ns_per_ms;
// For a server that takes the connection and says nothing.
constexpr std::int64_t attempt_ns = 5'000 * ns_per_ms;
constexpr std::size_t addresses = 2;
constexpr std::int64_t longest_wait_ms = 7 * 24 * 3600 * 1000LL;
constexpr std::size_t longest_path = 8192;

int connect_to(std::size_t address, std::uint16_t port, const Fd &socket) {
    if (address == 0) {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return ::connect(socket.get(), reinterpret_cast<const sockaddr *>(&to), sizeof to);
    }
    sockaddr_in6 to{};
    to.sin6_family = AF_INET6;
    to.sin6_port = htons(port);
    to.sin6_addr = in6addr_loopback;
    return ::connect(socket.get(), reinterpret_cast<const sockaddr *>(&to), sizeof to);
}

} // namespace

Result<PortRequest> parse_port_request(const Json &request) {
    PortRequest parsed;
    const auto port = request.integer("port", 1, UINT16_MAX);
    if (!port) return port.failure();
    parsed.port = static_cast<std::uint16_t>(port.value());
    const auto timeout_ms = request.integer("timeoutMs", 0, longest_wait_ms);
    if (!timeout_ms) return timeout_ms.failure();
    parsed.timeout_ms = timeout_ms.value();
    if (request.has("path")) {
        auto path = request.string("path");
        if (!path) return path.failure();
        const bool is_path = path.value().starts_with('/') && path.value().size() <= longest_path;
        // Nothing that would end the request line.
        if (!is_path || std::any_of(path.value().begin(), path.value().end(), [](char c) { return c > 0 && c <= ' '; }))
            return Failure{"invalid-argument", "Expected a path of a URL for `path`"};
        parsed.path = std::move(path.value());
    }
    if (request.has("status")) {
        const auto status = request.integer("status", 100, 599);
        if (!status) return status.failure();
        parsed.status = status.value();
    }
    return parsed;
}

Result<std::unique_ptr<Call>> open_port_wait(const Services &services, std::uint32_t stream, const Json &request) {
    auto parsed = parse_port_request(request);
    if (!parsed) return parsed.failure();
    return std::unique_ptr<Call>(std::make_unique<PortWait>(services, stream, std::move(parsed.value())));
}

PortWait::PortWait(const Services &services, std::uint32_t stream, PortRequest request)
    : Call(services, stream), request_(std::move(request)),
      give_up_at_(boot_clock_ns() + request_.timeout_ms * ns_per_ms) {}

Result<bool> PortWait::control(const Json &) {
    return Failure{"unsupported", "This call takes no requests"};
}

bool PortWait::step(std::int64_t now_ns) {
    if (let_go_) {
        send_error(frames(), stream_, {"aborted", "The wait was let go"});
        return true;
    }
    if (!socket_ && now_ns >= retry_at_) begin_attempt(now_ns);
    if (socket_ && ready_) go_on();
    if (answered_) {
        append_control(frames(), Kind::exit, stream_,
                       JsonWriter().member("address", address_ == 0 ? "127.0.0.1" : "::1").text());
        return true;
    }
    if (socket_ && now_ns >= attempt_until_) fail_attempt("no answer");
    if (now_ns < give_up_at_) return false;
    const std::string port = std::to_string(request_.port);
    send_error(frames(), stream_,
               {"timeout",
                "Port " + port + " of the box was not ready within " + std::to_string(request_.timeout_ms) + " ms: " +
                    (found_.empty() ? "no answer" : found_),
                "Make sure that something in the box listens on it, or raise timeoutMs."});
    return true;
}

std::optional<std::int64_t> PortWait::deadline() const {
    return std::min(give_up_at_, socket_ ? attempt_until_ : retry_at_);
}

void PortWait::begin_attempt(std::int64_t now_ns) {
    const int family = address_ == 0 ? AF_INET : AF_INET6;
    Fd socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) return fail_attempt(std::strerror(errno));
    connected_ = false;
    ready_ = false;
    answer_ = HttpStatus();
    attempt_until_ = now_ns + attempt_ns;
    const int refused = connect_to(address_, request_.port, socket) == 0 ? 0 : errno;
    if (refused != 0 && refused != EINPROGRESS) return fail_attempt(std::strerror(refused));
    socket_ = std::make_unique<WatchedFd>(std::move(socket));
    if (!socket_->watch(services_.poller, EPOLLIN | EPOLLOUT, *this)) return fail_attempt("too many are waited for");
    ready_ = refused == 0;
}

void PortWait::go_on() {
    ready_ = false;
    if (!connected_) take_connection();
    if (socket_ && connected_ && !answered_) read_answer();
}

void PortWait::take_connection() {
    int error = 0;
    socklen_t length = sizeof error;
    ::getsockopt(socket_->get(), SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) return fail_attempt(std::strerror(error));
    sockaddr_storage peer{};
    length = sizeof peer;
    // Not connected yet: the note was about something else.
    if (::getpeername(socket_->get(), reinterpret_cast<sockaddr *>(&peer), &length) != 0) return;
    connected_ = true;
    answered_ = request_.path.empty();
    if (answered_) return;
    const std::string request = http_request(request_.path, request_.port);
    // A new connection has room for it.
    if (::send(socket_->get(), request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
        fail_attempt(std::strerror(errno));
}

void PortWait::read_answer() {
    std::array<char, 512> bytes;
    for (;;) {
        const ssize_t count = ::recv(socket_->get(), bytes.data(), bytes.size(), 0);
        if (count < 0 && errno == EAGAIN) return;
        if (count < 0) return fail_attempt(std::strerror(errno));
        if (count == 0) return fail_attempt("the connection ended without an answer");
        const HttpStatus::State state = answer_.add({bytes.data(), static_cast<std::size_t>(count)});
        if (state == HttpStatus::State::not_http) return fail_attempt("the answer is not HTTP");
        if (state == HttpStatus::State::incomplete) continue;
        const int status = answer_.status();
        answered_ = request_.status ? status == *request_.status : status >= 200 && status < 400;
        if (!answered_) fail_attempt("the answer was status " + std::to_string(status));
        return;
    }
}

void PortWait::fail_attempt(std::string found) {
    socket_.reset();
    // Mostly one of the addresses has nobody at all: what the other says is told.
    if (address_ == 0 || found != std::strerror(ECONNREFUSED)) found_ = std::move(found);
    address_ = (address_ + 1) % addresses;
    retry_at_ = address_ == 0 ? boot_clock_ns() + pause_ns : 0;
}

} // namespace boxlite
