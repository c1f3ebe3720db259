#pragma once
#include "event_loop.hpp"
#include "link.hpp"
#include "owner.hpp"
#include <functional>
#include <optional>

namespace boxlite {

// The hop to the agent: the handshake, the frames meant for the shim, and everything else handed on.
class AgentSide {
public:
    using CallFrame = std::function<void(const Frame &)>;
    AgentSide(EventLoop &loop, const Nonce &nonce, BoxOwner &owner, CallFrame call_frame,
              std::function<void()> after_events)
        : loop_(loop), nonce_(nonce), owner_(owner), call_frame_(std::move(call_frame)),
          after_events_(std::move(after_events)) {}

    // We know the nonce, so we speak first.
    Status connect(Fd stream, std::string_view boot);
    void send_frame(Kind kind, std::uint32_t stream, std::span<const std::byte> payload, std::uint8_t flags = 0);
    void send_control(Kind kind, std::uint32_t stream, std::string_view json);
    void shut_down(std::uint32_t grace_ms);
    std::size_t unsent() const { return link_ ? link_->unsent() : 0; }
    // Sends what can be sent.
    void settle();
    // Takes everything that came before the machine's end.
    void drain();

private:
    void take_events(std::uint32_t events);
    bool read_once();
    Status take_frames();
    Status take_frame(const Frame &frame);
    Status take_hello(const Frame &frame);
    void lose(const Failure &why);

    EventLoop &loop_;
    Nonce nonce_;
    BoxOwner &owner_;
    CallFrame call_frame_;
    std::function<void()> after_events_;
    std::optional<Link> link_;
    bool greeted_ = false;
    bool serving_ = false;
};

} // namespace boxlite
