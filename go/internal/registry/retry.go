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
	mostSeconds  = 3600
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
	b.asked = retryAfter(response.Header.Get("Retry-After"), time.Now())
}

// retryAfter: a number of seconds or a date (RFC 9110, 10.2.3); nothing where it says neither.
func retryAfter(text string, now time.Time) time.Duration {
	if seconds, err := strconv.Atoi(text); err == nil {
		return time.Duration(max(0, min(seconds, mostSeconds))) * time.Second
	}
	if date, err := http.ParseTime(text); err == nil {
		return max(0, date.Sub(now))
	}
	return 0
}
