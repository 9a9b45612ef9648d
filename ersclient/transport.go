package ersclient

import (
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
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
	host string
	// serverName is TransportConfig.ServerName.
	serverName string
	// roots are TransportConfig.RootCAs, and trustStore is their name.
	roots      *x509.CertPool
	trustStore string
	// leaf is the client certificate, nil if there is none.
	leaf *x509.Certificate
	// key is the client certificate's, nil if there is none.
	key crypto.PrivateKey
	// certificateAsked is set when a server has asked for a client certificate.
	certificateAsked atomic.Bool
	negotiated       func(suite uint16)
}

// newTransport makes an HTTP/1.1 transport. HTTP/2 would be no use: it sends header names in lower case, and e-RS asks for
// XAPI_ASID and HTTP_X_SESSION_KEY. negotiated is called with the cipher suite of each connection with e-RS.
func newTransport(config TransportConfig, target *url.URL, negotiated func(suite uint16)) *transport {
	t := &transport{
		host: target.Hostname(), serverName: config.ServerName, roots: config.RootCAs, trustStore: config.TrustStore,
		leaf: leafOf(config.Certificate), key: config.Certificate.PrivateKey, negotiated: negotiated,
	}
	if t.trustStore == "" {
		t.trustStore = configuredTrust
		if config.RootCAs == nil {
			t.trustStore = systemTrust
		}
	}
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	// Certificates in place of GetClientCertificate would be held back, without a word, from a server whose list of authorities does not
	// name the issuer. Servers often list their root alone, and the PEM file often has no intermediate.
	certificate := func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &config.Certificate, nil }
	tlsConfig := &tls.Config{
		MinVersion: tls.VersionTLS12, MaxVersion: maxVersion(config.Certificate), RootCAs: config.RootCAs, GetClientCertificate: certificate,
	}
	proxies := &proxies{
		choose: config.Proxy, credentials: config.ProxyCredentials, timeout: config.Timeout, now: time.Now, tls: tlsConfig.Clone(),
	}
	if proxies.choose == nil {
		proxies.choose = fromEnvironment
	}
	tlsConfig.GetClientCertificate = func(info *tls.CertificateRequestInfo) (*tls.Certificate, error) {
		t.certificateAsked.Store(true)
		return certificate(info)
	}
	// IIS, and Apache with a rule for a folder, ask for the certificate once they have seen the request, by renegotiation of TLS 1.2.
	tlsConfig.Renegotiation = tls.RenegotiateOnceAsClient
	tlsConfig.VerifyConnection = t.verifyConnection
	if config.RSAKeyExchange {
		tlsConfig.CipherSuites = compatibleSuites()
	}
	if config.ServerName != "" {
		acceptName(tlsConfig, config.ServerName)
	}
	t.Transport = &http.Transport{
		Proxy:                  proxies.proxy,
		GetProxyConnectHeader:  proxies.connectHeader,
		OnProxyConnectResponse: proxies.connected,
		Protocols:              &protocols,
		// The context of a call ends these too. Here they bound what goes on in the background once it has.
		DialContext:            proxies.dial,
		TLSHandshakeTimeout:    config.Timeout,
		IdleConnTimeout:        idleTimeout,
		MaxIdleConnsPerHost:    2,
		MaxResponseHeaderBytes: 64 << 10,
		TLSClientConfig:        tlsConfig,
	}
	return t
}

// certificateWanted reports whether a server has asked for a client certificate and there was none to show.
func (t *transport) certificateWanted() bool { return t.leaf == nil && t.certificateAsked.Load() }

// Reach opens a connection to e-RS, through the proxy if there is one, verifies the server, and closes the connection again
// without a request. It takes the same way as the calls do, except that it never uses a connection that exists already.
//
// With TLS 1.3 a server looks at the client's certificate only after the client has finished: that it is refused shows with
// the first call.
func (c *TransportClient) Reach(ctx context.Context) error {
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
