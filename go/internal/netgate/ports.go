package netgate

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Port is a port of the guest that is published on the host.
type Port struct {
	Guest    uint16 `json:"guest"`
	Host     uint16 `json:"host"`
	Bind     string `json:"bind"`
	Protocol string `json:"protocol"`
}

// Failure is an error as the library knows it.
type Failure struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

func (f *Failure) Error() string { return f.Message }

// Published is an open port; Close lets go of it and of its connections.
type Published struct {
	Port
	close func()
}

func (p *Published) Close() { p.close() }

// Publish opens a port on the host and gives it with the number that it got.
func (g *Gate) Publish(port Port) (*Published, error) {
	bind, err := netip.ParseAddr(port.Bind)
	if err != nil || !bind.Is4() {
		return nil, &Failure{Code: "invalid-argument", Message: fmt.Sprintf("%q is no IPv4 address to publish on", port.Bind)}
	}
	at := netip.AddrPortFrom(bind, port.Host).String()
	if port.Protocol == "udp" {
		return g.publishUDP(port, at)
	}
	listener, err := net.Listen("tcp4", at)
	if err != nil {
		return nil, publishFailure(port, at, err)
	}
	port.Host = uint16(listener.Addr().(*net.TCPAddr).Port)
	connections := &connections{open: map[net.Conn]struct{}{}}
	go g.acceptTCP(listener, port.Guest, connections)
	return &Published{port, func() {
		_ = listener.Close()
		connections.closeAll()
	}}, nil
}

func (g *Gate) acceptTCP(listener net.Listener, guest uint16, connections *connections) {
	for {
		conn, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			// Out of descriptors, or a connection that ended before it was taken.
			time.Sleep(10 * time.Millisecond)
			continue
		}
		if !g.in.take() {
			dropHost(conn)
			continue
		}
		go func() {
			defer g.in.give()
			if connections.add(conn) {
				defer connections.remove(conn)
				g.serveConnection(conn.(*net.TCPConn), guest)
			}
		}()
	}
}

func (g *Gate) serveConnection(host *net.TCPConn, port uint16) {
	ctx, cancel := context.WithTimeout(context.Background(), dialTimeout)
	guest, err := g.dialGuest(ctx, port)
	cancel()
	if err != nil {
		dropHost(host)
		return
	}
	splice(guest, host, func() {
		_ = guest.Close()
		dropHost(host)
	})
}

func (g *Gate) publishUDP(port Port, at string) (*Published, error) {
	conn, err := net.ListenPacket("udp4", at)
	if err != nil {
		return nil, publishFailure(port, at, err)
	}
	port.Host = uint16(conn.LocalAddr().(*net.UDPAddr).Port)
	connections := &connections{open: map[net.Conn]struct{}{}}
	go g.serveDatagrams(conn.(*net.UDPConn), port.Guest, connections)
	return &Published{port, func() {
		_ = conn.Close()
		connections.closeAll()
	}}, nil
}

// serveDatagrams keeps a conversation with the guest for each peer, so that its answers find back.
func (g *Gate) serveDatagrams(conn *net.UDPConn, port uint16, connections *connections) {
	var mu sync.Mutex
	peers := map[netip.AddrPort]net.Conn{}
	buffer := make([]byte, largestDatagram)
	for {
		count, peer, err := conn.ReadFromUDPAddrPort(buffer)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		mu.Lock()
		guest := peers[peer]
		mu.Unlock()
		if guest == nil {
			if guest = g.meetPeer(port, connections); guest == nil {
				continue
			}
			mu.Lock()
			peers[peer] = guest
			mu.Unlock()
			go func() {
				defer g.udp.give()
				answerPeer(conn, peer, guest)
				connections.remove(guest)
				mu.Lock()
				delete(peers, peer)
				mu.Unlock()
			}()
		}
		_, _ = guest.Write(buffer[:count])
	}
}

func (g *Gate) meetPeer(port uint16, connections *connections) net.Conn {
	if !g.udp.take() {
		return nil
	}
	guest, err := g.dialGuestUDP(port)
	if err == nil && connections.add(guest) {
		return guest
	}
	g.udp.give()
	return nil
}

func answerPeer(conn *net.UDPConn, peer netip.AddrPort, guest net.Conn) {
	defer func() { _ = guest.Close() }()
	buffer := make([]byte, largestDatagram)
	for {
		_ = guest.SetReadDeadline(time.Now().Add(udpIdle))
		count, err := guest.Read(buffer)
		if err != nil {
			return
		}
		if _, err := conn.WriteToUDPAddrPort(buffer[:count], peer); err != nil {
			return
		}
	}
}

// connections of one published port, to be closed with it.
type connections struct {
	mu     sync.Mutex
	open   map[net.Conn]struct{}
	closed bool
}

func (c *connections) add(conn net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		_ = conn.Close()
		return false
	}
	c.open[conn] = struct{}{}
	return true
}

func (c *connections) remove(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, conn)
}

func (c *connections) closeAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for conn := range c.open {
		_ = conn.Close()
	}
}

func publishFailure(port Port, at string, err error) error {
	what := fmt.Sprintf("Publishing the guest's %s port %d on %s", port.Protocol, port.Guest, at)
	switch {
	case errors.Is(err, unix.EADDRINUSE):
		return &Failure{"port-in-use", fmt.Sprintf("%s: port %d is in use", what, port.Host), "Choose another host port, or leave `host` out to get a free one."}
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		return &Failure{"permission", what + " is not permitted", "Choose a host port of 1024 or more."}
	case errors.Is(err, unix.EADDRNOTAVAIL):
		return &Failure{"invalid-argument", what + ": the host has no such address", "Pass an address of this host for `bind`."}
	}
	return &Failure{"boot-failed", fmt.Sprintf("%s: %v", what, err), ""}
}
