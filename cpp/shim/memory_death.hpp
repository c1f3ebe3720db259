#pragma once
#include <cstdint>
#include <string_view>
#include <sys/types.h>

namespace boxlite {

// Whether a record of the kernel's log says that its OOM killer took this process, at this time of its clock or later.
bool record_tells_oom_kill(std::string_view record, pid_t pid, std::uint64_t since_us);

// Asks the kernel's log, where this user may read it: for hosts whose memory controller says nothing to the box's cgroup.
bool log_tells_oom_kill(pid_t pid, double since_ms);

} // namespace boxlite
