#pragma once
#include "../common/fd.hpp"
#include "calls.hpp"
#include "poller.hpp"

namespace boxlite {

// PID 1's duty: every process of the guest ends here, its own children and orphans alike.
class Reaper final : public EventSource {
public:
    static Result<Reaper> create();
    int fd() const { return signals_.get(); }
    void note(std::uint32_t) override { due_ = true; }

    // Reaps some of what has ended; true when there may be more.
    bool reap(Calls &calls);
    // A process of the guest that may signal PID 1 asked for the end of the machine.
    bool asked_to_end() const { return asked_to_end_; }
    // No process but this one is left.
    bool nobody_left() const;
    // Kills everything and waits until it is gone, a few seconds at most.
    void kill_everything(Calls &calls);

private:
    Fd signals_;
    bool due_ = true;
    bool asked_to_end_ = false;
};

} // namespace boxlite
