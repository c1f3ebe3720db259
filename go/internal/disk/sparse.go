package disk

import (
	"bytes"
	"io"
	"os"
)

const block = 4096

var zeroBlock [block]byte

// sparse writes a new file and leaves holes where whole blocks of zeroes would be.
type sparse struct {
	file *os.File
	at   int64
	end  int64 // nothing was written from here on
}

func (s *sparse) Read(p []byte) (int, error) {
	n, err := s.file.ReadAt(p, s.at)
	s.at += int64(n)
	return n, err
}

func (s *sparse) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += s.at
	case io.SeekEnd:
		offset += s.end
	}
	s.at = offset
	return offset, nil
}

func (s *sparse) Write(p []byte) (int, error) {
	done := 0
	for done < len(p) {
		hole := s.holes(p[done:])
		done += hole
		s.at += int64(hole)
		data := s.data(p[done:])
		n, err := s.file.WriteAt(p[done:done+data], s.at)
		done += n
		s.at += int64(n)
		if err != nil {
			return done, err
		}
		s.end = max(s.end, s.at)
	}
	return done, nil
}

// holes is how many bytes at the start need not be written.
func (s *sparse) holes(p []byte) int {
	n := 0
	for s.at >= s.end && (s.at+int64(n))%block == 0 && len(p)-n >= block && bytes.Equal(p[n:n+block], zeroBlock[:]) {
		n += block
	}
	return n
}

// data is how many bytes at the start go out in one write: up to the next hole.
func (s *sparse) data(p []byte) int {
	if len(p) == 0 {
		return 0
	}
	n := min(len(p), block-int(s.at%block))
	for len(p)-n >= block && !bytes.Equal(p[n:n+block], zeroBlock[:]) {
		n += block
	}
	if len(p)-n < block {
		n = len(p)
	}
	return n
}

// finish gives the file its full length, which may end in a hole.
func (s *sparse) finish() error { return s.file.Truncate(max(s.at, s.end)) }
