#pragma once
#include "../common/fd.hpp"
#include "../common/frame.hpp"
#include "bulk_pipe.hpp"
#include "credit.hpp"
#include "poller.hpp"
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace boxlite {

// The standard input of a command: what the client sent and the command has not taken yet is held here, never more than
// the credit.
class Input final : public EventSource {
public:
    // A terminal is told of the end by the character that means it there.
    explicit Input(Fd pipe, bool is_terminal = false) : pipe_(std::move(pipe)), is_terminal_(is_terminal) {}

    Status watch(const Poller &poller);
    void note(std::uint32_t) override { ready_ = true; }
    // False when the frame breaks the protocol: over the credit, or after the end.
    bool receive(const Frame &frame);
    // Writes what the command takes and grants for it.
    void take_turn(std::uint32_t stream, std::vector<std::byte> &frames);
    // Another client writes from now on, with a credit of its own; what was taken already comes first.
    void change_writer();
    bool ended() const { return end_received_; }
    // Nobody will read any more: what still comes is dropped.
    void close() { pipe_.close(); }

private:
    std::size_t write_some(std::string_view bytes);
    void finish();

    WatchedFd pipe_;
    bool is_terminal_;
    bool at_line_start_ = true;
    ReceiveCredit credit_;
    BulkPipe bulk_;
    std::string held_;
    std::size_t begin_ = 0;
    std::size_t passed_ = 0; // written without being held, and not yet granted again
    std::size_t of_earlier_writers_ = 0; // in held_, not to be granted again
    bool ready_ = true;
    bool end_received_ = false;
};

} // namespace boxlite
