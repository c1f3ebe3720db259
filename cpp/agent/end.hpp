#pragma once
#include "box_root.hpp"
#include "disks.hpp"
#include "host_link.hpp"
#include "serve.hpp"

namespace boxlite {

// Ends the machine. These never return.
[[noreturn]] void end_machine(HostLink &host, Disks &disks, BoxRoot root, const Served &served);
// This guest cannot serve: says why, on the console and to the shim where there is one.
[[noreturn]] void fail_machine(HostLink *host, const Failure &why);

} // namespace boxlite
