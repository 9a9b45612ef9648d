package cis2

import (
	"io"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// loopback returns both ends of a connection on the loopback interface.
func loopback(t *testing.T, network, address string) (client, server net.Conn) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), network, address)
	require.NoError(t, err)
	client, err = new(net.Dialer).DialContext(t.Context(), network, listener.Addr().String())
	require.NoError(t, err)
	server, err = listener.Accept()
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	t.Cleanup(func() {
		_ = client.Close()
		_ = server.Close()
	})
	return client, server
}

// On a terminal server the loopback interface is that of all users.
func TestOwnConnections(t *testing.T) {
	for name, address := range map[string]string{"tcp4": "127.0.0.1:0", "tcp6": "[::1]:0"} {
		t.Run(name, func(t *testing.T) {
			if listener, err := new(net.ListenConfig).Listen(t.Context(), name, address); err != nil {
				return // A machine without IPv6.
			} else if err := listener.Close(); err != nil {
				t.Fatal(err)
			}
			_, server := loopback(t, name, address)
			require.True(t, isOwn(addressOf(server.RemoteAddr()), addressOf(server.LocalAddr())))
		})
	}
}

// A connection that is not allowed is closed unread, and the next one is accepted.
func TestOwnListener(t *testing.T) {
	inner, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	first := true
	listener := ownListener{inner, func(peer, self netip.AddrPort) bool {
		require.Equal(t, inner.Addr().String(), self.String())
		require.True(t, peer.Addr().IsLoopback())
		refused := first
		first = false
		return !refused
	}, new(atomic.Int64)}
	dialled := make([]net.Conn, 2)
	for i := range dialled {
		dialled[i], err = new(net.Dialer).DialContext(t.Context(), "tcp", inner.Addr().String())
		require.NoError(t, err)
		require.NoError(t, dialled[i].SetDeadline(time.Now().Add(30*time.Second)))
	}
	accepted, err := listener.Accept()
	require.NoError(t, err)
	require.Equal(t, dialled[1].LocalAddr().String(), accepted.RemoteAddr().String())
	n, err := dialled[0].Read(make([]byte, 1))
	require.Zero(t, n)
	require.ErrorIs(t, err, io.EOF)
	require.EqualValues(t, 1, listener.refused.Load())
	for _, one := range []io.Closer{accepted, dialled[0], dialled[1], inner} {
		require.NoError(t, one.Close())
	}
	_, err = listener.Accept()
	require.ErrorIs(t, err, net.ErrClosed)
}
