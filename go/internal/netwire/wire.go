// Package netwire carries Ethernet frames between the guest's network device and the stack: a byte stream of frames,
// each behind its length as four bytes, big endian, as QEMU's stream backend and libkrun speak it.
package netwire

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"

	"golang.org/x/sys/unix"
)

const (
	// MTU of both sides: the largest that libkrun's receive buffers hold.
	MTU         = 65520
	headerBytes = 14
	lengthBytes = 4
	maxFrame    = MTU + headerBytes
	readBytes   = 256 * 1024
	// Past this no device wrote the length: the stream is out of step.
	absurdFrame = 1 << 20
)

// The addresses of the two ends, on every box's own network.
var (
	GatewayMAC = [6]byte{0x5a, 0x94, 0xef, 0xe4, 0x0c, 0xdd}
	GuestMAC   = [6]byte{0x5a, 0x94, 0xef, 0xe4, 0x0c, 0xee}
	broadcast  = [6]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
)

// Wire is the stream to the guest's device.
type Wire struct {
	conn *net.UnixConn
	raw  interface {
		Write(func(uintptr) bool) error
	}
	reader *bufio.Reader
	// A frame is written when so many bytes at most wait: the kernel then takes it whole.
	mostWaiting int
	mu          sync.Mutex
	buffer      []byte
	// Where a process before this one died in the middle of a frame.
	outOfStep bool
}

// Open takes over a connected stream socket. With outOfStep it first looks for where a frame begins.
func Open(conn *net.UnixConn, outOfStep bool) (*Wire, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	_ = conn.SetWriteBuffer(4 << 20)
	size := 0
	if err := raw.Control(func(fd uintptr) { size, err = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_SNDBUF) }); err != nil {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("ask for the size of the send buffer: %w", err)
	}
	return &Wire{
		conn: conn, raw: raw, reader: bufio.NewReaderSize(conn, readBytes), outOfStep: outOfStep,
		// Below this the kernel counts the socket as writable, and wakes who waits: unix_writable().
		mostWaiting: size / 4,
		buffer:      make([]byte, 0, lengthBytes+maxFrame),
	}, nil
}

// Read gives the next frame, good until the next call. Frames that no device sends are left out.
func (w *Wire) Read() ([]byte, error) {
	for {
		if w.outOfStep {
			if err := w.findFrame(); err != nil {
				return nil, err
			}
			w.outOfStep = false
		}
		head, err := w.reader.Peek(lengthBytes)
		if err != nil {
			return nil, err
		}
		size := int(binary.BigEndian.Uint32(head))
		if size > absurdFrame {
			w.outOfStep = true
			continue
		}
		if _, err := w.reader.Discard(lengthBytes); err != nil {
			return nil, err
		}
		if size < headerBytes || size > maxFrame {
			if _, err := w.reader.Discard(size); err != nil {
				return nil, err
			}
			continue
		}
		frame := make([]byte, size)
		if _, err := io.ReadFull(w.reader, frame); err != nil {
			return nil, err
		}
		return frame, nil
	}
}

// findFrame skips to what looks like the beginning of a frame of our guest: a length, and the two addresses.
func (w *Wire) findFrame() error {
	for {
		head, err := w.reader.Peek(lengthBytes + headerBytes)
		if err != nil {
			return err
		}
		if beginsFrame(head) {
			return nil
		}
		if _, err := w.reader.Discard(1); err != nil {
			return err
		}
	}
}

func beginsFrame(head []byte) bool {
	size := binary.BigEndian.Uint32(head)
	to, from := [6]byte(head[4:10]), [6]byte(head[10:16])
	return size >= headerBytes && size <= maxFrame && (to == GatewayMAC || to == broadcast) && from == GuestMAC
}

var errTooLong = errors.New("a frame longer than the guest takes")

// Write sends one frame whole or not at all, so that a death between two of them leaves the stream in step.
func (w *Wire) Write(parts ...[]byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.buffer = w.buffer[:lengthBytes]
	for _, part := range parts {
		if len(w.buffer)+len(part) > lengthBytes+maxFrame {
			return errTooLong
		}
		w.buffer = append(w.buffer, part...)
	}
	binary.BigEndian.PutUint32(w.buffer, uint32(len(w.buffer)-lengthBytes))
	rest := w.buffer
	var failed error
	err := w.raw.Write(func(fd uintptr) bool {
		waiting, err := unix.IoctlGetInt(int(fd), unix.SIOCOUTQ)
		if err == nil && waiting > w.mostWaiting && len(rest) == len(w.buffer) {
			return false
		}
		count, err := unix.SendmsgN(int(fd), rest, nil, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
		if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) {
			return false
		}
		if err != nil {
			failed = err
			return true
		}
		rest = rest[count:]
		return len(rest) == 0
	})
	return errors.Join(err, failed)
}

// Close ends both directions.
func (w *Wire) Close() error { return w.conn.Close() }
