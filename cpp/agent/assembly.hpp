#pragma once
#include "../common/frame.hpp"
#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>

namespace boxlite {

// Puts the parts of split control payloads together. A failure concerns its stream alone, whose further parts are then
// passed over.
class Assembly {
public:
    // The whole payload once it is complete.
    Result<std::optional<std::string>> add(const Frame &frame);
    // Drops what has come of a payload so far; false when there was none.
    bool forget(std::uint32_t stream);

private:
    struct Part {
        Kind kind;
        std::string bytes;
        bool refused = false;
    };
    Failure refuse(std::uint32_t stream, Part part, bool more, Failure why);

    std::unordered_map<std::uint32_t, Part> parts_;
    std::size_t held_ = 0;
};

} // namespace boxlite
