#pragma once
#include "../common/fd.hpp"
#include "bulk_pipe.hpp"
#include "poller.hpp"
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace boxlite {

// The last piece of one output of a detached command. It is read as it comes: nobody holds the command back.
class OutputRing final : public EventSource {
public:
    static constexpr std::size_t most_kept = 1u << 20;

    OutputRing(Fd pipe, bool is_terminal) : pipe_(std::move(pipe)), is_terminal_(is_terminal) {}

    Status watch(const Poller &poller);
    void note(std::uint32_t) override { ready_ = true; }
    // From now on what is in the pipe is all there is.
    void command_ended();
    // Reads one piece; false when there was none.
    bool take_turn();
    bool ended() const { return ended_; }
    // After the end: throws away one piece that a leftover of the command wrote; false when there was none.
    bool discard_turn();
    // Nobody holds the writing end any more.
    bool closed() const { return closed_; }

    // Counted from the command's start: the first byte that is still kept, and the one after the last.
    std::uint64_t begin() const { return end_ - kept_; }
    std::uint64_t end() const { return end_; }
    // What is kept from `at` on, as far as it lies in one piece.
    std::span<const std::byte> from(std::uint64_t at) const;
    // Lets go of what is kept.
    void drop();

private:
    void keep(std::span<const std::byte> bytes);

    WatchedFd pipe_;
    bool is_terminal_;
    std::vector<std::byte> ring_; // byte `n` lies at n % most_kept
    std::size_t kept_ = 0;
    std::uint64_t end_ = 0;
    std::optional<std::size_t> rest_;
    bool ready_ = true;
    bool ended_ = false;
    bool closed_ = false;
    BulkPipe bulk_;
};

} // namespace boxlite
