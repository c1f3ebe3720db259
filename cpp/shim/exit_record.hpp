#pragma once
#include "../common/result.hpp"
#include "bounded_log.hpp"
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace boxlite {

enum class Ender : std::uint8_t { nobody, request, lifeline };

// What the shim saw of a run's end.
struct ExitFacts {
    // Who asked for the end.
    Ender asked_by = Ender::nobody;
    // The agent's last word: 0 everything ended within the grace, else something was killed.
    std::optional<std::uint8_t> bye{};
    // We signalled the machine since `force` was asked or the clock ran out.
    bool cut_off = false;
    // It ended before its agent ever said hello.
    bool booting = false;
    bool panic = false;
    // The guest's kernel stopped without an end of the machine, which we then ended.
    bool halted = false;
    bool oom_kill = false;
    // The machine process's own end: one of the two.
    std::optional<int> code{};
    std::optional<int> signal{};
};

enum class ExitReason : std::uint8_t { stopped, killed, host_exit, guest_exit, crash, oom };

// Whether the console holds the kernel's word that it halts: neither engine has a power switch that a guest can reach.
bool tells_halt(const Tail &console);
ExitReason decide_exit(const ExitFacts &facts);
const char *exit_reason_name(ExitReason reason);

// <directory>/exit.json. Written before any client sees its connection end. `unkept` are notices as a JSON array.
Status write_exit_record(const std::string &directory, const ExitFacts &facts, const std::string &console_tail,
                         std::string_view unkept = "[]");
// Takes away the record of an earlier run.
void clear_exit_record(const std::string &directory);

} // namespace boxlite
