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
// All of them, also those that have not come to their exec, by their cgroups as the kernel's programs name them.
using ProgramsByCgroup = std::map<std::uint64_t, Program *>;

// What calls work with; it outlives them.
struct Services {
    const Poller &poller;
    HostLink &host;
    CgroupWatch &cgroups;
    CgroupSupply &cgroup_supply;
    Programs &programs;
    ProgramsByCgroup &programs_by_cgroup;
    DetachedCommands &detached;
    const BoxRoot &root;
};

} // namespace boxlite
