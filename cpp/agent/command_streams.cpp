#include "command_streams.hpp"
#include "../common/io.hpp"
#include <cerrno>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>

namespace boxlite {
namespace {

Status make_output(Fd &ours, Fd &theirs) {
    auto pipe = make_pipe();
    if (!pipe) return pipe.failure();
    ours = std::move(pipe.value().read);
    theirs = std::move(pipe.value().write);
    return set_nonblocking(ours.get());
}

Status make_input(Fd &ours, Fd &theirs) {
    auto pipe = make_pipe();
    if (!pipe) return pipe.failure();
    ours = std::move(pipe.value().write);
    theirs = std::move(pipe.value().read);
    return set_nonblocking(ours.get());
}

Result<CommandStreams> make_pipes(bool with_input) {
    CommandStreams streams;
    if (with_input) {
        if (const Status s = make_input(streams.in, streams.child_in); !s) return s.failure();
    }
    if (const Status s = make_output(streams.out, streams.child_out); !s) return s.failure();
    if (const Status s = make_output(streams.err, streams.child_err); !s) return s.failure();
    return streams;
}

Status set_window_size(int terminal, const WindowSize &size) {
    winsize words{};
    words.ws_col = size.columns;
    words.ws_row = size.rows;
    if (::ioctl(terminal, TIOCSWINSZ, &words) != 0) return failure_from_errno("resize the terminal", errno, "limit");
    return success();
}

// In the box's own devpts, so that the command finds its terminal by name. The other side is got from the terminal
// itself: whatever is mounted over /dev/pts in the box does not matter.
Result<CommandStreams> make_terminal(const BoxRoot &root, const WindowSize &size) {
    constexpr const char *attempted = "make a terminal";
    CommandStreams streams;
    streams.out.reset(::openat(root.terminals.get(), "ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
    if (!streams.out) return failure_from_errno(attempted, errno, "limit");
    const int unlock = 0;
    if (::ioctl(streams.out.get(), TIOCSPTLCK, &unlock) != 0) return failure_from_errno(attempted, errno, "limit");
    streams.child_in.reset(::ioctl(streams.out.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
    streams.in.reset(::fcntl(streams.out.get(), F_DUPFD_CLOEXEC, 3));
    if (!streams.child_in || !streams.in) return failure_from_errno(attempted, errno, "limit");
    if (const Status s = set_window_size(streams.out.get(), size); !s) return s.failure();
    return streams;
}

} // namespace

LaunchStreams CommandStreams::for_launch(const BoxRoot &root) const {
    if (is_terminal()) return {child_in.get(), child_in.get(), child_in.get(), false, true};
    const bool owns_in = static_cast<bool>(child_in);
    return {owns_in ? child_in.get() : root.null.get(), child_out.get(), child_err.get(), owns_in, false};
}

Result<CommandStreams> make_streams(const BoxRoot &root, const ExecRequest &request) {
    return request.terminal ? make_terminal(root, *request.terminal) : make_pipes(request.wants_stdin);
}

Result<bool> resize_terminal(int terminal, const Json &request) {
    if (terminal < 0) return Failure{"invalid-argument", "Cannot resize: the command has no terminal"};
    const auto size = parse_window_size(request);
    if (!size) return size.failure();
    if (const Status set = set_window_size(terminal, size.value()); !set) return set.failure();
    return true;
}

} // namespace boxlite
