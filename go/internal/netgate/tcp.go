package netgate

import (
	"context"
	"net"
	"net/netip"
	"time"

	"boxlite/internal/netpolicy"
	"boxlite/internal/netwire"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/waiter"
)

const (
	dialTimeout = 10 * time.Second
	// Of a connection over which nothing goes: a peer that is gone is found.
	keepAlive = 30 * time.Second
)

// forwardTCP answers one SYN of the guest: a reset at once where it is denied, else what the host's connect says.
func (g *Gate) forwardTCP(request *tcp.ForwarderRequest) {
	id := request.ID()
	target := g.target(netpolicy.TCP, id)
	ctx, cancel := context.WithTimeout(context.Background(), dialTimeout)
	defer cancel()
	isAllowed, once := g.admit(ctx, target, flowOf(target, id))
	if !isAllowed || !g.out.take() {
		request.Complete(true)
		return
	}
	defer g.out.give()
	host, err := g.host.Dial(ctx, "tcp4", netip.AddrPortFrom(target.Addr, target.Port).String())
	if err != nil {
		request.Complete(true)
		return
	}
	var queue waiter.Queue
	endpoint, failed := request.CreateEndpoint(&queue)
	request.Complete(false)
	if failed != nil {
		dropHost(host)
		return
	}
	endpoint.SocketOptions().SetKeepAlive(true)
	interval := tcpip.KeepaliveIdleOption(keepAlive)
	_ = endpoint.SetSockOpt(&interval)
	guest := gonet.NewTCPConn(&queue, endpoint)
	reset := func() {
		endpoint.Abort()
		dropHost(host)
	}
	carried := &flow{target, reset}
	g.keep(carried)
	defer g.forget(carried)
	// A policy that was set since it was asked cuts it here, since it could not see it yet.
	if !once && !g.decide(target).Allowed {
		reset()
		return
	}
	splice(guest, host.(*net.TCPConn), reset)
}

// dialGuest connects to a port of the guest, as the gateway.
func (g *Gate) dialGuest(ctx context.Context, port uint16) (*gonet.TCPConn, error) {
	at := tcpip.FullAddress{NIC: nic, Addr: address(netwire.Guest.As4()), Port: port}
	from := tcpip.FullAddress{NIC: nic, Addr: address(netwire.Gateway.As4())}
	return gonet.DialTCPWithBind(ctx, g.stack, from, at, ipv4.ProtocolNumber)
}
