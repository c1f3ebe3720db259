#pragma once
#include "../common/fd.hpp"
#include "../common/result.hpp"
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>

namespace boxlite {

// One epoll, one thread. A handler may add and remove watches, its own included.
class EventLoop {
public:
    using Handler = std::function<void(std::uint32_t events)>;

    static Result<EventLoop> create();

    Status watch(int fd, std::uint32_t events, Handler handler);
    void change(int fd, std::uint32_t events);
    // Before the descriptor is closed.
    void forget(int fd);

    // Waits for events or until the deadline (now_ms), and calls the handlers of what came.
    void turn(std::optional<double> deadline_ms);

private:
    struct Watch {
        std::uint32_t token;
        std::uint32_t events;
        std::shared_ptr<Handler> handler;
    };
    explicit EventLoop(Fd epoll) : epoll_(std::move(epoll)) {}

    Fd epoll_;
    std::unordered_map<int, Watch> watches_;
    std::uint32_t next_token_ = 0;
};

} // namespace boxlite
