package ersclient

import (
	"crypto/tls"
	"time"
)

// Resume enables TLS session resumption, which the client does not use.
func Resume(client *TransportClient, cache tls.ClientSessionCache) {
	client.transport.TLSClientConfig.ClientSessionCache = cache
}

// SetClock replaces the wall clock.
func SetClock(client *TransportClient, now func() time.Time) { client.now = now }

// ShareTurns reports whether two clients share one throttle.
func ShareTurns(one, other *TransportClient) bool { return one.pace == other.pace }
