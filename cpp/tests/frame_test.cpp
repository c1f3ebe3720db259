#include "frames.hpp"
#include <algorithm>
#include <gtest/gtest.h>

namespace boxlite {
namespace {

using Bytes = std::vector<std::byte>;

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

// `filled` is called after each piece.
template <typename Filled> void feed(FrameReader &reader, std::span<const std::byte> bytes, Filled filled) {
    while (!bytes.empty()) {
        const auto room = reader.room();
        const std::size_t count = std::min(room.size(), bytes.size());
        std::copy_n(bytes.begin(), count, room.begin());
        reader.filled(count);
        bytes = bytes.subspan(count);
        filled();
    }
}

void feed(FrameReader &reader, std::span<const std::byte> bytes) {
    feed(reader, bytes, [] {});
}

Bytes header(std::uint32_t length, std::uint8_t kind, std::uint8_t flags, std::uint32_t stream) {
    const auto encoded = encode_header({length, static_cast<Kind>(kind), flags, stream});
    return {encoded.begin(), encoded.end()};
}

Result<FrameHeader> decode(const Bytes &bytes) {
    return decode_header(std::span<const std::byte, header_bytes>(bytes.data(), header_bytes));
}

TEST(Frame, AStreamOfFramesTornAtAnyTwoBytesComesOutWhole) {
    Bytes stream;
    append_control(stream, Kind::open, 1, R"({"op":"exec"})");
    append_frame(stream, Kind::data, 1, bytes_of("abc"), channel_flags(Channel::in));
    append_frame(stream, Kind::data, 1, {}, channel_flags(Channel::in, true));
    append_frame(stream, Kind::ping, 0, bytes_of("12345678"));
    for (std::size_t first = 0; first <= stream.size(); ++first) {
        for (std::size_t second = first; second <= stream.size(); ++second) {
            FrameReader reader;
            std::vector<std::string> payloads;
            const auto take = [&](std::span<const std::byte> piece) {
                feed(reader, piece);
                for (auto frame = reader.next(); frame && frame.value(); frame = reader.next()) {
                    payloads.push_back(text_of(frame.value()->payload));
                }
            };
            const std::span<const std::byte> all(stream);
            take(all.first(first));
            take(all.subspan(first, second - first));
            take(all.subspan(second));
            ASSERT_EQ(payloads, (std::vector<std::string>{R"({"op":"exec"})", "abc", "", "12345678"}));
            ASSERT_EQ(reader.held(), 0u);
        }
    }
}

// Has a place for every payload of data.
struct Places final : PayloadPlaces {
    std::vector<std::shared_ptr<Bytes>> made;
    std::shared_ptr<std::byte> place_for(const FrameHeader &frame) override {
        if (frame.kind != Kind::data) return nullptr;
        made.push_back(std::make_shared<Bytes>(frame.length));
        return {made.back(), made.back()->data()};
    }
};

TEST(Frame, APayloadThatIsNotThereAsAWholeIsReadToItsPlace) {
    Bytes stream;
    append_frame(stream, Kind::data, 1, bytes_of("abcdef"), channel_flags(Channel::in));
    append_frame(stream, Kind::ping, 0, bytes_of("12345678"));
    append_frame(stream, Kind::data, 3, bytes_of("ghi"), channel_flags(Channel::in, true));
    for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
        FrameReader reader;
        Places places;
        std::vector<std::string> payloads;
        std::size_t placed = 0;
        const auto take = [&] {
            for (auto frame = reader.next(&places); frame && frame.value(); frame = reader.next(&places)) {
                const auto payload = frame.value()->payload;
                payloads.push_back(text_of(payload));
                if (!places.made.empty() && payload.data() == places.made.back()->data()) ++placed;
            }
        };
        feed(reader, std::span(stream).first(cut), take);
        feed(reader, std::span(stream).subspan(cut), take);
        ASSERT_EQ(payloads, (std::vector<std::string>{"abcdef", "12345678", "ghi"})) << cut;
        ASSERT_EQ(placed, places.made.size()) << cut;
        const bool in_data = (cut >= 12 && cut < 18) || (cut >= 50 && cut < 53);
        ASSERT_EQ(placed, in_data ? 1u : 0u) << cut;
        ASSERT_EQ(reader.held(), 0u);
    }
}

TEST(Frame, APlaceIsHeldUntilItsFrameWasLookedAt) {
    Bytes stream;
    append_frame(stream, Kind::data, 1, bytes_of("abc"), channel_flags(Channel::in));
    FrameReader reader;
    Places places;
    feed(reader, std::span(stream).first(13));
    EXPECT_FALSE(reader.next(&places).value());
    ASSERT_EQ(places.made.size(), 1u);
    EXPECT_EQ(reader.held(), 1u);
    EXPECT_EQ(reader.room().size(), 2u);
    const std::weak_ptr<Bytes> place = places.made.front();
    places.made.clear();
    feed(reader, std::span(stream).subspan(13));
    const auto frame = reader.next(&places);
    EXPECT_EQ(text_of(frame.value()->payload), "abc");
    EXPECT_FALSE(place.expired());
    EXPECT_FALSE(reader.next(&places).value());
    EXPECT_TRUE(place.expired());
}

TEST(Frame, AStreamThatEndsInsideAFrameGivesNoFrame) {
    Bytes stream;
    append_frame(stream, Kind::data, 7, bytes_of("payload"), channel_flags(Channel::out));
    for (std::size_t length = 0; length < stream.size(); ++length) {
        FrameReader reader;
        feed(reader, std::span(stream).first(length));
        const auto frame = reader.next();
        ASSERT_TRUE(frame);
        ASSERT_FALSE(frame.value());
    }
}

TEST(Frame, TheLargestFrameIsTakenAndOneByteMoreIsRefusedBeforeItsPayload) {
    Bytes largest;
    append_frame(largest, Kind::data, 1, Bytes(max_payload_bytes), channel_flags(Channel::in));
    EXPECT_EQ(largest.size(), max_frame_bytes);
    FrameReader reader;
    feed(reader, largest);
    const auto frame = reader.next();
    ASSERT_TRUE(frame && frame.value());
    EXPECT_EQ(frame.value()->payload.size(), max_payload_bytes);

    FrameReader refusing;
    feed(refusing, header(max_payload_bytes + 1, 18, 0, 1));
    const auto refused = refusing.next();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.failure().code, "protocol");
}

