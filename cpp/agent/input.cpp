#include "input.hpp"
#include <algorithm>
#include <cerrno>
#include <string_view>
#include <sys/epoll.h>
#include <termios.h>
#include <unistd.h>

namespace boxlite {

Status Input::watch(const Poller &poller) {
    return pipe_.watch(poller, EPOLLOUT, *this);
}

bool Input::receive(const Frame &frame) {
    if (end_received_ || !credit_.take(frame.payload.size())) return false;
    end_received_ = frame.header.end();
    held_.append(reinterpret_cast<const char *>(frame.payload.data()), frame.payload.size());
    return true;
}

void Input::change_writer() {
    credit_ = ReceiveCredit();
    of_earlier_writers_ = held_.size() - begin_;
}

void Input::take_turn(std::uint32_t stream, std::vector<std::byte> &frames) {
    std::size_t taken = 0;
    while (begin_ < held_.size()) {
        const std::size_t count = write_some();
        if (count == 0) break;
        taken += count;
        begin_ += count;
    }
    if (begin_ == held_.size() && begin_ > 0) {
        held_ = std::string();
        begin_ = 0;
    }
    if (end_received_ && held_.empty()) finish();
    const std::size_t not_granted = std::min(taken, of_earlier_writers_);
    of_earlier_writers_ -= not_granted;
    const std::uint32_t grant = credit_.consumed(taken - not_granted);
    if (grant == 0) return;
    std::vector<std::byte> payload;
    append_u32(payload, grant);
    append_frame(frames, Kind::credit, stream, payload, channel_flags(Channel::in));
}

void Input::finish() {
    termios settings{};
    // Behind a part of a line the first only delivers that part.
    constexpr std::string_view ends = "\x04\x04";
    const bool is_canonical = pipe_ && is_terminal_ && ::tcgetattr(pipe_.get(), &settings) == 0 &&
                              (settings.c_lflag & ICANON) != 0;
    // One that cannot take it has no reader either.
    if (is_canonical && ::write(pipe_.get(), ends.data(), at_line_start_ ? 1 : 2) < 0) errno = 0;
    pipe_.close();
}

std::size_t Input::write_some() {
    if (pipe_ && !ready_) return 0;
    const std::size_t left = held_.size() - begin_;
    if (!pipe_) return left;
    const ssize_t count = ::write(pipe_.get(), held_.data() + begin_, left);
    if (count >= 0) {
        if (count > 0) at_line_start_ = held_[begin_ + static_cast<std::size_t>(count) - 1] == '\n';
        return static_cast<std::size_t>(count);
    }
    if (errno == EAGAIN) {
        ready_ = false;
        return 0;
    }
    close();
    return left;
}

} // namespace boxlite
