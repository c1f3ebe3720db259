#include "answer.hpp"
#include "../common/io.hpp"
#include "../common/json.hpp"

namespace boxlite {

bool Answer::ready(int shim_pid, int vmm_pid, const ReadyTimes &times, std::string_view ports) {
    JsonWriter ready;
    ready.member("shimPid", shim_pid)
        .member("vmmPid", vmm_pid)
        .member_ms("vmmMs", times.vmm_ms)
        .member_ms("kernelMs", times.kernel_ms)
        .member_ms("agentMs", times.agent_ms)
        .raw("ports", ports);
    return send(JsonWriter().member("ready", ready).text());
}

bool Answer::error(const Failure &failure, std::string_view console_tail) {
    JsonWriter error;
    error.member("code", failure.code).member("message", failure.message);
    if (!failure.hint.empty()) error.member("hint", failure.hint);
    error.member("consoleTail", console_tail);
    return send(JsonWriter().member("error", error).text());
}

bool Answer::send(std::string line) {
    if (!pipe_) return false;
    line += '\n';
    const bool sent = static_cast<bool>(write_all(pipe_.get(), line));
    pipe_.reset();
    return sent;
}

} // namespace boxlite
