package ersclient

import (
	"crypto/tls"
	"time"
)

// Resume lets a client resume sessions of TLS, which it does not by itself.
func Resume(client *TransportClient, cache tls.ClientSessionCache) {
	client.transport.TLSClientConfig.ClientSessionCache = cache
}

// SetClock replaces the clock on the wall.
func SetClock(client *TransportClient, now func() time.Time) { client.now = now }

// ShareTurns reports whether two clients wait for the same turns.
func ShareTurns(one, other *TransportClient) bool { return one.pace == other.pace }
