#pragma once
#include "../common/fd.hpp"
#include "../common/frame.hpp"
#include <deque>
#include <optional>
#include <vector>

namespace boxlite {

// Bytes that wait until a socket takes them, in pieces, so that what was sent is freed.
class SendQueue {
public:
    void add(std::span<const std::byte> bytes);
    // Sends at once what can be sent, without a copy of it, and keeps the rest.
    void add_large(int socket, std::span<const std::byte> header, std::span<const std::byte> payload);
    // Sends what the socket takes now; false when the peer is gone.
    bool flush(int socket);
    std::size_t size() const { return size_; }

private:
    std::deque<std::vector<std::byte>> pieces_;
    std::size_t sent_of_first_ = 0;
    std::size_t size_ = 0;
};

// One non-blocking connection that speaks the box protocol: a preamble, then frames.
class Link {
public:
    explicit Link(Fd socket);

    int fd() const { return socket_.get(); }

    // One read; false when the peer is gone.
    bool fill();
    // How many bytes came so far.
    std::uint64_t received() const { return received_; }
    // The peer's preamble, once it is whole.
    std::optional<std::span<const std::byte, preamble_bytes>> preamble() const;
    Result<std::optional<Frame>> next() { return reader_.next(); }

    void send(std::span<const std::byte> bytes) { queue_.add(bytes); }
    void send_frame(Kind kind, std::uint32_t stream, std::span<const std::byte> payload, std::uint8_t flags = 0);
    void send_control(Kind kind, std::uint32_t stream, std::string_view json);
    bool flush() { return queue_.flush(socket_.get()); }
    std::size_t unsent() const { return queue_.size(); }
    // What epoll is to report: room to send while something waits, and input if `reading`.
    std::uint32_t interest(bool reading) const;
    // Reads and throws away what came last: closing a unix socket with unread bytes is an error for its peer.
    void discard_input();

private:
    Fd socket_;
    std::array<std::byte, preamble_bytes> preamble_{};
    std::size_t preamble_have_ = 0;
    std::uint64_t received_ = 0;
    FrameReader reader_;
    SendQueue queue_;
};

} // namespace boxlite
