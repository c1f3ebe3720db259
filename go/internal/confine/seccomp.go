package confine

import (
	"errors"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What no work on images needs, refused with EPERM: other programs, other processes, the kernel's own doors.
var never = []uint32{
	unix.SYS_EXECVE, unix.SYS_EXECVEAT, unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_KILL,
	unix.SYS_PIDFD_OPEN, unix.SYS_PIDFD_GETFD, unix.SYS_PIDFD_SEND_SIGNAL,
	unix.SYS_IO_URING_SETUP, unix.SYS_BPF, unix.SYS_PERF_EVENT_OPEN, unix.SYS_USERFAULTFD, unix.SYS_KEYCTL, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY,
	unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_PIVOT_ROOT, unix.SYS_CHROOT, unix.SYS_FSOPEN, unix.SYS_FSMOUNT, unix.SYS_MOVE_MOUNT, unix.SYS_OPEN_TREE,
	unix.SYS_MOUNT_SETATTR, unix.SYS_UNSHARE, unix.SYS_SETNS, unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_MKNOD, unix.SYS_MKNODAT,
	unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE, unix.SYS_KEXEC_LOAD, unix.SYS_REBOOT, unix.SYS_SWAPON, unix.SYS_SWAPOFF,
}

var sockets = []uint32{unix.SYS_SOCKET, unix.SYS_SOCKETPAIR, unix.SYS_CONNECT, unix.SYS_BIND, unix.SYS_LISTEN, unix.SYS_ACCEPT, unix.SYS_ACCEPT4}

const (
	numberAt       = 0 // of struct seccomp_data
	architectureAt = 4
	x32            = 0x40000000
	allowCall      = 0x7fff0000 // SECCOMP_RET_ALLOW
	refuseCall     = 0x00050000 | uint32(unix.EPERM)
	killProcess    = 0x80000000
	setModeFilter  = 1
	forAllThreads  = 1 // SECCOMP_FILTER_FLAG_TSYNC
	getAction      = 2 // SECCOMP_GET_ACTION_AVAIL
)

func applySeccomp(rules Rules) (bool, error) {
	refused := never
	if !rules.Network {
		refused = append(append([]uint32{}, never...), sockets...)
	}
	filter := program(refused)
	code := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, setModeFilter, forAllThreads, uintptr(unsafe.Pointer(&code)))
	if errno == 0 {
		return true, nil
	}
	if isMissing(errno) {
		return false, nil
	}
	return false, errno
}

// program refuses the listed calls and those of the x32 interface, which have numbers of their own.
func program(refused []uint32) []unix.SockFilter {
	load := func(at uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: at}
	}
	end := func(action uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: action}
	}
	code := []unix.SockFilter{
		load(architectureAt),
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.AUDIT_ARCH_X86_64, Jt: 1},
		end(killProcess),
		load(numberAt),
		{Code: unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K, K: x32, Jf: 1},
		end(refuseCall),
	}
	for _, number := range refused {
		code = append(code, unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: number, Jf: 1}, end(refuseCall))
	}
	return append(code, end(allowCall))
}

func hasSeccomp() bool {
	action := uint32(refuseCall &^ 0xffff)
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, getAction, 0, uintptr(unsafe.Pointer(&action)))
	return errno == 0 || errors.Is(errno, unix.EFAULT)
}
