#pragma once
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

namespace boxlite {

using ClientId = std::uint64_t;

// Which call of which client each stream number toward the agent stands for. A number stays taken until the agent says
// that its call is over, also when the client has gone.
class StreamTable {
public:
    struct Call {
        ClientId client;
        std::uint32_t stream;
        // The client is gone: what still comes is for nobody.
        bool orphan;
    };

    // A new number toward the agent.
    std::uint32_t open(ClientId client, std::uint32_t stream);
    std::optional<std::uint32_t> to_agent(ClientId client, std::uint32_t stream) const;
    std::optional<Call> from_agent(std::uint32_t agent_stream) const;
    // The agent's call is over.
    void finish(std::uint32_t agent_stream);
    // The client is gone. The numbers whose calls are to be closed.
    std::vector<std::uint32_t> lose(ClientId client);
    std::size_t size() const { return calls_.size(); }

private:
    struct Key {
        ClientId client;
        std::uint32_t stream;
        bool operator==(const Key &) const = default;
    };
    struct KeyHash {
        std::size_t operator()(const Key &key) const {
            return std::hash<std::uint64_t>()(key.client * 1'000'003 + key.stream);
        }
    };

    std::unordered_map<std::uint32_t, Call> calls_;
    std::unordered_map<Key, std::uint32_t, KeyHash> numbers_;
    std::uint32_t last_ = 0;
};

} // namespace boxlite
