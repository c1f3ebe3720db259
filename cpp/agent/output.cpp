#include "output.hpp"
#include <algorithm>
#include <array>
#include <cerrno>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace boxlite {
namespace {

// One turn of one command, so that none delays another. With its header it fills the reader of the shim and whole
// buffers of a port.
std::array<std::byte, 131'072 - header_bytes> piece;
constexpr std::size_t most_in_terminal = 256 * 1024;

} // namespace

std::size_t bytes_left(int pipe, bool is_terminal) {
    if (is_terminal) return most_in_terminal;
    int bytes = 0;
    ::ioctl(pipe, FIONREAD, &bytes);
    return static_cast<std::size_t>(std::max(bytes, 0));
}

Status Output::watch(const Poller &poller) {
    return pipe_.watch(poller, EPOLLIN, *this);
}

void Output::command_ended() {
    rest_ = bytes_left(pipe_.get(), is_terminal_);
    ready_ = true;
}

bool Output::take_turn(std::uint32_t stream, std::vector<std::byte> &frames) {
    if (ended_ || !ready_) return false;
    const std::size_t most = std::min({piece.size(), std::size_t{credit_.left()}, rest_.value_or(piece.size())});
    if (rest_ && *rest_ == 0) {
        finish(stream, frames);
        return true;
    }
    if (most == 0) return false;

    const ssize_t count = ::read(pipe_.get(), piece.data(), most);
    if (count < 0 && errno == EAGAIN) {
        ready_ = false;
        if (rest_) finish(stream, frames);
        return rest_.has_value();
    }
    if (count <= 0) {
        closed_ = true;
        ready_ = false;
        // Its END goes with the command's end: a stream is over when the main process is, and one frame more is one wake-up more.
        if (rest_) finish(stream, frames);
        return rest_.has_value();
    }
    const auto bytes = static_cast<std::size_t>(count);
    bulk_.moved(pipe_.get(), bytes);
    credit_.spend(bytes);
    if (rest_) *rest_ -= bytes;
    ended_ = rest_ && *rest_ == 0;
    append_frame(frames, Kind::data, stream, std::span(piece).first(bytes), channel_flags(channel_, ended_));
    return true;
}

void Output::finish(std::uint32_t stream, std::vector<std::byte> &frames) {
    append_frame(frames, Kind::data, stream, {}, channel_flags(channel_, true));
    ended_ = true;
}

bool Output::discard_turn() {
    if (closed_ || !ready_) return false;
    const ssize_t count = ::read(pipe_.get(), piece.data(), piece.size());
    if (count < 0 && errno == EAGAIN)
        ready_ = false;
    else if (count <= 0)
        closed_ = true;
    return count > 0;
}

} // namespace boxlite
