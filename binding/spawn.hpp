#pragma once
#include "common/fd.hpp"
#include <string>
#include <sys/types.h>
#include <variant>
#include <vector>

namespace boxlite::binding {

struct SpawnRequest {
    std::string file;
    std::vector<std::string> argv;
    std::vector<std::string> env;
    std::vector<int> fds;    // the child's descriptor i is fds[i]; it has no others
    std::string cgroup;      // directory to start in; empty for the caller's own
    std::string cwd;         // empty for the caller's own
};

struct Spawned {
    pid_t pid;
    Fd pidfd;
};

// Which step failed, by the name of its system call.
struct SpawnFailure {
    int number;
    const char *syscall;
};

// Starts a program and returns when it runs, or says why it does not; a failed child is reaped here.
std::variant<Spawned, SpawnFailure> spawn(const SpawnRequest &request);

} // namespace boxlite::binding
