#include "server.hpp"
#include "clock.hpp"
#include "detached.hpp"
#include "program.hpp"
#include <algorithm>
#include <csignal>

namespace boxlite {
namespace {

// Enough to keep the link busy; a slow host costs no more memory than this.
constexpr std::size_t most_queued_output = 512 * 1024;
// Answers wait for the host too: past this we take no more questions.
constexpr std::size_t most_queued = 2u << 20;
constexpr int reads_a_turn = 16;
// How long a stopping box waits for a client that takes nothing.
constexpr std::int64_t stall_ns = 1'000 * ns_per_ms;
// For an end that the guest asked for, as busybox's init gives.
constexpr std::uint32_t guest_grace_ms = 1'000;

} // namespace

Served Server::run() {
    while (!served_) {
        services_.poller.wait(timeout_ms(boot_clock_ns()));
        turn();
    }
    if (served_->how != Served::How::shut_down) reaper_.kill_everything(calls_);
    return *served_;
}

void Server::turn() {
    busy_ = false;
    take_input();
    busy_ = reaper_.reap(calls_) || busy_;
    if (reaper_.asked_to_end() && !stop_at_) {
        by_guest_ = true;
        begin_shutdown(guest_grace_ms);
    }
    services_.cgroups.read_news();
    const std::int64_t now = boot_clock_ns();
    busy_ = services_.detached.step(now) || busy_;
    services_.host.step(now);
    calls_.step(now);
    if (calls_.move_output(most_queued_output)) {
        busy_ = true;
        // An end of both outputs may have made an exit due.
        calls_.step(boot_clock_ns());
    }
    services_.host.flush();
    busy_ = calls_.tend_leftovers() || busy_;
    if (!busy_ && !stop_at_) services_.cgroup_supply.prepare();
    if (stop_at_ && !served_) check_shutdown();
}

void Server::take_input() {
    HostLink &host = services_.host;
    for (int reads = 0; reads < reads_a_turn && host.has_input() && host.queued() < most_queued; ++reads) {
        if (!host.receive()) {
            served_ = Served{Served::How::host_lost};
            return;
        }
        for (;;) {
            const auto frame = host.reader().next(&calls_);
            if (!frame) served_ = Served{Served::How::protocol, true, frame.failure().message};
            if (served_ || !frame.value()) break;
            take(*frame.value());
        }
        if (served_) return;
    }
    busy_ = host.has_input() && host.queued() < most_queued;
}

void Server::take(const Frame &frame) {
    switch (frame.header.kind) {
    case Kind::open:
    case Kind::data:
    case Kind::credit:
    case Kind::control:
    case Kind::close:
        return calls_.take(frame);
    case Kind::shutdown:
        by_guest_ = false;
        return begin_shutdown(read_u32(frame.payload));
    case Kind::trace:
        return trace(frame);
    case Kind::ping:
        return append_frame(services_.host.frames(), Kind::pong, 0, frame.payload);
    case Kind::pong:
        return;
    default:
        break;
    }
    const auto kind = std::to_string(static_cast<int>(frame.header.kind));
    served_ = Served{Served::How::protocol, true, "Malformed frame: kind " + kind + " from the shim"};
}

// Whose the denied flow is. Its sender waits for the word that we looked, so that the end of its command comes later.
void Server::trace(const Frame &frame) {
    const auto request = Json::parse({reinterpret_cast<const char *>(frame.payload.data()), frame.payload.size()});
    const auto number = request ? request.value().integer("n", 1, INT64_MAX) : request.failure();
    const auto named = request ? request.value().object("flow") : request.failure();
    const auto flow = named ? parse_flow(named.value()) : named.failure();
    const auto owner = flow && flows_ ? flows_->cgroup_of(flow.value()) : std::nullopt;
    const auto program = services_.programs_by_cgroup.find(owner.value_or(0));
    if (number && program != services_.programs_by_cgroup.end())
        program->second->note_denial(static_cast<std::uint64_t>(number.value()));
    std::vector<std::byte> looked;
    append_u64(looked, number ? static_cast<std::uint64_t>(number.value()) : 0);
    append_frame(services_.host.frames(), Kind::traced, 0, looked);
}

void Server::begin_shutdown(std::uint32_t grace_ms) {
    const std::int64_t now = boot_clock_ns();
    const std::int64_t due = now + grace_ms * ns_per_ms;
    // A second one can only make it earlier.
    if (stop_at_) return void(stop_at_ = std::min(*stop_at_, due));
    stop_at_ = due;
    last_progress_ns_ = now;
    calls_.refuse_new();
    ::kill(-1, SIGTERM);
}

void Server::check_shutdown() {
    const std::int64_t now = boot_clock_ns();
    const bool nobody_left = reaper_.nobody_left();
    const bool in_time = now < *stop_at_;
    const bool settled = calls_.empty() && services_.host.queued() == 0;
    if (nobody_left && settled) {
        served_ = Served{Served::How::shut_down};
    } else if (!in_time || (nobody_left && output_stalled(now))) {
        if (!nobody_left) reaper_.kill_everything(calls_);
        // What nobody asked for is told by the end of the machine.
        if (!by_guest_) calls_.cut_all();
        served_ = Served{Served::How::shut_down, !nobody_left};
    }
    if (served_ && by_guest_) served_->how = Served::How::guest;
    if (!nobody_left) last_progress_ns_ = now;
}

// Everything has ended and only a client that reads nothing is in the way.
bool Server::output_stalled(std::int64_t now_ns) {
    if (calls_.grants() != seen_grants_) {
        seen_grants_ = calls_.grants();
        last_progress_ns_ = now_ns;
    }
    return now_ns - last_progress_ns_ > stall_ns;
}

int Server::timeout_ms(std::int64_t now_ns) const {
    if (busy_ && services_.host.queued() < most_queued_output) return 0;
    auto due = calls_.next_deadline();
    for (const auto other : {services_.detached.next_deadline(), services_.host.deadline()}) {
        if (other) due = std::min(due.value_or(*other), *other);
    }
    if (stop_at_) due = std::min({due.value_or(*stop_at_), *stop_at_, now_ns + 50 * ns_per_ms});
    if (!due) return -1;
    return static_cast<int>(std::clamp<std::int64_t>((*due - now_ns + ns_per_ms - 1) / ns_per_ms, 0, 3'600'000));
}

} // namespace boxlite
