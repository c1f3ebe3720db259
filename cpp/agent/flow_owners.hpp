#pragma once
#include "../common/fd.hpp"
#include "../common/json.hpp"
#include "../common/result.hpp"
#include <cstdint>
#include <netinet/in.h>
#include <optional>

namespace boxlite {

// A connection or a datagram out of this machine. In memory as the kernel's packets have it: it is a key there.
struct Flow {
    std::uint32_t protocol;
    in_port_t source_port;
    in_port_t port;
    in_addr_t address;
};

Result<Flow> parse_flow(const Json &flow);

// Whose flows they are: the kernel itself writes down the command's cgroup of each one that begins, so that a process
// that has ended since, or let go of its socket, is found as well.
class FlowOwners {
public:
    // For the sockets that commands make from now on.
    static Result<FlowOwners> begin();
    // The id of the command's cgroup; nothing for what no command sent, or for one of long ago.
    std::optional<std::uint64_t> cgroup_of(const Flow &flow) const;

private:
    explicit FlowOwners(Fd map) : map_(std::move(map)) {}
    Fd map_;
};

} // namespace boxlite
