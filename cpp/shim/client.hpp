#pragma once
#include "../common/frame.hpp"
#include "link.hpp"
#include "stream_table.hpp"
#include <optional>
#include <string>

namespace boxlite {

// What a client's frame comes to, once its rules are met.
struct ClientMessage {
    enum class What : std::uint8_t { nothing, stop, request, ping, open, control, call_frame };
    What what = What::nothing;
    std::uint32_t stream = 0;
    // A whole control payload, of open and control.
    std::string json{};
};

// One connection on box.sock, and the rules that its frames must keep. Split control payloads wait here until they are
// whole, so that a client that goes in the middle of one leaves nothing half-said toward the agent.
class Client {
public:
    static constexpr std::size_t most_held_bytes = 4 * max_control_bytes;

    Client(ClientId id, Fd socket) : id_(id), link_(std::move(socket)) {}

    ClientId id() const { return id_; }
    Link &link() { return link_; }
    bool greeted() const { return greeted_; }
    bool ever_called() const { return last_opened_ > 0; }
    // True once the preamble is here and right; a failure says what is wrong with it.
    Result<bool> greet(const Nonce &nonce);
    Result<ClientMessage> take(const Frame &frame);

private:
    Result<ClientMessage> take_control(const Frame &frame);

    ClientId id_;
    Link link_;
    bool greeted_ = false;
    ControlJoiner controls_;
    std::uint32_t last_opened_ = 0;
};

} // namespace boxlite
