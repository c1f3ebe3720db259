#include "agent_side.hpp"
#include "direction.hpp"
#include <sys/epoll.h>

namespace boxlite {
namespace {

constexpr double ns_per_ms = 1e6;

} // namespace

Status AgentSide::connect(Fd stream, std::string_view boot) {
    link_.emplace(std::move(stream));
    link_->send(encode_preamble(nonce_));
    link_->send_control(Kind::boot, 0, boot);
    if (!link_->flush()) return Failure{"boot-failed", "The agent's channel is closed"};
    return loop_.watch(link_->fd(), link_->interest(true), [this](std::uint32_t events) { take_events(events); });
}

void AgentSide::send_frame(Kind kind, std::uint32_t stream, std::span<const std::byte> payload, std::uint8_t flags) {
    if (link_) link_->send_frame(kind, stream, payload, flags);
}

void AgentSide::send_control(Kind kind, std::uint32_t stream, std::string_view json) {
    if (link_) link_->send_control(kind, stream, json);
}

void AgentSide::shut_down(std::uint32_t grace_ms) {
    std::vector<std::byte> grace;
    append_u32(grace, grace_ms);
    send_frame(Kind::shutdown, 0, grace);
    settle();
}

void AgentSide::settle() {
    if (!link_) return;
    // A peer that is gone is seen by reading, after what it sent before.
    link_->flush();
    loop_.change(link_->fd(), link_->interest(true));
}

void AgentSide::drain() {
    while (link_ && read_once()) {}
}

void AgentSide::take_events(std::uint32_t events) {
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) read_once();
    after_events_();
}

// False when there is nothing to read, or no link any more.
bool AgentSide::read_once() {
    const std::size_t before = link_->received();
    if (!link_->fill()) {
        lose({"box-died", "The agent's channel ended"});
        return false;
    }
    if (link_->received() == before) return false;
    if (const Status taken = take_frames(); !taken) {
        lose(taken.failure());
        return false;
    }
    return true;
}

Status AgentSide::take_frames() {
    if (!greeted_) {
        const auto preamble = link_->preamble();
        if (!preamble) return success();
        if (Status fits = check_preamble(*preamble, nonce_); !fits) return fits;
        greeted_ = true;
    }
    while (link_) {
        const auto frame = link_->next();
        if (!frame) return frame.failure();
        if (!frame.value()) return success();
        if (Status taken = take_frame(*frame.value()); !taken) return taken;
    }
    return success();
}

Status AgentSide::take_frame(const Frame &frame) {
    if (Status fits = check_direction(frame.header, Hop::from_agent); !fits) return fits;
    switch (frame.header.kind) {
    case Kind::hello:
        return take_hello(frame);
    case Kind::fail:
        owner_.agent_cannot_serve({reinterpret_cast<const char *>(frame.payload.data()), frame.payload.size()});
        return success();
    case Kind::bye:
        owner_.agent_says_bye(std::to_integer<std::uint8_t>(frame.payload[0]));
        return success();
    case Kind::traced:
        owner_.agent_traced(read_u64(frame.payload));
        return success();
    case Kind::ping:
        link_->send_frame(Kind::pong, 0, frame.payload);
        return success();
    case Kind::pong:
        return success();
    default:
        call_frame_(frame);
        return success();
    }
}

Status AgentSide::take_hello(const Frame &frame) {
    if (serving_) return Failure{"protocol", "Malformed frame: a second hello"};
    serving_ = true;
    const std::uint64_t began_ns = read_u64(frame.payload.first(8));
    const std::uint64_t ready_ns = read_u64(frame.payload.subspan(8));
    owner_.agent_serves(ready_ns > began_ns ? static_cast<double>(ready_ns - began_ns) / ns_per_ms : 0);
    return success();
}

void AgentSide::lose(const Failure &why) {
    loop_.forget(link_->fd());
    link_.reset();
    owner_.agent_lost(why);
}

} // namespace boxlite
