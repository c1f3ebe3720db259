#pragma once
#include "agent_side.hpp"
#include "client.hpp"
#include "event_loop.hpp"
#include "owner.hpp"
#include "stream_table.hpp"
#include <map>
#include <memory>

namespace boxlite {

// Carries frames between many clients and the one agent, with stream numbers remapped and payloads unread. Credit is
// the ends' own business; here only memory is bounded: a client that does not read is cut, an agent that does not read
// holds the clients back.
class Broker {
public:
    static constexpr std::size_t most_unsent_to_client = 64u << 20;
    static constexpr std::size_t most_unsent_to_agent = 1u << 20;

    Broker(EventLoop &loop, const Nonce &nonce, BoxOwner &owner);

    AgentSide &agent() { return agent_; }
    Status serve(Fd listener);
    void stop_accepting();
    // Whether everything for the clients was sent.
    bool all_sent() const;
    void cut_clients();
    // A frame of the shim's own, on stream 0; nothing where the client is gone.
    void tell_client(ClientId id, Kind kind, std::string_view json);
    void tell_clients(Kind kind, std::string_view json, std::optional<ClientId> but);

private:
    void accept_clients();
    void take_client_events(ClientId id, std::uint32_t events);
    Status read_client(Client &client);
    Status take_client_frame(Client &client, const Frame &frame);
    void forward_to_agent(Client &client, const Frame &frame);
    void forward_to_client(const Frame &frame);
    void tell_denial(Link &link, std::uint32_t stream, std::uint64_t number);
    bool is_read(const Client &client) const;
    void refuse(Client &client, const Failure &why);
    void lose(ClientId id);
    void settle();

    EventLoop &loop_;
    Nonce nonce_;
    BoxOwner &owner_;
    AgentSide agent_;
    Fd listener_;
    std::map<ClientId, std::unique_ptr<Client>> clients_;
    StreamTable streams_;
    ClientId last_client_ = 0;
    // The agent's queue is full.
    bool holding_back_ = false;
};

} // namespace boxlite
