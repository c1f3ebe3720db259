#include "broker.hpp"
#include "../common/io.hpp"
#include "../common/log.hpp"
#include "../common/socket.hpp"
#include "direction.hpp"
#include <algorithm>
#include <sys/epoll.h>

namespace boxlite {

Broker::Broker(EventLoop &loop, const Nonce &nonce, BoxOwner &owner)
    : loop_(loop), nonce_(nonce), owner_(owner),
      agent_(
          loop, nonce, owner, [this](const Frame &frame) { forward_to_client(frame); }, [this] { settle(); }) {}

Status Broker::serve(Fd listener) {
    listener_ = std::move(listener);
    return loop_.watch(listener_.get(), EPOLLIN, [this](std::uint32_t) { accept_clients(); });
}

void Broker::stop_accepting() {
    if (!listener_) return;
    loop_.forget(listener_.get());
    listener_.reset();
}

bool Broker::all_sent() const {
    return std::all_of(clients_.begin(), clients_.end(),
                       [](const auto &entry) { return entry.second->link().unsent() == 0; });
}

void Broker::cut_clients() {
    while (!clients_.empty())
        lose(clients_.begin()->first);
}

void Broker::accept_clients() {
    auto socket = accept_one(listener_.get());
    if (!socket) {
        // Out of descriptors: the waiting connection stays in the backlog until a client goes.
        log_line("%s", socket.failure().message.c_str());
        loop_.change(listener_.get(), 0);
        return;
    }
    if (!socket.value()) return;
    const ClientId id = ++last_client_;
    const int fd = socket.value().get();
    const Status watched =
        loop_.watch(fd, EPOLLIN, [this, id](std::uint32_t events) { take_client_events(id, events); });
    if (watched) clients_[id] = std::make_unique<Client>(id, std::move(socket.value()));
}

void Broker::take_client_events(ClientId id, std::uint32_t events) {
    Client &client = *clients_.at(id);
    // A client that is held back is not read, but its end must be seen: epoll reports it again and again.
    const bool ended = (events & (EPOLLHUP | EPOLLERR)) != 0;
    if (ended && !is_read(client)) {
        lose(id);
    } else if ((events & EPOLLIN) != 0 || ended) {
        if (!client.link().fill()) {
            lose(id);
        } else if (const Status read = read_client(client); !read) {
            refuse(client, read.failure());
        }
    }
    settle();
}

Status Broker::read_client(Client &client) {
    if (!client.greeted()) {
        const auto greeted = client.greet(nonce_);
        if (!greeted) return greeted.failure();
        if (!greeted.value()) return success();
    }
    for (;;) {
        const auto frame = client.link().next();
        if (!frame) return frame.failure();
        if (!frame.value()) return success();
        if (Status taken = take_client_frame(client, *frame.value()); !taken) return taken;
    }
}

Status Broker::take_client_frame(Client &client, const Frame &frame) {
    using What = ClientMessage::What;
    const auto message = client.take(frame);
    if (!message) return message.failure();
    switch (message.value().what) {
    case What::nothing:
        break;
    case What::stop:
        owner_.client_asks_stop(read_u32(frame.payload), frame.payload[4] != std::byte{0});
        break;
    case What::request:
        return owner_.client_requests(
            client.id(), {reinterpret_cast<const char *>(frame.payload.data()), frame.payload.size()});
    case What::ping:
        client.link().send_frame(Kind::pong, 0, frame.payload);
        break;
    case What::open:
        agent_.send_control(Kind::open, streams_.open(client.id(), message.value().stream), message.value().json);
        break;
    case What::control:
        if (const auto stream = streams_.to_agent(client.id(), message.value().stream)) {
            agent_.send_control(Kind::control, *stream, message.value().json);
        }
        break;
    case What::call_frame:
        forward_to_agent(client, frame);
        break;
    }
    return success();
}

// Frames for a call that is over have crossed its end, and are dropped.
void Broker::forward_to_agent(Client &client, const Frame &frame) {
    if (const auto stream = streams_.to_agent(client.id(), frame.header.stream)) {
        agent_.send_frame(frame.header.kind, *stream, frame.payload, frame.header.flags);
    }
}

void Broker::forward_to_client(const Frame &frame) {
    const auto call = streams_.from_agent(frame.header.stream);
    if (!call) return;
    if (ends_call(frame.header)) streams_.finish(frame.header.stream);
    const auto client = clients_.find(call->client);
    if (call->orphan || client == clients_.end()) return;
    Link &link = client->second->link();
    if (frame.header.kind == Kind::made) {
        tell_denial(link, call->stream, read_u64(frame.payload));
    } else {
        link.send_frame(frame.header.kind, call->stream, frame.payload, frame.header.flags);
    }
    if (!link.flush()) {
        lose(call->client);
    } else if (link.unsent() > most_unsent_to_client) {
        log_line("a client is cut: it left %zu bytes unread", link.unsent());
        lose(call->client);
    } else {
        loop_.change(link.fd(), link.interest(is_read(*client->second)));
    }
}

// The guest says whose a denial is, and not what it was.
void Broker::tell_denial(Link &link, std::uint32_t stream, std::uint64_t number) {
    const std::string json = owner_.denial(number);
    if (!json.empty()) link.send_frame(Kind::denial, stream, std::as_bytes(std::span(json)));
}

// Only queued here: it may be called while a frame of this very client is taken.
void Broker::tell_client(ClientId id, Kind kind, std::string_view json) {
    const auto found = clients_.find(id);
    if (found == clients_.end() || !found->second->greeted() || json.size() > max_payload_bytes) return;
    Link &link = found->second->link();
    if (link.unsent() > most_unsent_to_client) return;
    link.send_frame(kind, 0, std::as_bytes(std::span(json)));
    loop_.change(link.fd(), link.interest(is_read(*found->second)));
}

void Broker::tell_clients(Kind kind, std::string_view json, std::optional<ClientId> but) {
    for (const auto &[id, client] : clients_) {
        if (id != but) tell_client(id, kind, json);
    }
}

// Held back are those that send to the agent: a stop must come through however full its queue is.
bool Broker::is_read(const Client &client) const {
    return !holding_back_ || !client.ever_called();
}

void Broker::refuse(Client &client, const Failure &why) {
    log_line("a client is refused: %s", why.message.c_str());
    client.link().send_frame(Kind::refused, 0, std::as_bytes(std::span(why.message)));
    client.link().flush();
    lose(client.id());
}

void Broker::lose(ClientId id) {
    const auto found = clients_.find(id);
    if (found == clients_.end()) return;
    for (const std::uint32_t stream : streams_.lose(id))
        agent_.send_frame(Kind::close, stream, {});
    loop_.forget(found->second->link().fd());
    found->second->link().discard_input();
    clients_.erase(found);
    owner_.client_lost(id);
    if (listener_) loop_.change(listener_.get(), EPOLLIN);
}

void Broker::settle() {
    agent_.settle();
    // Begun at the limit and ended well below it, so that it does not flicker.
    if (agent_.unsent() > most_unsent_to_agent) holding_back_ = true;
    if (agent_.unsent() < most_unsent_to_agent / 4) holding_back_ = false;
    std::vector<ClientId> gone;
    for (auto &[id, client] : clients_) {
        if (!client->link().flush()) gone.push_back(id);
        loop_.change(client->link().fd(), client->link().interest(is_read(*client)));
    }
    for (const ClientId id : gone)
        lose(id);
}

} // namespace boxlite
