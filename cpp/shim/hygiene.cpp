#include "hygiene.hpp"
#include "../common/io.hpp"
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <malloc.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

namespace boxlite {
namespace {

constexpr int lifeline_fd = 3;
constexpr int keep_memory_bytes = 65'536;

sigset_t handled_signals() {
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGTERM);
    ::sigaddset(&set, SIGCHLD);
    return set;
}

// Large buffers go back to the system as soon as they are free; without this malloc's own thresholds grow with use.
void keep_memory_small() {
    ::mallopt(M_MMAP_THRESHOLD, keep_memory_bytes);
    ::mallopt(M_TRIM_THRESHOLD, keep_memory_bytes);
    ::mallopt(M_TOP_PAD, 0);
}

// False where a sandbox around us forbids it: it is a wish.
bool schedule(int policy) {
    const sched_param usual{};
    return ::sched_setscheduler(0, policy, &usual) == 0;
}

bool was_made_batch = false;

// What passes through comes in many small pieces. As a batch process we do not take the processor from whoever sends
// them with each one: sched(7), SCHED_BATCH.
void let_senders_go_on() {
    was_made_batch = ::sched_getscheduler(0) == SCHED_OTHER && schedule(SCHED_BATCH);
}

Status set_limits() {
    const rlimit none{0, 0};
    if (::setrlimit(RLIMIT_CORE, &none) != 0) return failure_from_errno("forbid core dumps", errno);
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
    return success();
}

} // namespace

Status settle_process() {
    keep_memory_small();
    let_senders_go_on();
    ::umask(077);
    // A process that leads its session already stays where it is.
    if (::setsid() < 0 && ::getsid(0) != ::getpid()) return failure_from_errno("begin a session", errno);
    if (::chdir("/") != 0) return failure_from_errno("change to /", errno);
    if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return failure_from_errno("become a subreaper", errno);
    for (const int ignored : {SIGPIPE, SIGHUP, SIGINT, SIGQUIT})
        ::signal(ignored, SIG_IGN);
    ::signal(SIGTERM, SIG_DFL);
    ::signal(SIGCHLD, SIG_DFL);
    const sigset_t handled = handled_signals();
    if (::sigprocmask(SIG_SETMASK, &handled, nullptr) != 0) return failure_from_errno("block signals", errno);
    return set_limits();
}

void schedule_as_started() {
    cpu_set_t ours;
    const bool alone = ::sched_getaffinity(0, sizeof ours, &ours) == 0 && CPU_COUNT(&ours) == 1;
    if (was_made_batch && !alone) schedule(SCHED_OTHER);
}

Result<Inherited> keep_inherited(bool lifeline) {
    Inherited kept;
    if (lifeline) {
        kept.lifeline = Fd(lifeline_fd);
        if (Status set = set_close_on_exec(lifeline_fd); !set)
            return Failure{"invalid-argument", "The lifeline is not open"};
    }
    const unsigned first_foreign = lifeline ? lifeline_fd + 1 : lifeline_fd;
    if (::close_range(first_foreign, ~0u, 0) != 0) return failure_from_errno("close inherited descriptors", errno);

    kept.answer = Fd(::fcntl(1, F_DUPFD_CLOEXEC, lifeline_fd + 1));
    const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!kept.answer || !null || ::dup2(null.get(), 0) < 0 || ::dup2(null.get(), 1) < 0) {
        return failure_from_errno("set up descriptors", errno);
    }
    return kept;
}

Result<Fd> open_signals() {
    const sigset_t handled = handled_signals();
    Fd signals(::signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals) return failure_from_errno("open a signalfd", errno);
    return signals;
}

} // namespace boxlite
