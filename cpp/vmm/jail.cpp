#include "jail.hpp"
#include "../common/io.hpp"
#include "../common/log.hpp"
#include "../common/privileges.hpp"
#include "seccomp.hpp"
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

namespace boxlite {
namespace {

constexpr std::uint64_t read_file_right = LANDLOCK_ACCESS_FS_READ_FILE;
constexpr std::uint64_t write_file_right = LANDLOCK_ACCESS_FS_WRITE_FILE;

// Every right of Landlock's first version.
constexpr std::uint64_t handled_rights = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;

Status allow(int ruleset, int file, std::uint64_t rights) {
    const landlock_path_beneath_attr rule{rights, file};
    if (::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) {
        return failure_from_errno("add a Landlock rule", errno);
    }
    return success();
}

Status allow_files(int ruleset, const VmmSettings &settings) {
    // Its absence is said by who opens it.
    if (const Fd kvm(::open("/dev/kvm", O_PATH | O_CLOEXEC)); kvm) {
        if (Status allowed = allow(ruleset, kvm.get(), read_file_right | write_file_right); !allowed) return allowed;
    }
    for (const VmmDisk &disk : settings.disks) {
        const std::uint64_t rights = disk.readonly ? read_file_right : read_file_right | write_file_right;
        if (Status allowed = allow(ruleset, disk.fd, rights); !allowed) return allowed;
    }
    return success();
}

Status restrict_files(const VmmSettings &settings) {
    const landlock_ruleset_attr attributes{handled_rights};
    const Fd ruleset(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0)));
    if (!ruleset) {
        log_line("no Landlock on this kernel (%d): the jail goes without it", errno);
        return success();
    }
    if (Status allowed = allow_files(ruleset.get(), settings); !allowed) return allowed;
    if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0)
        return failure_from_errno("enter Landlock", errno);
    return success();
}

} // namespace

Status enter_jail(const VmmSettings &settings) {
    // A Rust library leaves SIGPIPE at its default.
    ::signal(SIGPIPE, SIG_IGN);
    if (Status confined = confine_process(::getppid()); !confined) return confined;
    if (Status dropped = drop_capabilities(); !dropped) return dropped;
    if (Status restricted = restrict_files(settings); !restricted) return restricted;
    if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return failure_from_errno("forbid dumps", errno);
    return enter_filter(vmm_filter(::getpid()));
}

} // namespace boxlite
