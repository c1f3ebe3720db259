#include "output.hpp"
#include "../common/io.hpp"
#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

namespace boxlite {
namespace {

// One turn of one command, so that none delays another. It takes much at once: each read of a full pipe wakes its
// writer. The bytes are read to where they are sent from, each frame behind the room for its header; one fills the
// reader of the shim and whole buffers of a port.
constexpr std::size_t frame_bytes = 131'072;
constexpr std::size_t piece_bytes = frame_bytes - header_bytes;
constexpr std::size_t pieces = 8;
constexpr std::size_t turn_bytes = pieces * piece_bytes;
std::array<std::byte, pieces * frame_bytes> frames;
constexpr std::size_t most_in_terminal = 256 * 1024;

ssize_t read_pieces(int pipe, std::size_t most) {
    std::array<iovec, pieces> parts{};
    int count = 0;
    for (std::size_t at = 0; at < most; at += piece_bytes, ++count) {
        const std::size_t n = static_cast<std::size_t>(count);
        parts[n] = {frames.data() + n * frame_bytes + header_bytes, std::min(piece_bytes, most - at)};
    }
    return ::readv(pipe, parts.data(), count);
}

// Reading a pipe keeps its writer out for as long as the copying takes. Moving its pages to a pipe of our own does not,
// and that one is read meanwhile.
class WayOut {
public:
    // As read_pieces.
    ssize_t read(int pipe, std::size_t most) {
        if (!own_.read) open();
        if (!own_.read) return read_pieces(pipe, most);
        const ssize_t moved = ::splice(pipe, nullptr, own_.write.get(), nullptr, most, SPLICE_F_NONBLOCK);
        if (moved <= 0) return moved;
        const ssize_t count = read_pieces(own_.read.get(), most);
        // What cannot be read, the page of a file that is broken, must not be taken for another command's.
        if (count != moved) own_ = {};
        return count;
    }

private:
    void open() {
        auto pipe = make_pipe();
        if (!pipe || !set_nonblocking(pipe.value().read.get())) return;
        own_ = std::move(pipe.value());
        BulkPipe::widen(own_.read.get());
    }

    Pipe own_;
};

ssize_t read_in_bulk(int pipe, std::size_t most) {
    static WayOut way_out;
    return way_out.read(pipe, most);
}

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

std::span<const std::byte> Output::take_turn(std::uint32_t stream) {
    if (ended_ || !ready_) return {};
    if (rest_ && *rest_ == 0) return finish(stream);
    const std::size_t most = std::min({turn_bytes, std::size_t{credit_.left()}, rest_.value_or(turn_bytes)});
    if (most == 0) return {};

    const bool in_bulk = bulk_.is_wide() && !is_terminal_;
    const ssize_t count = in_bulk ? read_in_bulk(pipe_.get(), most) : read_pieces(pipe_.get(), most);
    if (count <= 0) {
        ready_ = false;
        closed_ = closed_ || count == 0 || errno != EAGAIN;
        // Its END goes with the command's end: a stream is over when the main process is, and one frame more is one wake-up more.
        return rest_ ? finish(stream) : std::span<const std::byte>();
    }
    const auto bytes = static_cast<std::size_t>(count);
    bulk_.moved(pipe_.get(), bytes);
    credit_.spend(bytes);
    if (rest_) *rest_ -= bytes;
    ended_ = rest_ && *rest_ == 0;
    return put_headers(stream, bytes);
}

std::span<const std::byte> Output::finish(std::uint32_t stream) {
    ended_ = true;
    return put_headers(stream, 0);
}

// The frames lie one behind the other: only the last is not full.
std::span<const std::byte> Output::put_headers(std::uint32_t stream, std::size_t bytes) const {
    std::size_t at = 0;
    do {
        const std::size_t length = std::min(piece_bytes, bytes);
        bytes -= length;
        const std::uint8_t flags = channel_flags(channel_, ended_ && bytes == 0);
        const auto header = encode_header({static_cast<std::uint32_t>(length), Kind::data, flags, stream});
        std::ranges::copy(header, frames.begin() + static_cast<std::ptrdiff_t>(at));
        at += header_bytes + length;
    } while (bytes > 0);
    return std::span(frames).first(at);
}

bool Output::discard_turn() {
    if (closed_ || !ready_) return false;
    const ssize_t count = ::read(pipe_.get(), frames.data(), frames.size());
    if (count < 0 && errno == EAGAIN)
        ready_ = false;
    else if (count <= 0)
        closed_ = true;
    return count > 0;
}

} // namespace boxlite
