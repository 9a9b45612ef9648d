package ersclient

import (
	"crypto/tls"
	"time"

	"golang.org/x/time/rate"
)

// Unthrottled lets a test call as often as it can. Everything that the throttle does to a call is still done.
func Unthrottled(client *Client) {
	const plenty = 1 << 30
	client.throttle.calls, client.throttle.deletions = rate.NewLimiter(plenty, plenty), rate.NewLimiter(plenty, plenty)
}

// Resume lets a client resume sessions of TLS, which it does not by itself.
func Resume(client *Client, cache tls.ClientSessionCache) {
	client.transport.TLSClientConfig.ClientSessionCache = cache
}

// Draw has every lot come out the same.
func Draw(client *Client, outcome bool) { client.retry.draw = func() bool { return outcome } }

// SetClock replaces the clock on the wall.
func SetClock(client *Client, now func() time.Time) { client.now = now }

// ShareTurns reports whether two clients wait for the same turns.
func ShareTurns(one, other *Client) bool { return one.throttle == other.throttle }
