#include "agent/files/file_input.hpp"
#include "frames.hpp"
#include <csignal>
#include <gtest/gtest.h>
#include <pthread.h>
#include <string>
#include <thread>

namespace boxlite {
namespace {

// What a turn grants, in bytes.
std::uint32_t granted(FileInput &input) {
    std::vector<std::byte> frames;
    input.take_turn(1, frames);
    return frames.empty() ? 0 : read_u32(std::span(frames).subspan(header_bytes));
}

struct Sides {
    FileInput input{std::move(SharedRing::create().value())};
    RingReader reader{input.ring(), input.ring().news.get(), input.room()};
    std::string all_there(std::size_t at_least) {
        std::span<const std::byte> piece;
        EXPECT_EQ(reader.wait_for(at_least, piece), 0);
        return text_of(piece);
    }
};

TEST(AgentFileInput, AReaderHasWhatWasSentAndItsEnd) {
    Sides sides;
    EXPECT_TRUE(sides.input.receive(data_frame("ab")));
    EXPECT_EQ(sides.all_there(1), "ab");
    sides.reader.take(1);
    EXPECT_TRUE(sides.input.receive(data_frame("cd", true)));
    EXPECT_EQ(sides.all_there(3), "bcd");
    sides.reader.take(3);
    EXPECT_EQ(sides.all_there(1), "");
    EXPECT_FALSE(sides.input.receive(data_frame("more")));
}

TEST(AgentFileInput, WhatIsTakenIsGrantedAgainAndNothingElse) {
    Sides sides;
    const std::string piece(64 * 1024, 'x');
    for (int i = 0; i < 4; ++i)
        EXPECT_TRUE(sides.input.receive(data_frame(piece)));
    EXPECT_FALSE(sides.input.receive(data_frame("x")));
    sides.input.note(0);
    EXPECT_EQ(granted(sides.input), 0u);
    EXPECT_EQ(sides.all_there(1).size(), 4 * piece.size());
    sides.reader.take(piece.size());
    sides.input.note(0);
    EXPECT_EQ(granted(sides.input), piece.size());
    EXPECT_TRUE(sides.input.receive(data_frame(piece)));
    EXPECT_FALSE(sides.input.receive(data_frame("x")));
}

TEST(AgentFileInput, WhatAReaderCannotHaveTakenIsNotGranted) {
    Sides sides;
    EXPECT_TRUE(sides.input.receive(data_frame(std::string(128 * 1024, 'x'))));
    sides.input.ring().state().taken = 200 * 1024;
    sides.input.note(0);
    EXPECT_EQ(granted(sides.input), 0u);
    sides.input.ring().state().taken = 100 * 1024;
    sides.input.note(0);
    EXPECT_EQ(granted(sides.input), 100u * 1024);
    sides.input.ring().state().taken = 0;
    sides.input.note(0);
    EXPECT_EQ(granted(sides.input), 0u);
}

TEST(AgentFileInput, WithoutAReaderEverythingIsTaken) {
    Sides sides;
    EXPECT_TRUE(sides.input.receive(data_frame(std::string(128 * 1024, 'x'))));
    sides.input.close();
    EXPECT_EQ(granted(sides.input), 128u * 1024);
    EXPECT_TRUE(sides.input.receive(data_frame(std::string(256 * 1024, 'x'), true)));
    EXPECT_GT(granted(sides.input), 0u);
}

FrameHeader data_header(std::uint32_t length) {
    return {length, Kind::data, channel_flags(Channel::in), 1};
}

std::string_view put(const std::shared_ptr<std::byte> &place, std::string_view text) {
    std::ranges::copy(std::as_bytes(std::span(text)), place.get());
    return {reinterpret_cast<const char *>(place.get()), text.size()};
}

TEST(AgentFileInput, InBulkAPayloadIsReadToWhereItsReaderFindsIt) {
    constexpr std::uint32_t length = 100'000;
    Sides sides;
    EXPECT_TRUE(sides.input.receive(data_frame("ab")));
    const auto place = sides.input.place_for(data_header(length));
    ASSERT_NE(place, nullptr);
    const std::string text(length, 'x');
    const std::string_view placed = put(place, text);
    EXPECT_EQ(sides.all_there(1), "ab");
    EXPECT_TRUE(sides.input.receive(data_frame(placed)));
    EXPECT_TRUE(sides.all_there(2 + length) == "ab" + text);
}

TEST(AgentFileInput, APlaceIsForWhatIsExpectedAlone) {
    constexpr std::uint32_t bulk = 64 * 1024;
    Sides sides;
    EXPECT_EQ(sides.input.place_for(data_header(bulk - 1)), nullptr);
    EXPECT_EQ(sides.input.place_for({bulk, Kind::control, 0, 1}), nullptr);
    EXPECT_EQ(sides.input.place_for({bulk, Kind::data, channel_flags(Channel::out), 1}), nullptr);
    EXPECT_NE(sides.input.place_for(data_header(bulk)), nullptr);
    EXPECT_TRUE(sides.input.receive(data_frame(std::string(initial_credit - bulk, 'x'))));
    EXPECT_EQ(sides.input.place_for(data_header(bulk + 1)), nullptr);
    EXPECT_NE(sides.input.place_for(data_header(bulk)), nullptr);
    EXPECT_TRUE(sides.input.receive(data_frame("", true)));
    EXPECT_EQ(sides.input.place_for(data_header(bulk)), nullptr);
    Sides closed;
    closed.input.close();
    EXPECT_EQ(closed.input.place_for(data_header(bulk)), nullptr);
}

TEST(AgentFileInput, APlaceOutlivesItsCall) {
    auto sides = std::make_unique<Sides>();
    const auto place = sides->input.place_for(data_header(100'000));
    sides.reset();
    std::fill_n(place.get(), 100'000, std::byte{'x'});
}

TEST(AgentFileInput, GoesRoundManyTimesWhileBothSidesWaitForEachOther) {
    Sides sides;
    constexpr std::size_t size = 16u << 20;
    constexpr std::size_t record = 131'071;
    std::thread reader([&] {
        std::size_t at = 0;
        bool same = true;
        for (std::string piece = sides.all_there(record); !piece.empty(); piece = sides.all_there(record)) {
            const std::size_t count = std::min(record, piece.size());
            for (std::size_t i = 0; i < count; ++i)
                same = same && piece[i] == static_cast<char>((at + i) * 31 >> 8);
            sides.reader.take(count);
            at += count;
        }
        EXPECT_TRUE(same);
        EXPECT_EQ(at, size);
    });
    std::size_t credit = initial_credit;
    for (std::size_t at = 0; at < size;) {
        const std::size_t count = std::min({credit, size - at, std::size_t{100'003}});
        std::string piece(count, '\0');
        for (std::size_t i = 0; i < count; ++i)
            piece[i] = static_cast<char>((at + i) * 31 >> 8);
        // By turns to its place and copied, in and over the end of the ring.
        const auto header = data_header(static_cast<std::uint32_t>(count));
        const auto place = at % 2 == 0 ? nullptr : sides.input.place_for(header);
        EXPECT_TRUE(sides.input.receive(data_frame(place ? put(place, piece) : piece, at + count == size)));
        at += count;
        credit -= count;
        sides.input.note(0);
        credit += granted(sides.input);
    }
    reader.join();
}

TEST(AgentFileInput, ASignalEndsTheWait) {
    Sides sides;
    ::signal(SIGUSR1, [](int) {});
    sigset_t blocked;
    ::sigemptyset(&blocked);
    ::sigaddset(&blocked, SIGUSR1);
    ::pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
    std::thread reader([&] {
        std::span<const std::byte> piece;
        EXPECT_EQ(sides.reader.wait_for(1, piece), EINTR);
    });
    ::pthread_kill(reader.native_handle(), SIGUSR1);
    reader.join();
    ::pthread_sigmask(SIG_UNBLOCK, &blocked, nullptr);
    ::signal(SIGUSR1, SIG_DFL);
}

} // namespace
} // namespace boxlite
