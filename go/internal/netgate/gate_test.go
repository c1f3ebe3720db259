package netgate

import (
	"bytes"
	"io"
	"net"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"boxlite/internal/netpolicy"

	"golang.org/x/net/dns/dnsmessage"
)

func allowing(rules ...netpolicy.Rule) netpolicy.Policy {
	return netpolicy.Policy{Mode: netpolicy.Rules, Allow: rules}
}

func say(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	if _, err := conn.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	heard := make([]byte, len(text))
	if _, err := io.ReadFull(conn, heard); err != nil || string(heard) != text {
		t.Fatalf("heard %q, %v", heard, err)
	}
}

func TestAnAllowedConnectionCarriesBytesBothWaysAndEndsInHalves(t *testing.T) {
	s := newStage(t, netpolicy.Policy{Mode: netpolicy.Public})
	s.serve(t, "203.0.113.5:80")
	conn, err := s.connect(t, "203.0.113.5:80")
	if err != nil {
		t.Fatal(err)
	}
	sent := bytes.Repeat([]byte("0123456789abcdef"), 256<<10)
	go func() {
		_, _ = conn.Write(sent)
		_ = conn.(interface{ CloseWrite() error }).CloseWrite()
	}()
	heard, err := io.ReadAll(conn)
	if err != nil || !bytes.Equal(heard, sent) {
		t.Fatalf("heard %d of %d bytes, %v", len(heard), len(sent), err)
	}
}

func TestADeniedConnectionIsResetAtOnceAndTold(t *testing.T) {
	s := newStage(t, allowing(netpolicy.Rule{Host: "a.example"}))
	s.serve(t, "203.0.113.5:80")
	began := time.Now()
	_, err := s.connect(t, "203.0.113.5:80")
	if err == nil || !strings.Contains(err.Error(), "refused") {
		t.Fatalf("got %v", err)
	}
	if took := time.Since(began); took > patience/4 {
		t.Fatalf("took %v", took)
	}
	denied := s.lastDenied(t)
	if denied.IP != "203.0.113.5" || denied.Port != 80 || denied.Protocol != "tcp" || denied.Rule != "not-allowed" {
		t.Fatalf("got %+v", denied)
	}
}

func TestNothingBehindAnAllowedAddressIsRefusedToo(t *testing.T) {
	s := newStage(t, netpolicy.Policy{Mode: netpolicy.Public})
	if _, err := s.connect(t, "203.0.113.5:81"); err == nil || len(s.denied) != 0 {
		t.Fatalf("got %v and %v", err, s.denied)
	}
}

func TestANameOpensItsAddressAndNoOther(t *testing.T) {
	s := newStage(t, allowing(netpolicy.Rule{Host: "a.example", Ports: []uint16{80}}))
	s.serve(t, "203.0.113.5:80")
	s.serve(t, "203.0.113.5:81")
	s.resolves("a.example", time.Minute, "203.0.113.5")
	if _, err := s.connect(t, "203.0.113.5:80"); err == nil {
		t.Fatal("the address is open before its name led to it")
	}
	code, addrs := s.lookUp(t, "A.example", dnsmessage.TypeA)
	if code != dnsmessage.RCodeSuccess || !reflect.DeepEqual(addrs, []string{"203.0.113.5"}) {
		t.Fatalf("got %v %v", code, addrs)
	}
	conn, err := s.connect(t, "203.0.113.5:80")
	if err != nil {
		t.Fatal(err)
	}
	say(t, conn, "hello")
	if _, err := s.connect(t, "203.0.113.5:81"); err == nil {
		t.Fatal("a port that the rule does not name is open")
	}
	if denied := s.lastDenied(t); denied.Host != "a.example" || !strings.Contains(denied.Message, "'a.example:81'") {
		t.Fatalf("got %+v", denied)
	}
}

func TestANameThatTurnsToAPrivateAddressIsDenied(t *testing.T) {
	s := newStage(t, allowing(netpolicy.Rule{Host: "a.example"}))
	s.serve(t, "10.0.0.1:80")
	s.resolves("a.example", 0, "203.0.113.5")
	if code, _ := s.lookUp(t, "a.example", dnsmessage.TypeA); code != dnsmessage.RCodeSuccess {
		t.Fatal(code)
	}
	s.resolves("a.example", 0, "10.0.0.1")
	// While the first answer is good, it stays.
	if _, addrs := s.lookUp(t, "a.example", dnsmessage.TypeA); !reflect.DeepEqual(addrs, []string{"203.0.113.5"}) {
		t.Fatalf("got %v", addrs)
	}
	s.resolves("b.example", 0, "10.0.0.1")
	s.gate.SetPolicy(prepared(t, allowing(netpolicy.Rule{Host: "b.example"})))
	if code, addrs := s.lookUp(t, "b.example", dnsmessage.TypeA); code != dnsmessage.RCodeRefused || addrs != nil {
		t.Fatalf("got %v %v", code, addrs)
	}
	if denied := s.lastDenied(t); denied.IP != "10.0.0.1" || denied.Rule != "private" {
		t.Fatalf("got %+v", denied)
	}
	// A guest that knows the address all the same gets no further.
	if _, err := s.connect(t, "10.0.0.1:80"); err == nil || s.lastDenied(t).Rule != "private" {
		t.Fatalf("got %v", err)
	}
}

