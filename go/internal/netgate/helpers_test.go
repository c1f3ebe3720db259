package netgate

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"boxlite/internal/netdns"
	"boxlite/internal/netpolicy"
	"boxlite/internal/nettest"
	"boxlite/internal/netwire"

	"golang.org/x/net/dns/dnsmessage"
)

const patience = 20 * time.Second

// stage is a gate with a guest on its wire, servers of the test behind its addresses, and what was denied.
type stage struct {
	gate  *Gate
	guest *nettest.Guest
	mu    sync.Mutex
	// What the host's connect leads to, by the address that was asked for.
	servers map[string]string
	names   map[string]netdns.Answer
	denied  []netpolicy.Denied
	answer  func(netpolicy.Denied) Answer
	asked   int
}

func newStage(t *testing.T, policy netpolicy.Policy) *stage {
	t.Helper()
	gateway, guest := nettest.Pair(t)
	s := &stage{servers: map[string]string{}, names: map[string]netdns.Answer{}}
	wire, err := netwire.Open(gateway, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := policy.Prepare(); err != nil {
		t.Fatal(err)
	}
	isOwn := func(addr netip.Addr) bool { return addr == netip.MustParseAddr("198.51.100.9") }
	if s.gate, err = New(wire, &policy, Host{s.dial, isOwn, s}, s); err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.gate.Run() }()
	s.guest = nettest.NewGuest(t, guest)
	return s
}

func (s *stage) dial(ctx context.Context, network, address string) (net.Conn, error) {
	s.mu.Lock()
	real, isThere := s.servers[network+" "+address]
	s.mu.Unlock()
	if !isThere {
		return nil, errors.New("nothing there")
	}
	return (&net.Dialer{}).DialContext(ctx, network, real)
}

func (s *stage) Lookup(_ context.Context, name dnsmessage.Name) (netdns.Answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	answer, isThere := s.names[netpolicy.CanonicalName(name.String())]
	if !isThere {
		return netdns.Answer{Code: dnsmessage.RCodeNameError}, nil
	}
	return answer, nil
}

func (s *stage) Denied(denied netpolicy.Denied) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.denied = append(s.denied, denied)
}

func (s *stage) Ask(_ context.Context, denied netpolicy.Denied) Answer {
	s.mu.Lock()
	s.asked++
	s.mu.Unlock()
	if s.answer == nil {
		return Nobody
	}
	return s.answer(denied)
}

func (s *stage) lastDenied(t *testing.T) netpolicy.Denied {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.denied) == 0 {
		t.Fatal("nothing was denied")
	}
	return s.denied[len(s.denied)-1]
}

// serve puts an echo server behind an address of the guest's world.
func (s *stage) serve(t *testing.T, address string) {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go echo(listener)
	s.mu.Lock()
	s.servers["tcp4 "+address] = listener.Addr().String()
	s.mu.Unlock()
}

func echo(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer func() { _ = conn.Close() }()
			_ = copyStream(conn, conn)
		}()
	}
}

func (s *stage) resolves(name string, ttl time.Duration, addrs ...string) {
	answer := netdns.Answer{TTL: ttl}
	for _, addr := range addrs {
		answer.Addrs = append(answer.Addrs, netip.MustParseAddr(addr))
	}
	s.mu.Lock()
	s.names[name] = answer
	s.mu.Unlock()
}

func (s *stage) connect(t *testing.T, address string) (net.Conn, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	conn, err := s.guest.DialTCP(ctx, netip.MustParseAddrPort(address))
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	return conn, nil
}

// lookUp asks the gateway's name server, as the guest.
func (s *stage) lookUp(t *testing.T, name string, kind dnsmessage.Type) (dnsmessage.RCode, []string) {
	t.Helper()
	conn, err := s.guest.DialUDP(netip.AddrPortFrom(netwire.Gateway, 53))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(patience))
	query := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: 7, RecursionDesired: true},
		Questions: []dnsmessage.Question{{Name: dnsmessage.MustNewName(name + "."), Type: kind, Class: dnsmessage.ClassINET}},
	}
	packed, err := query.Pack()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write(packed); err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 4096)
	count, err := conn.Read(buffer)
	if err != nil {
		t.Fatal(err)
	}
	var reply dnsmessage.Message
	if err := reply.Unpack(buffer[:count]); err != nil || reply.ID != 7 {
		t.Fatalf("%v, id %d", err, reply.ID)
	}
	var addrs []string
	for _, record := range reply.Answers {
		addrs = append(addrs, netip.AddrFrom4(record.Body.(*dnsmessage.AResource).A).String())
	}
	return reply.RCode, addrs
}
