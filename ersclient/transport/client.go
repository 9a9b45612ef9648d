// Package transport carries calls to the NHS e-Referral Service, whichever of its platforms they are for: over TLS 1.2 or later, on
// the workstation's own connection or through a proxy, each when it is its turn, and again where that is safe. It knows no call and
// no session.
//
// The server is verified always, and everything about it can be configured except that. What goes wrong on the way is a
// [*problem.Problem] that says who can help: name, network, proxy, server's certificate, our certificate, clock. The cause is in its
// chain, and reports by errors.Is whether e-RS may have carried out the call all the same (package ersclient has the errors).
//
// What is wrong without keeping a call from being made is a notice: see [Config.Notice].
package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
)

// DefaultTimeout is how long a call may take unless Config.Timeout says otherwise.
const DefaultTimeout = 15 * time.Second

// Config is what a Client is made of. BaseURL is required.
type Config struct {
	// BaseURL is the e-RS platform, such as https://api.dev1.ers.ncrs.nhs.uk/ers-api.
	BaseURL string
	// Certificate is the organisation's endpoint certificate. Without one e-RS will refuse the connection.
	Certificate tls.Certificate
	// RootCAs are the authorities that a server certificate may come from; nil is the system's.
	RootCAs *x509.CertPool
	// TrustStore names RootCAs to a person, for the error that the server's certificate is not among them.
	TrustStore string
	// ServerName is the name that the server's certificate must carry in place of the host of BaseURL, in a SAN or, if it has none, as
	// its common name. It is sent as SNI, too. Empty is the host of BaseURL, in a SAN.
	ServerName string
	// RSAKeyExchange allows cipher suites of TLS 1.2 with RSA key exchange, for servers that have no others. A connection that uses
	// one is noticed as [NoticeTLS].
	RSAKeyExchange bool
	// UserAgent is the header of that name; empty is "ers-login".
	UserAgent string
	// Timeout bounds each attempt of a call, from looking up the name to the last byte of the answer; 0 is DefaultTimeout.
	Timeout time.Duration
	// Proxy chooses the proxy, as [ProxyOf] makes it from a setting; nil is the environment's.
	Proxy func(*http.Request) (*url.URL, error)
	// ProxyCredentials returns the user name and password for a proxy, named by host and port; nil or false is none. It is
	// asked whenever a connection is opened, and may take its time within the context. What it returns is sent to the proxy
	// as Basic authentication. Where the proxy's URL comes with a user name, as in HTTPS_PROXY, that one is used.
	ProxyCredentials func(ctx context.Context, proxy string) (user string, password secret.Text, ok bool)
	// Notice is told what is wrong without keeping anybody from working, once when it begins or changes, and with a nil Problem
	// once it is well again. The kinds are [NoticeCertificate] (CERT-EXPIRES_SOON and CERT-EXPIRED, looked at by New and then
	// daily with a call), [NoticeClock] (CLOCK-WRONG, by the Date of any answer) and [NoticeTLS] (TLS-RSA_KEY_EXCHANGE). It is called by New and during calls, one
	// call of it at a time; it must return soon, and must not call the Client.
	Notice func(kind string, p *problem.Problem)
	// Pace is when calls are sent; nil is a NewPace. Clients that share one wait for the same turns.
	Pace *Pace
}

// Client sends calls to e-RS. It is safe for concurrent use. Whatever its callers do, it sends two calls a second at most
// after a first four, and one that closes a session a second beside (requirement IO-06): the next one waits for its turn, and fails
// with NET-THROTTLED if that is further away than ten seconds or the end of its context.
type Client struct {
	config Config
	// target is what the calls are about.
	target    *url.URL
	userAgent []string
	timeout   time.Duration
	transport *transport
	pace      *Pace
	notices   *notices
	// now is the clock on the wall.
	now func() time.Time
}

// New makes a Client for what is at a path below the base URL. It connects to nothing. The error is the
// *problem.Problem SETTING-BASE_URL.
func New(config Config, path ...string) (*Client, error) {
	target, err := targetOf(config.BaseURL, path)
	if err != nil {
		return nil, settingBaseURL.Because(err)
	}
	if config.Timeout <= 0 {
		config.Timeout = DefaultTimeout
	}
	if config.UserAgent == "" {
		config.UserAgent = "ers-login"
	}
	if config.Pace == nil {
		config.Pace = NewPace()
	}
	notices := newNotices(config)
	client := &Client{
		config:    config,
		target:    target,
		userAgent: []string{config.UserAgent},
		timeout:   config.Timeout,
		transport: newTransport(config, target, notices.keyExchange),
		pace:      config.Pace,
		notices:   notices,
		now:       time.Now,
	}
	client.notices.look(client.now())
	return client, nil
}

// Renewed returns a Client like c that presents another certificate and trusts other authorities, as after a renewal. It
// shares c's turns (IO-06) and notices: one about the old certificate is taken back. c's idle connections are closed, and its calls
// under way go on; use it no more.
func (c *Client) Renewed(certificate tls.Certificate, roots *x509.CertPool, trustStore string) *Client {
	made := *c
	made.config.Certificate, made.config.RootCAs, made.config.TrustStore = certificate, roots, trustStore
	made.transport = newTransport(made.config, c.target, c.notices.keyExchange)
	c.notices.renew(LeafOf(certificate), c.now())
	c.Close()
	return &made
}

// Close closes the connections that are idle. A call under way is not disturbed, and the client can still be used.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// targetOf returns what is at a path below a base URL. It accepts an https URL of a host and a path, and nothing else:
// what else a URL can hold would be lost on the way, or would be a password.
func targetOf(text string, path []string) (*url.URL, error) {
	base, err := url.Parse(text)
	switch {
	case err != nil:
		// The parser's own error repeats the text, of which a part might be a password.
		return nil, errors.New("not a URL")
	case base.Scheme != "https":
		return nil, errors.New("not https")
	case base.Hostname() == "":
		return nil, errors.New("no host")
	case base.User != nil:
		return nil, errors.New("a user name in it")
	case base.RawQuery != "" || base.ForceQuery || base.Fragment != "":
		return nil, errors.New("more than a host and a path")
	}
	if base.Path == "" {
		// Without it, the path would begin with the name of its first step, which is no path at all.
		base.Path = "/"
	}
	return base.JoinPath(path...), nil
}

var settingBaseURL = &problem.Problem{
	Code:     "SETTING-BASE_URL",
	Title:    "The address of e-RS is not set up correctly",
	Happened: "The setting base_url has to be the https address of an e-RS platform, with nothing behind its path.",
	Steps: []string{
		"Ask your local service desk to correct base_url, for example to https://api.dev1.ers.ncrs.nhs.uk/ers-api.",
	},
}
