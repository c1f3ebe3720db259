// Package disk writes a tar as an ext4 file system.
package disk

import (
	"errors"
	"io"
	"os"
	"strings"
	"syscall"

	"github.com/Microsoft/hcsshim/ext4/tar2ext4"

	"boxlite/internal/failure"
	"boxlite/internal/limits"
)

// LostFound is a directory that the writer always makes. StandIn is a name as long, for an image's own file.
const (
	LostFound = "lost+found"
	StandIn   = "lost-found"
)

// Write puts what feed writes, one clean tar, on the new file as a read-only ext4 of whole blocks: no journal, no
// lost+found of its own, no whiteout conversion (the tar has none) and no VHD footer. lostFound is what the tar calls
// the image's own /lost+found: LostFound for a directory, a stand-in for anything else, "" where there is none.
func Write(file *os.File, maxBytes int64, lostFound string, feed func(io.Writer) error) error {
	reader, writer := io.Pipe()
	fed := make(chan error, 1)
	go func() {
		err := failure.Guard(func() error { return feed(writer) })
		writer.CloseWithError(err)
		fed <- err
	}()
	target := &sparse{file: file}
	err := failure.Guard(func() error {
		return tar2ext4.Convert(reader, target, tar2ext4.MaximumDiskSize(maxBytes))
	})
	if err == nil {
		// What follows the tar's end.
		_, err = io.Copy(io.Discard, reader)
	}
	reader.CloseWithError(ErrStopped)
	if cause := <-fed; cause != nil && !errors.Is(cause, ErrStopped) {
		return cause
	}
	if err != nil {
		return explain(err, maxBytes)
	}
	if err := target.finish(); err != nil {
		return err
	}
	return tidy(file, lostFound)
}

// ErrStopped is what feed meets when the disk cannot be written; Write then gives the reason.
var ErrStopped = errors.New("the disk's writer has stopped")

func explain(err error, maxBytes int64) error {
	var number syscall.Errno
	if errors.As(err, &number) {
		return err
	}
	if strings.Contains(err.Error(), "exceeded maximum size") {
		return failure.New(failure.Limit, "Use a smaller image.", "The image does not fit on a disk of %d bytes.", maxBytes)
	}
	return failure.Invalid("The image's file system cannot be written: %v", err)
}

// MaxBytes is room for an image at its limit, metadata included.
func MaxBytes(bounds limits.Limits) int64 { return bounds.ImageBytes + bounds.ImageBytes/4 + 8<<30 }
