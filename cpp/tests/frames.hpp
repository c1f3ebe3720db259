#pragma once
#include "common/frame.hpp"
#include <span>
#include <string>
#include <string_view>

namespace boxlite {

// A frame of a command's or a file's input, on call 1; it refers to the bytes.
inline Frame data_frame(std::string_view bytes, bool end = false) {
    return {{static_cast<std::uint32_t>(bytes.size()), Kind::data, channel_flags(Channel::in, end), 1},
            std::as_bytes(std::span(bytes))};
}

inline std::string text_of(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
}

} // namespace boxlite
