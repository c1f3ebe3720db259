#pragma once
#include "../common/json.hpp"
#include "../common/result.hpp"
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace boxlite {

struct WindowSize {
    std::uint16_t columns = 80;
    std::uint16_t rows = 24;
};
// The members `cols` and `rows`.
Result<WindowSize> parse_window_size(const Json &request);

// Of one command alone; what is absent is not limited.
struct CommandLimits {
    std::optional<std::int64_t> memory_bytes;
    std::optional<std::int64_t> cpu_thousandths;
    std::optional<std::int64_t> processes;
};

// A checked request to run a command: docs/protocol.md, `open` with op exec.
struct ExecRequest {
    std::vector<std::string> argv;
    bool shell = false;
    // "NAME=value", with PATH in any case.
    std::vector<std::string> environment;
    std::string cwd;
    std::string user;
    bool wants_stdin = false;
    // Whether the client waits for `started`.
    bool announce = false;
    int kill_signal = 15;
    std::int64_t kill_grace_ms = 0;
    std::optional<WindowSize> terminal;
    CommandLimits limits;
    std::string name;
    bool detached = false;
    // It is ended as its request says after so long, whether or not a client is there.
    std::optional<std::int64_t> life_ms;
};

Result<ExecRequest> parse_exec_request(const Json &request);

inline constexpr std::int64_t last_signal = 64;
inline constexpr std::int64_t longest_grace_ms = 7 * 24 * 3600 * 1000LL;

} // namespace boxlite
