package transport_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/ersclient/hscn"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/testing/clienttest"
)

// elsewhere is a key outside this process, as Windows keeps them.
type elsewhere struct {
	*rsa.PrivateKey
	refusal error
}

func (e *elsewhere) Sign(random io.Reader, digest []byte, options crypto.SignerOpts) ([]byte, error) {
	if e.refusal != nil {
		return nil, e.refusal
	}
	return e.PrivateKey.Sign(random, digest, options)
}

func (e *elsewhere) Failure() error { return e.refusal }

// demanding is a server that requires a client certificate, accepts any, and answers 204.
func demanding(t *testing.T, version uint16) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(answer http.ResponseWriter, _ *http.Request) {
		answer.WriteHeader(http.StatusNoContent)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // failures are intended
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS12, MaxVersion: version, ClientAuth: tls.RequireAnyClientCert}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

func deleteSession(t *testing.T, server *httptest.Server, certificate tls.Certificate) error {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	client, err := hscn.New(hscn.Config{ASID: erstest.ASID, Config: transport.Config{
		BaseURL: server.URL + "/ers-api", Certificate: certificate, RootCAs: roots,
	}})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return client.DeleteSession(t.Context(), ersclient.NewSessionKey("pro-xapi-session_made-up"))
}

func certificateElsewhere(t *testing.T) (tls.Certificate, *elsewhere) {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	made := &elsewhere{PrivateKey: private}
	ours := clienttest.NewPair(t, "gp.surgery.example", private, -time.Hour, time.Hour, nil)
	return tls.Certificate{Certificate: [][]byte{ours.Certificate.Raw}, Leaf: ours.Certificate, PrivateKey: made}, made
}

// A key whose use was forbidden meanwhile is reported as that. Otherwise the service desk looks for
// the fault in the network.
func TestAKeyThatRefusesToSign(t *testing.T) {
	for name, version := range map[string]uint16{"TLS 1.2": tls.VersionTLS12, "TLS 1.3": tls.VersionTLS13} {
		t.Run(name, func(t *testing.T) {
			server := demanding(t, version)
			certificate, private := certificateElsewhere(t)
			require.NoError(t, deleteSession(t, server, certificate))
			private.refusal = &problem.Problem{Code: "CERT-STORE_KEY_DENIED", Title: "A key", Happened: "It is denied.", Steps: []string{"Ask."}}
			clienttest.RequireCode(t, "CERT-STORE_KEY_DENIED", deleteSession(t, server, certificate))
		})
	}
}

// A key without RSA-PSS still signs in to a server that prefers TLS 1.3.
func TestAKeyWithoutPSS(t *testing.T) {
	server := demanding(t, 0)
	certificate, _ := certificateElsewhere(t)
	certificate.SupportedSignatureAlgorithms = []tls.SignatureScheme{tls.PKCS1WithSHA256, tls.PKCS1WithSHA384}
	require.NoError(t, deleteSession(t, server, certificate))
	// A key with RSA-PSS is not restricted.
	certificate.SupportedSignatureAlgorithms = []tls.SignatureScheme{tls.PSSWithSHA256, tls.PKCS1WithSHA256}
	require.NoError(t, deleteSession(t, demanding(t, tls.VersionTLS13), certificate))
}
