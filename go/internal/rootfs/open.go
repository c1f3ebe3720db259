// Package rootfs reads a plain directory as an image. Every step is openat2(2) below the directory, through no link and
// no mount, so that nothing in it, changed meanwhile or not, leads elsewhere.
package rootfs

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"boxlite/internal/failure"
	"boxlite/internal/tree"
)

const inside = unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS | unix.RESOLVE_NO_XDEV

// openBelow opens a path in root; O_NOFOLLOW with O_PATH opens a link itself.
func openBelow(root *os.File, path string, flags uint64) (*os.File, error) {
	how := unix.OpenHow{Flags: flags | unix.O_CLOEXEC | unix.O_NOFOLLOW, Resolve: inside}
	for {
		fd, err := unix.Openat2(int(root.Fd()), path, &how)
		// EAGAIN: a rename elsewhere came between (openat2(2)); EINTR: a signal did.
		if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) {
			continue
		}
		if errors.Is(err, unix.ENOSYS) {
			return nil, failure.New(failure.Unsupported, "Use Linux 5.6 or later.", "The kernel has no openat2, which reading a directory safely needs.")
		}
		if err != nil {
			return nil, &os.PathError{Op: "open", Path: root.Name() + "/" + path, Err: err}
		}
		return os.NewFile(uintptr(fd), root.Name()+"/"+path), nil
	}
}

func openRoot(path string) (*os.File, error) {
	file, err := os.OpenFile(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	switch {
	case errors.Is(err, unix.ENOENT):
		return nil, failure.New(failure.ImageNotFound, "Check the path of the directory.", "There is no directory %s.", path)
	case errors.Is(err, unix.ENOTDIR):
		return nil, failure.New(failure.ImageInvalid, "Give a file as { archive }.", "%s is not a directory.", path)
	}
	return file, err
}

// xattrsOf reads the attributes of anything opened with O_PATH, a link too, by its name in /proc/self/fd.
func xattrsOf(file *os.File, fileOrDirectory bool) (map[string]string, error) {
	self := "/proc/self/fd/" + strconv.Itoa(int(file.Fd()))
	list, err := sized(func(buffer []byte) (int, error) { return unix.Listxattr(self, buffer) })
	if err != nil || len(list) == 0 {
		return nil, err
	}
	xattrs := map[string]string{}
	for key := range bytes.SplitSeq(bytes.TrimRight(list, "\x00"), []byte{0}) {
		if !keep(string(key), fileOrDirectory) {
			continue
		}
		value, err := sized(func(buffer []byte) (int, error) { return unix.Getxattr(self, string(key), buffer) })
		// Gone meanwhile, or not for this user to read.
		if errors.Is(err, unix.ENODATA) || errors.Is(err, unix.EPERM) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reading %s of %s: %w", key, file.Name(), err)
		}
		xattrs[string(key)] = string(value)
	}
	return xattrs, nil
}

// keep leaves out labels that mean something to this host's policies only.
func keep(key string, fileOrDirectory bool) bool {
	switch key {
	case "security.selinux", "security.ima", "security.evm", "security.apparmor":
		return false
	}
	return tree.KeepXattr(key, fileOrDirectory)
}

// sized calls with a growing buffer. File systems without attributes have none.
func sized(call func(buffer []byte) (int, error)) ([]byte, error) {
	for size := 256; ; size *= 4 {
		buffer := make([]byte, size)
		n, err := call(buffer)
		switch {
		case errors.Is(err, unix.ERANGE) && size < 1<<20:
			continue
		case errors.Is(err, unix.ENOTSUP):
			return nil, nil
		case err != nil:
			return nil, err
		}
		return buffer[:n], nil
	}
}
