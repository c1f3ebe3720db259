#include "common/io.hpp"
#include "harness.hpp"
#include "shim/client.hpp"
#include "shim/direction.hpp"
#include "shim/stream_table.hpp"
#include <algorithm>
#include <sys/socket.h>

namespace boxlite {
namespace {

Status read_client(Client &client, const Nonce &nonce, StreamTable &streams) {
    if (!client.greeted()) {
        const auto greeted = client.greet(nonce);
        if (!greeted) return greeted.failure();
        if (!greeted.value()) return success();
    }
    for (;;) {
        const auto frame = client.link().next();
        if (!frame) return frame.failure();
        if (!frame.value()) return success();
        // The same frame as the agent would send it.
        if (check_direction(frame.value()->header, Hop::from_agent) && ends_call(frame.value()->header))
            streams.finish(frame.value()->header.stream);
        const auto message = client.take(*frame.value());
        if (!message) return message.failure();
        if (message.value().what == ClientMessage::What::open) streams.open(client.id(), message.value().stream);
        if (message.value().what == ClientMessage::What::control)
            static_cast<void>(streams.to_agent(client.id(), message.value().stream));
    }
}

} // namespace

void fuzz_shim(Bytes bytes) {
    if (bytes.empty()) return;
    auto sockets = make_socket_pair();
    if (!sockets || !set_nonblocking(sockets.value().ours.get())) return;
    // The first byte says how the rest is torn, and whether the preamble is part of it.
    const std::size_t step = std::size_t{bytes[0]} / 2 + 1;
    const bool brings_preamble = bytes[0] % 2 == 1;
    bytes = bytes.subspan(1);
    const Nonce nonce{};
    Client client(1, std::move(sockets.value().ours));
    StreamTable streams;
    const int peer = sockets.value().theirs.get();
    const auto feed = [&](const void *data, std::size_t count) {
        return ::send(peer, data, count, MSG_NOSIGNAL | MSG_DONTWAIT) == static_cast<ssize_t>(count) &&
               client.link().fill() && read_client(client, nonce, streams);
    };
    const auto preamble = encode_preamble(nonce);
    if (!brings_preamble && !feed(preamble.data(), preamble.size())) return;
    for (; !bytes.empty(); bytes = bytes.subspan(std::min(step, bytes.size()))) {
        if (!feed(bytes.data(), std::min(step, bytes.size()))) return;
    }
}

} // namespace boxlite
