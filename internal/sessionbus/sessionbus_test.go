package sessionbus_test

import (
	"context"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/sessionbus"
)

// If this fails, a bus that is missing is taken for one that hangs, or one that hangs keeps a start
// of the program waiting.
func TestConnect(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "bus")
	address := "unix:path=" + dbus.EscapeBusAddressValue(path)
	at := func(address string) func() (string, error) {
		return func() (string, error) { return address, nil }
	}
	_, err := sessionbus.Connect(t.Context(), func() (string, error) {
		return sessionbus.AddressIn([]string{"XDG_RUNTIME_DIR=" + folder})
	})
	require.ErrorIs(t, err, sessionbus.ErrNone)
	for _, nowhere := range []string{address, "disabled:", "nonsense"} {
		_, err = sessionbus.Connect(t.Context(), at(nowhere))
		require.ErrorIs(t, err, sessionbus.ErrNone, nowhere)
	}

	// It accepts connections, and answers none.
	silent, err := new(net.ListenConfig).Listen(t.Context(), "unix", path)
	require.NoError(t, err)
	defer func() { require.NoError(t, silent.Close()) }()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = sessionbus.Connect(ctx, at(address))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NotErrorIs(t, err, sessionbus.ErrNone)
}
