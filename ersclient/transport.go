package ersclient

import (
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/ers-login/ers-login/internal/problem"
)

// idleTimeout is how long a connection waits for the next call. It is short on purpose: while a user chooses a role, a
// firewall may forget the connection without a word, and A002 is the one call that cannot be repeated.
const idleTimeout = 15 * time.Second

// transport is the mutual TLS connection to e-RS, directly or through a proxy.
type transport struct {
	*http.Transport
	host       string
	trustStore string
	// leaf is the client certificate, nil if there is none.
	leaf *x509.Certificate
	// key is the client certificate's, nil if there is none.
	key crypto.PrivateKey
	// certificateWanted is set when a server has asked for a client certificate and there was none to show.
	certificateWanted atomic.Bool
}

// newTransport makes an HTTP/1.1 transport. HTTP/2 would be no use: it sends header names in lower case, and e-RS asks for
// XAPI_ASID and HTTP_X_SESSION_KEY.
func newTransport(config Config, target *url.URL) *transport {
	t := &transport{host: target.Hostname(), trustStore: config.TrustStore, leaf: leafOf(config.Certificate)}
	t.key = config.Certificate.PrivateKey
	if t.trustStore == "" {
		t.trustStore = configuredTrust
		if config.RootCAs == nil {
			t.trustStore = systemTrust
		}
	}
	proxies := &proxies{choose: config.Proxy, credentials: config.ProxyCredentials, timeout: config.Timeout, now: time.Now}
	if proxies.choose == nil {
		proxies.choose = fromEnvironment
	}
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	t.Transport = &http.Transport{
		Proxy:                  proxies.proxy,
		GetProxyConnectHeader:  proxies.connectHeader,
		OnProxyConnectResponse: proxies.connected,
		Protocols:              &protocols,
		// The context of a call ends these too. Here they bound what goes on in the background once it has.
		DialContext:            (&net.Dialer{Timeout: config.Timeout, KeepAlive: idleTimeout}).DialContext,
		TLSHandshakeTimeout:    config.Timeout,
		IdleConnTimeout:        idleTimeout,
		MaxIdleConnsPerHost:    2,
		MaxResponseHeaderBytes: 64 << 10,
		TLSClientConfig: &tls.Config{
			MinVersion: tls.VersionTLS12,
			MaxVersion: maxVersion(config.Certificate),
			RootCAs:    config.RootCAs,
			// Certificates in its place would be held back, without a word, from a server whose list of authorities does not name
			// the issuer. Servers often list their root alone, and the PEM file often has no intermediate.
			GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				if len(config.Certificate.Certificate) == 0 {
					t.certificateWanted.Store(true)
				}
				return &config.Certificate, nil
			},
		},
	}
	return t
}

// Reach opens a connection to e-RS, through the proxy if there is one, verifies the server, and closes the connection again
// without a request. It takes the same way as the calls do, except that it never uses a connection that exists already.
//
// With TLS 1.3 a server looks at the client's certificate only after the client has finished: that it is refused shows with
// the first call.
func (c *Client) Reach(ctx context.Context) error {
	now := c.now()
	if err := c.turn(ctx, callReach, now); err != nil {
		return err
	}
	c.notices.look(now)
	limited, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	// A pool of its own, so that the connection is a new one.
	fresh := c.transport.Clone()
	fresh.DisableKeepAlives = true
	defer fresh.CloseIdleConnections()

	// The connection is closed as soon as it is verified and before the transport can write the request, of which no byte
	// leaves the machine. This way all the transport knows about proxies is put to use.
	var verified atomic.Bool
	traced := httptrace.WithClientTrace(limited, &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		verified.Store(true)
		// How the goodbye goes is of no interest.
		_ = info.Conn.Close()
	}})
	request, err := http.NewRequestWithContext(traced, http.MethodHead, c.target.String(), nil)
	if err != nil {
		return problem.Unexpected.Because(err)
	}
	response, err := fresh.RoundTrip(request)
	switch {
	case err == nil:
		return response.Body.Close()
	case verified.Load():
		return nil
	}
	return c.transportProblem(ctx, callReach, false, err)
}
