package netgate

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"

	"boxlite/internal/netpolicy"
)

const (
	// Connections at once: out of the guest, into it, and conversations over UDP.
	mostOut = 512
	mostIn  = 512
	mostUDP = 256
	// Of connections that are being made.
	mostHandshakes = 256
	copyBytes      = 64 << 10
)

// flow is one connection that the policy allowed, and how to cut it.
type flow struct {
	target netpolicy.Target
	cut    func()
}

func (g *Gate) keep(f *flow) {
	g.mu.Lock()
	g.flows[f] = struct{}{}
	g.mu.Unlock()
}

func (g *Gate) forget(f *flow) {
	g.mu.Lock()
	delete(g.flows, f)
	g.mu.Unlock()
}

// limit counts what is open at once.
type limit struct{ slots chan struct{} }

func newLimit(most int) limit { return limit{make(chan struct{}, most)} }

func (l limit) take() bool {
	select {
	case l.slots <- struct{}{}:
		return true
	default:
		return false
	}
}

func (l limit) give() { <-l.slots }

// stream is a connection whose directions end one by one.
type stream interface {
	net.Conn
	CloseWrite() error
}

var buffers = sync.Pool{New: func() any { return new([copyBytes]byte) }}

// splice carries bytes both ways until both directions have ended. What broke on one side is broken on the other too.
func splice(a, b stream, reset func()) {
	var waiting sync.WaitGroup
	var isReset atomic.Bool
	carry := func(to, from stream) {
		defer waiting.Done()
		if err := copyStream(to, from); err != nil {
			if isReset.CompareAndSwap(false, true) {
				reset()
			}
			return
		}
		_ = to.CloseWrite()
	}
	waiting.Add(2)
	go carry(a, b)
	carry(b, a)
	waiting.Wait()
	_ = a.Close()
	_ = b.Close()
}

func copyStream(to io.Writer, from io.Reader) error {
	buffer := buffers.Get().(*[copyBytes]byte)
	defer buffers.Put(buffer)
	for {
		count, err := from.Read(buffer[:])
		if count > 0 {
			if _, err := to.Write(buffer[:count]); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// dropHost ends a connection of the host with a reset.
func dropHost(conn net.Conn) {
	if tcp, isTCP := conn.(*net.TCPConn); isTCP {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
