#include "agent/credit.hpp"
#include "agent/input.hpp"
#include "agent/output.hpp"
#include "common/io.hpp"
#include "frames.hpp"
#include <csignal>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace boxlite {
namespace {

struct Piece {
    Kind kind;
    std::uint8_t flags;
    std::string bytes;
};

// Takes the frames apart again.
std::vector<Piece> read_frames(std::vector<std::byte> &frames) {
    std::vector<Piece> pieces;
    std::span<const std::byte> rest(frames);
    while (!rest.empty()) {
        const FrameHeader header = decode_header(rest.first<header_bytes>()).value();
        const auto payload = rest.subspan(header_bytes, header.length);
        pieces.push_back({header.kind, header.flags, {reinterpret_cast<const char *>(payload.data()), payload.size()}});
        rest = rest.subspan(header_bytes + header.length);
    }
    frames.clear();
    return pieces;
}

bool take_turn(Output &output, std::vector<std::byte> &frames) {
    const auto frame = output.take_turn(1);
    frames.insert(frames.end(), frame.begin(), frame.end());
    return !frame.empty();
}

struct Pipes {
    Pipe pipe = std::move(make_pipe().value());
    Pipes() {
        EXPECT_TRUE(set_nonblocking(pipe.read.get()));
        EXPECT_TRUE(set_nonblocking(pipe.write.get()));
    }
};

TEST(AgentCredit, AGrantOverTheLimitIsRefused) {
    SendCredit credit;
    EXPECT_TRUE(credit.grant(max_credit - initial_credit));
    EXPECT_FALSE(credit.grant(1));
    credit.spend(1);
    EXPECT_TRUE(credit.grant(1));
    EXPECT_FALSE(credit.grant(UINT32_MAX));
}

TEST(AgentCredit, AnOverrunIsSeenAndGrantsComeInLargePieces) {
    ReceiveCredit credit;
    EXPECT_TRUE(credit.take(initial_credit));
    EXPECT_FALSE(credit.take(1));
    EXPECT_EQ(credit.consumed(100), 0u);
    EXPECT_EQ(credit.consumed(70'000), 70'100u);
    EXPECT_TRUE(credit.take(70'100));
    EXPECT_FALSE(credit.take(1));
}

TEST(AgentCredit, AChannelThatIsUsedInBulkGetsALargerWindowOnce) {
    constexpr std::uint32_t bulk_window = 3u << 20;
    ReceiveCredit credit(bulk_window);
    std::uint64_t granted = 0;
    std::uint64_t taken = 0;
    while (taken < initial_credit + bulk_window) {
        ASSERT_TRUE(credit.take(initial_credit / 4));
        taken += initial_credit / 4;
        granted += credit.consumed(initial_credit / 4);
    }
    EXPECT_EQ(granted, taken + bulk_window - initial_credit);
    EXPECT_TRUE(credit.take(bulk_window));
    EXPECT_FALSE(credit.take(1));
}

TEST(AgentOutput, APipeThatMuchGoesThroughIsMadeLarger) {
    Pipes ends;
    const int writer = ends.pipe.write.get();
    const int usual = ::fcntl(writer, F_GETPIPE_SZ);
    Output output(std::move(ends.pipe.read), Channel::out);
    std::vector<std::byte> frames;
    const std::string bytes(60'000, 'x');
    ASSERT_GT(::write(writer, bytes.data(), bytes.size()), 0);
    take_turn(output, frames);
    EXPECT_EQ(::fcntl(writer, F_GETPIPE_SZ), usual);
    for (int n = 0; n < 4; ++n) {
        ASSERT_GT(::write(writer, bytes.data(), bytes.size()), 0);
        output.note(0);
        while (take_turn(output, frames)) {}
    }
    ASSERT_TRUE(output.grant(initial_credit));
    ASSERT_GT(::write(writer, bytes.data(), bytes.size()), 0);
    output.note(0);
    while (take_turn(output, frames)) {}
    EXPECT_EQ(::fcntl(writer, F_GETPIPE_SZ), 1 << 20);
}

TEST(AgentOutput, WhatAPipeHoldsIsTakenInOneTurnAsWholeFrames) {
    Pipes ends;
    const int writer = ends.pipe.write.get();
    ASSERT_GE(::fcntl(writer, F_SETPIPE_SZ, 1 << 20), 1 << 20);
    Output output(std::move(ends.pipe.read), Channel::err);
    ASSERT_TRUE(output.grant(initial_credit));
    std::string bytes;
    for (int n = 0; bytes.size() < 300'000; ++n)
        bytes += std::to_string(n);
    ASSERT_EQ(::write(writer, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    output.command_ended();
    std::vector<std::byte> frames;
    ASSERT_TRUE(take_turn(output, frames));
    EXPECT_TRUE(output.ended());
    const auto pieces = read_frames(frames);
    ASSERT_EQ(pieces.size(), 3u);
    std::string got;
    for (const Piece &piece : pieces) {
        EXPECT_EQ(piece.flags, channel_flags(Channel::err, &piece == &pieces.back()));
        got += piece.bytes;
    }
    EXPECT_EQ(got, bytes);
}

TEST(AgentOutput, TwoThatAreUsedInBulkStayApartAndExact) {
    struct Side {
        Pipes ends;
        Output output;
        std::string sent;
        std::string got;
        explicit Side(Channel channel) : output(std::move(ends.pipe.read), channel) {}
    };
    Side sides[] = {Side(Channel::out), Side(Channel::err)};
    std::vector<std::byte> frames;
    unsigned n = 0;
    while (sides[1].got.size() < (6u << 20)) {
        for (Side &side : sides) {
            std::string bytes;
            while (bytes.size() < 77'777 + n % 50'000)
                bytes += std::to_string(n++) + ",";
            const ssize_t count = ::write(side.ends.pipe.write.get(), bytes.data(), bytes.size());
            if (count > 0) side.sent.append(bytes, 0, static_cast<std::size_t>(count));
            ASSERT_TRUE(side.output.grant(initial_credit / 4 + n % 1000));
            side.output.note(0);
            ASSERT_TRUE(take_turn(side.output, frames));
            for (const Piece &piece : read_frames(frames))
                side.got += piece.bytes;
        }
    }
    for (Side &side : sides) {
        side.output.command_ended();
        ASSERT_TRUE(side.output.grant(4u << 20));
        while (take_turn(side.output, frames)) {}
        for (const Piece &piece : read_frames(frames))
            side.got += piece.bytes;
        EXPECT_TRUE(side.got == side.sent);
    }
}

TEST(AgentOutput, NothingIsReadBeyondTheCredit) {
    Pipes ends;
    Output output(std::move(ends.pipe.read), Channel::out);
    std::vector<std::byte> frames;
    std::size_t sent = 0;
    for (;;) {
        const std::string more(60'000, 'x');
        if (::write(ends.pipe.write.get(), more.data(), more.size()) <= 0) break;
        output.note(0);
        while (take_turn(output, frames)) {}
        for (const Piece &piece : read_frames(frames))
            sent += piece.bytes.size();
    }
    EXPECT_EQ(sent, initial_credit);
    EXPECT_TRUE(output.grant(10));
    EXPECT_TRUE(take_turn(output, frames));
    EXPECT_EQ(read_frames(frames).at(0).bytes.size(), 10u);
}

TEST(AgentOutput, TheEndOfTheCommandIsTheEndOfItsOutputWhoeverHoldsThePipe) {
    Pipes ends;
    Output output(std::move(ends.pipe.read), Channel::err);
    std::vector<std::byte> frames;
    ASSERT_EQ(::write(ends.pipe.write.get(), "before", 6), 6);
    output.command_ended();
    ASSERT_EQ(::write(ends.pipe.write.get(), "after", 5), 5);
    EXPECT_TRUE(take_turn(output, frames));
    const auto pieces = read_frames(frames);
    ASSERT_EQ(pieces.size(), 1u);
    EXPECT_EQ(pieces[0].bytes, "before");
    EXPECT_EQ(pieces[0].flags, channel_flags(Channel::err, true));
    EXPECT_TRUE(output.ended());
    EXPECT_FALSE(take_turn(output, frames));
    EXPECT_TRUE(output.discard_turn());
    EXPECT_FALSE(output.closed());
    ends.pipe.write.reset();
    output.note(0);
    EXPECT_FALSE(output.discard_turn());
    EXPECT_TRUE(output.closed());
}

TEST(AgentOutput, AnEmptyOutputEndsWithoutCredit) {
    Pipes ends;
    Output output(std::move(ends.pipe.read), Channel::out);
    std::vector<std::byte> frames;
    output.command_ended();
    EXPECT_TRUE(take_turn(output, frames));
    EXPECT_TRUE(output.ended());
}

TEST(AgentInput, WhatTheCommandTakesIsGrantedAgain) {
    Pipes ends;
    Input input(std::move(ends.pipe.write));
    std::vector<std::byte> frames;
    const std::string bytes(200'000, 'y');
    EXPECT_TRUE(input.receive(data_frame(bytes)));
    std::size_t read = 0;
    std::uint64_t granted = 0;
    std::vector<char> buffer(65'536);
    while (read < bytes.size()) {
        input.note(0);
        input.take_turn(1, frames);
        for (const Piece &piece : read_frames(frames))
            granted += read_u32(std::as_bytes(std::span(piece.bytes)));
        const ssize_t count = ::read(ends.pipe.read.get(), buffer.data(), buffer.size());
        ASSERT_GT(count, 0);
        read += static_cast<std::size_t>(count);
    }
    EXPECT_GE(granted, bytes.size() - initial_credit / 4);
    EXPECT_LE(granted, bytes.size());
}

TEST(AgentInput, WhatThePipeTookForOneWriterIsNotGrantedToTheNext) {
    Pipes ends;
    Input input(std::move(ends.pipe.write));
    std::vector<std::byte> frames;
    const std::string bytes(200'000, 'y');
    EXPECT_TRUE(input.receive(data_frame(bytes)));
    input.change_writer();
    std::vector<char> buffer(65'536);
    for (std::size_t read = 0; read < bytes.size();) {
        input.note(0);
        input.take_turn(1, frames);
        const ssize_t count = ::read(ends.pipe.read.get(), buffer.data(), buffer.size());
        ASSERT_GT(count, 0);
        read += static_cast<std::size_t>(count);
    }
    EXPECT_TRUE(read_frames(frames).empty());
}

TEST(AgentInput, TheEndClosesThePipeAfterTheBytes) {
    Pipes ends;
    Input input(std::move(ends.pipe.write));
    std::vector<std::byte> frames;
    EXPECT_TRUE(input.receive(data_frame("last", true)));
    input.take_turn(1, frames);
    EXPECT_EQ(read_all(ends.pipe.read.get(), 100).value(), "last");
    EXPECT_FALSE(input.receive(data_frame("more")));
}

TEST(AgentInput, WhatNobodyReadsIsDroppedAndGranted) {
    sigset_t pipe_signal;
    ::sigemptyset(&pipe_signal);
    ::sigaddset(&pipe_signal, SIGPIPE);
    ::sigprocmask(SIG_BLOCK, &pipe_signal, nullptr);
    Pipes ends;
    ends.pipe.read.reset();
    Input input(std::move(ends.pipe.write));
    std::vector<std::byte> frames;
    for (int i = 0; i < 20; ++i) {
        EXPECT_TRUE(input.receive(data_frame(std::string(100'000, 'z'))));
        input.take_turn(1, frames);
    }
    std::uint64_t granted = 0;
    for (const Piece &piece : read_frames(frames))
        granted += read_u32(std::as_bytes(std::span(piece.bytes)));
    EXPECT_GE(granted, 2'000'000u);
}

TEST(AgentInput, MoreThanTheCreditIsRefused) {
    Pipes ends;
    Input input(std::move(ends.pipe.write));
    EXPECT_TRUE(input.receive(data_frame(std::string(initial_credit, 'x'))));
    EXPECT_FALSE(input.receive(data_frame("x")));
}

} // namespace
} // namespace boxlite
