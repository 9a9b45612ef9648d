//go:build !windows && !darwin

package entry

import (
	"context"
	"fmt"
	"strings"

	"github.com/godbus/dbus/v5"
)

// Bell rings when an entry may have changed. It is only a hint: it can ring for a foreign entry,
// and a Secret Service need not signal everything, so listeners must also look from time to time.
type Bell struct {
	conn *dbus.Conn
	ring ringer
}

// Listen subscribes to the Secret Service: its entries, its keyrings' locks, its start and end. It
// does not start the service. The bell lives until Close.
func Listen(ctx context.Context) (*Bell, error) {
	b := &Bell{ring: make(ringer, 1)}
	var err error
	if b.conn, err = connect(ctx, b.ring); err != nil {
		return nil, err
	}
	for _, rule := range [][]dbus.MatchOption{
		{dbus.WithMatchSender(serviceName), dbus.WithMatchPathNamespace(servicePath)},
		{dbus.WithMatchSender("org.freedesktop.DBus"), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, serviceName)},
	} {
		if err := b.conn.AddMatchSignalContext(ctx, rule...); err != nil {
			b.Close()
			return nil, fmt.Errorf("listen to the secret service: %w", err)
		}
	}
	return b, nil
}

// Rung receives once for any number of changes since it was last received from.
func (b *Bell) Rung() <-chan struct{} { return b.ring }

// Lost is closed when the bell will not ring any more, since the bus has gone.
func (b *Bell) Lost() <-chan struct{} { return b.conn.Context().Done() }

// Close ends the listening.
func (b *Bell) Close() { _ = b.conn.Close() } // what its socket says to that is of no interest any more

// ringer is the connection's signal handler.
type ringer chan struct{}

// DeliverSignal is called for each signal of the connection.
func (r ringer) DeliverSignal(_, _ string, signal *dbus.Signal) {
	// The bus sends each new connection a signal.
	if !strings.HasPrefix(string(signal.Path), string(servicePath)) && !strings.HasSuffix(signal.Name, ".NameOwnerChanged") {
		return
	}
	select {
	case r <- struct{}{}:
	default:
	}
}
