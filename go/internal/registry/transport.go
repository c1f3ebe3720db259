package registry

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

const (
	dialTimeout   = 15 * time.Second
	answerTimeout = 60 * time.Second
	// A connection that brings nothing for this long is given up.
	idleTimeout = 60 * time.Second
)

var errPlain = errors.New("it would take plain http, which is not allowed")

// baseTransport goes through the proxies that the environment names.
func baseTransport(insecure bool) http.RoundTripper {
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}
	return plainGuard{insecure: insecure, next: &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dialer.DialContext,
		ForceAttemptHTTP2:     true,
		MaxIdleConnsPerHost:   Parallel + 1,
		TLSHandshakeTimeout:   dialTimeout,
		ResponseHeaderTimeout: answerTimeout,
		// Layers come as they are stored.
		DisableCompression: true,
	}}
}

// plainGuard lets http pass to this machine only, or where the caller said so: be it the registry itself, its token
// server, or what one of them redirects to.
type plainGuard struct {
	insecure bool
	next     http.RoundTripper
}

func (g plainGuard) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.URL.Scheme == "http" && !g.insecure && !isLoopback(request.URL.Hostname()) {
		return nil, errPlain
	}
	return g.next.RoundTrip(request)
}

func isLoopback(host string) bool {
	address := net.ParseIP(host)
	return host == "localhost" || address != nil && address.IsLoopback()
}

// idle cancels when nothing was heard for too long; every beat begins the time anew.
func idle(ctx context.Context) (watched context.Context, beat func(), stop func()) {
	watched, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(idleTimeout, func() { cancel(errIdle) })
	return watched, func() { timer.Reset(idleTimeout) }, func() {
		timer.Stop()
		cancel(nil)
	}
}

var errIdle = errors.New("nothing came for a minute")
