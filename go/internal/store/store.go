// Package store keeps finished disks: <images>/disks/<hex>.ext4 with <hex>.json beside it, verified blobs of registries in
// <images>/blobs/sha256, those on their way in <images>/partial, temporary files in <images>/tmp and one lock file per
// image in <images>/locks.
package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/Microsoft/hcsshim/ext4/tar2ext4"
	"golang.org/x/sys/unix"

	"boxlite/internal/failure"
	"boxlite/internal/result"
)

const blockBytes = 4096

// Store is one images directory; many processes may share it.
type Store struct{ root string }

// Open makes the directories and clears away what dead processes left in tmp.
func Open(root string) (*Store, error) { return OpenWith(root, true) }

// OpenWith leaves tmp as it is where it is not to be swept.
func OpenWith(root string, sweeps bool) (*Store, error) {
	s := &Store{root}
	for _, dir := range []string{root, s.path("disks"), s.path("locks"), s.path("tmp"), s.path("partial"), s.path("blobs", "sha256")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("making %s: %w", dir, err)
		}
	}
	if !sweeps {
		return s, nil
	}
	return s, s.sweep()
}

// Root is the images directory.
func (s *Store) Root() string { return s.root }

func (s *Store) path(parts ...string) string {
	return filepath.Join(append([]string{s.root}, parts...)...)
}

// DiskPath is where the disk of a digest is, once it is whole.
func (s *Store) DiskPath(hex string) string { return s.path("disks", hex+".ext4") }

func (s *Store) resultPath(hex string) string { return s.path("disks", hex+".json") }

// Cached is the result of an earlier build, if its disk is there and whole.
func (s *Store) Cached(hex string) (result.Result, bool) {
	var res result.Result
	text, err := os.ReadFile(s.resultPath(hex))
	if err != nil || json.Unmarshal(text, &res) != nil || res.Digest != "sha256:"+hex {
		return res, false
	}
	disk, err := os.Open(s.DiskPath(hex))
	if err != nil {
		return res, false
	}
	defer disk.Close()
	info, err := disk.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return res, false
	}
	// A cut-off copy of a home has disks shorter than they say they are.
	if size, _, err := tar2ext4.Ext4FileSystemSize(disk); err != nil || size != info.Size() {
		return res, false
	}
	res.Disk, res.Cached = s.DiskPath(hex), true
	return res, true
}

// Lock waits for the one right to build an image. The kernel gives it back when its holder dies.
func (s *Store) Lock(ctx context.Context, hex string, waiting func()) (unlock func(), err error) {
	path := s.path("locks", hex)
	for {
		file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0o600)
		if err != nil {
			return nil, fmt.Errorf("opening the lock of the image: %w", err)
		}
		if err := lockWait(ctx, file, waiting); err != nil {
			return nil, fmt.Errorf("locking the image: %w", err)
		}
		// A sweep may have removed it meanwhile, and another process made a new one.
		if isAt(file, path) {
			return func() { file.Close() }, nil
		}
		file.Close()
	}
}

// Publish puts a finished disk in place. The result goes first: a disk without one is never seen, and a result without
// a disk counts as nothing.
func (s *Store) Publish(disk *Temp, res result.Result, hex string) (result.Result, error) {
	if err := disk.File.Sync(); err != nil {
		return res, fmt.Errorf("writing the disk: %w", err)
	}
	var stat unix.Stat_t
	if err := unix.Fstat(int(disk.File.Fd()), &stat); err != nil {
		return res, err
	}
	if stat.Size == 0 || stat.Size%blockBytes != 0 {
		return res, failure.New(failure.Store, "Report this.", "The disk has an odd size: %d bytes.", stat.Size)
	}
	res.Disk, res.DiskBytes = s.DiskPath(hex), stat.Blocks*512
	if err := s.writeResult(res, hex); err != nil {
		return res, err
	}
	if err := disk.rename(s.DiskPath(hex)); err != nil {
		return res, err
	}
	return res, syncDirectory(s.path("disks"))
}

func (s *Store) writeResult(res result.Result, hex string) error {
	text, err := json.Marshal(res)
	if err != nil {
		return err
	}
	temp, err := s.Temp()
	if err != nil {
		return err
	}
	defer temp.Discard()
	if _, err := temp.File.Write(append(text, '\n')); err != nil {
		return err
	}
	if err := temp.File.Sync(); err != nil {
		return err
	}
	return temp.rename(s.resultPath(hex))
}

// FreeBytes is what this user may still write.
func (s *Store) FreeBytes() (int64, error) {
	var stat unix.Statfs_t
	if err := unix.Statfs(s.root, &stat); err != nil {
		return 0, fmt.Errorf("asking for the free space of %s: %w", s.root, err)
	}
	return int64(stat.Bavail) * stat.Frsize, nil
}

func syncDirectory(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	defer dir.Close()
	// Some file systems have nothing to sync in a directory.
	if err := dir.Sync(); err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, fs.ErrInvalid) {
		return err
	}
	return nil
}
