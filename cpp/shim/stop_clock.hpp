#pragma once
#include <cstdint>
#include <optional>

namespace boxlite {

// What to do to the machine's process now.
enum class StopStep : std::uint8_t { none, terminate, kill, give_up };

// The one clock by which a box is stopped: the agent is asked, then SIGTERM, then SIGKILL, then no more waiting.
// Times are milliseconds of any one clock. Every call can only bring the end nearer.
class StopClock {
public:
    // What the agent may take after the grace, to kill what is left and to unmount.
    static constexpr double unmount_ms = 10'000;
    static constexpr double terminate_ms = 1'000;
    static constexpr double kill_ms = 3'000;

    // True when the end comes nearer by it: then the agent is to be told this grace.
    bool ask(double now, std::uint32_t grace_ms);
    // No grace at all.
    void force(double now);
    // The machine is expected to end by itself within this time.
    void expect_end(double now, double within_ms);

    // The step whose time has come; each is given out once.
    StopStep due(double now);
    // When to come back.
    std::optional<double> next() const { return at_; }

private:
    bool hasten(double at);

    std::optional<double> at_;
    StopStep step_ = StopStep::terminate;
};

} // namespace boxlite
