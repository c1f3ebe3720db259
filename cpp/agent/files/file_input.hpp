#pragma once
#include "../credit.hpp"
#include "../poller.hpp"
#include "shared_ring.hpp"
#include <memory>
#include <sys/epoll.h>
#include <vector>

namespace boxlite {

// What a client sends for a file operation, on its way to the worker. The credit is what there is room for.
class FileInput final : public EventSource {
public:
    explicit FileInput(SharedRing ring)
        : ring_(std::make_shared<SharedRing>(std::move(ring))), writer_(*ring_), room_(std::move(ring_->room)) {}

    Status watch(const Poller &poller) { return room_.watch(poller, EPOLLIN, *this); }
    void note(std::uint32_t) override { taken_more_ = true; }
    // Where the payload of such a frame goes, in bulk; it need not be copied there when it is received then.
    std::shared_ptr<std::byte> place_for(const FrameHeader &header);
    // False when the frame breaks the protocol: over the credit, or after the end.
    bool receive(const Frame &frame);
    // Grants for what the worker took.
    void take_turn(std::uint32_t stream, std::vector<std::byte> &frames);
    // Nobody will read any more: what still comes is dropped.
    void close() { closed_ = taken_more_ = true; }

    // For the worker.
    const SharedRing &ring() const { return *ring_; }
    int room() const { return room_.get(); }

private:
    std::shared_ptr<SharedRing> ring_;
    RingWriter writer_;
    WatchedFd room_;
    ReceiveCredit credit_{SharedRing::capacity};
    std::uint64_t received_ = 0;
    std::uint64_t granted_for_ = 0;
    bool taken_more_ = false;
    bool end_received_ = false;
    bool closed_ = false;
};

} // namespace boxlite
