#pragma once
#include "box_root.hpp"
#include "cgroup_supply.hpp"
#include "cgroup_watch.hpp"
#include "host_link.hpp"
#include "poller.hpp"
#include <map>
#include <string>

namespace boxlite {

class DetachedCommands;
class Program;
// What is listed, by id.
using Programs = std::map<std::string, Program *>;

// What calls work with; it outlives them.
struct Services {
    const Poller &poller;
    HostLink &host;
    CgroupWatch &cgroups;
    CgroupSupply &cgroup_supply;
    Programs &programs;
    DetachedCommands &detached;
    const BoxRoot &root;
};

} // namespace boxlite
