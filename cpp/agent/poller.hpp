#pragma once
#include "../common/fd.hpp"
#include "../common/result.hpp"
#include <cstdint>

namespace boxlite {

// Told that something happened on a descriptor. It only takes a note: what follows from it is done in the loop's own
// steps, so that nothing is destroyed while events for it are still in hand.
class EventSource {
public:
    virtual void note(std::uint32_t events) = 0;

protected:
    ~EventSource() = default;
};

// Edge-triggered epoll: each note says that there is news, once.
class Poller {
public:
    static Result<Poller> create();
    Status add(int fd, std::uint32_t events, EventSource &source) const;
    void remove(int fd) const;
    // Up to `timeout_ms`, -1 without end.
    void wait(int timeout_ms) const;

private:
    Fd fd_;
};

// A descriptor that leaves the poller before it is closed: closing alone does not do it while a child that is being
// launched still has its copy.
class WatchedFd {
public:
    explicit WatchedFd(Fd fd) : fd_(std::move(fd)) {}
    WatchedFd(const WatchedFd &) = delete;
    WatchedFd &operator=(const WatchedFd &) = delete;
    ~WatchedFd() { close(); }

    Status watch(const Poller &poller, std::uint32_t events, EventSource &source) {
        Status added = poller.add(fd_.get(), events, source);
        if (added) poller_ = &poller;
        return added;
    }
    void close() {
        if (fd_ && poller_ != nullptr) poller_->remove(fd_.get());
        fd_.reset();
    }
    int get() const { return fd_.get(); }
    explicit operator bool() const { return static_cast<bool>(fd_); }

private:
    Fd fd_;
    const Poller *poller_ = nullptr;
};

} // namespace boxlite
