#include "input.hpp"
#include <cerrno>
#include <sys/epoll.h>
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
    if (end_received_ && held_.empty()) pipe_.close();
    const std::uint32_t grant = credit_.consumed(taken);
    if (grant == 0) return;
    std::vector<std::byte> payload;
    append_u32(payload, grant);
    append_frame(frames, Kind::credit, stream, payload, channel_flags(Channel::in));
}

std::size_t Input::write_some() {
    if (pipe_ && !ready_) return 0;
    const std::size_t left = held_.size() - begin_;
    if (!pipe_) return left;
    const ssize_t count = ::write(pipe_.get(), held_.data() + begin_, left);
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno == EAGAIN) {
        ready_ = false;
        return 0;
    }
    close();
    return left;
}

} // namespace boxlite
