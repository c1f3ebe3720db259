#pragma once
#include "../common/fd.hpp"
#include "../common/frame.hpp"
#include "bulk_pipe.hpp"
#include "credit.hpp"
#include "poller.hpp"
#include <cstdint>
#include <optional>
#include <span>

namespace boxlite {

// What is left to read of a command that has ended. A terminal does not tell all that it holds: it is read until it has
// no more, up to more than the kernel keeps of it.
std::size_t bytes_left(int pipe, bool is_terminal);

// One output of a command, read only as far as the client gave credit for it.
class Output final : public EventSource {
public:
    Output(Fd pipe, Channel channel, bool is_terminal = false)
        : pipe_(std::move(pipe)), channel_(channel), is_terminal_(is_terminal) {}

    Status watch(const Poller &poller);
    void note(std::uint32_t) override { ready_ = true; }
    bool grant(std::uint32_t bytes) { return credit_.grant(bytes); }
    // From now on what is in the pipe is all there is: leftovers of the command do not hold up its end.
    void command_ended();
    bool ended() const { return ended_; }

    // The next pieces as whole frames, good until the next turn of any output; empty when there was nothing to do.
    std::span<const std::byte> take_turn(std::uint32_t stream);
    // After the end: throws one piece away. False when there was none.
    bool discard_turn();
    // Nobody holds the writing end any more.
    bool closed() const { return closed_; }

private:
    std::span<const std::byte> finish(std::uint32_t stream);
    std::span<const std::byte> put_headers(std::uint32_t stream, std::size_t bytes) const;

    WatchedFd pipe_;
    Channel channel_;
    bool is_terminal_;
    SendCredit credit_;
    std::optional<std::size_t> rest_;
    bool ready_ = true;
    bool ended_ = false;
    bool closed_ = false;
    BulkPipe bulk_;
};

} // namespace boxlite
