#include "common/io.hpp"
#include "common/socket.hpp"
#include "shim/broker.hpp"
#include "temporary_directory.hpp"
#include <cstring>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace boxlite {
namespace {

const Nonce nonce = *parse_nonce("00112233445566778899aabbccddeeff");
constexpr double patience_ms = 10'000;

// What the owner of the box would be told.
struct Told final : BoxOwner {
    void agent_serves(double ms) override { agent_ms = ms; }
    void agent_cannot_serve(std::string_view why) override { cannot = why; }
    void agent_says_bye(std::uint8_t word) override { bye = word; }
    void agent_lost(const Failure &why) override { lost = why.message; }
    void agent_traced(std::uint64_t number) override { traced = number; }
    std::string denial(std::uint64_t number) const override { return number == 7 ? R"({"ip":"1.2.3.4"})" : ""; }
    void client_asks_stop(std::uint32_t grace_ms, bool force) override { stop = std::pair(grace_ms, force); }
    Status client_requests(ClientId client, std::string_view text) override {
        requests.emplace_back(client, text);
        return text == "bad" ? Status(Failure{"protocol", "a bad request"}) : success();
    }
    void client_lost(ClientId client) override { gone.push_back(client); }

    std::vector<std::pair<ClientId, std::string>> requests;
    std::vector<ClientId> gone;
    std::optional<double> agent_ms;
    std::string cannot;
    std::optional<std::uint8_t> bye;
    std::string lost;
    std::uint64_t traced = 0;
    std::optional<std::pair<std::uint32_t, bool>> stop;
};

struct Received {
    Kind kind;
    std::uint32_t stream;
    std::uint8_t flags;
    std::string payload;
};

// The other end of one of the broker's connections.
class Peer {
public:
    explicit Peer(Fd socket) : link_(std::move(socket)) {}
    Link &link() { return link_; }
    void send(Kind kind, std::uint32_t stream, std::string_view payload = "", std::uint8_t flags = 0) {
        link_.send_frame(kind, stream, std::as_bytes(std::span(payload)), flags);
    }
    // Moves bytes both ways without waiting.
    void move() {
        if (!link_.flush()) ended = true;
        if (reading && !ended && !link_.fill()) ended = true;
        if (!reading || !link_.preamble()) return;
        for (auto frame = link_.next(); frame && frame.value(); frame = link_.next()) {
            const auto &payload = frame.value()->payload;
            received.push_back({frame.value()->header.kind,
                                frame.value()->header.stream,
                                frame.value()->header.flags,
                                {reinterpret_cast<const char *>(payload.data()), payload.size()}});
        }
    }
    std::vector<Received> received;
    bool reading = true;
    bool ended = false;

private:
    Link link_;
};

class BrokerWithAgent : public testing::Test {
protected:
    BrokerWithAgent() : loop_(std::move(EventLoop::create().value())), broker_(loop_, nonce, told_) {
        auto sockets = make_socket_pair();
        agent_ = std::make_unique<Peer>(std::move(sockets.value().theirs));
        EXPECT_TRUE(broker_.agent().connect(std::move(sockets.value().ours), R"({"hostname":"h"})"));
        EXPECT_TRUE(broker_.serve(std::move(listen_at(directory_ / "box.sock").value())));
    }

    // Turns the loop until the fact holds.
    testing::AssertionResult until(const std::function<bool()> &fact) {
        const double deadline = now_ms() + patience_ms;
        while (!fact()) {
            if (now_ms() > deadline) return testing::AssertionFailure() << "it did not come to pass";
            agent_->move();
            for (const auto &client : clients_)
                client->move();
            loop_.turn(now_ms() + 1);
        }
        return testing::AssertionSuccess();
    }

    Peer &connect(const Nonce &with = nonce) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strcpy(address.sun_path, (directory_ / "box.sock").c_str());
        Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        EXPECT_EQ(::connect(socket.get(), reinterpret_cast<sockaddr *>(&address), sizeof address), 0);
        clients_.push_back(std::make_unique<Peer>(std::move(socket)));
        clients_.back()->link().send(encode_preamble(with));
        return *clients_.back();
    }
    void leave(Peer &client) {
        std::erase_if(clients_, [&](const auto &other) { return other.get() == &client; });
    }
    void greet_as_agent() {
        agent_->link().send(encode_preamble(nonce));
        EXPECT_TRUE(until([&] { return agent_->received.size() == 1; }));
        agent_->received.clear();
    }
    // The agent's number of the call that was opened last.
    std::uint32_t opened() {
        EXPECT_TRUE(until([&] { return !agent_->received.empty() && agent_->received.back().kind == Kind::open; }));
        return agent_->received.back().stream;
    }

