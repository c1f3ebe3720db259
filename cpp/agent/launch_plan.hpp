#pragma once
#include "users.hpp"
#include <array>
#include <span>
#include <sys/types.h>

namespace boxlite {

// Where a launch failed; `none` means that the program runs.
enum class LaunchStep : unsigned char {
    none,
    box,
    unknown_user,
    unknown_group,
    too_large,
    setup,
    directory,
    search,
    program
};

// Why a file that is there cannot be run.
enum class Denial : unsigned char { none, not_executable, directory, not_a_file, interpreter, format };

// Written by the child, read by the agent once the child's status pipe has ended.
struct LaunchReport {
    LaunchStep step = LaunchStep::none;
    Denial denial = Denial::none;
    int error = 0;
    // The program it was about, and its interpreter.
    std::array<char, 512> program{};
    std::array<char, 256> interpreter{};
};

// Everything the child needs, laid out before it exists: it must not allocate.
struct LaunchPlan {
    // argv[0] has a slash, or is looked for in `path`.
    char *const *argv = nullptr;
    // The last entries are empty slots for HOME, USER and LOGNAME.
    std::span<char *> environment;
    std::size_t environment_used = 0;
    std::string_view path;
    bool needs_home = false;
    bool needs_user = false;
    bool needs_logname = false;
    const char *cwd = nullptr;
    UserSpec user;

    int mount_namespace = -1;
    int status = -1; // ends with the exec, or with the child
    int in = -1;
    int out = -1;
    int err = -1;
    bool owns_in = false;
    bool terminal = false; // in, out and err are one, to be the controlling terminal

    std::span<char> file_room; // one passwd or group file
    std::span<char> text_room; // names kept from them, candidates of PATH
    std::span<gid_t> group_room;

    LaunchReport report;
};

// The child's whole life before its exec. Never returns.
void launch_child(void *plan);

} // namespace boxlite
