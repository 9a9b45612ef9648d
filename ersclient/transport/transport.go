package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"
)

// idleTimeout bounds the idle time of a connection. It is short: while a user chooses a role a
// firewall may drop the connection silently, and A002 is the one call that cannot be repeated.
const idleTimeout = 15 * time.Second

// transport is the mutual TLS connection to e-RS, directly or through a proxy.
type transport struct {
	*http.Transport
	config Config
	host   string
	// leaf is the client certificate, nil if there is none.
	leaf *x509.Certificate
	// certificateAsked is set once a server has asked for a client certificate.
	certificateAsked atomic.Bool
	notices          *notices
}

// newTransport makes an HTTP/1.1 transport. HTTP/2 sends header names in lower case, and e-RS asks
// for XAPI_ASID and HTTP_X_SESSION_KEY.
func newTransport(config Config, target *url.URL, notices *notices) *transport {
	if config.TrustStore == "" {
		config.TrustStore = configuredTrust
		if config.RootCAs == nil {
			config.TrustStore = SystemTrust
		}
	}
	if config.Proxy == nil {
		config.Proxy = fromEnvironment
	}
	t := &transport{config: config, host: target.Hostname(), leaf: LeafOf(config.Certificate), notices: notices}
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	// Config.Certificates would silently send none to a server whose list of authorities lacks the
	// issuer. Servers often list their root alone, and PEM files often lack the intermediate.
	certificate := func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &config.Certificate, nil }
	tlsConfig := &tls.Config{
		MinVersion: tls.VersionTLS12, MaxVersion: maxVersion(config.Certificate), RootCAs: config.RootCAs, GetClientCertificate: certificate,
	}
	proxies := newProxies(config, target, tlsConfig)
	tlsConfig.GetClientCertificate = func(info *tls.CertificateRequestInfo) (*tls.Certificate, error) {
		t.certificateAsked.Store(true)
		return certificate(info)
	}
	// IIS, and Apache with a rule for a folder, ask for the certificate after the request, by
	// renegotiation of TLS 1.2.
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
		// A call's context ends these too; the bounds are for connections that outlive their call.
		DialContext:            proxies.dial,
		TLSHandshakeTimeout:    config.Timeout,
		IdleConnTimeout:        idleTimeout,
		MaxIdleConnsPerHost:    2,
		MaxResponseHeaderBytes: 64 << 10,
		TLSClientConfig:        tlsConfig,
	}
	return t
}

// certificateWanted reports whether a server asked for a client certificate and there was none.
func (t *transport) certificateWanted() bool { return t.leaf == nil && t.certificateAsked.Load() }

// Reach opens a new connection to e-RS, through the proxy if there is one, verifies the server, and
// closes it without a request. With TLS 1.3 a server checks the client's certificate later: a
// refusal shows with the first call.
func (c *Client) Reach(ctx context.Context) error {
	now := c.now()
	if err := c.turn(ctx, callReach, now); err != nil {
		return err
	}
	c.notices.look(now)
	// The connection is closed once it is verified, before the transport can write a byte of the
	// request. This uses all that net/http knows about proxies.
	var verified atomic.Bool
	_, _, err := c.head(ctx, &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		verified.Store(true)
		// The result of Close does not matter.
		_ = info.Conn.Close()
	}}, nil)
	if err == nil || verified.Load() {
		return nil
	}
	return c.transportProblem(ctx, callReach, false, err)
}

// head makes a HEAD request over a new connection, whose TLS settings change may change. It returns
// the answer's status and header.
func (c *Client) head(ctx context.Context, trace *httptrace.ClientTrace, change func(*tls.Config)) (int, http.Header, error) {
	limited, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	// A new pool forces a new connection.
	fresh := c.transport.Clone()
	fresh.DisableKeepAlives = true
	defer fresh.CloseIdleConnections()
	if change != nil {
		change(fresh.TLSClientConfig)
	}
	target := *c.target
	request := &http.Request{Method: http.MethodHead, URL: &target, Host: target.Host, Header: http.Header{"User-Agent": {c.config.UserAgent}}}
	response, err := fresh.RoundTrip(request.WithContext(httptrace.WithClientTrace(limited, trace)))
	if err != nil {
		return 0, nil, err
	}
	// A response to HEAD has no body.
	return response.StatusCode, response.Header, response.Body.Close()
}
