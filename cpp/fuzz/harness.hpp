#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

// What a fuzzer feeds: each takes any bytes at all, and neither crashes nor hangs.
namespace boxlite {

using Bytes = std::span<const std::uint8_t>;

// As from the shim: frames, put together, and the requests in them.
void fuzz_agent(Bytes bytes);
// As from a client and from the agent: preamble, frames, their direction, split control payloads.
void fuzz_shim(Bytes bytes);

} // namespace boxlite
