#pragma once
#include "box_root.hpp"
#include "exec_request.hpp"
#include "launch.hpp"

namespace boxlite {

// Both sides of a command's streams. A terminal is one for all three: its output has stderr in it.
struct CommandStreams {
    // Ours, none of them blocking. No `in` without an input, no `err` with a terminal.
    Fd in, out, err;
    // The command's; not needed any more once it is launched.
    Fd child_in, child_out, child_err;

    bool is_terminal() const { return out && !err; }
    LaunchStreams for_launch(const BoxRoot &root) const;
};

Result<CommandStreams> make_streams(const BoxRoot &root, const ExecRequest &request);

// The control `resize` of a command; our side of its terminal, or -1.
Result<bool> resize_terminal(int terminal, const Json &request);

} // namespace boxlite
