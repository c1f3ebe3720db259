#pragma once
#include "../common/result.hpp"
#include <cstdint>
#include <string>

namespace boxlite {

// The agent's own surroundings: kernel file systems, limits, signals, the loopback interface.
Status prepare_machine();

void set_clock(std::int64_t ns_since_epoch);
void set_hostname(const std::string &hostname);

} // namespace boxlite
