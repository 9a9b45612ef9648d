package transport

import (
	"crypto/tls"
	"time"
)

// Resume enables TLS session resumption, which the client does not use.
func Resume(client *Client, cache tls.ClientSessionCache) {
	client.transport.TLSClientConfig.ClientSessionCache = cache
}

// SetClock replaces the wall clock.
func SetClock(client *Client, now func() time.Time) { client.now = now }

// ShareTurns reports whether two clients share one throttle.
func ShareTurns(one, other *Client) bool { return one.config.Pace == other.config.Pace }
