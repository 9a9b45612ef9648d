package transport_test

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/hscn"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/testing/clienttest"
)

// After a renewal no call uses a connection made with the old certificate, which e-RS would go on
// to refuse.
func TestRenewedMakesNewConnections(t *testing.T) {
	authority := clienttest.NewServer(t)
	type seen struct{ from, certificate string }
	var calls []seen
	closed := make(chan string, 10)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		calls = append(calls, seen{request.RemoteAddr, request.TLS.PeerCertificates[0].SerialNumber.String()})
		answer.WriteHeader(http.StatusNoContent)
	}))
	server.TLS = authority.TLSConfig()
	server.Config.ConnState = func(connection net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			closed <- connection.RemoteAddr().String()
		}
	}
	server.StartTLS()
	t.Cleanup(server.Close)

	require.NoError(t, authority.RenewClient(time.Now().Add(24*time.Hour)))
	board := &noticeboard{}
	client := clienttest.NewClient(t, authority, noticing(board), func(config *hscn.Config) { config.BaseURL = server.URL })
	said, _ := board.new()
	require.Equal(t, []string{"certificate CERT-EXPIRES_SOON"}, said)
	require.NoError(t, clienttest.DeleteOnce(t.Context(), client))
	require.NoError(t, clienttest.DeleteOnce(t.Context(), client))
	require.Equal(t, calls[0], calls[1], "the connection is kept between calls")

	require.NoError(t, authority.RenewClient(time.Now().Add(90*24*time.Hour)))
	renewed, err := client.Renewed(authority.ClientCertificate(), authority.RootCAs(), "the test's")
	require.NoError(t, err)
	t.Cleanup(renewed.Close)
	require.True(t, transport.ShareTurns(client.Client, renewed.Client), "IO-06 holds for both together")
	said, _ = board.new()
	require.Equal(t, []string{"certificate"}, said, "the notice goes at once")
	select {
	case from := <-closed:
		require.Equal(t, calls[0].from, from)
	case <-time.After(time.Minute):
		require.FailNow(t, "the old connection stays open")
	}
	require.NoError(t, clienttest.DeleteOnce(t.Context(), renewed))
	require.NotEqual(t, calls[0].from, calls[2].from)
	require.Equal(t, authority.ClientCertificate().Leaf.SerialNumber.String(), calls[2].certificate)

	// Other authorities take effect at once, too.
	untrusting, err := renewed.Renewed(authority.ClientCertificate(), clienttest.NewServer(t).RootCAs(), "the test's")
	require.NoError(t, err)
	clienttest.RequireCode(t, "TLS-UNTRUSTED", clienttest.DeleteOnce(t.Context(), untrusting))
}

// A certificate without a common name cannot be sent as FQDN, and the old one stays in use.
func TestRenewedWithoutAName(t *testing.T) {
	server := clienttest.NewServer(t)
	client := clienttest.NewClient(t, server, func(config *hscn.Config) { config.SendFQDN = true })
	_, err := client.Renewed(tls.Certificate{}, server.RootCAs(), "the test's")
	clienttest.RequireCode(t, "SETTING-FQDN", err)
	clienttest.RequireCode(t, "ERS-A003-403", clienttest.DeleteOnce(t.Context(), client))
}
