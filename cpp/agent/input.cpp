#include "input.hpp"
#include <algorithm>
#include <cerrno>
#include <string_view>
#include <sys/epoll.h>
#include <termios.h>
#include <unistd.h>
#include <utility>

namespace boxlite {

Status Input::watch(const Poller &poller) {
    return pipe_.watch(poller, EPOLLOUT, *this);
}

bool Input::receive(const Frame &frame) {
    if (end_received_ || !credit_.take(frame.payload.size())) return false;
    end_received_ = frame.header.end();
    std::string_view bytes(reinterpret_cast<const char *>(frame.payload.data()), frame.payload.size());
    // What the pipe takes at once is not held.
    if (held_.empty()) {
        const std::size_t count = write_some(bytes);
        passed_ += count;
        bytes.remove_prefix(count);
    }
    held_.append(bytes);
    return true;
}

void Input::change_writer() {
    credit_ = ReceiveCredit();
    passed_ = 0;
    of_earlier_writers_ = held_.size() - begin_;
}

void Input::take_turn(std::uint32_t stream, std::vector<std::byte> &frames) {
    const std::size_t count = write_some(std::string_view(held_).substr(begin_));
    begin_ += count;
    const std::size_t taken = std::exchange(passed_, 0) + count;
    if (pipe_) bulk_.moved(pipe_.get(), taken);
    if (begin_ == held_.size() && begin_ > 0) {
        held_ = std::string();
        begin_ = 0;
    }
    if (end_received_ && held_.empty()) finish();
    const std::size_t not_granted = std::min(taken, of_earlier_writers_);
    of_earlier_writers_ -= not_granted;
    append_grant(frames, stream, credit_.consumed(taken - not_granted));
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

std::size_t Input::write_some(std::string_view bytes) {
    std::size_t written = 0;
    while (pipe_ && ready_ && written < bytes.size()) {
        const ssize_t count = ::write(pipe_.get(), bytes.data() + written, bytes.size() - written);
        if (count > 0)
            written += static_cast<std::size_t>(count);
        else if (count < 0 && errno == EAGAIN)
            ready_ = false;
        else
            close();
    }
    if (written > 0) at_line_start_ = bytes[written - 1] == '\n';
    // Without a reader all of it is taken.
    return pipe_ ? written : bytes.size();
}

} // namespace boxlite
