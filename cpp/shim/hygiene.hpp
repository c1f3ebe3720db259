#pragma once
#include "../common/fd.hpp"
#include "../common/result.hpp"
#include <optional>

namespace boxlite {

// What the launcher handed over, each closing on exec.
struct Inherited {
    Fd answer;
    std::optional<Fd> lifeline;
};

// Own session, subreaper, no core dumps, signals ready for a signalfd: first of all, before anything can go wrong.
Status settle_process();

// For what we start, which is scheduled as the launcher is. Where there is one processor alone it stays a batch process as
// the shim is one: who wakes another thread of a machine would be put aside by it, and with it a lock that the guest's
// other processor then spins for. A command takes half the time there.
void schedule_as_started();

// Keeps the answer pipe (1), the log (2) and the lifeline (3, if there is one); closes everything else.
Result<Inherited> keep_inherited(bool lifeline);

// SIGTERM and SIGCHLD as a descriptor.
Result<Fd> open_signals();

} // namespace boxlite
