package netdns

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

const (
	triesEach   = 2
	tryTimeout  = 2 * time.Second
	maxDatagram = 4096
)

// Answer is what a name leads to.
type Answer struct {
	Addrs []netip.Addr
	TTL   time.Duration
	// Code is the resolver's own: NXDOMAIN for a name that is not there.
	Code dnsmessage.RCode
}

// Resolver looks names up.
type Resolver interface {
	Lookup(ctx context.Context, name dnsmessage.Name) (Answer, error)
}

// Upstream asks resolvers, one after the other.
type Upstream struct {
	// The host's own, for a policy that names none.
	host []netip.AddrPort

	mu      sync.Mutex
	servers []netip.AddrPort
}

// NewUpstream asks the host's resolvers until it is told others.
func NewUpstream(host []netip.AddrPort) *Upstream { return &Upstream{host: host, servers: host} }

// Use asks these from now on, or the host's where there are none. It says whether that is a change.
func (u *Upstream) Use(servers []netip.AddrPort) bool {
	if len(servers) == 0 {
		servers = u.host
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	isChange := !slices.Equal(u.servers, servers)
	u.servers = servers
	return isChange
}

func (u *Upstream) inUse() []netip.AddrPort {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.servers
}

var errNoServers = errors.New("the host has no resolver that could be asked")

// Lookup asks for the IPv4 addresses of a name.
func (u *Upstream) Lookup(ctx context.Context, name dnsmessage.Name) (Answer, error) {
	err := errNoServers
	for range triesEach {
		for _, server := range u.inUse() {
			var answer Answer
			if answer, err = ask(ctx, server, name); err == nil {
				return answer, nil
			}
			if ctx.Err() != nil {
				return Answer{}, ctx.Err()
			}
		}
	}
	return Answer{}, err
}

func ask(ctx context.Context, server netip.AddrPort, name dnsmessage.Name) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, tryTimeout)
	defer cancel()
	query, id, err := makeQuery(name)
	if err != nil {
		return Answer{}, err
	}
	reply, err := exchange(ctx, "udp", server, query)
	if err != nil {
		return Answer{}, err
	}
	answer, isCut, err := readReply(reply, id, name)
	if err != nil || !isCut {
		return answer, err
	}
	if reply, err = exchange(ctx, "tcp", server, query); err != nil {
		return Answer{}, err
	}
	answer, _, err = readReply(reply, id, name)
	return answer, err
}

func makeQuery(name dnsmessage.Name) ([]byte, uint16, error) {
	var random [2]byte
	if _, err := rand.Read(random[:]); err != nil {
		return nil, 0, err
	}
	id := binary.BigEndian.Uint16(random[:])
	message := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: id, RecursionDesired: true},
		Questions: []dnsmessage.Question{{Name: name, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET}},
	}
	query, err := message.Pack()
	return query, id, err
}

func exchange(ctx context.Context, network string, server netip.AddrPort, query []byte) ([]byte, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, server.String())
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	deadline, _ := ctx.Deadline()
	_ = conn.SetDeadline(deadline)
	if network == "tcp" {
		return exchangeStream(conn, query)
	}
	if _, err := conn.Write(query); err != nil {
		return nil, err
	}
	reply := make([]byte, maxDatagram)
	count, err := conn.Read(reply)
	return reply[:count], err
}

func exchangeStream(conn net.Conn, query []byte) ([]byte, error) {
	framed := binary.BigEndian.AppendUint16(nil, uint16(len(query)))
	if _, err := conn.Write(append(framed, query...)); err != nil {
		return nil, err
	}
	return readFramed(conn)
}

func readFramed(from io.Reader) ([]byte, error) {
	var size [2]byte
	if _, err := io.ReadFull(from, size[:]); err != nil {
		return nil, err
	}
	message := make([]byte, binary.BigEndian.Uint16(size[:]))
	_, err := io.ReadFull(from, message)
	return message, err
}

func readReply(reply []byte, id uint16, name dnsmessage.Name) (Answer, bool, error) {
	var message dnsmessage.Message
	if err := message.Unpack(reply); err != nil {
		return Answer{}, false, err
	}
	if !message.Response || message.ID != id || len(message.Questions) != 1 || !sameName(message.Questions[0].Name, name) {
		return Answer{}, false, errors.New("a reply to another question")
	}
	if message.Truncated {
		return Answer{}, true, nil
	}
	switch message.RCode {
	case dnsmessage.RCodeSuccess, dnsmessage.RCodeNameError:
	default:
		return Answer{}, false, fmt.Errorf("the resolver answers %s", message.RCode)
	}
	answer := Answer{Code: message.RCode, TTL: mostPinned}
	for _, record := range message.Answers {
		answer.TTL = min(answer.TTL, time.Duration(record.Header.TTL)*time.Second)
		if a, isA := record.Body.(*dnsmessage.AResource); isA {
			answer.Addrs = append(answer.Addrs, netip.AddrFrom4(a.A))
		}
	}
	return answer, false, nil
}
