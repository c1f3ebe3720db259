#include "host_link.hpp"
#include "../common/io.hpp"
#include "dial.hpp"
#include <algorithm>
#include <cerrno>
#include <ctime>
#include <poll.h>
#include <sys/socket.h>

namespace boxlite {
namespace {

// What output in bulk makes of it.
constexpr std::size_t kept_capacity = 2u << 20;
// Less waits for others that go with it.
constexpr std::size_t worth_a_write = 16'384;
constexpr int linger_seconds = 2;
constexpr timespec port_retry{0, 2'000'000};

} // namespace

Result<HostLink> HostLink::connect() {
    auto dialled = dial_host();
    if (!dialled) return dialled.failure();
    return HostLink(std::move(dialled.value().fd), dialled.value().is_socket ? Transport::vsock : Transport::port);
}

HostLink::HostLink(Fd fd, Transport transport) : fd_(std::move(fd)), transport_(transport) {
    if (transport == Transport::vsock) room_.begin(fd_.get());
}

Status HostLink::greet() {
    std::array<std::byte, preamble_bytes> preamble;
    std::size_t got = 0;
    while (got < preamble.size()) {
        wait_for(POLLIN, -1);
        const ssize_t count = ::read(fd_.get(), preamble.data() + got, preamble.size() - got);
        if (count > 0) {
            got += static_cast<std::size_t>(count);
        } else if (count == 0 && transport_ == Transport::port && got == 0) {
            // Nobody has the port open on the host yet.
            ::nanosleep(&port_retry, nullptr);
        } else if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
            return Failure{"boot-failed", "The shim ended the connection before its preamble"};
        }
    }
    Nonce nonce;
    std::copy(preamble.begin() + 12, preamble.end(), nonce.begin());
    // Ours goes out in any case: a shim of another version sees which one we are.
    const auto ours = encode_preamble(nonce);
    frames_.insert(frames_.end(), ours.begin(), ours.end());
    flush();
    return check_preamble(preamble, nonce);
}

Result<std::string> HostLink::await_control(Kind kind) {
    ControlJoiner joiner;
    for (;;) {
        const auto frame = reader_.next();
        if (!frame) return frame.failure();
        if (!frame.value()) {
            wait_for(POLLIN, -1);
            if (!receive()) return Failure{"boot-failed", "The shim ended the connection"};
        } else if (frame.value()->header.kind == Kind::ping) {
            append_frame(frames_, Kind::pong, 0, frame.value()->payload);
            flush();
        } else if (frame.value()->header.kind == kind) {
            auto text = joiner.add(*frame.value());
            if (!text) return text.failure();
            if (text.value()) return std::move(*text.value());
        } else {
            return Failure{"protocol", "Another frame where the boot document was expected"};
        }
    }
}

bool HostLink::receive() {
    const std::span<std::byte> room = reader_.room();
    const ssize_t count = ::read(fd_.get(), room.data(), room.size());
    if (count > 0) {
        reader_.filled(static_cast<std::size_t>(count));
        if (transport_ == Transport::vsock) room_.received(fd_.get(), static_cast<std::size_t>(count));
    } else if (count == 0) {
        ended_ = true;
    } else if (errno == EAGAIN) {
        readable_ = false;
    } else if (errno != EINTR) {
        ended_ = true;
    }
    return !ended_;
}

void HostLink::pass(std::span<const std::byte> whole_frames) {
    if (whole_frames.size() >= worth_a_write) {
        flush();
        if (queued() == 0) whole_frames = whole_frames.subspan(write_some(whole_frames));
    }
    frames_.insert(frames_.end(), whole_frames.begin(), whole_frames.end());
}

std::size_t HostLink::write_some(std::span<const std::byte> bytes) {
    std::size_t written = 0;
    while (writable_ && written < bytes.size()) {
        const ssize_t count = ::write(fd_.get(), bytes.data() + written, bytes.size() - written);
        if (count > 0)
            written += static_cast<std::size_t>(count);
        else if (count == 0 || errno != EINTR)
            writable_ = false;
    }
    return written;
}

void HostLink::flush() {
    sent_ += write_some(std::span(frames_).subspan(sent_));
    if (queued() > 0) {
        // A link that is never quite empty must not keep what it has sent.
        if (sent_ < kept_capacity) return;
        frames_.erase(frames_.begin(), frames_.begin() + static_cast<std::ptrdiff_t>(sent_));
        sent_ = 0;
        return;
    }
    frames_.clear();
    sent_ = 0;
    if (frames_.capacity() > kept_capacity) std::vector<std::byte>().swap(frames_);
}

void HostLink::finish() {
    constexpr int patience_ms = 2000;
    while (queued() > 0 && wait_for(POLLOUT, patience_ms)) {
        writable_ = true;
        const std::size_t before = queued();
        // A blocking write to a port returns when the host has taken the bytes.
        if (transport_ == Transport::port) [[maybe_unused]]
            const Status set = set_nonblocking(fd_.get(), false);
        flush();
        if (queued() == before) break;
    }
    // With lingering, close returns when the host has confirmed it, which comes after the bytes.
    const linger wait{1, linger_seconds};
    if (transport_ == Transport::vsock) ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &wait, sizeof wait);
    fd_.reset();
}

bool HostLink::wait_for(short events, int timeout_ms) const {
    pollfd waited{fd_.get(), events, 0};
    return ::poll(&waited, 1, timeout_ms) > 0;
}

} // namespace boxlite
