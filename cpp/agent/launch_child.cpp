#include "denial.hpp"
#include "environment.hpp"
#include "launch_plan.hpp"
#include "raw_syscall.hpp"
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

// Runs in a child that shares the agent's memory while the agent goes on: no errno, no allocation, no shared state but
// the plan.
namespace boxlite {
namespace {

constexpr std::size_t longest_path = 4096;

bool fail(LaunchPlan &plan, LaunchStep step, long result) {
    plan.report.step = step;
    plan.report.error = static_cast<int>(-result);
    return false;
}

bool enter_box(LaunchPlan &plan) {
    if (const long r = raw_syscall(SYS_setns, plan.mount_namespace, CLONE_NEWNS); r < 0)
        return fail(plan, LaunchStep::box, r);
    raw_syscall(SYS_setsid);
    return true;
}

// Lets go of the agent's descriptors before anything that may hang: other commands wait for the end of their pipes.
bool set_streams(LaunchPlan &plan) {
    long r = raw_syscall(SYS_dup3, plan.in, 0, 0);
    if (r >= 0) r = raw_syscall(SYS_dup3, plan.out, 1, 0);
    if (r >= 0) r = raw_syscall(SYS_dup3, plan.err, 2, 0);
    if (r >= 0 && plan.status != 3) r = raw_syscall(SYS_dup3, plan.status, 3, O_CLOEXEC);
    if (r >= 0) r = raw_syscall(SYS_close_range, 4u, ~0u, 0u);
    if (r >= 0 && plan.terminal) r = raw_syscall(SYS_ioctl, 0, TIOCSCTTY, 0);
    return r >= 0 || fail(plan, LaunchStep::setup, r);
}

bool set_limits(LaunchPlan &plan) {
    constexpr rlimit files{1024, 1048576};
    constexpr rlimit core{0, 0};
    raw_syscall(SYS_umask, 022);
    long r = raw_syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &files, 0);
    if (r >= 0) r = raw_syscall(SYS_prlimit64, 0, RLIMIT_CORE, &core, 0);
    return r >= 0 || fail(plan, LaunchStep::setup, r);
}

// The file's first bytes, as many as there is room for; none when it is not a regular file.
std::string_view read_text(const char *path, std::span<char> room) {
    open_how how{};
    how.flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    how.resolve = RESOLVE_NO_MAGICLINKS;
    const long fd = raw_syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
    if (fd < 0) return {};
    struct stat status{};
    std::size_t length = 0;
    if (raw_syscall(SYS_fstat, fd, &status) == 0 && S_ISREG(status.st_mode)) {
        while (length < room.size()) {
            const long count = raw_syscall(SYS_read, fd, room.data() + length, room.size() - length);
            if (count <= 0) break;
            length += static_cast<std::size_t>(count);
        }
    }
    raw_syscall(SYS_close, fd);
    return {room.data(), length};
}

// A name that must outlive the room it was read into.
bool keep(LaunchPlan &plan, std::string_view &text) {
    const char *kept = join_into(plan.text_room, text, "");
    if (kept == nullptr) return fail(plan, LaunchStep::too_large, -ENAMETOOLONG);
    text = {kept, text.size()};
    return true;
}

bool find_identity(LaunchPlan &plan, Identity &identity) {
    const std::string_view passwd = read_text("/etc/passwd", plan.file_room);
    const auto groups = read_text("/etc/group", plan.file_room.subspan(passwd.size()));
    const UnknownName unknown = resolve_identity(plan.user, passwd, groups, plan.group_room, identity);
    if (unknown == UnknownName::user) return fail(plan, LaunchStep::unknown_user, -ENOENT);
    if (unknown == UnknownName::group) return fail(plan, LaunchStep::unknown_group, -ENOENT);
    return keep(plan, identity.name) && keep(plan, identity.home);
}

bool add_variable(LaunchPlan &plan, bool needed, std::string_view name, std::string_view value) {
    if (!needed || value.empty()) return true;
    char *entry = join_into(plan.text_room, name, value);
    if (entry == nullptr) return fail(plan, LaunchStep::too_large, -ENAMETOOLONG);
    plan.environment[plan.environment_used++] = entry;
    return true;
}

bool complete_environment(LaunchPlan &plan, const Identity &identity) {
    return add_variable(plan, plan.needs_home, "HOME=", identity.home.empty() ? "/" : identity.home) &&
           add_variable(plan, plan.needs_user, "USER=", identity.name) &&
           add_variable(plan, plan.needs_logname, "LOGNAME=", identity.name);
}

bool become_user(LaunchPlan &plan, const Identity &identity) {
    const auto uid = identity.uid;
    const auto gid = identity.gid;
    // The pipes belong to the user, so that /dev/stdin, /dev/stdout and /dev/stderr can be opened again.
    for (int stream = plan.owns_in ? 0 : 1; stream < 3 && !plan.terminal; ++stream)
        raw_syscall(SYS_fchown, stream, uid, gid);
    // A terminal's group stays tty.
    if (plan.terminal) raw_syscall(SYS_fchown, 0, uid, -1);
    long r = raw_syscall(SYS_setgroups, identity.group_count, plan.group_room.data());
    if (r >= 0) r = raw_syscall(SYS_setresgid, gid, gid, gid);
    // With it the kernel marks the memory we share as not dumpable: the user's other processes cannot trace us into it.
    if (r >= 0) r = raw_syscall(SYS_setresuid, uid, uid, uid);
    return r >= 0 || fail(plan, LaunchStep::setup, r);
}

bool enter_directory(LaunchPlan &plan) {
    const long r = raw_syscall(SYS_chdir, plan.cwd);
    return r >= 0 || fail(plan, LaunchStep::directory, r);
}

// Signals that came until now take effect here, before the program.
void unblock_signals() {
    const std::uint64_t none = 0;
    raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, 0, sizeof none);
}

