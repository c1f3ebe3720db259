#pragma once
#include "../common/frame.hpp"
#include <cstddef>
#include <cstdint>
#include <vector>

namespace boxlite {

// What we may still send on one channel.
class SendCredit {
public:
    std::uint32_t left() const { return left_; }
    void spend(std::size_t bytes) { left_ -= static_cast<std::uint32_t>(bytes); }
    // False when the grant lifts it over the protocol's limit.
    bool grant(std::uint32_t bytes) {
        if (bytes > max_credit - left_) return false;
        left_ += bytes;
        return true;
    }

private:
    std::uint32_t left_ = initial_credit;
};

// What the peer may still send on one channel.
class ReceiveCredit {
public:
    static constexpr std::uint32_t usual_bulk_window = 2u << 20;

    // What a channel gets once it is used in bulk: a grant takes a while to reach its sender.
    explicit ReceiveCredit(std::uint32_t bulk_window = usual_bulk_window) : bulk_window_(bulk_window) {}

    bool covers(std::size_t bytes) const { return bytes <= left_; }
    // False when the peer sent more than it was granted.
    bool take(std::size_t bytes) {
        if (!covers(bytes)) return false;
        left_ -= static_cast<std::uint32_t>(bytes);
        return true;
    }
    // The consumer took `bytes`; returns what to grant now, 0 while it is not worth a frame.
    std::uint32_t consumed(std::size_t bytes) {
        owed_ += static_cast<std::uint32_t>(bytes);
        taken_ += bytes;
        if (owed_ < window_ / 4) return 0;
        std::uint32_t grant = owed_;
        if (window_ == initial_credit && taken_ >= initial_credit) {
            grant += bulk_window_ - window_;
            window_ = bulk_window_;
        }
        left_ += grant;
        owed_ = 0;
        return grant;
    }

private:
    std::uint32_t bulk_window_;
    std::uint32_t window_ = initial_credit;
    std::uint32_t left_ = initial_credit;
    std::uint32_t owed_ = 0;
    std::uint64_t taken_ = 0;
};

// None is no frame.
inline void append_grant(std::vector<std::byte> &frames, std::uint32_t stream, std::uint32_t grant) {
    if (grant == 0) return;
    std::vector<std::byte> payload;
    append_u32(payload, grant);
    append_frame(frames, Kind::credit, stream, payload, channel_flags(Channel::in));
}

} // namespace boxlite
