#include "exit_record.hpp"
#include "../common/io.hpp"
#include "../common/json.hpp"
#include <ctime>
#include <unistd.h>

namespace boxlite {
namespace {

std::string path_of(const std::string &directory) {
    return directory + "/exit.json";
}

std::string iso_time() {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    tm utc{};
    ::gmtime_r(&now.tv_sec, &utc);
    char seconds[32];
    std::strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &utc);
    char text[48];
    std::snprintf(text, sizeof text, "%s.%03dZ", seconds, static_cast<int>(now.tv_nsec / 1'000'000));
    return text;
}

void add_number(JsonWriter &json, const char *key, const std::optional<int> &number) {
    if (number) {
        json.member(key, *number);
    } else {
        json.member(key, nullptr);
    }
}

} // namespace

bool tells_halt(const Tail &console) {
    // Behind the kernel's own time: kernel/reboot.c.
    return console.contains("] reboot: System halted") || console.contains("] reboot: Power off not available");
}

ExitReason decide_exit(const ExitFacts &facts) {
    const bool asked = facts.asked_by != Ender::nobody;
    // A boot that is given up ends at once, without the agent.
    if (facts.booting && facts.asked_by == Ender::lifeline) return ExitReason::host_exit;
    if (facts.booting && facts.cut_off) return ExitReason::killed;
    // A bye that nobody asked for is only the guest's word.
    if (asked && facts.bye == 0) return facts.asked_by == Ender::lifeline ? ExitReason::host_exit : ExitReason::stopped;
    if (asked && facts.bye) return ExitReason::killed;
    if (facts.halted) return ExitReason::guest_exit;
    if (asked && facts.cut_off) return ExitReason::killed;
    if (facts.panic) return ExitReason::crash;
    const bool clean = facts.code == 0;
    if (!clean && facts.oom_kill) return ExitReason::oom;
    return clean ? ExitReason::guest_exit : ExitReason::crash;
}

const char *exit_reason_name(ExitReason reason) {
    switch (reason) {
    case ExitReason::stopped:
        return "stopped";
    case ExitReason::killed:
        return "killed";
    case ExitReason::host_exit:
        return "host-exit";
    case ExitReason::guest_exit:
        return "guest-exit";
    case ExitReason::crash:
        return "crash";
    case ExitReason::oom:
        return "oom";
    }
    return "crash";
}

Status write_exit_record(const std::string &directory, const ExitFacts &facts, const std::string &console_tail,
                         std::string_view unkept) {
    JsonWriter json;
    json.member("version", 1).member("reason", exit_reason_name(decide_exit(facts)));
    add_number(json, "code", facts.code);
    add_number(json, "signal", facts.signal);
    json.member("at", iso_time()).member("consoleTail", console_tail);
    json.raw("unkept", unkept);
    return write_file_by_rename(path_of(directory), json.text() + "\n");
}

void clear_exit_record(const std::string &directory) {
    ::unlink(path_of(directory).c_str());
}

} // namespace boxlite
