#include "common/io.hpp"
#include "shim/client.hpp"
#include "shim/direction.hpp"
#include <gtest/gtest.h>

namespace boxlite {
namespace {

using What = ClientMessage::What;

class ClientRules : public testing::Test {
protected:
    ClientRules() : sockets_(std::move(make_socket_pair().value())), client_(1, std::move(sockets_.ours)) {}

    Result<ClientMessage> take(Kind kind, std::uint32_t stream, std::string_view payload = "", std::uint8_t flags = 0) {
        const auto bytes = std::as_bytes(std::span(payload));
        return client_.take(Frame{{static_cast<std::uint32_t>(bytes.size()), kind, flags, stream}, bytes});
    }
    std::string refusal(Kind kind, std::uint32_t stream, std::string_view payload = "", std::uint8_t flags = 0) {
        const auto taken = take(kind, stream, payload, flags);
        return taken ? "" : taken.failure().code;
    }

    SocketPair sockets_;
    Client client_;
};

TEST_F(ClientRules, ACallGoesThrough) {
    const auto open = take(Kind::open, 1, "{}");
    ASSERT_TRUE(open);
    EXPECT_EQ(open.value().what, What::open);
    EXPECT_EQ(open.value().json, "{}");
    EXPECT_EQ(take(Kind::data, 1, "x", channel_flags(Channel::in)).value().what, What::call_frame);
    EXPECT_EQ(take(Kind::credit, 1, "abcd", channel_flags(Channel::err)).value().what, What::call_frame);
    EXPECT_EQ(take(Kind::control, 1, "{}").value().what, What::control);
    EXPECT_EQ(take(Kind::close, 1).value().what, What::call_frame);
}

TEST_F(ClientRules, NoNumberIsUsedTwice) {
    ASSERT_TRUE(take(Kind::open, 5, "{}"));
    EXPECT_EQ(refusal(Kind::open, 5, "{}"), "protocol");
}

TEST_F(ClientRules, NumbersGoUp) {
    ASSERT_TRUE(take(Kind::open, 5, "{}"));
    EXPECT_EQ(refusal(Kind::open, 4, "{}"), "protocol");
}

TEST_F(ClientRules, ASplitRequestIsHeldUntilItIsWhole) {
    EXPECT_EQ(take(Kind::open, 1, "{\"a\"", flag_more).value().what, What::nothing);
    EXPECT_EQ(take(Kind::open, 2, "{}").value().what, What::open);
    const auto whole = take(Kind::open, 1, ":1}");
    ASSERT_TRUE(whole);
    EXPECT_EQ(whole.value().json, "{\"a\":1}");
}

TEST_F(ClientRules, NothingElseOfItsStreamComesBetweenThePartsOfARequest) {
    ASSERT_TRUE(take(Kind::open, 1, "{", flag_more));
    EXPECT_EQ(refusal(Kind::data, 1, "x", channel_flags(Channel::in)), "protocol");
    EXPECT_EQ(refusal(Kind::credit, 1, "abcd", channel_flags(Channel::out)), "protocol");
    EXPECT_EQ(refusal(Kind::control, 1, "{}"), "protocol");
    EXPECT_EQ(refusal(Kind::close, 1), "protocol");
}

TEST_F(ClientRules, UnfinishedRequestsOfManyStreamsAreBounded) {
    const std::string part(max_payload_bytes, 'x');
    std::string code;
    for (std::uint32_t stream = 1; stream < 100 && code.empty(); ++stream)
        code = refusal(Kind::open, stream, part, flag_more);
    EXPECT_EQ(code, "limit");
}

TEST_F(ClientRules, ForceIsZeroOrOne) {
    EXPECT_EQ(take(Kind::stop, 0, std::string("\0\0\0\0\1", 5)).value().what, What::stop);
    EXPECT_EQ(refusal(Kind::stop, 0, std::string("\0\0\0\0\2", 5)), "protocol");
}

TEST_F(ClientRules, APreambleTornAtEveryByteIsWaitedFor) {
    const Nonce nonce = *parse_nonce("00112233445566778899aabbccddeeff");
    for (const std::byte byte : encode_preamble(nonce)) {
        EXPECT_FALSE(client_.greet(nonce).value());
        ASSERT_TRUE(write_all(sockets_.theirs.get(), std::span(&byte, 1)));
        ASSERT_TRUE(client_.link().fill());
    }
    EXPECT_TRUE(client_.greet(nonce).value());
    EXPECT_TRUE(client_.greeted());
    EXPECT_EQ(client_.link().unsent(), preamble_bytes);
}

TEST_F(ClientRules, AWrongPreambleGetsNoPreambleBack) {
    ASSERT_TRUE(write_all(sockets_.theirs.get(), encode_preamble(Nonce{})));
    ASSERT_TRUE(client_.link().fill());
    EXPECT_FALSE(client_.greet(*parse_nonce("00112233445566778899aabbccddeeff")));
    EXPECT_EQ(client_.link().unsent(), 0u);
}

TEST(Direction, EachSideSendsWhatIsItsOwn) {
    struct Row {
        Kind kind;
        std::uint8_t flags;
        bool client;
        bool agent;
    };
    const std::uint8_t in = channel_flags(Channel::in);
    const std::uint8_t out = channel_flags(Channel::out);
    const std::uint8_t err = channel_flags(Channel::err);
    const Row table[] = {
        {Kind::boot, 0, false, false},     {Kind::hello, 0, false, true},    {Kind::fail, 0, false, true},
        {Kind::shutdown, 0, false, false}, {Kind::bye, 0, false, true},      {Kind::stop, 0, true, false},
        {Kind::refused, 0, false, false},  {Kind::open, 0, true, false},     {Kind::started, 0, false, true},
        {Kind::data, in, true, false},     {Kind::data, out, false, true},   {Kind::data, err, false, true},
        {Kind::credit, in, false, true},   {Kind::credit, out, true, false}, {Kind::credit, err, true, false},
        {Kind::control, 0, true, false},   {Kind::answer, 0, false, true},   {Kind::exit, 0, false, true},
        {Kind::error, 0, false, true},     {Kind::close, 0, true, false},    {Kind::ping, 0, true, true},
        {Kind::pong, 0, true, true},
    };
    for (const Row &row : table) {
        const FrameHeader header{0, row.kind, row.flags, 1};
        EXPECT_EQ(static_cast<bool>(check_direction(header, Hop::from_client)), row.client)
            << static_cast<int>(row.kind);
        EXPECT_EQ(static_cast<bool>(check_direction(header, Hop::from_agent)), row.agent) << static_cast<int>(row.kind);
    }
}

TEST(Direction, ACallEndsWithTheLastPartOfItsExitOrError) {
    EXPECT_TRUE(ends_call({0, Kind::exit, 0, 1}));
    EXPECT_TRUE(ends_call({0, Kind::error, 0, 1}));
    EXPECT_FALSE(ends_call({0, Kind::exit, flag_more, 1}));
    EXPECT_FALSE(ends_call({0, Kind::answer, 0, 1}));
}

} // namespace
} // namespace boxlite
