package netjail

import "golang.org/x/sys/unix"

// The calls that Go's runtime and its sockets make; every other one fails with EPERM.
var allowed = []uint32{
	unix.SYS_READ, unix.SYS_WRITE, unix.SYS_READV, unix.SYS_WRITEV, unix.SYS_CLOSE, unix.SYS_FCNTL, unix.SYS_FSTAT,
	unix.SYS_BIND, unix.SYS_LISTEN, unix.SYS_ACCEPT4, unix.SYS_CONNECT, unix.SYS_SHUTDOWN, unix.SYS_GETSOCKNAME,
	unix.SYS_GETPEERNAME, unix.SYS_GETSOCKOPT, unix.SYS_SETSOCKOPT, unix.SYS_SENDTO, unix.SYS_RECVFROM, unix.SYS_SENDMSG,
	unix.SYS_RECVMSG, unix.SYS_EPOLL_CREATE1, unix.SYS_EPOLL_CTL, unix.SYS_EPOLL_PWAIT, unix.SYS_EPOLL_WAIT, unix.SYS_EVENTFD2,
	unix.SYS_FUTEX, unix.SYS_NANOSLEEP, unix.SYS_CLOCK_NANOSLEEP, unix.SYS_CLOCK_GETTIME, unix.SYS_GETTIMEOFDAY,
	unix.SYS_SCHED_YIELD, unix.SYS_SCHED_GETAFFINITY, unix.SYS_TIMER_CREATE, unix.SYS_TIMER_SETTIME, unix.SYS_TIMER_DELETE,
	unix.SYS_MMAP, unix.SYS_MUNMAP, unix.SYS_MADVISE, unix.SYS_MPROTECT, unix.SYS_MREMAP, unix.SYS_BRK, unix.SYS_GETRANDOM,
	unix.SYS_RT_SIGACTION, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGRETURN, unix.SYS_SIGALTSTACK, unix.SYS_TGKILL,
	unix.SYS_GETPID, unix.SYS_GETTID, unix.SYS_SET_ROBUST_LIST, unix.SYS_RSEQ, unix.SYS_RESTART_SYSCALL, unix.SYS_PRCTL,
	unix.SYS_EXIT, unix.SYS_EXIT_GROUP,
}

// Sockets of the Internet (a resolver may have an IPv6 address), and of netlink, which tells the host's addresses.
var allowedFamilies = []uint32{unix.AF_INET, unix.AF_INET6, unix.AF_NETLINK}

// Of struct seccomp_data.
const (
	offsetCall   = 0
	offsetArch   = 4
	offsetFirst  = 16
	offsetSecond = 24

	refuse = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
)

// program is the filter, in order: the architecture, threads, sockets, the one ioctl, the list.
func program() []unix.SockFilter {
	filter := []unix.SockFilter{
		load(offsetArch),
		jumpIf(unix.AUDIT_ARCH_X86_64, 1, 0),
		ret(unix.SECCOMP_RET_KILL_PROCESS),
		load(offsetCall),
	}
	// A new thread, never a new process.
	filter = append(filter, only(unix.SYS_CLONE, []unix.SockFilter{
		load(offsetFirst),
		{Code: unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K, Jt: 0, Jf: 1, K: unix.CLONE_THREAD},
		ret(unix.SECCOMP_RET_ALLOW),
		ret(refuse),
	})...)
	filter = append(filter, only(unix.SYS_SOCKET, oneOf(offsetFirst, allowedFamilies))...)
	filter = append(filter, only(unix.SYS_IOCTL, oneOf(offsetSecond, []uint32{unix.SIOCOUTQ}))...)
	for _, call := range allowed {
		filter = append(filter, jumpIf(call, 0, 1), ret(unix.SECCOMP_RET_ALLOW))
	}
	return append(filter, ret(refuse))
}

// only runs the steps, which end in an answer, for one call.
func only(call uint32, steps []unix.SockFilter) []unix.SockFilter {
	return append([]unix.SockFilter{jumpIf(call, 0, uint8(len(steps)))}, steps...)
}

// oneOf answers by the lower word of an argument.
func oneOf(offset uint32, values []uint32) []unix.SockFilter {
	steps := []unix.SockFilter{load(offset)}
	for _, value := range values {
		steps = append(steps, jumpIf(value, 0, 1), ret(unix.SECCOMP_RET_ALLOW))
	}
	return append(steps, ret(refuse))
}

func load(offset uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
}

func jumpIf(value uint32, yes, no uint8) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: yes, Jf: no, K: value}
}

func ret(answer uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: answer}
}
