#include "privileges.hpp"
#include "io.hpp"
#include <cerrno>
#include <csignal>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace boxlite {

Status confine_process(int parent_pid) {
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return failure_from_errno("set the parent death signal", errno);
    // The parent may have died before the line above.
    if (::getppid() != parent_pid) return Failure{"aborted", "The parent process is gone"};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failure_from_errno("set no_new_privs", errno);
    const rlimit none{0, 0};
    if (::setrlimit(RLIMIT_CORE, &none) != 0) return failure_from_errno("forbid core dumps", errno);
    return success();
}

Status drop_capabilities() {
    // The bounding set goes first: dropping from it needs CAP_SETPCAP.
    if (::geteuid() == 0) {
        for (int capability = 0; ::prctl(PR_CAPBSET_READ, capability) >= 0; ++capability) {
            if (::prctl(PR_CAPBSET_DROP, capability) != 0 && errno != EPERM) {
                return failure_from_errno("drop a bounding capability", errno);
            }
        }
    }
    ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    const __user_cap_data_struct none[2] = {};
    if (::syscall(SYS_capset, &header, none) != 0) return failure_from_errno("drop capabilities", errno);
    return success();
}

} // namespace boxlite
