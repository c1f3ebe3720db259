#include "frame.hpp"
#include <algorithm>
#include <cstring>
#include <utility>

namespace boxlite {
namespace {

constexpr std::string_view magic = "BOXLITE\n";
// More than a frame of output, so that a stream of them is read in few calls and nothing is allocated for it.
constexpr std::size_t reader_step = 131'072;
constexpr std::uint8_t flag_channel_mask = 0x30;

enum class Stream : std::uint8_t { connection, call };

// What the header alone can say about a kind: its stream, its flags, and how long its payload may be.
struct KindRule {
    Kind kind;
    Stream stream;
    std::uint8_t flags;
    std::uint32_t least;
    std::uint32_t most;
};

constexpr std::uint32_t any_length = max_payload_bytes;
constexpr KindRule rules[] = {
    {Kind::boot, Stream::connection, flag_more, 0, any_length},
    {Kind::hello, Stream::connection, 0, 16, 16},
    {Kind::fail, Stream::connection, 0, 0, 4096},
    {Kind::shutdown, Stream::connection, 0, 4, 4},
    {Kind::bye, Stream::connection, 0, 1, 1},
    {Kind::trace, Stream::connection, 0, 0, 4096},
    {Kind::traced, Stream::connection, 0, 8, 8},
    {Kind::stop, Stream::connection, 0, 5, 5},
    {Kind::refused, Stream::connection, 0, 0, 4096},
    {Kind::request, Stream::connection, 0, 0, any_length},
    {Kind::reply, Stream::connection, 0, 0, any_length},
    {Kind::notice, Stream::connection, 0, 0, any_length},
    {Kind::open, Stream::call, flag_more, 0, any_length},
    {Kind::started, Stream::call, flag_more, 0, any_length},
    {Kind::data, Stream::call, flag_end | flag_channel_mask, 0, any_length},
    {Kind::credit, Stream::call, flag_channel_mask, 4, 4},
    {Kind::control, Stream::call, flag_more, 0, any_length},
    {Kind::answer, Stream::call, flag_more, 0, any_length},
    {Kind::exit, Stream::call, flag_more, 0, any_length},
    {Kind::error, Stream::call, flag_more, 0, any_length},
    {Kind::close, Stream::call, 0, 0, 0},
    {Kind::ping, Stream::connection, 0, 0, 64},
    {Kind::pong, Stream::connection, 0, 0, 64},
    {Kind::made, Stream::call, 0, 8, 8},
    {Kind::denial, Stream::call, 0, 0, any_length},
};

const KindRule *find_rule(Kind kind) {
    const auto *found =
        std::find_if(std::begin(rules), std::end(rules), [&](const KindRule &r) { return r.kind == kind; });
    return found == std::end(rules) ? nullptr : found;
}

Failure malformed(std::string message) {
    return {"protocol", "Malformed frame: " + std::move(message)};
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

template <typename T> void append_integer(std::vector<std::byte> &out, T value) {
    for (std::size_t i = 0; i < sizeof value; ++i)
        out.push_back(static_cast<std::byte>((value >> (8 * i)) & 0xff));
}

template <typename T> T read_integer(std::span<const std::byte> bytes) {
    T value = 0;
    for (std::size_t i = 0; i < sizeof value && i < bytes.size(); ++i) {
        value |= static_cast<T>(std::to_integer<T>(bytes[i]) << (8 * i));
    }
    return value;
}

} // namespace

std::optional<Nonce> parse_nonce(std::string_view hex) {
    Nonce nonce;
    if (hex.size() != nonce.size() * 2) return std::nullopt;
    for (std::size_t i = 0; i < nonce.size(); ++i) {
        const int high = hex_digit(hex[2 * i]);
        const int low = hex_digit(hex[2 * i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        nonce[i] = static_cast<std::byte>(high * 16 + low);
    }
    return nonce;
}

std::array<std::byte, preamble_bytes> encode_preamble(const Nonce &nonce) {
    std::array<std::byte, preamble_bytes> bytes;
    std::memcpy(bytes.data(), magic.data(), magic.size());
    for (std::size_t i = 0; i < 4; ++i)
        bytes[8 + i] = static_cast<std::byte>((protocol_version >> (8 * i)) & 0xff);
    std::copy(nonce.begin(), nonce.end(), bytes.begin() + 12);
    return bytes;
}

Status check_preamble(std::span<const std::byte, preamble_bytes> bytes, const Nonce &nonce) {
    if (std::memcmp(bytes.data(), magic.data(), magic.size()) != 0) {
        return Failure{"protocol", "Wrong magic in the preamble: the peer does not speak the box protocol"};
    }
    const std::uint32_t version = read_u32(bytes.subspan(8, 4));
    if (version != protocol_version) {
        return Failure{"protocol", "Wrong protocol version in the preamble: expected " +
                                       std::to_string(protocol_version) + " but received " + std::to_string(version)};
    }
    if (!std::equal(nonce.begin(), nonce.end(), bytes.begin() + 12)) {
        return Failure{"protocol", "Wrong nonce in the preamble: it belongs to another run of the box"};
    }
    return success();
}

Result<FrameHeader> decode_header(std::span<const std::byte, header_bytes> bytes) {
    const std::uint32_t length = read_u32(bytes.first(4));
    const auto kind = static_cast<Kind>(bytes[4]);
    const auto flags = std::to_integer<std::uint8_t>(bytes[5]);
    const std::uint32_t stream = read_u32(bytes.subspan(8, 4));
    const std::string name = "kind " + std::to_string(std::to_integer<int>(bytes[4]));

    const KindRule *rule = find_rule(kind);
    if (rule == nullptr) return malformed("unknown " + name);
    if (bytes[6] != std::byte{0} || bytes[7] != std::byte{0}) return malformed(name + " with a reserved field set");
    if ((flags & ~rule->flags) != 0) return malformed(name + " with flags " + std::to_string(flags));
    if ((flags & flag_channel_mask) >> channel_shift > 2) return malformed(name + " for an unknown channel");
    if (length < rule->least || length > rule->most) {
        return malformed(name + " with " + std::to_string(length) + " bytes of payload");
    }
    if ((stream == 0) != (rule->stream == Stream::connection)) {
        return malformed(name + " on stream " + std::to_string(stream));
    }
    return FrameHeader{length, kind, flags, stream};
}

std::array<std::byte, header_bytes> encode_header(const FrameHeader &header) {
    std::array<std::byte, header_bytes> bytes{};
    for (std::size_t i = 0; i < 4; ++i) {
        bytes[i] = static_cast<std::byte>((header.length >> (8 * i)) & 0xff);
        bytes[8 + i] = static_cast<std::byte>((header.stream >> (8 * i)) & 0xff);
    }
    bytes[4] = static_cast<std::byte>(header.kind);
    bytes[5] = static_cast<std::byte>(header.flags);
    return bytes;
}

void append_frame(std::vector<std::byte> &out, Kind kind, std::uint32_t stream, std::span<const std::byte> payload,
                  std::uint8_t flags) {
    const auto header = encode_header({static_cast<std::uint32_t>(payload.size()), kind, flags, stream});
    out.insert(out.end(), header.begin(), header.end());
    out.insert(out.end(), payload.begin(), payload.end());
}

void append_control(std::vector<std::byte> &out, Kind kind, std::uint32_t stream, std::string_view json) {
    auto rest = std::as_bytes(std::span(json));
    while (rest.size() > max_payload_bytes) {
        append_frame(out, kind, stream, rest.first(max_payload_bytes), flag_more);
        rest = rest.subspan(max_payload_bytes);
    }
    append_frame(out, kind, stream, rest);
}

std::uint8_t channel_flags(Channel channel, bool end) {
    return static_cast<std::uint8_t>((static_cast<unsigned>(channel) << channel_shift) | (end ? flag_end : 0u));
}

std::uint32_t read_u32(std::span<const std::byte> bytes) {
    return read_integer<std::uint32_t>(bytes);
}
std::uint64_t read_u64(std::span<const std::byte> bytes) {
    return read_integer<std::uint64_t>(bytes);
}
void append_u32(std::vector<std::byte> &out, std::uint32_t value) {
    append_integer(out, value);
}
void append_u64(std::vector<std::byte> &out, std::uint64_t value) {
    append_integer(out, value);
}

std::span<std::byte> FrameReader::room() {
    if (place_) return std::span(place_.get(), placed_header_.length).subspan(placed_);
    if (begin_ == end_) {
        begin_ = end_ = 0;
        // One large frame must not keep its memory for the life of an idle connection.
        if (buffer_.size() > reader_step) std::vector<std::byte>(reader_step).swap(buffer_);
    }
    if (begin_ > 0) {
        std::memmove(buffer_.data(), buffer_.data() + begin_, held());
        end_ -= begin_;
        begin_ = 0;
    }
    // What completes the frame that has begun, and no more: memory that grew would be let go of again with each.
    const std::size_t needed = end_ < buffer_.size() ? begun_frame_bytes() : end_ + reader_step;
    buffer_.resize(std::max(buffer_.size(), needed));
    return std::span(buffer_).subspan(end_);
}

std::size_t FrameReader::begun_frame_bytes() const {
    if (held() < header_bytes) return reader_step;
    const std::size_t length = read_u32(std::span(buffer_).subspan(begin_, 4));
    return header_bytes + std::min(length, max_payload_bytes);
}

void FrameReader::filled(std::size_t count) {
    (place_ ? placed_ : end_) += count;
}

Result<std::optional<Frame>> FrameReader::next(PayloadPlaces *places) {
    if (failed_) return *failed_;
    given_.reset();
    if (place_) return placed_frame();
    if (held() < wanted_) return std::optional<Frame>{};
    const auto bytes = std::span<const std::byte>(buffer_).subspan(begin_, held());
    const auto header = decode_header(bytes.first<header_bytes>());
    if (!header) {
        failed_ = header.failure();
        return *failed_;
    }
    const std::size_t length = header.value().length;
    wanted_ = header_bytes + length;
    if (bytes.size() < wanted_) {
        if (places != nullptr) begin_in_place(header.value(), bytes.subspan(header_bytes), *places);
        return std::optional<Frame>{};
    }
    begin_ += std::exchange(wanted_, header_bytes);
    return std::optional<Frame>{Frame{header.value(), bytes.subspan(header_bytes, length)}};
}

void FrameReader::begin_in_place(const FrameHeader &header, std::span<const std::byte> begun, PayloadPlaces &places) {
    place_ = places.place_for(header);
    if (!place_) return;
    placed_header_ = header;
    placed_ = begun.size();
    std::memcpy(place_.get(), begun.data(), begun.size());
    begin_ = end_;
    wanted_ = header_bytes;
}

std::optional<Frame> FrameReader::placed_frame() {
    if (placed_ < placed_header_.length) return std::nullopt;
    given_ = std::move(place_);
    return Frame{placed_header_, {given_.get(), std::exchange(placed_, 0)}};
}

Result<std::optional<std::string>> ControlJoiner::add(const Frame &frame) {
    const auto part =
        std::find_if(parts_.begin(), parts_.end(), [&](const Part &p) { return p.stream == frame.header.stream; });
    std::string bytes;
    if (part != parts_.end()) {
        if (part->kind != frame.header.kind)
            return malformed("parts of two control payloads interleaved on one stream");
        bytes = std::move(part->bytes);
        parts_.erase(part);
    }
    if (bytes.size() + frame.payload.size() > max_control_bytes) {
        return Failure{"limit", "A control payload exceeds " + std::to_string(max_control_bytes) + " bytes"};
    }
    bytes.append(reinterpret_cast<const char *>(frame.payload.data()), frame.payload.size());
    if (!frame.header.more()) return std::optional<std::string>(std::move(bytes));
    parts_.push_back({frame.header.stream, frame.header.kind, std::move(bytes)});
    return std::optional<std::string>{};
}

bool ControlJoiner::pending(std::uint32_t stream) const {
    return std::any_of(parts_.begin(), parts_.end(), [&](const Part &p) { return p.stream == stream; });
}

void ControlJoiner::drop(std::uint32_t stream) {
    std::erase_if(parts_, [&](const Part &p) { return p.stream == stream; });
}

std::size_t ControlJoiner::held() const {
    std::size_t bytes = 0;
    for (const Part &part : parts_)
        bytes += part.bytes.size();
    return bytes;
}

} // namespace boxlite