func TestOnlyAllowedNamesAreLookedUp(t *testing.T) {
	s := newStage(t, allowing(netpolicy.Rule{Host: "a.example"}))
	s.resolves("a.example", time.Minute, "203.0.113.5")
	s.resolves("data.a.example", time.Minute, "203.0.113.5")
	cases := []struct {
		name string
		kind dnsmessage.Type
		code dnsmessage.RCode
	}{
		{"a.example", dnsmessage.TypeA, dnsmessage.RCodeSuccess},
		{"a.example", dnsmessage.TypeAAAA, dnsmessage.RCodeSuccess},
		{"data.a.example", dnsmessage.TypeA, dnsmessage.RCodeRefused},
		{"data.a.example", dnsmessage.TypeTXT, dnsmessage.RCodeNotImplemented},
		{"a.example", dnsmessage.TypeTXT, dnsmessage.RCodeNotImplemented},
		{"host.boxlite.internal", dnsmessage.TypeA, dnsmessage.RCodeRefused},
	}
	for _, c := range cases {
		if code, addrs := s.lookUp(t, c.name, c.kind); code != c.code || (c.kind != dnsmessage.TypeA && addrs != nil) {
			t.Errorf("%s %v: got %v %v", c.name, c.kind, code, addrs)
		}
	}
}

func TestADatagramIsCarriedAndADeniedOneAnsweredUnreachable(t *testing.T) {
	s := newStage(t, allowing(netpolicy.Rule{Cidr: "203.0.113.5/32", Protocol: "udp"}))
	server, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	go func() {
		buffer := make([]byte, 1500)
		for {
			count, from, err := server.ReadFrom(buffer)
			if err != nil {
				return
			}
			_, _ = server.WriteTo(buffer[:count], from)
		}
	}()
	s.servers["udp4 203.0.113.5:99"] = server.LocalAddr().String()
	conn, err := s.guest.DialUDP(netip.MustParseAddrPort("203.0.113.5:99"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(patience))
	say(t, conn, "ping")
	say(t, conn, "pong")

	other, err := s.guest.DialUDP(netip.MustParseAddrPort("203.0.113.6:99"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	_ = other.SetDeadline(time.Now().Add(patience))
	if _, err := other.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := refusal(other); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Fatalf("got %v", err)
	}
	if denied := s.lastDenied(t); denied.Protocol != "udp" || denied.Port != 99 {
		t.Fatalf("got %+v", denied)
	}
}

// refusal looks for the error of an ICMP message, which does not wake a reader of this stack.
func refusal(conn net.Conn) error {
	until := time.Now().Add(patience)
	for {
		_ = conn.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
		_, err := conn.Read(make([]byte, 1))
		if timeout, isNet := err.(net.Error); !isNet || !timeout.Timeout() || time.Now().After(until) {
			return err
		}
	}
}

func TestAPolicyThatIsSetLaterCutsWhatItDoesNotAllowAndOpensWhatItDoes(t *testing.T) {
	s := newStage(t, allowing(netpolicy.Rule{Cidr: "203.0.113.5/32"}))
	s.serve(t, "203.0.113.5:80")
	s.serve(t, "203.0.113.6:80")
	conn, err := s.connect(t, "203.0.113.5:80")
	if err != nil {
		t.Fatal(err)
	}
	say(t, conn, "hello")
	s.gate.SetPolicy(prepared(t, allowing(netpolicy.Rule{Cidr: "203.0.113.6/32"})))
	if _, err := conn.Read(make([]byte, 1)); err == nil || err == io.EOF {
		t.Fatalf("got %v where a reset was due", err)
	}
	other, err := s.connect(t, "203.0.113.6:80")
	if err != nil {
		t.Fatal(err)
	}
	say(t, other, "hello")
}

func TestTheGatewayServesNothingButNames(t *testing.T) {
	s := newStage(t, allowing(netpolicy.Rule{Cidr: "192.168.0.0/16"}))
	for _, address := range []string{"192.168.127.1:80", "192.168.127.1:1024", "192.168.127.3:80"} {
		if _, err := s.connect(t, address); err == nil || s.lastDenied(t).Rule != "gateway" {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestAQuestionIsAskedOnceAndItsAnswerHolds(t *testing.T) {
	s := newStage(t, allowing())
	s.serve(t, "203.0.113.5:80")
	s.serve(t, "203.0.113.6:80")
	s.answer = func(denied netpolicy.Denied) Answer {
		if denied.IP == "203.0.113.5" {
			return AllowHost
		}
		return AllowOnce
	}
	for range 3 {
		if _, err := s.connect(t, "203.0.113.5:80"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.connect(t, "203.0.113.6:80"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.connect(t, "203.0.113.6:80"); err == nil {
		t.Fatal("what was allowed once was allowed twice")
	}
	if s.asked != 2 {
		t.Fatalf("asked %d times", s.asked)
	}
}

func TestAPublishedPortLeadsToTheGuestAndClosesWithItsConnections(t *testing.T) {
	s := newStage(t, netpolicy.Policy{Mode: netpolicy.None})
	listener, err := s.guest.ListenTCP(8080)
	if err != nil {
		t.Fatal(err)
	}
	go echo(listener)
	published, err := s.gate.Publish(Port{Guest: 8080, Bind: "127.0.0.1", Protocol: "tcp"})
	if err != nil {
		t.Fatal(err)
	}
	at := netip.AddrPortFrom(loopback, published.Host).String()
	conn, err := net.Dial("tcp4", at)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(patience))
	say(t, conn, "hello")
	if _, err := s.gate.Publish(Port{Guest: 1, Host: published.Host, Bind: "127.0.0.1", Protocol: "tcp"}); err == nil || err.(*Failure).Code != "port-in-use" {
		t.Fatalf("got %v", err)
	}
	published.Close()
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Fatal("the connection goes on")
	}
	if _, err := net.Dial("tcp4", at); err == nil {
		t.Fatal("the port is still open")
	}
}

func prepared(t *testing.T, policy netpolicy.Policy) *netpolicy.Policy {
	t.Helper()
	if err := policy.Prepare(); err != nil {
		t.Fatal(err)
	}
	return &policy
}