long run(LaunchPlan &plan, const char *file) {
    return raw_syscall(SYS_execve, file, plan.argv, plan.environment.data());
}

void report_program(LaunchPlan &plan, LaunchStep step, long result, const char *file) {
    fail(plan, step, result);
    const std::string_view name(file);
    const std::size_t length = std::min(name.size(), plan.report.program.size() - 1);
    std::copy_n(name.begin(), length, plan.report.program.begin());
}

void run_named_file(LaunchPlan &plan, const char *file) {
    const long r = run(plan, file);
    report_program(plan, LaunchStep::program, r, file);
    explain_denial(file, plan.report);
}

// As execvp does: what is not there or may not be run is passed over, anything else ends the search.
void run_from_path(LaunchPlan &plan, const char *name) {
    if (plan.text_room.size() < longest_path) return void(fail(plan, LaunchStep::too_large, -ENAMETOOLONG));
    const std::span<char> candidate = plan.text_room.first(longest_path);
    PathSearch search(plan.path, name);
    bool denied = false;
    while (search.next(candidate)) {
        const char *file = candidate.data();
        const long r = run(plan, file);
        if (r == -ENOTDIR || r == -ENAMETOOLONG || (r == -ENOENT && !exists(file))) continue;
        if (!denied) {
            report_program(plan, LaunchStep::program, r, file);
            explain_denial(file, plan.report);
            denied = true;
        }
        if (r != -EACCES && r != -ENOENT) return;
    }
    if (!denied) report_program(plan, LaunchStep::search, -ENOENT, name);
}

void run_program(LaunchPlan &plan) {
    const char *name = plan.argv[0];
    const std::string_view text(name);
    unblock_signals();
    if (text.empty() || text.find('/') != std::string_view::npos) return run_named_file(plan, name);
    run_from_path(plan, name);
}

} // namespace

void launch_child(void *argument) {
    auto &plan = *static_cast<LaunchPlan *>(argument);
    Identity identity;
    if (enter_box(plan) && set_streams(plan) && set_limits(plan) && find_identity(plan, identity) &&
        complete_environment(plan, identity) && become_user(plan, identity) && enter_directory(plan)) {
        run_program(plan);
    }
    raw_syscall(SYS_exit_group, 127);
    __builtin_unreachable();
}

} // namespace boxlite
