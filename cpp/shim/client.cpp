#include "client.hpp"
#include "direction.hpp"

namespace boxlite {
namespace {

Failure malformed(std::string what) {
    return {"protocol", "Malformed frame: " + std::move(what)};
}

} // namespace

Result<bool> Client::greet(const Nonce &nonce) {
    const auto preamble = link_.preamble();
    if (!preamble) return false;
    if (const Status fits = check_preamble(*preamble, nonce); !fits) return fits.failure();
    link_.send(encode_preamble(nonce));
    greeted_ = true;
    return true;
}

Result<ClientMessage> Client::take(const Frame &frame) {
    using What = ClientMessage::What;
    const FrameHeader &header = frame.header;
    if (const Status fits = check_direction(header, Hop::from_client); !fits) return fits.failure();
    switch (header.kind) {
    case Kind::stop:
        if (std::to_integer<int>(frame.payload[4]) > 1) return malformed("stop with a force that is neither 0 nor 1");
        return ClientMessage{What::stop};
    case Kind::request:
        return ClientMessage{What::request};
    case Kind::ping:
        return ClientMessage{What::ping};
    case Kind::pong:
        return ClientMessage{};
    case Kind::open:
    case Kind::control:
        return take_control(frame);
    default:
        if (controls_.pending(header.stream)) return malformed("a split control payload interrupted on its stream");
        return ClientMessage{What::call_frame, header.stream};
    }
}

Result<ClientMessage> Client::take_control(const Frame &frame) {
    using What = ClientMessage::What;
    const FrameHeader &header = frame.header;
    if (header.kind == Kind::open && !controls_.pending(header.stream)) {
        if (header.stream <= last_opened_) return malformed("a stream number used twice");
        last_opened_ = header.stream;
    }
    auto whole = controls_.add(frame);
    if (!whole) return whole.failure();
    if (controls_.held() > most_held_bytes) return Failure{"limit", "Too many unfinished control payloads"};
    if (!whole.value()) return ClientMessage{};
    return ClientMessage{header.kind == Kind::open ? What::open : What::control, header.stream,
                         std::move(*whole.value())};
}

} // namespace boxlite
