#pragma once
#include "../common/frame.hpp"
#include "../common/json.hpp"
#include "services.hpp"
#include <memory>
#include <optional>
#include <sys/types.h>

namespace boxlite {

// One call of a client, on a stream of its own. It writes its frames itself; its exit or error ends it. What outlives
// the call is looked after until it is gone.
class Call {
public:
    Call(const Services &services, std::uint32_t stream) : services_(services), stream_(stream) {}
    Call(const Call &) = delete;
    Call &operator=(const Call &) = delete;
    virtual ~Call() = default;

    std::uint32_t stream() const { return stream_; }

    // Where the payload of a frame that is still coming is to go: see PayloadPlaces.
    virtual std::shared_ptr<std::byte> place_for(const FrameHeader &) { return nullptr; }
    // Frames of the client. False when the frame breaks the protocol.
    virtual bool receive_input(const Frame &frame) = 0;
    virtual bool grant(const Frame &frame) = 0;
    // A request about the running call: the answer's value.
    virtual Result<bool> control(const Json &request) = 0;
    // The client let go: the call ends by itself, and its exit or error still comes.
    virtual void close() = 0;
    // The call is over already, without a word from here: everything of it ends now.
    virtual void abandon() = 0;
    // A child of the agent was reaped; true when it was this call's.
    virtual bool reaped(pid_t, int) { return false; }

    // Does what has become due. True once the call is over.
    virtual bool step(std::int64_t now_ns) = 0;
    // Moves one piece of each output; false when there was nothing to move.
    virtual bool move_output() = 0;
    virtual std::optional<std::int64_t> deadline() const { return std::nullopt; }

    // After the call: false while something of it is left.
    virtual bool is_gone() { return true; }
    // After the call: throws one piece of output away; false when there was none.
    virtual bool discard_output() { return false; }

protected:
    std::vector<std::byte> &frames() const { return services_.host.frames(); }
    // False when there is none.
    bool pass(std::span<const std::byte> whole_frames) const {
        services_.host.pass(whole_frames);
        return !whole_frames.empty();
    }

    Services services_;
    std::uint32_t stream_;
};

// An `error` frame.
void send_error(std::vector<std::byte> &frames, std::uint32_t stream, const Failure &failure);

} // namespace boxlite