TEST(Frame, AReaderThatFailedStaysFailed) {
    FrameReader reader;
    feed(reader, header(0, 99, 0, 0));
    ASSERT_FALSE(reader.next());
    Bytes good;
    append_frame(good, Kind::ping, 0, {});
    feed(reader, good);
    EXPECT_FALSE(reader.next());
}

TEST(Frame, EveryUnknownKindIsRefused) {
    const std::vector<std::uint8_t> known{1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 16,
                                          17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28};
    for (unsigned kind = 0; kind < 256; ++kind) {
        if (std::find(known.begin(), known.end(), kind) != known.end()) continue;
        for (const std::uint32_t stream : {0u, 1u})
            EXPECT_FALSE(decode(header(0, static_cast<std::uint8_t>(kind), 0, stream)));
    }
}

TEST(Frame, EveryFlagThatAKindDoesNotHaveIsRefused) {
    struct Known {
        Kind kind;
        std::uint32_t length;
        std::uint8_t flags;
    };
    constexpr std::uint8_t channels = 0x30;
    const Known kinds[] = {
        {Kind::boot, 2, flag_more},   {Kind::hello, 16, 0},        {Kind::fail, 1, 0},
        {Kind::shutdown, 4, 0},       {Kind::bye, 1, 0},           {Kind::stop, 5, 0},
        {Kind::refused, 1, 0},        {Kind::open, 2, flag_more},  {Kind::started, 2, flag_more},
        {Kind::data, 1, 0x32},        {Kind::credit, 4, channels}, {Kind::control, 2, flag_more},
        {Kind::answer, 2, flag_more}, {Kind::exit, 2, flag_more},  {Kind::error, 2, flag_more},
        {Kind::close, 0, 0},          {Kind::ping, 8, 0},          {Kind::pong, 8, 0},
        {Kind::trace, 2, 0},          {Kind::traced, 8, 0},        {Kind::made, 8, 0},
        {Kind::denial, 2, 0},
    };
    for (const Known &known : kinds) {
        const auto number = static_cast<std::uint8_t>(known.kind);
        const std::uint32_t stream = (number >= 16 && number <= 24) || number >= 27 ? 1 : 0;
        for (unsigned flags = 0; flags < 256; ++flags) {
            const bool allowed = (flags & ~known.flags) == 0 && (flags & channels) != channels;
            const auto decoded = decode(header(known.length, number, static_cast<std::uint8_t>(flags), stream));
            EXPECT_EQ(static_cast<bool>(decoded), allowed) << "kind " << +number << " flags " << flags;
        }
        EXPECT_FALSE(decode(header(known.length, number, 0, stream == 0 ? 1 : 0)))
            << "kind " << +number << " on the other stream";
    }
}

