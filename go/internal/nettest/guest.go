// Package nettest is the guest's end of a wire for tests: a TCP/IP stack of its own, or raw frames.
package nettest

import (
	"bufio"
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"testing"

	"boxlite/internal/netwire"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/network/arp"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/icmp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
)

const nic = 1

// Pair makes the two ends of a wire, closed with the test.
func Pair(t testing.TB) (gateway, guest *net.UnixConn) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	ends := [2]*net.UnixConn{}
	for i, fd := range fds {
		file := os.NewFile(uintptr(fd), "wire")
		conn, err := net.FileConn(file)
		_ = file.Close()
		if err != nil {
			t.Fatal(err)
		}
		ends[i] = conn.(*net.UnixConn)
		t.Cleanup(func() { _ = conn.Close() })
	}
	return ends[0], ends[1]
}

// Guest is a machine on its wire.
type Guest struct {
	Stack *stack.Stack
	card  *card
}

// NewGuest gives a stack the guest's address on the wire.
func NewGuest(t testing.TB, conn net.Conn) *Guest {
	t.Helper()
	s := stack.New(stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol, arp.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol, udp.NewProtocol, icmp.NewProtocol4},
	})
	c := &card{conn: conn}
	if err := s.CreateNIC(nic, c); err != nil {
		t.Fatal(err)
	}
	with := tcpip.ProtocolAddress{Protocol: ipv4.ProtocolNumber, AddressWithPrefix: At(netwire.Guest, 0).Addr.WithPrefix()}
	if err := s.AddProtocolAddress(nic, with, stack.AddressProperties{}); err != nil {
		t.Fatal(err)
	}
	s.SetRouteTable([]tcpip.Route{{Destination: header.IPv4EmptySubnet, NIC: nic}})
	go c.run()
	return &Guest{s, c}
}

// Send puts one raw frame on the wire.
func (g *Guest) Send(parts ...[]byte) error {
	g.card.mu.Lock()
	defer g.card.mu.Unlock()
	_, err := g.card.conn.Write(Frame(parts...))
	return err
}

// DialTCP connects from the guest.
func (g *Guest) DialTCP(ctx context.Context, at netip.AddrPort) (*gonet.TCPConn, error) {
	return gonet.DialContextTCP(ctx, g.Stack, At(at.Addr(), at.Port()), ipv4.ProtocolNumber)
}

// DialUDP makes a conversation from the guest.
func (g *Guest) DialUDP(at netip.AddrPort) (*gonet.UDPConn, error) {
	to := At(at.Addr(), at.Port())
	return gonet.DialUDP(g.Stack, nil, &to, ipv4.ProtocolNumber)
}

// ListenTCP serves in the guest.
func (g *Guest) ListenTCP(port uint16) (net.Listener, error) {
	return gonet.ListenTCP(g.Stack, At(netwire.Guest, port), ipv4.ProtocolNumber)
}

// ListenUDP serves datagrams in the guest.
func (g *Guest) ListenUDP(port uint16) (net.PacketConn, error) {
	at := At(netwire.Guest, port)
	return gonet.DialUDP(g.Stack, &at, nil, ipv4.ProtocolNumber)
}

// At is an address as the stack has it.
func At(addr netip.Addr, port uint16) tcpip.FullAddress {
	return tcpip.FullAddress{NIC: nic, Addr: tcpip.AddrFrom4(addr.As4()), Port: port}
}

// Frame is one frame with its length before it.
func Frame(parts ...[]byte) []byte {
	frame := make([]byte, 4)
	for _, part := range parts {
		frame = append(frame, part...)
	}
	binary.BigEndian.PutUint32(frame, uint32(len(frame)-4))
	return frame
}

// Ethernet is the head of a frame from the guest to the gateway.
func Ethernet(protocol uint16) []byte {
	head := append(append([]byte{}, netwire.GatewayMAC[:]...), netwire.GuestMAC[:]...)
	return binary.BigEndian.AppendUint16(head, protocol)
}

// card is the guest's network card.
type card struct {
	conn       net.Conn
	mu         sync.Mutex
	dispatcher stack.NetworkDispatcher
}

func (c *card) run() {
	reader := bufio.NewReader(c.conn)
	for {
		var size [4]byte
		if _, err := io.ReadFull(reader, size[:]); err != nil {
			return
		}
		frame := make([]byte, binary.BigEndian.Uint32(size[:]))
		if _, err := io.ReadFull(reader, frame); err != nil {
			return
		}
		data := buffer.MakeWithData(frame)
		data.TrimFront(14)
		packet := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: data})
		c.dispatcher.DeliverNetworkPacket(tcpip.NetworkProtocolNumber(binary.BigEndian.Uint16(frame[12:14])), packet)
		packet.DecRef()
	}
}

func (c *card) WritePackets(packets stack.PacketBufferList) (int, tcpip.Error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, packet := range packets.AsSlice() {
		frame := Frame(append([][]byte{Ethernet(uint16(packet.NetworkProtocolNumber))}, packet.AsSlices()...)...)
		if _, err := c.conn.Write(frame); err != nil {
			return 0, &tcpip.ErrClosedForSend{}
		}
	}
	return packets.Len(), nil
}

func (c *card) MTU() uint32                                  { return netwire.MTU }
func (c *card) SetMTU(uint32)                                {}
func (c *card) MaxHeaderLength() uint16                      { return 0 }
func (c *card) LinkAddress() tcpip.LinkAddress               { return tcpip.LinkAddress(netwire.GuestMAC[:]) }
func (c *card) SetLinkAddress(tcpip.LinkAddress)             {}
func (c *card) Attach(dispatcher stack.NetworkDispatcher)    { c.dispatcher = dispatcher }
func (c *card) IsAttached() bool                             { return c.dispatcher != nil }
func (c *card) Wait()                                        {}
func (c *card) ARPHardwareType() header.ARPHardwareType      { return header.ARPHardwareEther }
func (c *card) AddHeader(*stack.PacketBuffer)                {}
func (c *card) ParseHeader(*stack.PacketBuffer) bool         { return true }
func (c *card) Close()                                       {}
func (c *card) SetOnCloseAction(func())                      {}
func (c *card) Capabilities() stack.LinkEndpointCapabilities { return stack.CapabilityNone }
