#include "answered_call.hpp"

namespace boxlite {

Result<bool> AnsweredCall::control(const Json &) {
    return Failure{"unsupported", "This call takes no requests"};
}

bool AnsweredCall::step(std::int64_t) {
    if (exit_.size() > max_control_bytes) {
        send_error(frames(), stream_,
                   {"limit", "The answer of " + std::to_string(exit_.size()) + " bytes exceeds the limit of " +
                                 std::to_string(max_control_bytes) + " bytes"});
    } else {
        append_control(frames(), Kind::exit, stream_, exit_);
    }
    return true;
}

} // namespace boxlite
