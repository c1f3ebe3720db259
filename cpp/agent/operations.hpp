#pragma once
#include "call.hpp"
#include <string_view>

namespace boxlite {

// Begins the call that an `open` asks for. A failure is told on the stream, and nothing of the call is left.
using Open = Result<std::unique_ptr<Call>> (*)(const Services &services, std::uint32_t stream, const Json &request);

// The handler of an operation by its name in `open`; null for one that this agent does not have.
Open find_operation(std::string_view op);

} // namespace boxlite
