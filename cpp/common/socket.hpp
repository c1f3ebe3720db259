#pragma once
#include "fd.hpp"
#include "result.hpp"
#include <string>
#include <sys/types.h>

namespace boxlite {

// A listening, non-blocking stream socket at the path; what lay there before is removed. A path over the kernel's limit
// is 'socket-dir'.
Result<Fd> listen_at(const std::string &path);

// The next waiting connection, non-blocking; an empty Fd when there is none.
Result<Fd> accept_one(int listener);

// Lets a stream in bulk run ahead of its reader, as far as the host allows (net.core.wmem_max): each time it cannot, one
// of the two has to be woken.
void widen_send_buffer(int socket);

// The process that connected.
pid_t peer_pid(int socket);

} // namespace boxlite
