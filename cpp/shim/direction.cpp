#include "direction.hpp"

namespace boxlite {
namespace {

bool may_come(const FrameHeader &header, Hop hop) {
    const bool client = hop == Hop::from_client;
    switch (header.kind) {
    case Kind::ping:
    case Kind::pong:
        return true;
    case Kind::stop:
    case Kind::request:
    case Kind::open:
    case Kind::control:
    case Kind::close:
        return client;
    case Kind::hello:
    case Kind::fail:
    case Kind::bye:
    case Kind::traced:
    case Kind::made:
    case Kind::started:
    case Kind::answer:
    case Kind::exit:
    case Kind::error:
        return !client;
    // Input flows to the agent and the grants for it back; output and its grants the other way round.
    case Kind::data:
        return (header.channel() == Channel::in) == client;
    case Kind::credit:
        return (header.channel() == Channel::in) != client;
    case Kind::boot:
    case Kind::shutdown:
    case Kind::trace:
    case Kind::denial:
    case Kind::refused:
    case Kind::reply:
    case Kind::notice:
        return false;
    }
    return false;
}

} // namespace

Status check_direction(const FrameHeader &header, Hop hop) {
    if (may_come(header, hop)) return success();
    return Failure{"protocol", "Malformed frame: kind " + std::to_string(static_cast<int>(header.kind)) + ", flags " +
                                   std::to_string(header.flags) + ", in the wrong direction"};
}

bool ends_call(const FrameHeader &header) {
    return (header.kind == Kind::exit || header.kind == Kind::error) && !header.more();
}

} // namespace boxlite