TEST(Frame, AReservedFieldThatIsSetIsRefused) {
    for (const std::size_t at : {6u, 7u}) {
        for (unsigned bit = 0; bit < 8; ++bit) {
            Bytes bytes = header(0, 25, 0, 0);
            bytes[at] = static_cast<std::byte>(1u << bit);
            EXPECT_FALSE(decode(bytes));
        }
    }
}

TEST(Frame, APayloadOfTheWrongSizeForItsKindIsRefused) {
    const auto refused = [](Kind kind, std::uint32_t length, std::uint32_t stream) {
        return !decode(header(length, static_cast<std::uint8_t>(kind), 0, stream));
    };
    for (const std::uint32_t length : {0u, 15u, 17u})
        EXPECT_TRUE(refused(Kind::hello, length, 0));
    for (const std::uint32_t length : {0u, 3u, 5u})
        EXPECT_TRUE(refused(Kind::credit, length, 1));
    for (const std::uint32_t length : {0u, 4u, 6u})
        EXPECT_TRUE(refused(Kind::stop, length, 0));
    EXPECT_TRUE(refused(Kind::bye, 0, 0));
    EXPECT_TRUE(refused(Kind::close, 1, 1));
    EXPECT_TRUE(refused(Kind::ping, 65, 0));
    EXPECT_TRUE(refused(Kind::fail, 4097, 0));
}

TEST(Frame, AnIdleReaderKeepsNoLargeBuffer) {
    Bytes large;
    append_frame(large, Kind::data, 1, Bytes(max_payload_bytes), channel_flags(Channel::in));
    FrameReader reader;
    feed(reader, large);
    const auto frame = reader.next();
    ASSERT_TRUE(frame && frame.value());
    EXPECT_LE(reader.room().size(), max_frame_bytes / 2);
}

TEST(Preamble, ItIsWhatTheProtocolSays) {
    const auto nonce = parse_nonce("000102030405060708090a0b0c0d0eFF");
    ASSERT_TRUE(nonce);
    EXPECT_EQ(text_of(encode_preamble(*nonce)),
              std::string("BOXLITE\n\x01\0\0\0\0\x01\x02\x03\x04\x05\x06\x07\x08\t\n\x0b\x0c\r\x0e\xff", 28));
    EXPECT_TRUE(check_preamble(encode_preamble(*nonce), *nonce));
}

TEST(Preamble, ARefusalSaysWhichPartWasWrong) {
    const Nonce nonce{};
    const auto refusal = [&](std::size_t at) {
        auto bytes = encode_preamble(nonce);
        bytes[at] = std::byte{0x7f};
        const Status checked = check_preamble(bytes, nonce);
        return checked ? "" : checked.failure().message;
    };
    for (std::size_t at = 0; at < 8; ++at)
        EXPECT_NE(refusal(at).find("magic"), std::string::npos);
    for (std::size_t at = 8; at < 12; ++at)
        EXPECT_NE(refusal(at).find("version"), std::string::npos);
    for (std::size_t at = 12; at < 28; ++at)
        EXPECT_NE(refusal(at).find("nonce"), std::string::npos);
}

TEST(Preamble, ANonceIsExactly32HexadecimalDigits) {
    EXPECT_FALSE(parse_nonce(""));
    EXPECT_FALSE(parse_nonce("00112233445566778899aabbccddeef"));
    EXPECT_FALSE(parse_nonce("00112233445566778899aabbccddeeff0"));
    EXPECT_FALSE(parse_nonce("00112233445566778899aabbccddeefg"));
}

} // namespace
} // namespace boxlite
