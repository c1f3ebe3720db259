// Package blob reads layers: unpacked, bounded and verified.
package blob

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"syscall"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"boxlite/internal/failure"
	"boxlite/internal/limits"
	"boxlite/internal/source"
)

// zstdMaxWindow is what zstd itself accepts without being told to (ZSTD_WINDOWLOG_LIMIT_DEFAULT).
const zstdMaxWindow = 128 << 20

// Stream is one layer's tar. Nothing read from it is to be trusted before Finish has returned nil.
type Stream struct {
	layer    source.Layer
	file     io.ReadCloser
	packed   *meter
	raw      *bufio.Reader
	unpacked *meter
	ahead    *readAhead
	closers  []func()
}

// Open begins to read a layer. done is told of every piece of the stored blob that was read.
func Open(ctx context.Context, layer source.Layer, bounds limits.Limits, done func(bytes int64)) (*Stream, error) {
	file, err := layer.Open()
	if err != nil {
		return nil, err
	}
	s := &Stream{layer: layer, file: file}
	s.packed = &meter{from: file, hash: sha256.New(), each: func(n int64) error {
		done(n)
		return ctx.Err()
	}}
	s.raw = bufio.NewReaderSize(s.packed, 256<<10)
	unpacked, err := s.unpack()
	if err != nil {
		defer s.Close()
		return nil, s.Blame(s.explain(err))
	}
	s.ahead = newReadAhead(unpacked)
	total := int64(0)
	s.unpacked = &meter{from: s.ahead, hash: sha256.New(), each: func(n int64) error {
		total += n
		return bounds.CheckLayer(layer.Name, max(layer.Size, 1), total)
	}}
	return s, nil
}

// unpack looks at the first bytes, not at the media type, as containerd's DetectCompression does.
func (s *Stream) unpack() (io.Reader, error) {
	switch source.Compression(s.raw) {
	case "gzip":
		return gzip.NewReader(s.raw)
	case "zstd":
		decoder, err := zstd.NewReader(s.raw, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(zstdMaxWindow), zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, err
		}
		s.closers = append(s.closers, decoder.Close)
		return decoder, nil
	}
	return s.raw, nil
}

func (s *Stream) Read(p []byte) (int, error) {
	n, err := s.unpacked.Read(p)
	if err != nil && err != io.EOF {
		err = s.explain(err)
	}
	return n, err
}

// Finish reads what is left, after the tar's end too, and compares both digests.
func (s *Stream) Finish() error {
	if _, err := io.Copy(io.Discard, struct{ io.Reader }{s}); err != nil {
		return s.Blame(err)
	}
	if err := s.finishPacked(); err != nil {
		return err
	}
	if found := s.unpacked.digest(); found != s.layer.DiffID.Hex {
		return failure.Invalid("Layer %s unpacks to sha256:%s, but the image says %s", s.layer.Name, found, s.layer.DiffID)
	}
	return nil
}

// Blame is the error to report when the tar inside could not be used: a damaged blob is the better reason.
func (s *Stream) Blame(err error) error {
	var known *failure.Failure
	if !errors.As(err, &known) || known.Code != failure.ImageInvalid {
		return err
	}
	s.stopAhead()
	if damaged := s.finishPacked(); damaged != nil {
		return damaged
	}
	return err
}

func (s *Stream) finishPacked() error {
	if _, err := io.Copy(io.Discard, struct{ io.Reader }{s.raw}); err != nil {
		return err
	}
	if want := s.layer.Digest.Hex; want != "" && s.packed.digest() != want {
		return failure.Invalid("Layer %s has the digest sha256:%s", s.layer.Name, s.packed.digest())
	}
	return nil
}

// explain names the layer in errors of the formats.
func (s *Stream) explain(err error) error {
	var known *failure.Failure
	if errors.As(err, &known) || errors.Is(err, context.Canceled) || isErrno(err) {
		return err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || err == io.EOF {
		return failure.Invalid("Layer %s is cut short", s.layer.Name)
	}
	return failure.Invalid("Layer %s cannot be unpacked: %v", s.layer.Name, err)
}

// Close ends all work on the layer.
func (s *Stream) Close() {
	s.stopAhead()
	for _, each := range s.closers {
		each()
	}
	s.file.Close()
}

func (s *Stream) stopAhead() {
	if s.ahead != nil {
		s.ahead.Close()
		s.ahead = nil
	}
}

// meter hashes and counts what passes.
type meter struct {
	from io.Reader
	hash hash.Hash
	each func(n int64) error
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.from.Read(p)
	m.hash.Write(p[:n])
	if more := m.each(int64(n)); more != nil {
		return n, more
	}
	return n, err
}

func (m *meter) digest() string { return hex.EncodeToString(m.hash.Sum(nil)) }

func isErrno(err error) bool {
	var number syscall.Errno
	return errors.As(err, &number)
}
