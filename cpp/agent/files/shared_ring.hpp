#pragma once
#include "../../common/fd.hpp"
#include "../../common/result.hpp"
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace boxlite {

// Bytes for a worker, in memory that it has in common with the agent: a pipe would copy each twice more, and make a
// page for every 4 KiB. The ring is mapped twice, one behind the other, so that no piece of it is torn.
class SharedRing {
public:
    static constexpr std::size_t capacity = 4u << 20;
    static constexpr std::uint64_t nothing = UINT64_MAX;
    // Positions are counted from the first byte.
    struct State {
        std::atomic<std::uint64_t> written{0};
        std::atomic<std::uint64_t> taken{0};
        // Where the reader waits for the writer to come to.
        std::atomic<std::uint64_t> awaited{nothing};
        std::atomic<bool> complete{false};
    };

    static Result<SharedRing> create();
    SharedRing(SharedRing &&other) noexcept;
    SharedRing &operator=(SharedRing &&) = delete;
    ~SharedRing();

    State &state() const { return *state_; }
    std::byte *at(std::uint64_t position) const { return bytes_ + position % capacity; }

    // The writer's words to the reader, and the other way. Eventfds, neither blocks.
    Fd news;
    Fd room;

private:
    SharedRing() = default;
    Status map();

    std::byte *base_ = nullptr;
    State *state_ = nullptr;
    std::byte *bytes_ = nullptr;
};

class RingWriter {
public:
    explicit RingWriter(const SharedRing &ring) : state_(ring.state()), ring_(ring) {}

    // The next bytes' place; whoever writes knows how many the reader leaves room for.
    std::byte *place() const { return ring_.at(written_); }
    // Makes the memory for that many at once: in bulk it costs less than page by page, as they come.
    void prepare(std::size_t count);
    void wrote(std::size_t count);
    // No more comes.
    void complete();
    // As the reader says; never what it cannot have.
    std::uint64_t taken();
    std::uint64_t written() const { return written_; }

private:
    void wake_reader() const;

    SharedRing::State &state_;
    const SharedRing &ring_;
    std::uint64_t written_ = 0;
    std::uint64_t prepared_ = 0;
    std::uint64_t taken_ = 0;
};

class RingReader {
public:
    // `news` and `room`: the ring's, in this process.
    RingReader(const SharedRing &ring, int news, int room)
        : state_(ring.state()), ring_(ring), news_(news), room_(room) {}

    // Waits until `count` bytes are there, or all that come. `piece` is all that is there, good until it is taken. An
    // errno: EINTR for a signal, which can also come in while it waits if it is blocked otherwise.
    int wait_for(std::size_t count, std::span<const std::byte> &piece);
    void take(std::size_t count);

private:
    bool is_there(std::uint64_t position) const;
    int sleep_until(std::uint64_t position);

    SharedRing::State &state_;
    const SharedRing &ring_;
    int news_;
    int room_;
    std::uint64_t taken_ = 0;
    std::uint64_t told_ = 0;
};

} // namespace boxlite
