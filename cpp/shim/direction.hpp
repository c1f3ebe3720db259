#pragma once
#include "../common/frame.hpp"

namespace boxlite {

enum class Hop : std::uint8_t { from_client, from_agent };

// Whether a frame of this kind and channel may come from that side; 'protocol' if not.
Status check_direction(const FrameHeader &header, Hop hop);

// Whether the frame is the last of its call.
bool ends_call(const FrameHeader &header);

} // namespace boxlite
