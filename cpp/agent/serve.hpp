#pragma once
#include "box_root.hpp"
#include "flow_owners.hpp"
#include "host_link.hpp"

namespace boxlite {

// How serving came to its end.
struct Served {
    enum class How : unsigned char { shut_down, guest, host_lost, protocol } how;
    // Something had to be killed, or was cut off.
    bool killed = false;
    // What the shim did wrong.
    std::string why{};
};

// Serves calls until the shim or the guest asks for the end, or the shim is gone. No process is left then.
Result<Served> serve(HostLink &host, const BoxRoot &root, const std::optional<FlowOwners> &flows,
                     std::int64_t kernel_ns);

} // namespace boxlite
