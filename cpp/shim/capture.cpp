#include "capture.hpp"
#include "../common/io.hpp"
#include <cerrno>
#include <sys/epoll.h>

namespace boxlite {

Status Capture::follow(EventLoop &loop, Fd source, std::function<void()> heard) {
    if (Status set = set_nonblocking(source.get()); !set) return set;
    loop_ = &loop;
    source_ = std::move(source);
    heard_ = std::move(heard);
    return loop.watch(source_.get(), EPOLLIN, [this](std::uint32_t) { read_some(); });
}

void Capture::drain() {
    while (read_some()) {}
    stop();
}

bool Capture::read_some() {
    if (!source_) return false;
    char buffer[8192];
    const ssize_t count = ::read(source_.get(), buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) return true;
    if (count < 0 && errno == EAGAIN) return false;
    if (count <= 0) {
        stop();
        return false;
    }
    const std::string_view text(buffer, static_cast<std::size_t>(count));
    log_.write(text);
    tail_.add(text);
    if (heard_) heard_();
    return true;
}

void Capture::stop() {
    if (!source_) return;
    loop_->forget(source_.get());
    source_.reset();
}

} // namespace boxlite
