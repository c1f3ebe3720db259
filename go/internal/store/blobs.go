package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// HasBlob tells whether a verified blob is there whole.
func (s *Store) HasBlob(hex string) bool {
	info, err := os.Lstat(s.BlobPath(hex))
	return err == nil && info.Mode().IsRegular()
}

// BlobPath is where a blob is once its digest was verified. The directory is laid out as that of an OCI layout.
func (s *Store) BlobPath(hex string) string { return s.path("blobs", "sha256", hex) }

// DropBlob forgets a blob that was found damaged.
func (s *Store) DropBlob(hex string) error {
	if err := os.Remove(s.BlobPath(hex)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing a damaged blob: %w", err)
	}
	return nil
}

// Partial is a blob on its way. It is named by its digest, so that the next process goes on where a dead one ended; the
// process at work on it holds a flock.
type Partial struct {
	File  *os.File
	store *Store
	path  string
	hex   string
}

// Partial waits for the one right to bring a blob; nil when the blob came meanwhile.
func (s *Store) Partial(ctx context.Context, hex string, waiting func()) (*Partial, error) {
	path := s.path("partial", hex)
	for !s.HasBlob(hex) {
		file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0o600)
		if err != nil {
			return nil, fmt.Errorf("opening a partial blob: %w", err)
		}
		if err := lockWait(ctx, file, waiting); err != nil {
			return nil, fmt.Errorf("locking a partial blob: %w", err)
		}
		// Whoever held it before may have finished the blob or given it up.
		if isAt(file, path) {
			return &Partial{File: file, store: s, path: path, hex: hex}, nil
		}
		file.Close()
	}
	return nil, nil
}

// Restart throws away what was received.
func (p *Partial) Restart() error {
	if err := p.File.Truncate(0); err != nil {
		return err
	}
	_, err := p.File.Seek(0, io.SeekStart)
	return err
}

// Commit gives the blob its name. Without fsync: blobs are verified again whenever they are read.
func (p *Partial) Commit() error {
	if err := os.Rename(p.path, p.store.BlobPath(p.hex)); err != nil {
		return err
	}
	return p.File.Close()
}

// Keep leaves what was received to the next process; nothing received leaves nothing.
func (p *Partial) Keep() {
	if info, err := p.File.Stat(); err == nil && info.Size() == 0 {
		p.Discard()
		return
	}
	p.File.Close()
}

// Discard leaves nothing.
func (p *Partial) Discard() {
	_ = os.Remove(p.path)
	p.File.Close()
}

// lockWait closes the file where it fails.
func lockWait(ctx context.Context, file *os.File, waiting func()) error {
	if flock(file, unix.LOCK_EX|unix.LOCK_NB) == nil {
		return nil
	}
	waiting()
	locked := make(chan error, 1)
	go func() { locked <- flock(file, unix.LOCK_EX) }()
	select {
	case err := <-locked:
		if err != nil {
			file.Close()
		}
		return err
	case <-ctx.Done():
		// The descriptor stays open until the process ends, which it now does.
		return ctx.Err()
	}
}

// Keep puts a small verified blob in place.
func (s *Store) Keep(hex string, content []byte) error {
	temp, err := s.Temp()
	if err != nil {
		return err
	}
	defer temp.Discard()
	if _, err := temp.File.Write(content); err != nil {
		return fmt.Errorf("writing a blob: %w", err)
	}
	return temp.rename(s.BlobPath(hex))
}
