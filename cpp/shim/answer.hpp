#pragma once
#include "../common/fd.hpp"
#include "../common/result.hpp"
#include <string_view>

namespace boxlite {

struct ReadyTimes {
    // Shim's main began → machine's process spawned.
    double vmm_ms;
    // Spawned → the agent's main began: the time to hello less agent_ms, so the channel's own delay counts here.
    double kernel_ms;
    // The agent's main began → hello, by the guest's clock.
    double agent_ms;
};

// The one line that the launcher waits for. EOF without a line is failure, so it never has to be sent.
class Answer {
public:
    explicit Answer(Fd pipe) : pipe_(std::move(pipe)) {}
    // False when nobody reads any more.
    bool ready(int shim_pid, int vmm_pid, const ReadyTimes &times, std::string_view ports);
    bool error(const Failure &failure, std::string_view console_tail);

private:
    bool send(std::string line);
    Fd pipe_;
};

} // namespace boxlite
