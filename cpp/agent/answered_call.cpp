#include "answered_call.hpp"

namespace boxlite {

Result<bool> AnsweredCall::control(const Json &) {
    return Failure{"unsupported", "This call takes no requests"};
}

bool AnsweredCall::step(std::int64_t) {
    append_control(frames(), Kind::exit, stream_, exit_);
    return true;
}

} // namespace boxlite
