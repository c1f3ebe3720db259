package blob

import (
	"io"

	"boxlite/internal/failure"
)

const (
	aheadChunks = 4
	aheadBytes  = 256 << 10
)

// readAhead reads from another reader in a goroutine of its own, so that unpacking and using run side by side.
type readAhead struct {
	full    chan chunk
	free    chan []byte
	stop    chan struct{}
	stopped chan struct{}
	current chunk
	offset  int
}

type chunk struct {
	data []byte
	err  error
}

func newReadAhead(source io.Reader) *readAhead {
	r := &readAhead{
		full: make(chan chunk, aheadChunks), free: make(chan []byte, aheadChunks),
		stop: make(chan struct{}), stopped: make(chan struct{}),
	}
	for range aheadChunks {
		r.free <- make([]byte, aheadBytes)
	}
	go r.run(source)
	return r
}

func (r *readAhead) run(source io.Reader) {
	defer close(r.stopped)
	for {
		var buffer []byte
		select {
		case buffer = <-r.free:
		case <-r.stop:
			return
		}
		n := 0
		err := failure.Guard(func() (err error) {
			n, err = fill(source, buffer)
			return err
		})
		select {
		case r.full <- chunk{buffer[:n], err}:
		case <-r.stop:
			return
		}
		if err != nil {
			return
		}
	}
}

// fill reads until the buffer is full. Unlike io.ReadFull it keeps the reader's own error: an end is not a cut.
func fill(source io.Reader, buffer []byte) (int, error) {
	n := 0
	for n < len(buffer) {
		more, err := source.Read(buffer[n:])
		n += more
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

func (r *readAhead) Read(p []byte) (int, error) {
	for r.offset == len(r.current.data) {
		if r.current.err != nil {
			return 0, r.current.err
		}
		if r.current.data != nil {
			r.free <- r.current.data[:aheadBytes]
		}
		r.current, r.offset = <-r.full, 0
	}
	n := copy(p, r.current.data[r.offset:])
	r.offset += n
	return n, nil
}

// Close returns once the goroutine no longer touches its source.
func (r *readAhead) Close() {
	close(r.stop)
	<-r.stopped
}
