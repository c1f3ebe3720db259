#include "machine.hpp"
#include "../common/io.hpp"
#include "console.hpp"
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace boxlite {
namespace {

constexpr rlim_t most_files = 1048576;

struct KernelMount {
    const char *type;
    const char *target;
    unsigned long flags;
    const char *options;
};
constexpr unsigned long no_programs = MS_NOSUID | MS_NODEV | MS_NOEXEC;
constexpr KernelMount kernel_mounts[] = {
    {"devtmpfs", "/dev", MS_NOSUID, "mode=0755"},
    {"proc", "/proc", no_programs, nullptr},
    {"sysfs", "/sys", no_programs, nullptr},
    {"tmpfs", "/run", no_programs, "mode=0755,size=1m"},
    {"cgroup2", "/sys/fs/cgroup", no_programs, nullptr},
};

Status mount_kernel_file_systems() {
    for (const auto &[type, target, flags, options] : kernel_mounts) {
        // The kernel itself may have mounted it already.
        if (::mount(type, target, type, flags, options) != 0 && errno != EBUSY) {
            return failure_from_errno(std::string("mount ") + type + " on " + target, errno);
        }
    }
    return success();
}

// Every signal is blocked: SIGCHLD comes through a descriptor, SIGPIPE as EPIPE, and a child has nothing to reset but
// its mask.
Status block_signals() {
    sigset_t all;
    ::sigfillset(&all);
    if (::sigprocmask(SIG_BLOCK, &all, nullptr) != 0) return failure_from_errno("block signals", errno);
    return success();
}

Status raise_limits() {
    constexpr rlimit files{most_files, most_files};
    if (::setrlimit(RLIMIT_NOFILE, &files) != 0) return failure_from_errno("raise the limit of open files", errno);
    return success();
}

// Descriptors 0, 1 and 2 are the console's, so that no other descriptor ever gets their numbers.
Status open_console() {
    for (;;) {
        const int fd = ::open("/dev/console", O_RDWR);
        const int got = fd >= 0 ? fd : ::open("/dev/null", O_RDWR);
        if (got < 0) return failure_from_errno("open /dev/console", errno);
        if (got > 2) return ::close(got), success();
    }
}

Status raise_loopback() {
    const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    std::strcpy(request.ifr_name, "lo");
    request.ifr_flags = IFF_UP;
    if (!socket || ::ioctl(socket.get(), SIOCSIFFLAGS, &request) != 0) return failure_from_errno("bring lo up", errno);
    return success();
}

// What a container may do without being root, it may do here.
void open_low_ports_and_ping() {
    constexpr std::pair<const char *, const char *> settings[] = {
        {"/proc/sys/net/ipv4/ip_unprivileged_port_start", "0"},
        {"/proc/sys/net/ipv4/ping_group_range", "0 2147483647"},
    };
    for (const auto &[path, value] : settings) {
        if (const Status s = write_setting(path, value); !s) console_line("%s", s.failure().message.c_str());
    }
}

} // namespace

Status prepare_machine() {
    if (Status s = mount_kernel_file_systems(); !s) return s;
    if (Status s = open_console(); !s) return s;
    if (Status s = block_signals(); !s) return s;
    if (Status s = raise_limits(); !s) return s;
    if (Status s = raise_loopback(); !s) return s;
    open_low_ports_and_ping();
    return success();
}

void set_clock(std::int64_t ns_since_epoch) {
    constexpr std::int64_t ns_per_second = 1'000'000'000;
    const timespec now{ns_since_epoch / ns_per_second, ns_since_epoch % ns_per_second};
    if (::clock_settime(CLOCK_REALTIME, &now) != 0) console_line("set the clock: %s", std::strerror(errno));
}

void set_hostname(const std::string &hostname) {
    if (::sethostname(hostname.data(), hostname.size()) != 0)
        console_line("set the hostname: %s", std::strerror(errno));
}

} // namespace boxlite
