#pragma once
#include "assembly.hpp"
#include "call.hpp"
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace boxlite {

// The calls of all clients, and what is left of those that are over.
class Calls final : public PayloadPlaces {
public:
    explicit Calls(const Services &services) : services_(services) {}

    std::shared_ptr<std::byte> place_for(const FrameHeader &header) override;
    // A frame of a call. What breaks the protocol ends that call and no other.
    void take(const Frame &frame);
    // The process was reaped; most belong to no call.
    void reaped(pid_t pid, int wait_status);

    // Does what has become due in every call.
    void step(std::int64_t now_ns);
    // One piece of output of each, until `most_queued` bytes wait for the host. False when nothing was there to move.
    bool move_output(std::size_t most_queued);
    // Looks after what calls that are over have left behind. False when there was nothing to do.
    bool tend_leftovers();
    std::optional<std::int64_t> next_deadline() const;

    // No new calls from now on.
    void refuse_new() { refusing_ = true; }
    bool empty() const { return running_.empty(); }
    // Ends all calls that are not over yet with 'box-state'.
    void cut_all();
    // Grows whenever a client takes output.
    std::uint64_t grants() const { return grants_; }

private:
    using Running = std::map<std::uint32_t, std::unique_ptr<Call>>;

    void open(std::uint32_t stream, const std::string &text);
    void control(Call &call, const std::string &text);
    void close(std::uint32_t stream);
    void fail(std::uint32_t stream, const Failure &failure);
    Running::iterator leave(Running::iterator call);

    Services services_;
    bool refusing_ = false;
    std::uint64_t grants_ = 0;
    Assembly assembly_;
    Running running_;
    std::uint32_t next_turn_ = 0;
    std::vector<std::unique_ptr<Call>> leftovers_;
};

} // namespace boxlite
