#include "stream_table.hpp"

namespace boxlite {

std::uint32_t StreamTable::open(ClientId client, std::uint32_t stream) {
    do {
        ++last_;
    } while (last_ == 0 || calls_.contains(last_));
    calls_[last_] = Call{client, stream, false};
    numbers_[Key{client, stream}] = last_;
    return last_;
}

std::optional<std::uint32_t> StreamTable::to_agent(ClientId client, std::uint32_t stream) const {
    const auto found = numbers_.find(Key{client, stream});
    return found == numbers_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<StreamTable::Call> StreamTable::from_agent(std::uint32_t agent_stream) const {
    const auto found = calls_.find(agent_stream);
    return found == calls_.end() ? std::nullopt : std::optional(found->second);
}

void StreamTable::finish(std::uint32_t agent_stream) {
    const auto found = calls_.find(agent_stream);
    if (found == calls_.end()) return;
    numbers_.erase(Key{found->second.client, found->second.stream});
    calls_.erase(found);
}

std::vector<std::uint32_t> StreamTable::lose(ClientId client) {
    std::vector<std::uint32_t> lost;
    for (auto &[agent_stream, call] : calls_) {
        if (call.client != client || call.orphan) continue;
        call.orphan = true;
        numbers_.erase(Key{client, call.stream});
        lost.push_back(agent_stream);
    }
    return lost;
}

} // namespace boxlite
