package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/erstest"
)

// Failures that cannot be produced on loopback, as errors of the system and the standard library.
func TestKindsOfFailure(t *testing.T) {
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	cases := map[string]struct {
		err     error
		code    string
		passing bool
	}{
		"a name server that is late":  {dial(&net.DNSError{Err: "i/o timeout", IsTimeout: true}), "NET-DNS", false},
		"a name server that is ill":   {dial(&net.DNSError{Err: "server misbehaving", IsTemporary: true}), "NET-DNS", true},
		"a name that is not there":    {dial(&net.DNSError{Err: "no such host", IsNotFound: true}), "NET-DNS", false},
		"the end of a context":        {fmt.Errorf("read: %w", context.DeadlineExceeded), "NET-TIMEOUT", false},
		"something new":               {errors.New("something new"), "NET-CUT", true},
		"an end":                      {io.EOF, "NET-CUT", true},
		"a proxy that cannot be seen": {&net.OpError{Op: "proxyconnect", Err: io.EOF}, "NET-PROXY", false},
		"an alert from here":          {&net.OpError{Op: "local error", Err: tls.AlertError(70)}, "TLS-ALERT", false},
		"an alert from there":         {&net.OpError{Op: "remote error", Err: tls.AlertError(80)}, "TLS-ALERT", false},
		"an alert about us":           {&net.OpError{Op: "remote error", Err: tls.AlertError(44)}, "TLS-CLIENT_CERT", false},
		"an alert about our age":      {&net.OpError{Op: "remote error", Err: tls.AlertError(45)}, "TLS-CLIENT_CERT_EXPIRED", false},
		"an alert about who knows":    {&net.OpError{Op: "remote error", Err: tls.AlertError(40)}, "TLS-CIPHERS", false},
		"no TLS we could speak":       {errors.New("tls: server selected unsupported protocol version 301"), "TLS-VERSION", false},
	}
	for i, one := range refusedErrors {
		cases[fmt.Sprintf("refused %d", i)] = struct {
			err     error
			code    string
			passing bool
		}{dial(one), "NET-REFUSED", true}
	}
	for i, one := range unreachableErrors {
		cases[fmt.Sprintf("unreachable %d", i)] = struct {
			err     error
			code    string
			passing bool
		}{dial(one), "NET-OFFLINE", true}
	}
	for i, one := range resetErrors {
		cases[fmt.Sprintf("reset %d", i)] = struct {
			err     error
			code    string
			passing bool
		}{dial(one), "NET-CUT", true}
	}
	server := erstest.NewServer()
	defer server.Close()
	client, err := New(Config{
		BaseURL: "https://ers.example/ers-api", Certificate: server.ClientCertificate(),
		Proxy: func(*http.Request) (*url.URL, error) { return nil, nil },
	})
	require.NoError(t, err)
	for name, one := range cases {
		t.Run(name, func(t *testing.T) {
			made := client.transportProblem(t.Context(), opens, false, one.err)
			require.Equal(t, one.code, made.Code)
			var cause *transportError
			require.ErrorAs(t, made, &cause)
			require.Equal(t, one.passing, cause.passing)
			require.ErrorIs(t, made, one.err, "the cause is in the chain, for the log")
		})
	}
}

// Some TLS 1.2 servers report a missing certificate with handshake_failure.
func TestAHandshakeFailureWithoutACertificate(t *testing.T) {
	client, err := New(Config{BaseURL: "https://ers.example/ers-api"})
	require.NoError(t, err)
	client.transport.certificateAsked.Store(true)
	made := client.transportProblem(t.Context(), opens, true, &net.OpError{Op: "remote error", Err: tls.AlertError(40)})
	require.Equal(t, "TLS-CLIENT_CERT_MISSING", made.Code)
}
