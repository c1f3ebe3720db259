#pragma once
#include "../common/result.hpp"
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace boxlite {

struct VmmDisk {
    int fd;
    bool readonly;
};

// What the shim writes to boxlite-vmm's standard input, version 1.
struct VmmSettings {
    std::string box_id;
    std::string libkrun;
    std::string libkrunfw;
    std::uint8_t cpus;
    std::uint32_t memory_mib;
    std::vector<VmmDisk> disks;
    int console_fd;
    std::string agent_socket;
    // -1 without a network.
    int network_fd;
};

Result<VmmSettings> parse_vmm_settings(std::string_view text);

} // namespace boxlite
