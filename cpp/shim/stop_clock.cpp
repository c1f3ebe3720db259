#include "stop_clock.hpp"

namespace boxlite {

bool StopClock::hasten(double at) {
    if (step_ != StopStep::terminate || (at_ && *at_ <= at)) return false;
    at_ = at;
    return true;
}

bool StopClock::ask(double now, std::uint32_t grace_ms) {
    return hasten(now + grace_ms + unmount_ms);
}

void StopClock::expect_end(double now, double within_ms) {
    hasten(now + within_ms);
}

void StopClock::force(double now) {
    if (step_ == StopStep::give_up || step_ == StopStep::none) return;
    step_ = StopStep::kill;
    at_ = now;
}

StopStep StopClock::due(double now) {
    if (!at_ || *at_ > now) return StopStep::none;
    const StopStep step = step_;
    switch (step) {
    case StopStep::terminate:
        step_ = StopStep::kill;
        at_ = now + terminate_ms;
        break;
    case StopStep::kill:
        step_ = StopStep::give_up;
        at_ = now + kill_ms;
        break;
    default:
        step_ = StopStep::none;
        at_.reset();
    }
    return step;
}

} // namespace boxlite