    TemporaryDirectory directory_;
    Told told_;
    EventLoop loop_;
    Broker broker_;
    std::unique_ptr<Peer> agent_;
    std::vector<std::unique_ptr<Peer>> clients_;
};

TEST_F(BrokerWithAgent, TheAgentGetsPreambleAndBootDocumentAndSaysHello) {
    agent_->link().send(encode_preamble(nonce));
    agent_->send(Kind::hello, 0, std::string("\0\0\0\0\0\0\0\0\x40\x42\x0f\0\0\0\0\0", 16));
    ASSERT_TRUE(until([&] { return told_.agent_ms.has_value() && !agent_->received.empty(); }));
    EXPECT_DOUBLE_EQ(*told_.agent_ms, 1.0);
    EXPECT_EQ(agent_->received[0].kind, Kind::boot);
    EXPECT_EQ(agent_->received[0].payload, R"({"hostname":"h"})");
}

TEST_F(BrokerWithAgent, AnAgentThatSpeaksWronglyIsLost) {
    agent_->link().send(encode_preamble(Nonce{}));
    ASSERT_TRUE(until([&] { return !told_.lost.empty(); }));
    EXPECT_NE(told_.lost.find("nonce"), std::string::npos);
}

TEST_F(BrokerWithAgent, AFrameInTheWrongDirectionLosesTheAgent) {
    agent_->link().send(encode_preamble(nonce));
    agent_->send(Kind::open, 1, "{}");
    ASSERT_TRUE(until([&] { return !told_.lost.empty(); }));
    EXPECT_NE(told_.lost.find("direction"), std::string::npos);
}

TEST_F(BrokerWithAgent, FailAndByeAreTold) {
    agent_->link().send(encode_preamble(nonce));
    agent_->send(Kind::fail, 0, "no disk");
    agent_->send(Kind::bye, 0, std::string(1, '\1'));
    ASSERT_TRUE(until([&] { return told_.bye.has_value(); }));
    EXPECT_EQ(told_.cannot, "no disk");
    EXPECT_EQ(told_.bye, 1);
}

TEST_F(BrokerWithAgent, CallsOfTwoClientsWithTheSameNumberDoNotMeet) {
    greet_as_agent();
    Peer &a = connect();
    Peer &b = connect();
    a.send(Kind::open, 1, R"({"who":"a"})");
    const std::uint32_t first = opened();
    agent_->received.clear();
    b.send(Kind::open, 1, R"({"who":"b"})");
    const std::uint32_t second = opened();
    ASSERT_NE(first, second);
    agent_->send(Kind::data, second, "for b", channel_flags(Channel::out));
    agent_->send(Kind::data, first, "for a", channel_flags(Channel::err, true));
    agent_->send(Kind::exit, first, "{}");
    ASSERT_TRUE(until([&] { return a.received.size() == 2 && b.received.size() == 1; }));
    EXPECT_EQ(a.received[0].payload, "for a");
    EXPECT_EQ(a.received[0].stream, 1u);
    EXPECT_EQ(a.received[0].flags, channel_flags(Channel::err, true));
    EXPECT_EQ(a.received[1].kind, Kind::exit);
    EXPECT_EQ(b.received[0].payload, "for b");
}

TEST_F(BrokerWithAgent, TheAgentSaysWhoseADenialIsAndTheShimWhatItWas) {
    greet_as_agent();
    Peer &client = connect();
    client.send(Kind::open, 3, "{}");
    const std::uint32_t stream = opened();
    const std::string number(7, '\0');
    agent_->send(Kind::traced, 0, '\7' + number);
    agent_->send(Kind::made, stream, '\7' + number);
    agent_->send(Kind::made, stream, '\6' + number);
    agent_->send(Kind::exit, stream, "{}");
    ASSERT_TRUE(until([&] { return client.received.size() == 2; }));
    EXPECT_EQ(told_.traced, 7u);
    EXPECT_EQ(client.received[0].kind, Kind::denial);
    EXPECT_EQ(client.received[0].stream, 3u);
    EXPECT_EQ(client.received[0].payload, R"({"ip":"1.2.3.4"})");
    EXPECT_EQ(client.received[1].kind, Kind::exit);
}

