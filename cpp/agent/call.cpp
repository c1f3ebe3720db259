#include "call.hpp"

namespace boxlite {

void send_error(std::vector<std::byte> &frames, std::uint32_t stream, const Failure &failure) {
    JsonWriter error;
    error.member("code", failure.code).member("message", failure.message);
    if (!failure.hint.empty()) error.member("hint", failure.hint);
    append_control(frames, Kind::error, stream, error.text());
}

} // namespace boxlite
