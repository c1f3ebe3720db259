#include "agent/assembly.hpp"
#include <gtest/gtest.h>
#include <string>

namespace boxlite {
namespace {

Frame control_frame(std::uint32_t stream, std::string_view bytes, bool more, Kind kind = Kind::open) {
    const std::uint8_t flags = more ? flag_more : std::uint8_t{0};
    return {{static_cast<std::uint32_t>(bytes.size()), kind, flags, stream}, std::as_bytes(std::span(bytes))};
}

TEST(AgentAssembly, PartsOfManyStreamsAreKeptApart) {
    Assembly assembly;
    EXPECT_FALSE(assembly.add(control_frame(1, "a", true)).value());
    EXPECT_FALSE(assembly.add(control_frame(2, "x", true)).value());
    EXPECT_EQ(*assembly.add(control_frame(1, "b", false)).value(), "ab");
    EXPECT_EQ(*assembly.add(control_frame(2, "y", false)).value(), "xy");
}

TEST(AgentAssembly, WhatExceedsTheLimitIsRefusedOnceAndItsRestPassedOver) {
    Assembly assembly;
    const std::string part(max_payload_bytes, 'a');
    int refused = 0;
    for (int i = 0; i < 40; ++i) {
        const auto added = assembly.add(control_frame(1, part, true));
        if (!added) {
            EXPECT_EQ(added.failure().code, "limit");
            ++refused;
        }
    }
    EXPECT_EQ(refused, 1);
    EXPECT_FALSE(assembly.add(control_frame(1, "end", false)).value());
    EXPECT_EQ(*assembly.add(control_frame(1, "new", false)).value(), "new");
}

TEST(AgentAssembly, AllTogetherTheyHoldABoundedAmount) {
    Assembly assembly;
    const std::string part(max_payload_bytes, 'a');
    std::size_t taken = 0;
    for (std::uint32_t stream = 1; stream <= 200; ++stream)
        taken += assembly.add(control_frame(stream, part, true)) ? part.size() : 0;
    EXPECT_LE(taken, 4 * max_control_bytes);
    EXPECT_TRUE(assembly.forget(1));
    EXPECT_FALSE(assembly.forget(1));
    EXPECT_TRUE(assembly.add(control_frame(1000, part, true)));
}

TEST(AgentAssembly, AnotherKindInBetweenBreaksTheProtocol) {
    Assembly assembly;
    EXPECT_TRUE(assembly.add(control_frame(1, "a", true)));
    EXPECT_EQ(assembly.add(control_frame(1, "b", false, Kind::control)).failure().code, "protocol");
}

} // namespace
} // namespace boxlite
