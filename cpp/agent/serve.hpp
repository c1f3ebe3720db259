#pragma once
#include "box_root.hpp"
#include "flow_owners.hpp"
#include "host_link.hpp"

namespace boxlite {

// How serving came to its end.
struct Served {
    enum class How : unsigned char { shut_down, host_lost, protocol } how;
    // Something had to be killed, or was cut off.
    bool killed = false;
    // What the shim did wrong.
    std::string why{};
};

// Serves calls until the shim asks for the end, or is gone. No process is left then.
Result<Served> serve(HostLink &host, const BoxRoot &root, const std::optional<FlowOwners> &flows,
                     std::int64_t kernel_ns);

} // namespace boxlite
