package netgate

import (
	"fmt"
	"sync"
	"time"

	"boxlite/internal/netpolicy"
)

const (
	// A guest that is denied without end is told of in bursts.
	burst     = 200
	perSecond = 50
	// The same from the same port of the guest is one attempt: two queries of a lookup, a datagram sent again.
	sameWithin = 30 * time.Second
	mostSeen   = 512
)

// reporter passes denials on, each attempt once, and not more than anybody wants to read.
type reporter struct {
	listener Listener

	mu     sync.Mutex
	tokens float64
	filled time.Time
	seen   map[string]time.Time
}

func newReporter(listener Listener) *reporter {
	return &reporter{listener: listener, tokens: burst, filled: time.Now(), seen: map[string]time.Time{}}
}

func (r *reporter) denied(denied netpolicy.Denied) {
	if r.isNew(denied, time.Now()) {
		r.listener.Denied(denied)
	}
}

func (r *reporter) isNew(denied netpolicy.Denied, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := fmt.Sprintf("%s %s %s %d %d", denied.Protocol, denied.Host, denied.IP, denied.Port, denied.Flow.SourcePort)
	if at, isThere := r.seen[key]; isThere && now.Sub(at) < sameWithin {
		return false
	}
	r.tokens = min(burst, r.tokens+now.Sub(r.filled).Seconds()*perSecond)
	r.filled = now
	if r.tokens < 1 {
		return false
	}
	r.tokens--
	if len(r.seen) >= mostSeen {
		clear(r.seen)
	}
	r.seen[key] = now
	return true
}
