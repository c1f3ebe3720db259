#pragma once
#include <cstdint>
#include <optional>

namespace boxlite {

// The frequency of the host's time stamp counter, measured; nothing where it does not always tick at the same one.
std::optional<std::uint32_t> host_tsc_khz();

} // namespace boxlite
