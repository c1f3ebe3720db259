package netdns

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"time"

	"boxlite/internal/netpolicy"
	"boxlite/internal/netwire"

	"golang.org/x/net/dns/dnsmessage"
)

const (
	port          = 53
	mostAtOnce    = 64
	mostStreams   = 8
	lookupTimeout = 5 * time.Second
	streamIdle    = 10 * time.Second
)

// Keeper decides which names and answers the guest gets, and tells of what it does not.
type Keeper interface {
	// MayLookUp may ask somebody, and take a while.
	MayLookUp(ctx context.Context, name string, flow netpolicy.Flow) bool
	// Usable gives the addresses of an answer as the guest may use them; none where all of them are closed to it.
	Usable(name string, addrs []netip.Addr, flow netpolicy.Flow) []netip.Addr
}

// Server answers the guest's queries.
type Server struct {
	keeper   Keeper
	resolver Resolver
	pins     *Pins
	slots    chan struct{}
}

// NewServer puts a server together; it pins what it answers.
func NewServer(keeper Keeper, resolver Resolver, pins *Pins) *Server {
	return &Server{keeper, resolver, pins, make(chan struct{}, mostAtOnce)}
}

// ServePackets answers datagrams until the connection is closed. More at once than there are slots wait their turn in it.
func (s *Server) ServePackets(conn net.PacketConn) error {
	buffer := make([]byte, maxDatagram)
	for {
		count, from, err := conn.ReadFrom(buffer)
		if err != nil {
			return err
		}
		query := append([]byte(nil), buffer[:count]...)
		s.slots <- struct{}{}
		go func() {
			defer func() { <-s.slots }()
			if reply := s.Reply(query, flowFrom(from)); reply != nil {
				_, _ = conn.WriteTo(reply, from)
			}
		}()
	}
}

// ServeStreams answers over TCP until the listener is closed.
func (s *Server) ServeStreams(listener net.Listener) error {
	streams := make(chan struct{}, mostStreams)
	for {
		conn, err := listener.Accept()
		if err != nil {
			return err
		}
		select {
		case streams <- struct{}{}:
			go func() {
				defer func() { <-streams }()
				s.serveStream(conn)
			}()
		default:
			_ = conn.Close()
		}
	}
}

func (s *Server) serveStream(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	for {
		_ = conn.SetDeadline(time.Now().Add(streamIdle))
		query, err := readFramed(conn)
		if err != nil {
			return
		}
		reply := s.Reply(query, flowFrom(conn.RemoteAddr()))
		if reply == nil {
			return
		}
		if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...)); err != nil {
			return
		}
	}
}

// Reply gives the answer to one query; nothing where it is not one.
func (s *Server) Reply(query []byte, flow netpolicy.Flow) []byte {
	var parser dnsmessage.Parser
	header, err := parser.Start(query)
	if err != nil || header.Response {
		return nil
	}
	reply := dnsmessage.Message{Header: dnsmessage.Header{
		ID: header.ID, Response: true, OpCode: header.OpCode, RecursionDesired: header.RecursionDesired, RecursionAvailable: true,
	}}
	question, err := parser.Question()
	if err != nil || header.OpCode != 0 {
		reply.RCode = dnsmessage.RCodeFormatError
	} else {
		reply.Questions = []dnsmessage.Question{question}
		reply.Answers, reply.RCode = s.answer(question, flow)
	}
	packed, err := reply.Pack()
	if err != nil {
		return nil
	}
	return packed
}

func (s *Server) answer(question dnsmessage.Question, flow netpolicy.Flow) ([]dnsmessage.Resource, dnsmessage.RCode) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*lookupTimeout)
	defer cancel()
	name := netpolicy.CanonicalName(question.Name.String())
	if question.Class != dnsmessage.ClassINET || name == "" {
		return nil, dnsmessage.RCodeRefused
	}
	if question.Type != dnsmessage.TypeA && question.Type != dnsmessage.TypeAAAA && !isService(question.Type) {
		return nil, dnsmessage.RCodeNotImplemented
	}
	if !s.keeper.MayLookUp(ctx, name, flow) {
		return nil, dnsmessage.RCodeRefused
	}
	addrs, ttl, code := s.resolve(ctx, name, question.Name)
	// The box's network is IPv4: for everything else the name is there, without data.
	if code != dnsmessage.RCodeSuccess || question.Type != dnsmessage.TypeA {
		return nil, code
	}
	usable := s.keeper.Usable(name, addrs, flow)
	if len(addrs) > 0 && len(usable) == 0 {
		return nil, dnsmessage.RCodeRefused
	}
	return resources(question.Name, usable, ttl), dnsmessage.RCodeSuccess
}

// resolve asks once, and keeps to that answer for as long as it is good.
func (s *Server) resolve(ctx context.Context, name string, asked dnsmessage.Name) ([]netip.Addr, time.Duration, dnsmessage.RCode) {
	if addrs, left, isPinned := s.pins.Of(name); isPinned {
		return addrs, left, dnsmessage.RCodeSuccess
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	answer, err := s.resolver.Lookup(ctx, asked)
	if err != nil {
		return nil, 0, dnsmessage.RCodeServerFailure
	}
	if len(answer.Addrs) == 0 {
		return nil, 0, answer.Code
	}
	ttl := s.pins.Add(name, answer.Addrs, answer.TTL)
	addrs, _, _ := s.pins.Of(name)
	return addrs, ttl, dnsmessage.RCodeSuccess
}

func resources(name dnsmessage.Name, addrs []netip.Addr, ttl time.Duration) []dnsmessage.Resource {
	var resources []dnsmessage.Resource
	for _, addr := range addrs {
		resources = append(resources, dnsmessage.Resource{
			Header: dnsmessage.ResourceHeader{Name: name, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET, TTL: uint32(ttl / time.Second)},
			Body:   &dnsmessage.AResource{A: addr.As4()},
		})
	}
	return resources
}

// SVCB and HTTPS, which browsers and some clients ask for beside an address: RFC 9460.
func isService(kind dnsmessage.Type) bool { return kind == 64 || kind == 65 }

func sameName(a, b dnsmessage.Name) bool {
	return netpolicy.CanonicalName(a.String()) == netpolicy.CanonicalName(b.String())
}

func flowFrom(guest net.Addr) netpolicy.Flow {
	flow := netpolicy.Flow{IP: netwire.Gateway, Port: port}
	switch at := guest.(type) {
	case *net.UDPAddr:
		flow.Protocol, flow.SourcePort = netpolicy.UDP, uint16(at.Port)
	case *net.TCPAddr:
		flow.Protocol, flow.SourcePort = netpolicy.TCP, uint16(at.Port)
	}
	return flow
}
