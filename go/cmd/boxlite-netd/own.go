package main

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// The host's addresses change when it joins another network.
const ownGoodFor = 5 * time.Second

// ownAddresses tells the host's own addresses.
type ownAddresses struct {
	mu    sync.Mutex
	read  time.Time
	known map[netip.Addr]bool
}

func (o *ownAddresses) has(addr netip.Addr) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if time.Since(o.read) > ownGoodFor {
		o.refresh()
	}
	return o.known[addr]
}

func (o *ownAddresses) refresh() {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		// What was known before stays closed.
		return
	}
	known := map[netip.Addr]bool{}
	for _, address := range addresses {
		if prefix, err := netip.ParsePrefix(address.String()); err == nil {
			known[prefix.Addr().Unmap()] = true
		}
	}
	o.known, o.read = known, time.Now()
}
