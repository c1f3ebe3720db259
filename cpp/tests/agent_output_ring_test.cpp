#include "agent/http_status.hpp"
#include "agent/output_ring.hpp"
#include "common/io.hpp"
#include <gtest/gtest.h>
#include <unistd.h>

namespace boxlite {
namespace {

struct Ring {
    Pipe pipe = std::move(make_pipe().value());
    std::unique_ptr<OutputRing> ring;
    Ring() {
        EXPECT_TRUE(set_nonblocking(pipe.read.get()));
        ring = std::make_unique<OutputRing>(std::move(pipe.read), false);
    }
    void write(const std::string &text) {
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t count = std::min<std::size_t>(text.size() - at, 60'000);
            ASSERT_EQ(::write(pipe.write.get(), text.data() + at, count), static_cast<ssize_t>(count));
            at += count;
            ring->note(0);
            while (ring->take_turn()) {}
        }
    }
    std::string from(std::uint64_t at) const {
        std::string text;
        for (auto piece = ring->from(at); !piece.empty(); piece = ring->from(at + text.size()))
            text.append(reinterpret_cast<const char *>(piece.data()), piece.size());
        return text;
    }
};

std::string counted(std::size_t bytes) {
    std::string text;
    for (int n = 0; text.size() < bytes; ++n)
        text += std::to_string(n) + ",";
    text.resize(bytes);
    return text;
}

TEST(AgentOutputRing, AllIsKeptUpToItsSize) {
    Ring kept;
    const std::string text = counted(OutputRing::most_kept);
    kept.write(text);
    EXPECT_EQ(kept.ring->begin(), 0u);
    EXPECT_TRUE(kept.from(0) == text);
    EXPECT_EQ(kept.from(text.size() - 5), text.substr(text.size() - 5));
    EXPECT_EQ(kept.from(text.size()), "");
}

TEST(AgentOutputRing, TheLastOfMoreIsKeptAndItsBeginningIsKnown) {
    Ring kept;
    const std::string text = counted(2 * OutputRing::most_kept + 12'345);
    kept.write(text);
    EXPECT_EQ(kept.ring->end(), text.size());
    EXPECT_EQ(kept.ring->begin(), text.size() - OutputRing::most_kept);
    EXPECT_TRUE(kept.from(kept.ring->begin()) == text.substr(text.size() - OutputRing::most_kept));
    EXPECT_EQ(kept.from(kept.ring->begin() - 1), "");
}

TEST(AgentOutputRing, ItEndsWithTheCommandAndNotWithWhatItLeftBehind) {
    Ring kept;
    kept.write("before");
    EXPECT_FALSE(kept.ring->ended());
    ASSERT_EQ(::write(kept.pipe.write.get(), "last", 4), 4);
    kept.ring->command_ended();
    ASSERT_EQ(::write(kept.pipe.write.get(), "leftover", 8), 8);
    while (kept.ring->take_turn()) {}
    EXPECT_TRUE(kept.ring->ended());
    EXPECT_EQ(kept.from(0), "beforelast");
    EXPECT_TRUE(kept.ring->discard_turn());
    EXPECT_FALSE(kept.ring->closed());
    kept.pipe.write.reset();
    kept.ring->note(0);
    EXPECT_FALSE(kept.ring->discard_turn());
    EXPECT_TRUE(kept.ring->closed());
}

TEST(AgentOutputRing, WithoutOutputItEndsAtOnce) {
    Ring kept;
    kept.ring->command_ended();
    EXPECT_TRUE(kept.ring->ended());
}

TEST(AgentOutputRing, WhatIsDroppedCountsAsPassed) {
    Ring kept;
    kept.write("some");
    kept.ring->drop();
    EXPECT_EQ(kept.ring->begin(), 4u);
    kept.write("more");
    EXPECT_EQ(kept.ring->begin(), 4u);
    EXPECT_EQ(kept.from(4), "more");
}

using State = HttpStatus::State;

TEST(AgentHttpStatus, IsReadHoweverItIsTorn) {
    HttpStatus whole;
    EXPECT_EQ(whole.add("HTTP/1.1 404 Not Found\r\n"), State::known);
    EXPECT_EQ(whole.status(), 404);
    HttpStatus torn;
    for (const char c : std::string("HTTP/1.0 20"))
        EXPECT_EQ(torn.add({&c, 1}), State::incomplete);
    EXPECT_EQ(torn.add("4"), State::known);
    EXPECT_EQ(torn.status(), 204);
}

TEST(AgentHttpStatus, AnythingElseIsNotHttp) {
    for (const char *answer : {"SSH-2.0-x\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 2x0 OK", "HTTP/1.1  200", "HTTP/1.x 200"}) {
        EXPECT_EQ(HttpStatus().add(answer), State::not_http) << answer;
    }
}

} // namespace
} // namespace boxlite
