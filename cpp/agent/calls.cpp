#include "calls.hpp"
#include "detached.hpp"
#include "operations.hpp"
#include <algorithm>

namespace boxlite {
namespace {

Failure malformed(std::string what) {
    return {"protocol", "Malformed frame: " + std::move(what)};
}

std::string answer(std::int64_t n, bool value) {
    return JsonWriter().member("n", n).member("value", value).text();
}

std::string refusal(std::int64_t n, const Failure &failure) {
    const JsonWriter error = JsonWriter().member("code", failure.code).member("message", failure.message);
    return JsonWriter().member("n", n).member("value", false).member("error", error).text();
}

} // namespace

std::shared_ptr<std::byte> Calls::place_for(const FrameHeader &header) {
    const auto call = running_.find(header.stream);
    return call == running_.end() ? nullptr : call->second->place_for(header);
}

void Calls::take(const Frame &frame) {
    const std::uint32_t stream = frame.header.stream;
    const Kind kind = frame.header.kind;
    if (kind == Kind::close) return close(stream);
    const auto call = running_.find(stream);
    if (kind == Kind::open || kind == Kind::control) {
        const auto text = assembly_.add(frame);
        if (!text) return fail(stream, text.failure());
        if (!text.value()) return;
        if (kind == Kind::open) return open(stream, *text.value());
        if (call != running_.end()) control(*call->second, *text.value());
        return;
    }
    // Frames of a call that is over may have crossed its end.
    if (call == running_.end()) return;
    if (kind == Kind::data && !call->second->receive_input(frame)) {
        fail(stream, malformed("data on a channel that takes none, after its end, or over the credit"));
    }
    if (kind == Kind::credit) {
        ++grants_;
        if (!call->second->grant(frame))
            fail(stream, malformed("credit for a channel that takes none, or over the limit"));
    }
}

void Calls::open(std::uint32_t stream, const std::string &text) {
    if (running_.contains(stream)) return fail(stream, malformed("open on a call that is open"));
    const auto request = Json::parse(text);
    if (!request || !request.value().is_object()) return fail(stream, malformed("open without a JSON object"));
    if (refusing_) return fail(stream, {"box-state", "Cannot begin the call: the box is stopping"});
    const auto op = request.value().string("op");
    if (!op) return fail(stream, op.failure());
    const Open begin = find_operation(op.value());
    if (begin == nullptr)
        return fail(stream, {"unsupported", "This agent has no operation \"" + op.value() + "\""});
    auto call = begin(services_, stream, request.value());
    if (!call) return fail(stream, call.failure());
    running_.emplace(stream, std::move(call.value()));
}

void Calls::control(Call &call, const std::string &text) {
    const auto request = Json::parse(text);
    if (!request || !request.value().is_object())
        return fail(call.stream(), malformed("control without a JSON object"));
    const auto n = request.value().integer("n", 0, INT64_MAX);
    if (!n) return fail(call.stream(), malformed("control without a number `n`"));
    const auto done = call.control(request.value());
    append_control(services_.host.frames(), Kind::answer, call.stream(),
                   done ? answer(n.value(), done.value()) : refusal(n.value(), done.failure()));
}

void Calls::close(std::uint32_t stream) {
    const bool partial = assembly_.forget(stream);
    if (const auto call = running_.find(stream); call != running_.end())
        call->second->close();
    else if (partial)
        fail(stream, {"aborted", "The call was closed before it was opened"});
}

void Calls::fail(std::uint32_t stream, const Failure &failure) {
    send_error(services_.host.frames(), stream, failure);
    const auto call = running_.find(stream);
    if (call == running_.end()) return;
    call->second->abandon();
    leave(call);
}

void Calls::reaped(pid_t pid, int wait_status) {
    for (const auto &[stream, call] : running_) {
        if (call->reaped(pid, wait_status)) return;
    }
    for (const auto &left : leftovers_) {
        if (left->reaped(pid, wait_status)) return;
    }
    services_.detached.reaped(pid, wait_status);
}

void Calls::step(std::int64_t now_ns) {
    for (auto call = running_.begin(); call != running_.end();) {
        call = call->second->step(now_ns) ? leave(call) : std::next(call);
    }
}

bool Calls::move_output(std::size_t most_queued) {
    bool moved = false;
    // Who was passed over because the queue was full comes first the next time.
    auto call = running_.lower_bound(next_turn_);
    for (std::size_t turns = running_.size(); turns > 0; --turns) {
        if (call == running_.end()) call = running_.begin();
        next_turn_ = call->first;
        if (services_.host.queued() >= most_queued) return moved;
        moved = call->second->move_output() || moved;
        ++call;
    }
    next_turn_ = call == running_.end() ? 0 : call->first;
    return moved;
}

bool Calls::tend_leftovers() {
    bool busy = false;
    for (const auto &left : leftovers_)
        busy = left->discard_output() || busy;
    std::erase_if(leftovers_, [](const auto &left) { return left->is_gone(); });
    return busy;
}

std::optional<std::int64_t> Calls::next_deadline() const {
    std::optional<std::int64_t> next;
    for (const auto &[stream, call] : running_) {
        const auto due = call->deadline();
        if (due && (!next || *due < *next)) next = due;
    }
    return next;
}

void Calls::cut_all() {
    while (!running_.empty()) {
        fail(running_.begin()->first, {"box-state", "The box stopped before the command had ended"});
    }
}

Calls::Running::iterator Calls::leave(Running::iterator call) {
    leftovers_.push_back(std::move(call->second));
    return running_.erase(call);
}

} // namespace boxlite
