package store

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// Temp is a file in tmp. Its owner holds a flock on it; one that nobody holds belongs to the dead.
type Temp struct {
	File *os.File
	path string
}

// Temp makes a new temporary file.
func (s *Store) Temp() (*Temp, error) {
	for {
		path := s.path("tmp", randomName())
		file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL|unix.O_CLOEXEC, 0o600)
		if err != nil {
			return nil, fmt.Errorf("making a temporary file: %w", err)
		}
		if err := flock(file, unix.LOCK_EX); err != nil {
			file.Close()
			return nil, fmt.Errorf("locking a temporary file: %w", err)
		}
		// A sweep of another process may have come between making and locking.
		if isAt(file, path) {
			return &Temp{file, path}, nil
		}
		file.Close()
	}
}

// Discard removes the file, unless it was renamed, and closes it.
func (t *Temp) Discard() {
	if t.path != "" {
		_ = os.Remove(t.path)
	}
	t.File.Close()
}

func (t *Temp) rename(to string) error {
	if err := os.Rename(t.path, to); err != nil {
		return err
	}
	t.path = ""
	return nil
}

// sweep removes temporary files whose owner is dead.
func (s *Store) sweep() error {
	entries, err := os.ReadDir(s.path("tmp"))
	if err != nil {
		return err
	}
	for _, entry := range entries {
		path := s.path("tmp", entry.Name())
		file, err := os.OpenFile(path, os.O_RDWR|unix.O_CLOEXEC|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("clearing %s: %w", path, err)
		}
		// Held under the lock until it is gone, so that the name is still this file's.
		if flock(file, unix.LOCK_EX|unix.LOCK_NB) == nil && isAt(file, path) {
			err = os.Remove(path)
		}
		file.Close()
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("clearing %s: %w", path, err)
		}
	}
	return nil
}

func isAt(file *os.File, path string) bool {
	held, err := file.Stat()
	if err != nil {
		return false
	}
	named, err := os.Lstat(path)
	return err == nil && os.SameFile(held, named)
}

func flock(file *os.File, how int) error {
	for {
		if err := unix.Flock(int(file.Fd()), how); err != unix.EINTR {
			return err
		}
	}
}

func randomName() string {
	var raw [12]byte
	// Never fails (crypto/rand).
	_, _ = rand.Read(raw[:])
	return hex.EncodeToString(raw[:])
}
