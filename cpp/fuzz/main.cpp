#include "harness.hpp"

// FUZZED is one of the harness's functions: scripts/fuzz.mjs builds a program of each.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    boxlite::FUZZED({data, size});
    return 0;
}
