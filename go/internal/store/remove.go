package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// locked are the parts whose files have an owner while a process works on them.
var locked = []string{"partial", "tmp", "locks"}

// Names lists a part of the store; a part that is not there is empty.
func (s *Store) Names(part string) ([]string, error) {
	entries, err := os.ReadDir(s.path(part))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("listing %s: %w", part, err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names, nil
}

// Remove deletes a file and tells what that gives back: nothing, where a box holds it by a link of its own. A file that a
// process is at work on is not gone.
func (s *Store) Remove(part, name string, dryRun bool) (freed int64, gone bool, err error) {
	path := s.path(part, name)
	file, err := os.OpenFile(path, os.O_RDWR|unix.O_CLOEXEC|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, false, nil
	}
	if err == nil {
		defer file.Close()
		// Under its lock: whoever waits for that finds the file gone. A whole disk or blob has none to heed.
		if slices.Contains(locked, part) && flock(file, unix.LOCK_EX|unix.LOCK_NB) != nil {
			return 0, false, nil
		}
	}
	var stat unix.Stat_t
	if err := unix.Lstat(path, &stat); err != nil {
		return 0, false, nil
	}
	if stat.Nlink == 1 {
		freed = stat.Blocks * 512
	}
	if dryRun {
		return freed, true, nil
	}
	if err := os.RemoveAll(path); err != nil {
		return 0, false, err
	}
	return freed, true, nil
}

// Bytes is what a file takes on the host's disk.
func (s *Store) Bytes(part, name string) int64 {
	var stat unix.Stat_t
	if unix.Lstat(s.path(part, name), &stat) != nil {
		return 0
	}
	return stat.Blocks * 512
}
