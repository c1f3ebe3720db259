#pragma once
#include "call.hpp"

namespace boxlite {

// `open` with op processes: the commands that run, and the detached ones that can still be joined.
Result<std::unique_ptr<Call>> open_processes(const Services &services, std::uint32_t stream, const Json &request);

} // namespace boxlite
