#pragma once
#include "../common/result.hpp"

namespace boxlite {

// On every box's own network; boxlite-netd is at its other end: go/internal/netwire.
inline constexpr const char *guest_address = "192.168.127.2";
inline constexpr const char *gateway_address = "192.168.127.1";

// Gives eth0 its address, its route and its size of packets, and leaves IPv6 off: a connect to such an address then
// fails at once.
Status raise_network();

} // namespace boxlite
