#include "poller.hpp"
#include "../common/io.hpp"
#include <array>
#include <cerrno>
#include <span>
#include <sys/epoll.h>

namespace boxlite {

Result<Poller> Poller::create() {
    Poller poller;
    poller.fd_.reset(::epoll_create1(EPOLL_CLOEXEC));
    if (!poller.fd_) return failure_from_errno("create an epoll descriptor", errno);
    return poller;
}

Status Poller::add(int fd, std::uint32_t events, EventSource &source) const {
    epoll_event event{};
    event.events = events | EPOLLET;
    event.data.ptr = &source;
    if (::epoll_ctl(fd_.get(), EPOLL_CTL_ADD, fd, &event) != 0)
        return failure_from_errno("watch a descriptor", errno, "limit");
    return success();
}

void Poller::remove(int fd) const {
    ::epoll_ctl(fd_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

void Poller::wait(int timeout_ms) const {
    std::array<epoll_event, 64> events;
    const int count = ::epoll_wait(fd_.get(), events.data(), static_cast<int>(events.size()), timeout_ms);
    for (const epoll_event &event : std::span(events).first(count > 0 ? static_cast<std::size_t>(count) : 0)) {
        static_cast<EventSource *>(event.data.ptr)->note(event.events);
    }
}

} // namespace boxlite
