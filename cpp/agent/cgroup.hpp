#pragma once
#include "../common/fd.hpp"
#include "../common/result.hpp"
#include "exec_request.hpp"
#include <cstdint>
#include <string>
#include <sys/types.h>

namespace boxlite {

struct CgroupUsage {
    std::int64_t cpu_ms = 0;
    std::int64_t peak_memory_bytes = 0;
    bool oom_killed = false;
};

// The cgroup of one command: every process that it started, however it let go of them.
class CommandCgroup {
public:
    CommandCgroup() = default;
    CommandCgroup(std::string id, Fd directory) : id_(std::move(id)), directory_(std::move(directory)) {}

    int fd() const { return directory_.get(); }
    const std::string &id() const { return id_; }
    // As the kernel's programs name it.
    std::uint64_t kernel_id() const;
    Status limit(const CommandLimits &limits) const;
    // Sends the signal to each process once, also in cgroups that were made below; false when there was none.
    bool signal_all(int signal) const;
    void kill_all() const;
    bool populated() const;
    CgroupUsage usage() const;
    // With what was made below it. False while processes live in it.
    bool remove();

private:
    std::string id_;
    Fd directory_;
};

// Makes the parent of all commands' cgroups.
Status prepare_cgroups();
Fd open_commands_cgroup();
Result<CommandCgroup> make_cgroup(const std::string &id);
// Of all commands, with what they left behind.
std::uint64_t count_processes();
// The file that changes when the cgroup empties.
std::string cgroup_events_path(const std::string &id);

} // namespace boxlite
