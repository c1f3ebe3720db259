#include "launch.hpp"
#include <cerrno>
#include <cstring>

namespace boxlite {
namespace {

constexpr std::size_t longest_quoted = 256;

std::string quoted(std::string_view text) {
    if (text.size() > longest_quoted) return "\"" + std::string(text.substr(0, longest_quoted)) + "…\"";
    return "\"" + std::string(text) + "\"";
}

Failure directory_failure(const ExecRequest &request, int error) {
    const std::string attempted = "Cannot run the command in " + quoted(request.cwd) + ": ";
    switch (error) {
    case ENOENT:
        return {"file-not-found", attempted + "no such directory", "Create it first, or give another `cwd`."};
    case ENOTDIR:
        return {"not-a-directory", attempted + "not a directory", "Give a directory as `cwd`."};
    case EACCES:
    case EPERM:
        return {"permission", attempted + "the user may not enter it", "Give another `cwd` or `user`."};
    default:
        return {"invalid-argument", attempted + std::strerror(error), "Give another `cwd`."};
    }
}

Failure not_found(const ExecRequest &request, std::string_view program, std::string_view found) {
    const char *hint = request.shell ? "The image has no shell: give the command as an array, which needs none."
                                     : "Install the program in the image, or give its full path.";
    return {"exec-not-found", "Cannot run " + quoted(program) + ": " + std::string(found), hint};
}

std::string denial_text(const LaunchReport &report) {
    const std::string_view interpreter = report.interpreter.data();
    switch (report.denial) {
    case Denial::not_executable:
        return "not executable";
    case Denial::directory:
        return "is a directory";
    case Denial::not_a_file:
        return "not a regular file";
    case Denial::format:
        return "not a program of this machine, and without a #! line";
    case Denial::interpreter:
        if (interpreter.empty()) return "bad interpreter";
        return "bad interpreter " + quoted(interpreter) +
               (report.error == ENOENT ? ": no such file" : ": not executable");
    case Denial::none:
        break;
    }
    return std::strerror(report.error);
}

const char *denial_hint(Denial denial) {
    switch (denial) {
    case Denial::not_executable:
        return "Make it executable with chmod +x, or run it through its interpreter.";
    case Denial::interpreter:
        return "Install the interpreter in the image, or correct the #! line.";
    case Denial::format:
        return "Run it through its interpreter, or build it for x86-64.";
    case Denial::directory:
    case Denial::not_a_file:
    case Denial::none:
        break;
    }
    return "";
}

Failure program_failure(const ExecRequest &request, const LaunchReport &report) {
    const std::string_view program = report.program.data();
    switch (report.error) {
    case ENOENT:
        if (report.denial == Denial::none) return not_found(request, program, "no such file");
        break;
    case ENOTDIR:
        return not_found(request, program, "a part of its path is not a directory");
    case ENAMETOOLONG:
        return not_found(request, program, "its path is too long");
    case E2BIG:
        return {"limit", "Cannot run " + quoted(program) + ": its arguments and variables are too large"};
    case EAGAIN:
    case ENOMEM:
        return {"limit", "Cannot run " + quoted(program) + ": " + std::strerror(report.error)};
    default:
        break;
    }
    return {"exec-denied", "Cannot run " + quoted(program) + ": " + denial_text(report), denial_hint(report.denial)};
}

} // namespace

Failure launch_failure(const ExecRequest &request, const LaunchReport &report) {
    switch (report.step) {
    case LaunchStep::unknown_user:
    case LaunchStep::unknown_group: {
        const bool user = report.step == LaunchStep::unknown_user;
        return {"invalid-argument", std::string("Unknown ") + (user ? "user" : "group") + " in " + quoted(request.user),
                user ? "Give a name from /etc/passwd of the box, or a number."
                     : "Give a name from /etc/group of the box, or a number."};
    }
    case LaunchStep::directory:
        return directory_failure(request, report.error);
    case LaunchStep::search:
        return not_found(request, report.program.data(), "not found in PATH");
    case LaunchStep::program:
        return program_failure(request, report);
    case LaunchStep::too_large:
        return {"limit", "The user's name and home in /etc/passwd of the box are too long"};
    case LaunchStep::none:
    case LaunchStep::box:
    case LaunchStep::setup:
        break;
    }
    return {"limit", std::string("Cannot set up the command in the box: ") + std::strerror(report.error)};
}

} // namespace boxlite
