#include "link.hpp"
#include "../common/socket.hpp"
#include <algorithm>
#include <cerrno>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace boxlite {
namespace {

constexpr std::size_t piece_bytes = 65'536;
// What is at least this large does not wait for others to be sent with it.
constexpr std::size_t large_bytes = 16'384;

} // namespace

void SendQueue::add(std::span<const std::byte> bytes) {
    if (bytes.empty()) return;
    if (pieces_.empty() || pieces_.back().size() + bytes.size() > piece_bytes) pieces_.emplace_back();
    pieces_.back().insert(pieces_.back().end(), bytes.begin(), bytes.end());
    size_ += bytes.size();
}

void SendQueue::add_large(int socket, std::span<const std::byte> header, std::span<const std::byte> payload) {
    std::size_t sent = 0;
    if (pieces_.empty()) {
        iovec parts[] = {{const_cast<std::byte *>(header.data()), header.size()},
                         {const_cast<std::byte *>(payload.data()), payload.size()}};
        msghdr message{};
        message.msg_iov = parts;
        message.msg_iovlen = std::size(parts);
        const ssize_t count = ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        // A peer that is gone is seen when the rest is flushed.
        if (count > 0) sent = static_cast<std::size_t>(count);
    }
    add(header.subspan(std::min(sent, header.size())));
    add(payload.subspan(sent - std::min(sent, header.size())));
}

bool SendQueue::flush(int socket) {
    while (!pieces_.empty()) {
        const auto rest = std::span(pieces_.front()).subspan(sent_of_first_);
        const ssize_t count = ::send(socket, rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno == EAGAIN;
        size_ -= static_cast<std::size_t>(count);
        sent_of_first_ += static_cast<std::size_t>(count);
        if (sent_of_first_ < pieces_.front().size()) return true;
        pieces_.pop_front();
        sent_of_first_ = 0;
    }
    return true;
}

Link::Link(Fd socket) : socket_(std::move(socket)) {
    widen_send_buffer(socket_.get());
}

bool Link::fill() {
    const bool greeting = preamble_have_ < preamble_bytes;
    const auto room = greeting ? std::span(preamble_).subspan(preamble_have_) : reader_.room();
    const ssize_t count = ::recv(socket_.get(), room.data(), room.size(), MSG_DONTWAIT);
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    if (count == 0) return false;
    received_ += static_cast<std::size_t>(count);
    if (greeting) {
        preamble_have_ += static_cast<std::size_t>(count);
    } else {
        reader_.filled(static_cast<std::size_t>(count));
    }
    return true;
}

std::optional<std::span<const std::byte, preamble_bytes>> Link::preamble() const {
    if (preamble_have_ < preamble_bytes) return std::nullopt;
    return std::span<const std::byte, preamble_bytes>(preamble_);
}

void Link::send_frame(Kind kind, std::uint32_t stream, std::span<const std::byte> payload, std::uint8_t flags) {
    const auto header = encode_header({static_cast<std::uint32_t>(payload.size()), kind, flags, stream});
    if (payload.size() >= large_bytes) return queue_.add_large(socket_.get(), header, payload);
    queue_.add(header);
    queue_.add(payload);
}

void Link::send_control(Kind kind, std::uint32_t stream, std::string_view json) {
    std::vector<std::byte> frames;
    append_control(frames, kind, stream, json);
    queue_.add(frames);
}

std::uint32_t Link::interest(bool reading) const {
    std::uint32_t events = 0;
    if (reading) events |= EPOLLIN;
    if (unsent() > 0) events |= EPOLLOUT;
    return events;
}

void Link::discard_input() {
    std::byte bytes[4096];
    while (::recv(socket_.get(), bytes, sizeof bytes, MSG_DONTWAIT) > 0) {}
}

} // namespace boxlite
