#pragma once
#include "../common/fd.hpp"
#include "../common/result.hpp"

namespace boxlite {

struct Dialled {
    Fd fd;
    bool is_socket;
};
// The virtio-serial port agent.0 where there is one, else vsock to the host; tries for 5 s.
Result<Dialled> dial_host();

} // namespace boxlite
