// Package netdns answers the guest's lookups: allowed names only, each with addresses that are pinned while they are good.
package netdns

import (
	"net/netip"
	"slices"
	"sync"
	"time"
)

const (
	mostPins      = 4096
	mostAddresses = 16
	// A program connects a moment after it looked up, also where the answer was good for no time at all.
	leastPinned = 10 * time.Second
	mostPinned  = time.Hour
)

type pin struct {
	addrs   []netip.Addr
	expires time.Time
}

// Pins remembers which names led to which addresses, for as long as the answers are good.
type Pins struct {
	now    func() time.Time
	mu     sync.Mutex
	byName map[string]pin
}

// NewPins makes an empty table over a clock.
func NewPins(now func() time.Time) *Pins {
	return &Pins{now: now, byName: map[string]pin{}}
}

// Add pins an answer and gives how long it stays; the least lasting one makes room where the table is full.
func (p *Pins) Add(name string, addrs []netip.Addr, ttl time.Duration) time.Duration {
	ttl = min(max(ttl, leastPinned), mostPinned)
	if len(addrs) > mostAddresses {
		addrs = addrs[:mostAddresses]
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.byName) >= mostPins {
		p.makeRoom()
	}
	p.byName[name] = pin{slices.Clone(addrs), p.now().Add(ttl)}
	return ttl
}

// Of gives the addresses of a name and how long they are still good.
func (p *Pins) Of(name string) ([]netip.Addr, time.Duration, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	found, isThere := p.byName[name]
	left := found.expires.Sub(p.now())
	if !isThere || left <= 0 {
		return nil, 0, false
	}
	return found.addrs, left, true
}

// Names gives the names that led to an address, sorted.
func (p *Pins) Names(addr netip.Addr) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var names []string
	now := p.now()
	for name, pinned := range p.byName {
		if pinned.expires.After(now) && slices.Contains(pinned.addrs, addr) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Forget drops all answers: those of resolvers that are not asked any more.
func (p *Pins) Forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.byName)
}

func (p *Pins) makeRoom() {
	now := p.now()
	var first string
	for name, pinned := range p.byName {
		if !pinned.expires.After(now) {
			delete(p.byName, name)
		} else if first == "" || pinned.expires.Before(p.byName[first].expires) {
			first = name
		}
	}
	if len(p.byName) >= mostPins {
		delete(p.byName, first)
	}
}
