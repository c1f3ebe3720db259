package registry

import (
	"testing"
	"time"
)

func TestRetryAfterIsSecondsOrADate(t *testing.T) {
	now := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	cases := map[string]time.Duration{
		"":                              0,
		"3":                             3 * time.Second,
		"-3":                            0,
		"soon":                          0,
		"Mon, 06 May 2024 07:08:14 GMT": 5 * time.Second,
		"Mon, 06 May 2024 07:08:04 GMT": 0,
	}
	for text, want := range cases {
		if got := retryAfter(text, now); got != want {
			t.Errorf("%q: %v instead of %v", text, got, want)
		}
	}
	if got := retryAfter("9223372036854775807", now); got < longestPause {
		t.Errorf("a long time became %v", got)
	}
}
