#include "output_ring.hpp"
#include "output.hpp"
#include <algorithm>
#include <array>
#include <cerrno>
#include <sys/epoll.h>
#include <unistd.h>

namespace boxlite {
namespace {

std::array<std::byte, 65'536> piece;

} // namespace

Status OutputRing::watch(const Poller &poller) {
    return pipe_.watch(poller, EPOLLIN, *this);
}

void OutputRing::command_ended() {
    rest_ = bytes_left(pipe_.get(), is_terminal_);
    ended_ = *rest_ == 0;
    ready_ = true;
}

bool OutputRing::take_turn() {
    if (ended_ || !ready_) return false;
    const ssize_t count = ::read(pipe_.get(), piece.data(), std::min(piece.size(), rest_.value_or(piece.size())));
    if (count <= 0) {
        ready_ = false;
        closed_ = !(count < 0 && errno == EAGAIN);
        ended_ = rest_.has_value();
        return ended_;
    }
    // A terminal may be opened again.
    closed_ = false;
    const auto bytes = static_cast<std::size_t>(count);
    bulk_.moved(pipe_.get(), bytes);
    keep(std::span(piece).first(bytes));
    if (rest_) *rest_ -= bytes;
    ended_ = rest_ && *rest_ == 0;
    return true;
}

bool OutputRing::discard_turn() {
    if (closed_ || !ready_) return false;
    const ssize_t count = ::read(pipe_.get(), piece.data(), piece.size());
    if (count < 0 && errno == EAGAIN)
        ready_ = false;
    else if (count <= 0)
        closed_ = true;
    return count > 0;
}

// It grows with what is written, up to its size, and then goes round.
void OutputRing::keep(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const std::size_t at = end_ % most_kept;
        const std::size_t count = std::min(bytes.size(), most_kept - at);
        if (ring_.size() < at + count) ring_.resize(at + count);
        std::copy_n(bytes.begin(), count, ring_.begin() + static_cast<std::ptrdiff_t>(at));
        end_ += count;
        kept_ = std::min(kept_ + count, most_kept);
        bytes = bytes.subspan(count);
    }
}

std::span<const std::byte> OutputRing::from(std::uint64_t at) const {
    if (at < begin() || at >= end_) return {};
    const std::size_t index = at % most_kept;
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(end_ - at, most_kept - index));
    return std::span(ring_).subspan(index, count);
}

void OutputRing::drop() {
    ring_ = std::vector<std::byte>();
    kept_ = 0;
}

} // namespace boxlite
