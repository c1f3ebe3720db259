#pragma once
#include "../common/fd.hpp"
#include "../common/frame.hpp"
#include "credit.hpp"
#include "poller.hpp"
#include <cstdint>
#include <string>
#include <vector>

namespace boxlite {

// The standard input of a command: what the client sent and the command has not taken yet is held here, never more than
// the credit.
class Input final : public EventSource {
public:
    explicit Input(Fd pipe) : pipe_(std::move(pipe)) {}

    Status watch(const Poller &poller);
    void note(std::uint32_t) override { ready_ = true; }
    // False when the frame breaks the protocol: over the credit, or after the end.
    bool receive(const Frame &frame);
    // Writes what the command takes and grants for it.
    void take_turn(std::uint32_t stream, std::vector<std::byte> &frames);
    // Nobody will read any more: what still comes is dropped.
    void close() { pipe_.close(); }

private:
    std::size_t write_some();

    WatchedFd pipe_;
    ReceiveCredit credit_;
    std::string held_;
    std::size_t begin_ = 0;
    bool ready_ = true;
    bool end_received_ = false;
};

} // namespace boxlite
