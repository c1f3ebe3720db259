#include "event_loop.hpp"
#include "../common/io.hpp"
#include <algorithm>
#include <cerrno>
#include <cmath>
#include <sys/epoll.h>

namespace boxlite {
namespace {

constexpr double longest_wait_ms = 3'600'000;

// The token tells a descriptor's watch from that of an earlier descriptor with the same number.
std::uint64_t pack(std::uint32_t token, int fd) {
    return (std::uint64_t{token} << 32) | static_cast<std::uint32_t>(fd);
}

int wait_ms(std::optional<double> deadline_ms) {
    if (!deadline_ms) return -1;
    return static_cast<int>(std::ceil(std::clamp(*deadline_ms - now_ms(), 0.0, longest_wait_ms)));
}

} // namespace

Result<EventLoop> EventLoop::create() {
    Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll) return failure_from_errno("make an epoll", errno);
    return EventLoop(std::move(epoll));
}

Status EventLoop::watch(int fd, std::uint32_t events, Handler handler) {
    const std::uint32_t token = next_token_++;
    epoll_event event{events, {.u64 = pack(token, fd)}};
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0)
        return failure_from_errno("watch a descriptor", errno);
    watches_[fd] = Watch{token, events, std::make_shared<Handler>(std::move(handler))};
    return success();
}

void EventLoop::change(int fd, std::uint32_t events) {
    const auto found = watches_.find(fd);
    if (found == watches_.end() || found->second.events == events) return;
    found->second.events = events;
    epoll_event event{events, {.u64 = pack(found->second.token, fd)}};
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

void EventLoop::forget(int fd) {
    if (watches_.erase(fd) > 0) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

void EventLoop::turn(std::optional<double> deadline_ms) {
    epoll_event events[32];
    const int count = ::epoll_wait(epoll_.get(), events, std::size(events), wait_ms(deadline_ms));
    for (int i = 0; i < count; ++i) {
        const auto fd = static_cast<int>(events[i].data.u64 & 0xffffffff);
        const auto found = watches_.find(fd);
        if (found == watches_.end() || pack(found->second.token, fd) != events[i].data.u64) continue;
        // Held here, since the handler may forget its own watch.
        const std::shared_ptr<Handler> handler = found->second.handler;
        (*handler)(events[i].events);
    }
}

} // namespace boxlite
