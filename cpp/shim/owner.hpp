#pragma once
#include "../common/result.hpp"
#include "stream_table.hpp"
#include <cstdint>
#include <string>
#include <string_view>

namespace boxlite {

// What the connections tell the owner of the box.
class BoxOwner {
public:
    virtual void agent_serves(double agent_ms) = 0;
    virtual void agent_cannot_serve(std::string_view why) = 0;
    virtual void agent_says_bye(std::uint8_t word) = 0;
    virtual void agent_lost(const Failure &why) = 0;
    // The agent has looked whose the denial of that number is.
    virtual void agent_traced(std::uint64_t number) = 0;
    // A denial as JSON; empty for one that is not kept any more, or never was.
    virtual std::string denial(std::uint64_t number) const = 0;
    virtual void client_asks_stop(std::uint32_t grace_ms, bool force) = 0;
    // A request to the shim itself, as JSON; a failure ends the connection.
    virtual Status client_requests(ClientId client, std::string_view request) = 0;
    virtual void client_lost(ClientId client) = 0;

protected:
    ~BoxOwner() = default;
};

} // namespace boxlite
