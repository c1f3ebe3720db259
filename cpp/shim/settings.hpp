#pragma once
#include "../common/frame.hpp"
#include "../common/result.hpp"
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace boxlite {

enum class EngineName : std::uint8_t { krun, qemu };

struct DiskSetting {
    std::string path;
    bool readonly;
};

struct Programs {
    std::string vmm;
    std::string libkrun;
    std::string libkrunfw;
    std::string qemu;
    std::string kernel;
    std::string netd;
};

// What the client writes to the shim's standard input, version 1.
struct ShimSettings {
    std::string box_id;
    Nonce nonce;
    EngineName engine;
    std::string directory;
    std::string box_socket;
    std::string agent_socket;
    std::optional<std::string> cgroup;
    int cpus;
    std::uint32_t memory_mib;
    std::vector<DiskSetting> disks;
    Programs programs;
    // What boxlite-netd is told, as text; without it the box has no network device.
    std::optional<std::string> network;
    double boot_timeout_ms;
    bool lifeline;
    // The agent's boot document, as text.
    std::string boot;
};

Result<ShimSettings> parse_shim_settings(std::string_view text);

// Standard input until EOF. The command line must be exactly [program, box id], and the settings must be for that id.
Result<ShimSettings> read_settings(int argc, char **argv);

} // namespace boxlite
