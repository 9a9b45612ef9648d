package ersclient

import (
	"crypto/tls"
	"time"

	"golang.org/x/time/rate"
)

// Unthrottled removes the rate limit; each call still passes the throttle.
func Unthrottled(client *Client) {
	const plenty = 1 << 30
	client.throttle.calls, client.throttle.deletions = rate.NewLimiter(plenty, plenty), rate.NewLimiter(plenty, plenty)
}

// Resume enables TLS session resumption, which the client does not use.
func Resume(client *Client, cache tls.ClientSessionCache) {
	client.transport.TLSClientConfig.ClientSessionCache = cache
}

// Draw fixes the outcome of every draw.
func Draw(client *Client, outcome bool) { client.retry.draw = func() bool { return outcome } }

// SetClock replaces the wall clock.
func SetClock(client *Client, now func() time.Time) { client.now = now }

// ShareTurns reports whether two clients share one throttle.
func ShareTurns(one, other *Client) bool { return one.throttle == other.throttle }
