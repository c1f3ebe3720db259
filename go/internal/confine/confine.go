// Package confine takes from this process what it does not need, before it reads what strangers made: new privileges,
// capabilities, other programs, writing outside its own directories and, where it only builds, the network.
package confine

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Rules are what the work needs.
type Rules struct {
	// Write are directories below which everything may be done.
	Write []string
	// Read, where given, are the only other paths that may be read.
	Read []string
	// Network leaves sockets.
	Network bool
	// ReadAll keeps the capability to read files of other users, where the process has it.
	ReadAll bool
}

// Applied tells what of it this kernel does.
type Applied struct {
	// Landlock is the version of the kernel's interface; 0 where it has none.
	Landlock int  `json:"landlock"`
	Seccomp  bool `json:"seccomp"`
}

// Apply is for good, and for all threads. What the kernel does not have is left out; anything else that fails is an error.
func Apply(rules Rules) (Applied, error) {
	if err := everyThread(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0); err != nil {
		return Applied{}, fmt.Errorf("giving up new privileges: %w", err)
	}
	version, err := applyLandlock(rules)
	if err != nil {
		return Applied{}, fmt.Errorf("confining the files to be written: %w", err)
	}
	if err := dropCapabilities(kept(rules)); err != nil {
		return Applied{}, fmt.Errorf("giving up capabilities: %w", err)
	}
	filtered, err := applySeccomp(rules)
	if err != nil {
		return Applied{}, fmt.Errorf("confining system calls: %w", err)
	}
	return Applied{version, filtered}, nil
}

// Probe tells what Apply would do here, and does nothing.
func Probe() Applied {
	return Applied{landlockVersion(), hasSeccomp()}
}

// kept: none, but for root where files of others have to be read, or the directory to be written is another user's.
func kept(rules Rules) (capabilities uint64) {
	if rules.ReadAll {
		capabilities |= 1 << unix.CAP_DAC_READ_SEARCH
	}
	for _, path := range rules.Write {
		var stat unix.Stat_t
		if unix.Stat(path, &stat) == nil && stat.Uid != uint32(os.Geteuid()) {
			capabilities |= 1<<unix.CAP_DAC_OVERRIDE | 1<<unix.CAP_FOWNER
		}
	}
	return capabilities
}

func dropCapabilities(keep uint64) error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var have [2]unix.CapUserData
	if err := unix.Capget(&header, &have[0]); err != nil {
		return err
	}
	for i := range have {
		mask := uint32(keep >> (32 * i))
		have[i] = unix.CapUserData{Effective: have[i].Effective & mask, Permitted: have[i].Permitted & mask}
	}
	return everyThread(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&have[0])), 0)
}

// everyThread makes a call in all threads of the program; those made later take after the one that makes them.
//
//go:uintptrescapes
func everyThread(number, first, second, third uintptr) error {
	_, _, errno := syscall.AllThreadsSyscall(number, first, second, third)
	if errno == 0 {
		return nil
	}
	return errno
}

func isMissing(err error) bool {
	return errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.EINVAL)
}
