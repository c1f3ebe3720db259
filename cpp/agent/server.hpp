#pragma once
#include "calls.hpp"
#include "flow_owners.hpp"
#include "reaper.hpp"
#include "serve.hpp"

namespace boxlite {

// One turn of the loop after another: take what came, do what is due, send what is there.
class Server {
public:
    // `flows` of a machine with a network.
    Server(const Services &services, Reaper &reaper, const std::optional<FlowOwners> &flows)
        : services_(services), reaper_(reaper), flows_(flows), calls_(services) {}
    Served run();

private:
    void turn();
    void take_input();
    void take(const Frame &frame);
    void trace(const Frame &frame);
    void begin_shutdown(std::uint32_t grace_ms);
    void check_shutdown();
    bool output_stalled(std::int64_t now_ns);
    int timeout_ms(std::int64_t now_ns) const;

    Services services_;
    Reaper &reaper_;
    const std::optional<FlowOwners> &flows_;
    Calls calls_;
    std::optional<Served> served_;
    bool busy_ = true;

    std::optional<std::int64_t> stop_at_;
    bool by_guest_ = false;
    std::uint64_t seen_grants_ = 0;
    std::int64_t last_progress_ns_ = 0;
};

} // namespace boxlite
