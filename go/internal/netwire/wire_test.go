package netwire_test

import (
	"bytes"
	"testing"
	"time"

	"boxlite/internal/nettest"
	"boxlite/internal/netwire"
)

func opened(t *testing.T, outOfStep bool) (*netwire.Wire, interface{ Write([]byte) (int, error) }) {
	t.Helper()
	gateway, guest := nettest.Pair(t)
	wire, err := netwire.Open(gateway, outOfStep)
	if err != nil {
		t.Fatal(err)
	}
	return wire, guest
}

func TestFramesOfNoDeviceAreLeftOut(t *testing.T) {
	wire, guest := opened(t, false)
	good := append(nettest.Ethernet(0x0800), "packet"...)
	short, long := make([]byte, 13), make([]byte, 80_000)
	go func() {
		for _, frame := range [][]byte{short, {}, long, good} {
			_, _ = guest.Write(nettest.Frame(frame))
		}
	}()
	frame, err := wire.Read()
	if err != nil || !bytes.Equal(frame, good) {
		t.Fatalf("got %q, %v", frame, err)
	}
}

func TestAStreamThatIsOutOfStepIsFoundAgain(t *testing.T) {
	wire, guest := opened(t, true)
	first := append(nettest.Ethernet(0x0800), "cut in the middle"...)
	second := append(nettest.Ethernet(0x0800), "whole"...)
	third := append(nettest.Ethernet(0x0806), "after a length that no device writes"...)
	go func() {
		_, _ = guest.Write(nettest.Frame(first)[9:])
		_, _ = guest.Write(nettest.Frame(second))
		_, _ = guest.Write([]byte{0xff, 0xff, 0xff, 0xff, 1, 2, 3})
		_, _ = guest.Write(nettest.Frame(third))
	}()
	for _, want := range [][]byte{second, third} {
		frame, err := wire.Read()
		if err != nil || !bytes.Equal(frame, want) {
			t.Fatalf("got %q, %v", frame, err)
		}
	}
}

func TestAGuestThatDoesNotReadGetsWholeFramesOnly(t *testing.T) {
	gateway, guest := nettest.Pair(t)
	wire, err := netwire.Open(gateway, false)
	if err != nil {
		t.Fatal(err)
	}
	frame := bytes.Repeat([]byte{7}, 60_000)
	written := make(chan int, 1)
	go func() {
		count := 0
		for wire.Write(frame) == nil {
			count++
		}
		written <- count
	}()
	// The writer is held up by the kernel; then the wire ends under it.
	time.Sleep(50 * time.Millisecond)
	_ = wire.Close()
	held := 0
	buffer := make([]byte, 1<<20)
	for {
		count, err := guest.Read(buffer)
		held += count
		if err != nil {
			break
		}
	}
	if whole := <-written; held != whole*(len(frame)+4) {
		t.Fatalf("%d bytes of %d frames", held, whole)
	}
}
