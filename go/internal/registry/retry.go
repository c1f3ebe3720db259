package registry

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

const (
	tries      = 5
	firstPause = 200 * time.Millisecond
	// A registry may ask for more time (Retry-After), up to this.
	longestPause = 30 * time.Second
)

// backoff waits longer after each failure, by chance a little more or less, so that many clients do not come back at once.
type backoff struct {
	failures int
	asked    time.Duration
}

// again waits before the next attempt; false when there were enough of them.
func (b *backoff) again(ctx context.Context) bool {
	b.failures++
	if b.failures >= tries {
		return false
	}
	pause := firstPause << (b.failures - 1)
	pause += time.Duration(rand.Int64N(int64(pause) / 2))
	pause = max(pause, min(b.asked, longestPause))
	b.asked = 0
	select {
	case <-time.After(pause):
		return true
	case <-ctx.Done():
		return false
	}
}

// heard begins anew: something came.
func (b *backoff) heard() { b.failures = 0 }

func (b *backoff) listen(response *http.Response) {
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil && seconds > 0 {
		b.asked = time.Duration(seconds) * time.Second
	}
}
