#pragma once
#include "agent/files/shared_ring.hpp"
#include "common/io.hpp"
#include <atomic>
#include <poll.h>
#include <sys/eventfd.h>
#include <thread>

namespace boxlite {

// What is written to `pipe` comes to a worker's operation by a ring, as from the agent.
class FedRing {
public:
    FedRing() : feeder_([this, from = std::move(ends_.read)]() mutable { feed(std::move(from)); }) {}
    // Ends the pipe first where the test has not.
    ~FedRing() {
        pipe.reset();
        gone_ = true;
        ::eventfd_write(ring.room.get(), 1);
        feeder_.join();
    }

private:
    Pipe ends_ = std::move(make_pipe().value());

public:
    Fd pipe = std::move(ends_.write);
    SharedRing ring = std::move(SharedRing::create().value());
    RingReader reader{ring, ring.news.get(), ring.room.get()};

private:
    void feed(Fd from) {
        RingWriter writer(ring);
        while (!gone_) {
            const std::size_t room = SharedRing::capacity - (writer.written() - writer.taken());
            const ssize_t count = room == 0 ? -1 : ::read(from.get(), writer.place(), room);
            if (count > 0) writer.wrote(static_cast<std::size_t>(count));
            if (count == 0) return writer.complete();
            if (room == 0) await_room();
        }
    }
    void await_room() const {
        pollfd waited{ring.room.get(), POLLIN, 0};
        eventfd_t count = 0;
        ::poll(&waited, 1, -1);
        ::eventfd_read(ring.room.get(), &count);
    }

    std::atomic<bool> gone_ = false;
    std::thread feeder_;
};

} // namespace boxlite
