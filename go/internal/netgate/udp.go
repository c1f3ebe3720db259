package netgate

import (
	"context"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"boxlite/internal/netpolicy"
	"boxlite/internal/netwire"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
	"gvisor.dev/gvisor/pkg/waiter"
)

// A conversation over UDP ends when nothing was said for so long.
const udpIdle = 60 * time.Second

const largestDatagram = 65507

// forwardUDP takes the first datagram of a conversation. False has the stack answer it with an ICMP unreachable.
func (g *Gate) forwardUDP(id stack.TransportEndpointID, packet *stack.PacketBuffer) bool {
	target := g.target(netpolicy.UDP, id)
	if !g.decide(target).Allowed {
		return g.denyUDP(target, flowOf(target, id), packet)
	}
	if !g.udp.take() {
		return false
	}
	return udp.NewForwarder(g.stack, func(request *udp.ForwarderRequest) {
		var queue waiter.Queue
		endpoint, err := request.CreateEndpoint(&queue)
		if err != nil {
			g.udp.give()
			return
		}
		go g.converse(gonet.NewUDPConn(&queue, endpoint), target)
	}).HandlePacket(id, packet)
}

// denyUDP takes longer than the stack can wait. A datagram that is allowed only now is lost, as any may be, and its
// sender sends it again.
func (g *Gate) denyUDP(target netpolicy.Target, flow netpolicy.Flow, packet *stack.PacketBuffer) bool {
	if !g.denying.take() {
		return false
	}
	kept := packet.Clone()
	go func() {
		defer g.denying.give()
		defer kept.DecRef()
		if isAllowed, _ := g.admit(context.Background(), target, flow); !isAllowed {
			g.sayUnreachable(kept)
		}
	}()
	return true
}

func (g *Gate) sayUnreachable(packet *stack.PacketBuffer) {
	if ip, canReject := g.stack.NetworkProtocolInstance(ipv4.ProtocolNumber).(stack.RejectIPv4WithHandler); canReject {
		_ = ip.SendRejectionError(packet, stack.RejectIPv4WithICMPPortUnreachable, true)
	}
}

func (g *Gate) converse(guest net.Conn, target netpolicy.Target) {
	defer g.udp.give()
	ctx, cancel := context.WithTimeout(context.Background(), dialTimeout)
	defer cancel()
	host, err := g.host.Dial(ctx, "udp4", netip.AddrPortFrom(target.Addr, target.Port).String())
	if err != nil {
		_ = guest.Close()
		return
	}
	carried := &flow{target, func() {
		_ = guest.Close()
		_ = host.Close()
	}}
	g.keep(carried)
	defer g.forget(carried)
	if !g.decide(target).Allowed {
		carried.cut()
		return
	}
	exchangeDatagrams(guest, host)
}

// exchangeDatagrams carries datagrams both ways until neither side has said anything for a while, or one is gone.
func exchangeDatagrams(a, b net.Conn) {
	var last atomic.Int64
	last.Store(time.Now().UnixNano())
	done := make(chan struct{})
	carry := func(to, from net.Conn) {
		buffer := make([]byte, largestDatagram)
		for {
			_ = from.SetReadDeadline(time.Now().Add(udpIdle))
			count, err := from.Read(buffer)
			if err != nil {
				isIdle := time.Since(time.Unix(0, last.Load())) >= udpIdle
				if timeout, isNet := err.(net.Error); isNet && timeout.Timeout() && !isIdle {
					continue
				}
				return
			}
			last.Store(time.Now().UnixNano())
			if _, err := to.Write(buffer[:count]); err != nil {
				return
			}
		}
	}
	go func() {
		defer close(done)
		carry(a, b)
		_ = a.Close()
		_ = b.Close()
	}()
	carry(b, a)
	_ = a.Close()
	_ = b.Close()
	<-done
}

// dialGuestUDP makes a conversation with a port of the guest, as the gateway.
func (g *Gate) dialGuestUDP(port uint16) (net.Conn, error) {
	from := tcpip.FullAddress{NIC: nic, Addr: address(netwire.Gateway.As4())}
	at := tcpip.FullAddress{NIC: nic, Addr: address(netwire.Guest.As4()), Port: port}
	return gonet.DialUDP(g.stack, &from, &at, ipv4.ProtocolNumber)
}
