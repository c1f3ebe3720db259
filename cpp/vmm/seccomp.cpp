#include "seccomp.hpp"
#include "../common/io.hpp"
#include "filter_builder.hpp"
#include <cerrno>
#include <fcntl.h>
#include <linux/kvm.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

namespace boxlite {
namespace {

constexpr std::uint32_t whole = ~0u;
// Bits 8 to 15 of an ioctl's number say whose it is: ioctl(2), "Documentation/userspace-api/ioctl/ioctl-number".
constexpr std::uint32_t ioctl_owner = 0xff00;

} // namespace

std::vector<sock_filter> vmm_filter(int own_pid) {
    return FilterBuilder()
        .allow_with(SYS_ioctl, 1, ioctl_owner, {KVMIO << 8, 'T' << 8})
        .allow({SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_epoll_wait, SYS_epoll_pwait, SYS_futex})
        // Its disks, its console and its channel.
        .allow({SYS_pread64, SYS_pwrite64, SYS_preadv, SYS_pwritev, SYS_preadv2, SYS_pwritev2, SYS_fdatasync})
        .allow({SYS_fsync, SYS_fallocate, SYS_ftruncate, SYS_lseek, SYS_fstat, SYS_newfstatat, SYS_statx})
        .allow({SYS_openat, SYS_close, SYS_readlink, SYS_readlinkat, SYS_fcntl, SYS_dup, SYS_dup3, SYS_pipe2})
        .allow({SYS_recvfrom, SYS_sendto, SYS_recvmsg, SYS_sendmsg, SYS_connect, SYS_shutdown, SYS_getsockopt})
        .allow({SYS_setsockopt, SYS_getsockname, SYS_getpeername})
        // Waiting, and the time.
        .allow({SYS_poll, SYS_ppoll, SYS_epoll_create1, SYS_epoll_ctl, SYS_eventfd2, SYS_timerfd_create})
        .allow({SYS_timerfd_settime, SYS_timerfd_gettime, SYS_clock_gettime, SYS_clock_getres, SYS_gettimeofday})
        .allow({SYS_clock_nanosleep, SYS_nanosleep, SYS_restart_syscall, SYS_sched_yield})
        // Memory, threads and their ends.
        .allow({SYS_mmap, SYS_munmap, SYS_mprotect, SYS_madvise, SYS_mremap, SYS_brk, SYS_rseq, SYS_set_robust_list})
        .allow({SYS_set_tid_address, SYS_sched_getaffinity, SYS_membarrier, SYS_sigaltstack, SYS_rt_sigaction})
        .allow({SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_exit, SYS_exit_group})
        // Who and where it is.
        .allow({SYS_gettid, SYS_getpid, SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid, SYS_uname, SYS_sysinfo})
        .allow({SYS_getrandom})
        // To the agent's socket, and to nothing on a network.
        .allow_with(SYS_socket, 0, whole, {AF_UNIX})
        .allow_with(SYS_socketpair, 0, whole, {AF_UNIX})
        .allow_with(SYS_tgkill, 0, whole, {static_cast<std::uint32_t>(own_pid)})
        .allow_with(SYS_prctl, 0, whole, {PR_SET_NAME, PR_SET_VMA})
        .allow_with(SYS_clone, 0, CLONE_THREAD, {CLONE_THREAD})
        // Its flags are behind a pointer, where no filter sees them; the C library then uses clone.
        .refuse(SYS_clone3, ENOSYS)
        .build();
}

Status enter_filter(const std::vector<sock_filter> &filter) {
    const sock_fprog program{static_cast<unsigned short>(filter.size()), const_cast<sock_filter *>(filter.data())};
    if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) != 0)
        return failure_from_errno("enter the seccomp filter", errno);
    return success();
}

} // namespace boxlite
