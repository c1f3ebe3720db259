#pragma once
#include "../common/result.hpp"
#include <string>

namespace boxlite {

// Where the machine finds what it needs, in whatever root it runs.
struct MachinePaths {
    std::string agent_socket;
    // Its own open descriptors, by number.
    std::string descriptors;
};

// Leaves this process alone with /dev/kvm, the directory of the agent's socket and its own descriptors, in a root and
// a network of its own, so that no other socket of the host can be dialled. Where the host allows no such namespaces it says
// so in the log, and the paths are those of the host.
Result<MachinePaths> enter_small_root(const std::string &agent_socket);

} // namespace boxlite