TEST_F(BrokerWithAgent, FramesForACallThatIsOverAreDropped) {
    greet_as_agent();
    Peer &client = connect();
    client.send(Kind::open, 1, "{}");
    const std::uint32_t stream = opened();
    agent_->send(Kind::exit, stream, "{}");
    ASSERT_TRUE(until([&] { return client.received.size() == 1; }));
    agent_->received.clear();
    client.send(Kind::data, 1, "late", channel_flags(Channel::in));
    client.send(Kind::close, 1);
    client.send(Kind::control, 77, "{}");
    agent_->send(Kind::data, stream, "late", channel_flags(Channel::out));
    client.send(Kind::ping, 0, "now");
    ASSERT_TRUE(until([&] { return client.received.size() == 2; }));
    EXPECT_EQ(client.received[1].kind, Kind::pong);
    EXPECT_TRUE(agent_->received.empty());
}

TEST_F(BrokerWithAgent, ALostClientsCallsAreClosedAndItsHalfSaidRequestIsForgotten) {
    greet_as_agent();
    Peer &client = connect();
    client.send(Kind::open, 1, "{}");
    const std::uint32_t stream = opened();
    client.send(Kind::open, 2, "{", flag_more);
    client.send(Kind::ping, 0);
    ASSERT_TRUE(until([&] { return client.received.size() == 1; }));
    agent_->received.clear();
    leave(client);
    ASSERT_TRUE(until([&] { return agent_->received.size() == 1; }));
    EXPECT_EQ(agent_->received[0].kind, Kind::close);
    EXPECT_EQ(agent_->received[0].stream, stream);
}

TEST_F(BrokerWithAgent, AMalformedFrameEndsItsConnectionAndNoOther) {
    greet_as_agent();
    Peer &good = connect();
    Peer &bad = connect();
    bad.send(Kind::started, 1, "{}");
    ASSERT_TRUE(until([&] { return bad.ended; }));
    ASSERT_EQ(bad.received.size(), 1u);
    EXPECT_EQ(bad.received[0].kind, Kind::refused);
    good.send(Kind::ping, 0);
    EXPECT_TRUE(until([&] { return good.received.size() == 1; }));
    EXPECT_TRUE(told_.lost.empty());
}

TEST_F(BrokerWithAgent, AStopIsTold) {
    Peer &client = connect();
    client.send(Kind::stop, 0, std::string("\x10\x27\0\0\1", 5));
    ASSERT_TRUE(until([&] { return told_.stop.has_value(); }));
    EXPECT_EQ(*told_.stop, std::pair(10'000u, true));
}

TEST_F(BrokerWithAgent, AnAgentThatDoesNotReadHoldsTheClientsBackAndLosesNothing) {
    greet_as_agent();
    Peer &client = connect();
    client.send(Kind::open, 1, "{}");
    opened();
    agent_->received.clear();
    agent_->reading = false;
    const std::string block(100'000, 'b');
    constexpr std::size_t blocks = 100;
    for (std::size_t i = 0; i < blocks; ++i)
        client.send(Kind::data, 1, block, channel_flags(Channel::in));
    ASSERT_TRUE(until([&] { return broker_.agent().unsent() > Broker::most_unsent_to_agent; }));
    for (int turn = 0; turn < 200; ++turn) {
        client.move();
        loop_.turn(now_ms());
    }
    EXPECT_LT(broker_.agent().unsent(), Broker::most_unsent_to_agent + 2 * max_frame_bytes);
    EXPECT_GT(client.link().unsent(), 0u);
    connect().send(Kind::stop, 0, std::string("\0\0\0\0\1", 5));
    ASSERT_TRUE(until([&] { return told_.stop.has_value(); })) << "a stop has to come through all the same";
    agent_->reading = true;
    ASSERT_TRUE(until([&] { return agent_->received.size() == blocks; }));
    EXPECT_EQ(agent_->received.back().payload, block);
}

TEST_F(BrokerWithAgent, AClientThatDoesNotReadIsCutAndOthersGoOn) {
    greet_as_agent();
    Peer &slow = connect();
    Peer &good = connect();
    slow.send(Kind::open, 1, "{}");
    const std::uint32_t stream = opened();
    agent_->received.clear();
    slow.reading = false;
    const std::string block(200'000, 'b');
    const auto closed = [&] { return !agent_->received.empty() && agent_->received.back().kind == Kind::close; };
    for (std::size_t sent = 0; sent < 2 * Broker::most_unsent_to_client && !closed(); sent += block.size()) {
        agent_->send(Kind::data, stream, block, channel_flags(Channel::out));
        ASSERT_TRUE(until([&] { return agent_->link().unsent() == 0; }));
    }
    ASSERT_TRUE(until(closed));
    good.send(Kind::ping, 0);
    EXPECT_TRUE(until([&] { return good.received.size() == 1; }));
}

} // namespace
} // namespace boxlite
