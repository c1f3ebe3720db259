#pragma once
#include "result.hpp"
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// Frames of the box protocol: docs/protocol.md.
namespace boxlite {

inline constexpr std::uint32_t protocol_version = 1;
inline constexpr std::size_t header_bytes = 12;
inline constexpr std::size_t max_frame_bytes = 262'144;
inline constexpr std::size_t max_payload_bytes = max_frame_bytes - header_bytes;
inline constexpr std::size_t max_control_bytes = 4u << 20;
inline constexpr std::uint32_t initial_credit = 262'144;
inline constexpr std::uint32_t max_credit = 64u << 20;
inline constexpr std::size_t preamble_bytes = 28;

enum class Kind : std::uint8_t {
    boot = 1,
    hello = 2,
    fail = 3,
    shutdown = 4,
    bye = 5,
    trace = 6,
    traced = 7,
    stop = 8,
    refused = 9,
    request = 10,
    reply = 11,
    notice = 12,
    open = 16,
    started = 17,
    data = 18,
    credit = 19,
    control = 20,
    answer = 21,
    exit = 22,
    error = 23,
    close = 24,
    ping = 25,
    pong = 26,
    made = 27,
    denial = 28,
};

enum class Channel : std::uint8_t { in = 0, out = 1, err = 2 };

inline constexpr std::uint8_t flag_more = 0x01;
inline constexpr std::uint8_t flag_end = 0x02;
inline constexpr std::uint8_t channel_shift = 4;

struct FrameHeader {
    std::uint32_t length = 0;
    Kind kind = Kind::ping;
    std::uint8_t flags = 0;
    std::uint32_t stream = 0;

    bool more() const { return (flags & flag_more) != 0; }
    bool end() const { return (flags & flag_end) != 0; }
    Channel channel() const { return static_cast<Channel>(flags >> channel_shift); }
};

struct Frame {
    FrameHeader header;
    std::span<const std::byte> payload; // valid until the next call on the reader
};

using Nonce = std::array<std::byte, 16>;
std::optional<Nonce> parse_nonce(std::string_view hex);
std::array<std::byte, preamble_bytes> encode_preamble(const Nonce &nonce);
// A failure says which of magic, version and nonce was wrong.
Status check_preamble(std::span<const std::byte, preamble_bytes> bytes, const Nonce &nonce);

// The rules of one header by itself: length, kind, reserved bits, stream 0 or not as the kind wants it.
Result<FrameHeader> decode_header(std::span<const std::byte, header_bytes> bytes);
std::array<std::byte, header_bytes> encode_header(const FrameHeader &header);

void append_frame(std::vector<std::byte> &out, Kind kind, std::uint32_t stream, std::span<const std::byte> payload,
                  std::uint8_t flags = 0);
// Splits over frames with MORE.
void append_control(std::vector<std::byte> &out, Kind kind, std::uint32_t stream, std::string_view json);

std::uint8_t channel_flags(Channel channel, bool end = false);
std::uint32_t read_u32(std::span<const std::byte> bytes);
std::uint64_t read_u64(std::span<const std::byte> bytes);
void append_u32(std::vector<std::byte> &out, std::uint32_t value);
void append_u64(std::vector<std::byte> &out, std::uint64_t value);

// Who has a place of its own for the payload of a frame, so that it is read to there.
class PayloadPlaces {
public:
    // Room for `header.length` bytes that stays as long as it is held; none when the reader's own memory will do.
    virtual std::shared_ptr<std::byte> place_for(const FrameHeader &header) = 0;

protected:
    ~PayloadPlaces() = default;
};

// Cuts a byte stream into frames, however it was torn. After a failure it stays failed.
class FrameReader {
public:
    // Room to read(2) into; never empty.
    std::span<std::byte> room();
    void filled(std::size_t count);
    // The next whole frame; nothing when more bytes are needed. One that is not there as a whole yet can have a place.
    Result<std::optional<Frame>> next(PayloadPlaces *places = nullptr);
    // Bytes held that are not yet given out.
    std::size_t held() const { return end_ - begin_ + placed_; }

private:
    std::size_t begun_frame_bytes() const;
    void begin_in_place(const FrameHeader &header, std::span<const std::byte> begun, PayloadPlaces &places);
    std::optional<Frame> placed_frame();

    std::vector<std::byte> buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    // Of these, before the next frame can be looked at: a large one comes in many reads.
    std::size_t wanted_ = header_bytes;
    std::optional<Failure> failed_;

    // The frame that comes to a place, and how much of its payload is there.
    std::shared_ptr<std::byte> place_;
    FrameHeader placed_header_;
    std::size_t placed_ = 0;
    // The place of the frame that was given out last.
    std::shared_ptr<std::byte> given_;
};

// Puts the parts of split control payloads together, one a stream at most.
class ControlJoiner {
public:
    // The whole payload when the frame completes it; nothing while parts are missing; a failure past max_control_bytes.
    Result<std::optional<std::string>> add(const Frame &frame);
    // Whether a payload of this stream is still waiting for its last part.
    bool pending(std::uint32_t stream) const;
    // Forgets the parts of a stream.
    void drop(std::uint32_t stream);
    // Bytes of all waiting parts.
    std::size_t held() const;

private:
    struct Part {
        std::uint32_t stream;
        Kind kind;
        std::string bytes;
    };
    std::vector<Part> parts_;
};

} // namespace boxlite
