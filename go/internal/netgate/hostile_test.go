package netgate

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"boxlite/internal/netpolicy"
	"boxlite/internal/nettest"
	"boxlite/internal/netwire"

	"golang.org/x/net/dns/dnsmessage"
)

const seed = 20260611

var strangers = []netip.Addr{netwire.Gateway, netwire.Host, netip.MustParseAddr("203.0.113.1"), netip.MustParseAddr("224.0.0.1")}

// packet is an IPv4 packet of the guest with the head that its payload needs.
func packet(protocol byte, to netip.Addr, payload []byte) []byte {
	head := make([]byte, 20)
	head[0], head[8], head[9] = 0x45, 64, protocol
	binary.BigEndian.PutUint16(head[2:], uint16(len(head)+len(payload)))
	copy(head[12:], netwire.Guest.AsSlice())
	copy(head[16:], to.AsSlice())
	sum := uint32(0)
	for i := 0; i < len(head); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(head[i:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	binary.BigEndian.PutUint16(head[10:], ^uint16(sum))
	return append(head, payload...)
}

func syn(from, to uint16, sequence uint32) []byte {
	segment := make([]byte, 20)
	binary.BigEndian.PutUint16(segment, from)
	binary.BigEndian.PutUint16(segment[2:], to)
	binary.BigEndian.PutUint32(segment[4:], sequence)
	segment[12], segment[13] = 5<<4, 2
	binary.BigEndian.PutUint16(segment[14:], 65535)
	return segment
}

func stillServes(t *testing.T, s *stage) {
	t.Helper()
	if code, addrs := s.lookUp(t, "a.example", dnsmessage.TypeA); code != dnsmessage.RCodeSuccess || len(addrs) != 1 {
		t.Fatalf("got %v %v, seed %d", code, addrs, seed)
	}
	conn, err := s.connect(t, "203.0.113.5:80")
	if err != nil {
		t.Fatalf("got %v, seed %d", err, seed)
	}
	say(t, conn, "still there")
}

func hostileStage(t *testing.T) *stage {
	s := newStage(t, allowing(netpolicy.Rule{Host: "a.example"}))
	s.serve(t, "203.0.113.5:80")
	s.resolves("a.example", time.Minute, "203.0.113.5")
	return s
}

// Mostly packets that are nearly right: a head that lies about what follows.
func TestRandomFramesDoNotStopTheGate(t *testing.T) {
	s := hostileStage(t)
	random := rand.New(rand.NewPCG(seed, seed))
	for range 50_000 {
		payload := make([]byte, random.IntN(120))
		for i := range payload {
			payload[i] = byte(random.Uint32())
		}
		frame := packet([]byte{1, 6, 17, 2}[random.IntN(4)], strangers[random.IntN(len(strangers))], payload)
		for range random.IntN(4) {
			frame[random.IntN(12)] = byte(random.Uint32())
		}
		frame = frame[:random.IntN(len(frame)+1)]
		kind := []uint16{0x0800, 0x0800, 0x0800, 0x0806, 0x86dd, 0xffff}[random.IntN(6)]
		if err := s.guest.Send(nettest.Ethernet(kind), frame); err != nil {
			t.Fatalf("%v, seed %d", err, seed)
		}
	}
	stillServes(t, s)
}

func TestAnARPStormDoesNotStopTheGate(t *testing.T) {
	s := hostileStage(t)
	for i := range 50_000 {
		request := make([]byte, 28)
		copy(request, []byte{0, 1, 8, 0, 6, 4, 0, 1})
		binary.BigEndian.PutUint32(request[10:], uint32(i))
		binary.BigEndian.PutUint32(request[14:], 0xc0a87f02+uint32(i%3))
		binary.BigEndian.PutUint32(request[24:], 0xc0a87f01+uint32(i%7))
		if err := s.guest.Send(nettest.Ethernet(0x0806), request); err != nil {
			t.Fatal(err)
		}
	}
	stillServes(t, s)
}

func TestAHundredThousandConnectionsThatAreDeniedLeaveNothingBehind(t *testing.T) {
	s := hostileStage(t)
	stillServes(t, s)
	before := runtime.NumGoroutine()
	for i := range 100_000 {
		segment := syn(uint16(1024+i%60_000), uint16(i), uint32(i))
		if err := s.guest.Send(nettest.Ethernet(0x0800), packet(6, strangers[2], segment)); err != nil {
			t.Fatal(err)
		}
	}
	stillServes(t, s)
	for until := time.Now().Add(patience); runtime.NumGoroutine() > before+20; runtime.Gosched() {
		if time.Now().After(until) {
			t.Fatalf("%d goroutines where there were %d", runtime.NumGoroutine(), before)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if told := len(s.denied); told == 0 || told > burst+perSecond*int(patience/time.Second) {
		t.Fatalf("%d denials were told", told)
	}
}
