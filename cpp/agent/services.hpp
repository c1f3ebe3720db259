#pragma once
#include "box_root.hpp"
#include "cgroup_watch.hpp"
#include "host_link.hpp"
#include "poller.hpp"

namespace boxlite {

// What commands work with; it outlives them.
struct Services {
    const Poller &poller;
    HostLink &host;
    CgroupWatch &cgroups;
    const BoxRoot &root;
};

} // namespace boxlite
