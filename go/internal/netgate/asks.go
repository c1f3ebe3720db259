package netgate

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"boxlite/internal/netpolicy"
)

// Answer to a question about a denial.
type Answer string

const (
	Nobody    Answer = ""
	Deny      Answer = "deny"
	AllowOnce Answer = "allow-once"
	AllowHost Answer = "allow-host"
)

const (
	askTimeout = 5 * time.Second
	mostAsked  = 1024
	// A name that was allowed once is connected to within this.
	onceFor = 30 * time.Second
)

type question struct {
	done   chan struct{}
	answer Answer
}

// asks remembers what was asked under the policy that is in force: each host and port once.
type asks struct {
	listener Listener

	mu    sync.Mutex
	asked map[string]*question
	names map[string]bool
	addrs map[netip.Addr]bool
	once  map[string]time.Time
}

func newAsks(listener Listener) *asks {
	a := &asks{listener: listener}
	a.forget()
	return a
}

// forget begins anew, for another policy.
func (a *asks) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked, a.names, a.addrs, a.once = map[string]*question{}, map[string]bool{}, map[netip.Addr]bool{}, map[string]time.Time{}
}

// allow asks about a denial, or waits for who asked the same just before; later the answer is no.
func (a *asks) allow(ctx context.Context, denied netpolicy.Denied) bool {
	key := fmt.Sprintf("%s %d", hostOrIP(denied), denied.Port)
	a.mu.Lock()
	known, isKnown := a.asked[key]
	if isKnown || len(a.asked) >= mostAsked {
		a.mu.Unlock()
		return isKnown && known.waitFor(ctx)
	}
	mine := &question{done: make(chan struct{})}
	a.asked[key] = mine
	a.mu.Unlock()

	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	answer := a.listener.Ask(ctx, denied)
	a.mu.Lock()
	defer a.mu.Unlock()
	mine.answer = answer
	close(mine.done)
	if answer == Nobody && a.asked[key] == mine {
		delete(a.asked, key)
	}
	a.grant(denied, answer)
	return answer == AllowOnce || answer == AllowHost
}

func (q *question) waitFor(ctx context.Context) bool {
	select {
	case <-q.done:
		// Who came after the answer was not what it was given for.
		return false
	default:
	}
	select {
	case <-q.done:
		return q.answer == AllowOnce || q.answer == AllowHost
	case <-ctx.Done():
		return false
	}
}

func (a *asks) grant(denied netpolicy.Denied, answer Answer) {
	isLookup := denied.Protocol == netpolicy.DNS
	if answer == AllowOnce && isLookup {
		a.once[denied.Host] = time.Now().Add(onceFor)
	}
	if answer != AllowHost {
		return
	}
	if denied.Host != "" {
		a.names[denied.Host] = true
	}
	// It was asked with this very address, so it was meant too, private or not.
	if addr, err := netip.ParseAddr(denied.IP); err == nil && !isLookup {
		a.addrs[addr] = true
	}
}

func (a *asks) grantedName(name string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.names[name]
}

// granted says whether the answers allow a target that the policy does not.
func (a *asks) granted(target netpolicy.Target, isPrivate bool) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.addrs[target.Addr] {
		return true
	}
	for _, name := range target.Names {
		if a.names[name] && !isPrivate {
			return true
		}
	}
	return false
}

// takeOnce uses up what was allowed once for the name that led to the target.
func (a *asks) takeOnce(target netpolicy.Target) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, name := range target.Names {
		until, isThere := a.once[name]
		delete(a.once, name)
		if isThere && until.After(time.Now()) {
			return true
		}
	}
	return false
}

func hostOrIP(denied netpolicy.Denied) string {
	if denied.Host != "" {
		return denied.Host
	}
	return denied.IP
}
