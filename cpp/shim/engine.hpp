#pragma once
#include "../common/fd.hpp"
#include "../common/result.hpp"
#include "bounded_log.hpp"
#include "settings.hpp"
#include "spawn.hpp"
#include <optional>
#include <vector>

namespace boxlite {

// A started machine, and our ends of what connects us to it.
struct Machine {
    Child process;
    Fd console;
    Fd log;
    // The agent's byte stream, or where it is going to connect.
    Fd agent;
    bool agent_connects;
};

class Engine {
public:
    virtual ~Engine() = default;
    // `network` is the machine's end of its network wire, or -1.
    virtual Result<Machine> start(const ShimSettings &settings, const std::vector<Fd> &disks, int network) const = 0;
    // What an exit status during boot and what was logged mean, when the engine knows better than 'boot-failed'.
    virtual std::optional<Failure> explain(int status, const Tail &log) const = 0;
};

inline Failure no_memory(const std::string &said) {
    return {"limit", "The host has no memory for this machine: " + said,
            "Give the box less memoryMiB, or free memory."};
}

const Engine &krun_engine();
const Engine &qemu_engine();
inline const Engine &engine_of(EngineName name) {
    return name == EngineName::krun ? krun_engine() : qemu_engine();
}

} // namespace boxlite
