// Package netjail gives up what a gateway does not need, once everything is open: it keeps sockets of the Internet, and
// neither files nor programs nor the sockets of this machine. Its shim has taken its capabilities before.
package netjail

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Enter confines the whole process, every thread of it.
func Enter() error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("set no_new_privs: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("forbid dumps: %w", err)
	}
	if err := giveUpFiles(); err != nil {
		return err
	}
	return filterCalls()
}

// What each version of Landlock brought for files: <linux/landlock.h>.
var fileRights = []struct {
	abi    int
	rights uint64
}{{1, 1<<13 - 1}, {2, 1 << 13}, {3, 1 << 14}, {5, 1 << 15}}

type rulesetAttributes struct {
	files, net, scoped uint64
}

const (
	queryVersion   = 1
	scopesSince    = 6
	scopeAbstract  = 1
	scopeSignals   = 2
	filesOnlySize  = 8
	withScopesSize = 24
	createRuleset  = 444
	restrictSelf   = 446
)

// giveUpFiles enters Landlock without a rule: nothing can be opened by name any more. A kernel without it is said.
func giveUpFiles() error {
	abi, _, errno := syscall.Syscall(createRuleset, 0, 0, queryVersion)
	if errno != 0 {
		fmt.Fprintf(os.Stderr, "netd: no Landlock on this kernel (%v): the jail goes without it\n", errno)
		return nil
	}
	attributes, size := rulesetAttributes{}, uintptr(filesOnlySize)
	for _, one := range fileRights {
		if int(abi) >= one.abi {
			attributes.files |= one.rights
		}
	}
	if int(abi) >= scopesSince {
		attributes.scoped, size = scopeAbstract|scopeSignals, withScopesSize
	}
	ruleset, _, errno := syscall.Syscall(createRuleset, uintptr(unsafe.Pointer(&attributes)), size, 0)
	if errno != 0 {
		return fmt.Errorf("make a Landlock ruleset: %w", errno)
	}
	defer func() { _ = unix.Close(int(ruleset)) }()
	if _, _, errno := syscall.AllThreadsSyscall(restrictSelf, ruleset, 0, 0); errno != 0 {
		return fmt.Errorf("enter Landlock: %w", errno)
	}
	return nil
}

// filterCalls installs the filter for every thread, or for none.
func filterCalls() error {
	filter := program()
	of := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	_, _, errno := syscall.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&of)))
	if errno != 0 {
		return errors.Join(errors.New("install the seccomp filter"), errno)
	}
	return nil
}
