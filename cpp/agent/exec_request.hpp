#pragma once
#include "../common/json.hpp"
#include "../common/result.hpp"
#include <cstdint>
#include <string>
#include <vector>

namespace boxlite {

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
};

Result<ExecRequest> parse_exec_request(const Json &request);

inline constexpr std::int64_t last_signal = 64;
inline constexpr std::int64_t longest_grace_ms = 7 * 24 * 3600 * 1000LL;

} // namespace boxlite
