#include "common/frame.hpp"
#include <gtest/gtest.h>

namespace boxlite {
namespace {

Result<std::optional<std::string>> add(ControlJoiner &joiner, Kind kind, std::uint32_t stream, std::string_view part,
                                       bool more) {
    const auto bytes = std::as_bytes(std::span(part));
    const FrameHeader header{static_cast<std::uint32_t>(bytes.size()), kind, more ? flag_more : std::uint8_t{0},
                             stream};
    return joiner.add(Frame{header, bytes});
}

TEST(ControlJoiner, APayloadOfOneFrameIsWholeAtOnce) {
    ControlJoiner joiner;
    const auto whole = add(joiner, Kind::open, 1, "{}", false);
    ASSERT_TRUE(whole && whole.value());
    EXPECT_EQ(*whole.value(), "{}");
}

TEST(ControlJoiner, PartsOfSeveralStreamsMayInterleave) {
    ControlJoiner joiner;
    ASSERT_FALSE(add(joiner, Kind::open, 1, "a1", true).value());
    ASSERT_FALSE(add(joiner, Kind::open, 2, "b1", true).value());
    ASSERT_FALSE(add(joiner, Kind::open, 1, "a2", true).value());
    EXPECT_TRUE(joiner.pending(1));
    EXPECT_EQ(joiner.held(), 6u);
    EXPECT_EQ(*add(joiner, Kind::open, 2, "b2", false).value(), "b1b2");
    EXPECT_EQ(*add(joiner, Kind::open, 1, "a3", false).value(), "a1a2a3");
    EXPECT_FALSE(joiner.pending(1));
    EXPECT_EQ(joiner.held(), 0u);
}

TEST(ControlJoiner, PartsOfTwoKindsOnOneStreamAreMalformed) {
    ControlJoiner joiner;
    ASSERT_TRUE(add(joiner, Kind::open, 1, "{", true));
    const auto mixed = add(joiner, Kind::control, 1, "}", false);
    ASSERT_FALSE(mixed);
    EXPECT_EQ(mixed.failure().code, "protocol");
}

TEST(ControlJoiner, APayloadMayHaveExactly4MiBAndNotOneByteMore) {
    const std::string half(max_control_bytes / 2, 'x');
    ControlJoiner joiner;
    ASSERT_TRUE(add(joiner, Kind::open, 1, half, true));
    const auto whole = add(joiner, Kind::open, 1, half, false);
    ASSERT_TRUE(whole && whole.value());
    EXPECT_EQ(whole.value()->size(), max_control_bytes);

    ASSERT_TRUE(add(joiner, Kind::open, 2, half, true));
    ASSERT_TRUE(add(joiner, Kind::open, 2, half, true));
    const auto over = add(joiner, Kind::open, 2, "x", false);
    ASSERT_FALSE(over);
    EXPECT_EQ(over.failure().code, "limit");
}

TEST(ControlJoiner, ADroppedStreamBeginsAnew) {
    ControlJoiner joiner;
    ASSERT_TRUE(add(joiner, Kind::open, 1, "old", true));
    joiner.drop(1);
    EXPECT_EQ(*add(joiner, Kind::open, 1, "new", false).value(), "new");
}

TEST(ControlJoiner, WhatAppendControlSplitsComesTogetherAgain) {
    const std::string json(3 * max_payload_bytes + 5, 'j');
    std::vector<std::byte> stream;
    append_control(stream, Kind::open, 9, json);
    FrameReader reader;
    ControlJoiner joiner;
    std::optional<std::string> whole;
    int frames = 0;
    for (std::span<const std::byte> rest(stream); !rest.empty();) {
        const auto room = reader.room();
        const std::size_t count = std::min(room.size(), rest.size());
        std::copy_n(rest.begin(), count, room.begin());
        reader.filled(count);
        rest = rest.subspan(count);
        for (auto frame = reader.next(); frame && frame.value(); frame = reader.next(), ++frames) {
            whole = joiner.add(*frame.value()).value();
        }
    }
    EXPECT_EQ(frames, 4);
    EXPECT_EQ(whole, json);
}

} // namespace
} // namespace boxlite
