#pragma once
#include "../common/result.hpp"
#include <cstdint>
#include <string>
#include <string_view>

namespace boxlite {

// What the program that made the box tells its guest.
struct BootDocument {
    std::string hostname;
    std::int64_t clock_ns = 0;
    bool grow_disk = false;
    // Whether the machine has a network device.
    bool network = false;
};
Result<BootDocument> parse_boot_document(std::string_view text);

} // namespace boxlite
