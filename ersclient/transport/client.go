// Package transport carries calls to the NHS e-Referral Service, of any of its platforms: over TLS
// 1.2 or later, directly or through a proxy, at most two a second, and repeated where that is safe.
// It knows no call and no session.
//
// The server is always verified, and no setting turns that off. A failure is a [*problem.Problem]
// that names who can help: name, network, proxy, server's certificate, our certificate, clock. Its
// chain has the technical cause, which errors.Is matches to the errors of package ersclient, such
// as [ersclient.ErrAnswerLost].
//
// Faults that do not prevent working are notices: see [Config.Notice].
package transport

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
)

// DefaultTimeout is the timeout of a call if Config.Timeout is 0.
const DefaultTimeout = 15 * time.Second

// Config holds the parameters of a Client. BaseURL is required.
type Config struct {
	// BaseURL is the e-RS platform, such as https://api.dev1.ers.ncrs.nhs.uk/ers-api.
	BaseURL string
	// Service names who answers there, in the titles of network failures; zero means e-RS.
	Service problem.Phrase
	// PlainLoopback allows a BaseURL of plain HTTP on this computer's loopback interface, for tests and
	// the demonstration.
	PlainLoopback bool
	// Certificate is the organisation's endpoint certificate. Without one e-RS refuses the connection.
	Certificate tls.Certificate
	// RootCAs are the authorities trusted for server certificates; nil means the system's.
	RootCAs *x509.CertPool
	// TrustStore names RootCAs in the error of a server certificate that they do not cover.
	TrustStore string
	// ServerName is the name required in the server's certificate in place of BaseURL's host: in a
	// SAN, or as the common name if there is none. It is sent as SNI. Empty means BaseURL's host, in a
	// SAN.
	ServerName string
	// RSAKeyExchange allows TLS 1.2 cipher suites with RSA key exchange, for servers without others.
	// Connections that use one raise [NoticeTLS].
	RSAKeyExchange bool
	// UserAgent is the User-Agent header; empty means "ers-login".
	UserAgent string
	// Timeout bounds each attempt of a call, from name resolution to the answer's last byte; 0 means
	// DefaultTimeout.
	Timeout time.Duration
	// Proxy returns the proxy to BaseURL, see [ProxyOf]; nil means the environment's.
	Proxy func(*http.Request) (*url.URL, error)
	// ProxyCredentials returns the user name and password (Basic) for a proxy, named by host and port;
	// nil or false means none. It is called for each new connection and may block within the context.
	// A user name in the proxy's URL, as in HTTPS_PROXY, has precedence.
	ProxyCredentials func(ctx context.Context, proxy string) (user string, password secret.Text, ok bool)
	// Notice receives faults that do not prevent working, once when one begins or changes, and a nil
	// Problem once it ends. The kinds are [NoticeCertificate], [NoticeClock] and [NoticeTLS]. New and
	// the calls invoke it, never concurrently; it must return soon and must not call the Client.
	Notice func(kind string, p *problem.Problem)
	// Trace receives each attempt of a [Request.Traced], for the log; it may be called concurrently.
	Trace func(Trace)
	// Pace limits the rate of calls; nil means a NewPace. Clients that share one share its limit.
	Pace *Pace
}

// Client sends calls to e-RS. It is safe for concurrent use. It sends at most two calls a second
// after an initial four, and one that closes a session a second besides (IO-06). A call waits for
// its turn up to ten seconds, or the end of its context; a turn later than that is NET-THROTTLED.
type Client struct {
	config Config
	// target is the URL that the calls are made to.
	target    *url.URL
	transport *transport
	notices   *notices
	// now is the wall clock.
	now func() time.Time
}

// New makes a Client for the path below the base URL. It does not connect. The error is about the base
// URL, which the settings have refused before.
func New(config Config, path ...string) (*Client, error) {
	target, err := targetOf(config.BaseURL, config.PlainLoopback, path)
	if err != nil {
		return nil, problem.Unexpected.Because(err)
	}
	if config.Timeout <= 0 {
		config.Timeout = DefaultTimeout
	}
	config.UserAgent = cmp.Or(config.UserAgent, "ers-login")
	config.Pace = cmp.Or(config.Pace, NewPace())
	if config.Service.Text == "" {
		config.Service = problem.Verbatim("e-RS")
	}
	notices := newNotices(config)
	client := &Client{
		config:    config,
		target:    target,
		transport: newTransport(config, target, notices),
		notices:   notices,
		now:       time.Now,
	}
	client.notices.look(client.now())
	return client, nil
}

// Renewed returns a Client like c with a renewed certificate and roots. It shares c's rate limit
// (IO-06) and notices; one about the old certificate is withdrawn. It closes c's idle connections;
// c's calls under way go on, but c must not start others.
func (c *Client) Renewed(certificate tls.Certificate, roots *x509.CertPool, trustStore string) *Client {
	made := *c
	made.config.Certificate, made.config.RootCAs, made.config.TrustStore = certificate, roots, trustStore
	made.transport = newTransport(made.config, c.target, c.notices)
	c.notices.renew(LeafOf(certificate), c.now())
	c.Close()
	return &made
}

// Close closes idle connections. Calls under way go on, and the Client can still be used.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// targetOf returns the URL of the path below a base URL. It accepts only an https URL of host and
// path: a query or fragment would be lost, and user information may hold a password. plain allows
// http on a loopback address.
func targetOf(text string, plain bool, path []string) (*url.URL, error) {
	base, err := url.Parse(text)
	if err != nil || base.Scheme != "https" && (!plain || base.Scheme != "http" || !IsLoopback(base.Hostname())) ||
		base.Hostname() == "" || base.User != nil || base.RawQuery != "" || base.ForceQuery || base.Fragment != "" {
		// The text may hold a password.
		return nil, errors.New("the base URL is not an https address of a host and a path")
	}
	if base.Path == "" {
		// JoinPath on an empty path would yield one without the leading slash.
		base.Path = "/"
	}
	return base.JoinPath(path...), nil
}

// IsLoopback reports whether a URL's host is this computer's loopback interface.
func IsLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
