#pragma once
#include "box_root.hpp"
#include "cgroup_supply.hpp"
#include "cgroup_watch.hpp"
#include "host_link.hpp"
#include "poller.hpp"

namespace boxlite {

// What calls work with; it outlives them.
struct Services {
    const Poller &poller;
    HostLink &host;
    CgroupWatch &cgroups;
    CgroupSupply &cgroup_supply;
    const BoxRoot &root;
};

} // namespace boxlite
