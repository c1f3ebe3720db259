package netgate

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"boxlite/internal/netdns"
	"boxlite/internal/netpolicy"
	"boxlite/internal/netwire"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
)

// HostName is what the guest calls the host's loopback address by.
const HostName = "host.boxlite.internal"

var loopback = netip.AddrFrom4([4]byte{127, 0, 0, 1})

// Listener hears of what was denied, and may be asked about it.
type Listener interface {
	// Denied returns once the guest may hear of it too.
	Denied(netpolicy.Denied)
	// Ask answers Nobody where there is nobody to ask.
	Ask(context.Context, netpolicy.Denied) Answer
}

// Host is what a gate needs of the machine that it runs on.
type Host struct {
	Dial     func(ctx context.Context, network, address string) (net.Conn, error)
	IsOwn    func(netip.Addr) bool
	Resolver netdns.Resolver
}

// Gate carries a guest's connections.
type Gate struct {
	card     *netwire.Endpoint
	stack    *stack.Stack
	host     Host
	listener Listener
	pins     *netdns.Pins
	report   *reporter
	asks     *asks

	mu     sync.Mutex
	policy *netpolicy.Policy
	flows  map[*flow]struct{}
	out    limit
	in     limit
	udp    limit
	// Datagrams whose denial is being told.
	denying limit
}

// New puts a gate together over a wire to the guest. Run starts it.
func New(wire *netwire.Wire, policy *netpolicy.Policy, host Host, listener Listener) (*Gate, error) {
	g := &Gate{
		card: netwire.NewEndpoint(wire), host: host, listener: listener, policy: policy,
		pins: netdns.NewPins(time.Now), report: newReporter(listener), asks: newAsks(listener),
		flows: map[*flow]struct{}{}, out: newLimit(mostOut), in: newLimit(mostIn), udp: newLimit(mostUDP), denying: newLimit(mostUDP),
	}
	var err error
	if g.stack, err = newStack(g.card); err != nil {
		return nil, err
	}
	g.stack.SetTransportProtocolHandler(tcp.ProtocolNumber, tcp.NewForwarder(g.stack, 0, mostHandshakes, g.forwardTCP).HandlePacket)
	g.stack.SetTransportProtocolHandler(udp.ProtocolNumber, g.forwardUDP)
	return g, g.serveNames()
}

// Run carries frames until the guest's end of the wire is gone.
func (g *Gate) Run() error { return g.card.Run() }

// Bytes counts the frames from and to the guest.
func (g *Gate) Bytes() (received, sent uint64) { return g.card.Received.Load(), g.card.Sent.Load() }

// ForgetNames has every name looked up anew.
func (g *Gate) ForgetNames() { g.pins.Forget() }

// SetPolicy takes effect at once: connections that it does not allow are cut.
func (g *Gate) SetPolicy(policy *netpolicy.Policy) {
	g.asks.forget()
	g.mu.Lock()
	g.policy = policy
	var cut []*flow
	for flow := range g.flows {
		if !policy.Connect(flow.target, g.host.IsOwn).Allowed {
			cut = append(cut, flow)
		}
	}
	g.mu.Unlock()
	for _, flow := range cut {
		flow.cut()
	}
}

func (g *Gate) serveNames() error {
	at := tcpip.FullAddress{NIC: nic, Addr: address(netwire.Gateway.As4()), Port: 53}
	packets, err := gonet.DialUDP(g.stack, &at, nil, ipv4.ProtocolNumber)
	if err != nil {
		return err
	}
	streams, err := gonet.ListenTCP(g.stack, at, ipv4.ProtocolNumber)
	if err != nil {
		return err
	}
	server := netdns.NewServer(keeper{g}, g.host.Resolver, g.pins)
	go func() { _ = server.ServePackets(packets) }()
	go func() { _ = server.ServeStreams(streams) }()
	return nil
}

// target is what a connection of the guest is really for: one address of its network stands for the host's loopback.
func (g *Gate) target(protocol string, id stack.TransportEndpointID) netpolicy.Target {
	addr := netip.AddrFrom4(id.LocalAddress.As4())
	if addr == netwire.Host {
		addr = loopback
	}
	names := g.pins.Names(addr)
	if addr == loopback {
		names = append(names, HostName)
	}
	return netpolicy.Target{Protocol: protocol, Addr: addr, Port: id.LocalPort, Names: names}
}

// flowOf is the same connection as the guest sees it.
func flowOf(target netpolicy.Target, id stack.TransportEndpointID) netpolicy.Flow {
	return netpolicy.Flow{
		Protocol: target.Protocol, SourcePort: id.RemotePort, IP: netip.AddrFrom4(id.LocalAddress.As4()), Port: id.LocalPort,
	}
}

func (g *Gate) decide(target netpolicy.Target) netpolicy.Verdict {
	if netwire.Subnet.Contains(target.Addr) {
		return netpolicy.Verdict{Rule: "gateway", Why: "the box's gateway serves nothing there"}
	}
	g.mu.Lock()
	policy := g.policy
	g.mu.Unlock()
	verdict := policy.Connect(target, g.host.IsOwn)
	if !verdict.Allowed && g.asks.granted(target, isPrivate(verdict)) {
		return netpolicy.Verdict{Allowed: true}
	}
	return verdict
}

// admit decides, reports and asks; it may take as long as an answer may. `once` is an answer for this connection alone.
func (g *Gate) admit(ctx context.Context, target netpolicy.Target, flow netpolicy.Flow) (isAllowed, once bool) {
	verdict := g.decide(target)
	if verdict.Allowed {
		return true, false
	}
	if !isPrivate(verdict) && g.asks.takeOnce(target) {
		return true, true
	}
	denied := netpolicy.DeniedConnection(target, verdict, flow)
	if verdict.Rule != "gateway" && g.asks.allow(ctx, denied) {
		return true, true
	}
	g.report.denied(denied)
	return false, false
}

func isPrivate(verdict netpolicy.Verdict) bool { return verdict.Rule == "private" }

// keeper is the gate as its name server sees it.
type keeper struct{ gate *Gate }

func (k keeper) MayLookUp(ctx context.Context, name string, flow netpolicy.Flow) bool {
	g := k.gate
	if name == HostName && len(k.Usable(name, []netip.Addr{loopback}, flow)) > 0 {
		g.pins.Add(name, []netip.Addr{loopback}, time.Minute)
		return true
	}
	g.mu.Lock()
	verdict := g.policy.Lookup(name)
	g.mu.Unlock()
	if verdict.Allowed || g.asks.grantedName(name) {
		return true
	}
	denied := netpolicy.DeniedLookup(name, netip.Addr{}, verdict, flow)
	if g.asks.allow(ctx, denied) {
		return true
	}
	g.report.denied(denied)
	return false
}

func (k keeper) Usable(name string, addrs []netip.Addr, flow netpolicy.Flow) []netip.Addr {
	g := k.gate
	g.mu.Lock()
	policy := g.policy
	g.mu.Unlock()
	var usable []netip.Addr
	var last netpolicy.Denied
	for _, addr := range addrs {
		verdict := policy.Answer(addr, g.host.IsOwn)
		if verdict.Allowed && addr == loopback {
			addr = netwire.Host
		}
		if verdict.Allowed && !(addr.IsLoopback()) {
			usable = append(usable, addr)
		} else {
			last = netpolicy.DeniedLookup(name, addr, verdict, flow)
		}
	}
	if len(usable) == 0 && len(addrs) > 0 {
		g.report.denied(last)
	}
	return slices.Compact(usable)
}
