#pragma once
#include "../common/fd.hpp"
#include "bounded_log.hpp"
#include "event_loop.hpp"
#include <functional>
#include <string>

namespace boxlite {

// Follows what a machine writes on one descriptor into a bounded log, and remembers the end of it.
class Capture {
public:
    explicit Capture(std::string path) : log_(std::move(path)) {}

    // `heard` is called after each text that came.
    Status follow(EventLoop &loop, Fd source, std::function<void()> heard = {});
    // Takes what is there now, up to EOF: for after the machine's end.
    void drain();
    const Tail &tail() const { return tail_; }

private:
    // False at EOF or when nothing is there.
    bool read_some();
    void stop();

    EventLoop *loop_ = nullptr;
    Fd source_;
    std::function<void()> heard_;
    BoundedLog log_;
    Tail tail_;
};

} // namespace boxlite
