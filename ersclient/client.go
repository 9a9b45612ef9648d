// Package ersclient speaks the three calls by which a smartcard's ticket becomes a professional session at the NHS
// e-Referral Service: A001 creates it ([Client.CreateSession]), A002 selects the organisation and business function to work
// as ([Client.SelectRole]), A003 deletes it ([Client.DeleteSession]). It follows the public e-RS API documentation and meets
// the conformance requirements A001-01 to A003-03 with it.
//
// The connection is mutual TLS 1.2 or later. The server is verified always and everything about it can be configured except
// that: its chain ends in an NHS root that no operating system ships, so a bundle is needed ([LoadRootCAs]), as is the
// organisation's endpoint certificate ([LoadCertificate]).
//
// What the published examples get wrong is taken as it comes: blanks around tickets and names, null for what is not there,
// business functions that no list has, and a session key that changes between A001 and A002.
//
// Every error is a [*Problem], which a clinician can act on; the technical cause is in its chain, [*StatusError] among
// others. Nothing is logged here, and no error's text holds a ticket or a session key. Nothing uncertain is repeated: see
// [AnswerLost].
package ersclient

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"time"

	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
)

// DefaultTimeout is how long a call may take unless Config.Timeout says otherwise.
const DefaultTimeout = 15 * time.Second

// Config is what a Client is made of. BaseURL and ASID are required.
type Config struct {
	// BaseURL is the e-RS platform, such as https://api.dev1.ers.ncrs.nhs.uk/ers-api.
	BaseURL string
	// ASID is the organisation's accredited system id, 12 digits, for the header XAPI_ASID.
	ASID string
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
	// SendFQDN sends the certificate's common name as the header XAPI_FQDN, which an older public client did and the
	// documentation does not ask for.
	SendFQDN bool
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
}

// Client makes the three calls. It is safe for concurrent use, except that a session must not be deleted while another call
// uses it. Whatever its callers do, it sends two calls a second at most after a first four, and one deletion a second beside
// (requirement IO-06): the next one waits for its turn, and fails with NET-THROTTLED if that is further away than ten seconds
// or the end of its context.
type Client struct {
	config Config
	// target is where sessions are.
	target    *url.URL
	header    http.Header
	timeout   time.Duration
	transport *transport
	throttle  *throttle
	retry     retryPolicy
	notices   *notices
	// now is the clock on the wall.
	now func() time.Time
}

var twelveDigits = regexp.MustCompile(`^[0-9]{12}$`)

// New makes a Client. It connects to nothing. The error is a *Problem that names the setting at fault: SETTING-BASE_URL,
// SETTING-ASID or SETTING-FQDN.
func New(config Config) (*Client, error) {
	target, err := targetOf(config.BaseURL)
	if err != nil {
		return nil, settingBaseURL.Because(err)
	}
	if !twelveDigits.MatchString(config.ASID) {
		return nil, settingASID
	}
	if config.Timeout <= 0 {
		config.Timeout = DefaultTimeout
	}
	header, err := headerOf(config)
	if err != nil {
		return nil, err
	}
	notices := newNotices(config)
	client := &Client{
		config:    config,
		target:    target,
		header:    header,
		timeout:   config.Timeout,
		transport: newTransport(config, target, notices.keyExchange),
		throttle:  newThrottle(),
		retry:     newRetryPolicy(),
		notices:   notices,
		now:       time.Now,
	}
	client.notices.look(client.now())
	return client, nil
}

// Renewed returns a Client like c that presents another certificate and trusts other authorities, as after a renewal. It shares
// c's turns (IO-06) and notices: one about the old certificate is taken back. c's idle connections are closed, and its calls under way
// go on; use it no more. The error is SETTING-FQDN, and c stays as it is.
func (c *Client) Renewed(certificate tls.Certificate, roots *x509.CertPool, trustStore string) (*Client, error) {
	made := *c
	made.config.Certificate, made.config.RootCAs, made.config.TrustStore = certificate, roots, trustStore
	var err error
	if made.header, err = headerOf(made.config); err != nil {
		return nil, err
	}
	made.transport = newTransport(made.config, c.target, c.notices.keyExchange)
	c.notices.renew(leafOf(certificate), c.now())
	c.Close()
	return &made, nil
}

// headerOf returns what every call has in its header.
func headerOf(config Config) (http.Header, error) {
	// Set would rewrite these names (Xapi_asid). In the map they stay as they are, on the wire too.
	header := http.Header{"XAPI_ASID": {config.ASID}, "User-Agent": {"ers-login"}}
	if config.UserAgent != "" {
		header["User-Agent"] = []string{config.UserAgent}
	}
	if config.SendFQDN {
		fqdn := CommonName(config.Certificate)
		if fqdn == "" || !isPrintable(fqdn) {
			return nil, settingFQDN
		}
		header["XAPI_FQDN"] = []string{fqdn}
	}
	return header, nil
}

// targetOf returns where the sessions of a base URL are. It accepts an https URL of a host and a path, and nothing else:
// what else a URL can hold would be lost on the way, or would be a password.
func targetOf(text string) (*url.URL, error) {
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
	return base.JoinPath("v1", "ProfessionalSession"), nil
}

// Close closes the connections that are idle. A call under way is not disturbed, and the Client can still be used.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// CreateSession creates a session from the smartcard's ticket (A001). The session is provisional until SelectRole. A user
// without roles gets one too, with an empty list of permissions; permissions of which one half is missing are left out,
// since nothing could be selected with them.
//
// It is tried again where that is safe: if e-RS cannot have seen the request, or if a gateway answered 502, 503 or 504. What
// did not get as far as e-RS is tried three times; where e-RS has to bear it, one workstation in four tries once more, so
// that thousands that fail in the same minute do not keep it down. If the answer named a session and could not be used
// otherwise, the returned Session holds its Key in spite of the error, so that it can be deleted.
func (c *Client) CreateSession(ctx context.Context, ticket Ticket) (Session, error) {
	ticket = NewTicket(ticket.Reveal())
	if ticket.IsZero() {
		return Session{}, problem.Unexpected.Because(errors.New("A001: there is no ticket"))
	}
	request := request{call: callA001, body: encodeRequest(ticket, nil), ticket: ticket}
	var answer []byte
	err := c.retry.do(ctx, request.call, func(ctx context.Context) error {
		var err error
		answer, err = c.send(ctx, request)
		return err
	})
	if err != nil {
		return Session{}, err
	}
	session, err := decodeSession(answer)
	session.Ticket = ticket
	if err != nil {
		return session, answerProblem(request.call, err)
	}
	return session, nil
}

// SelectRole selects an organisation and business function (A002), which makes the session valid. The returned Session is
// the one to use from now on: e-RS may have given it another Key. Its User is A001's.
//
// It is never repeated, neither here nor by the transport underneath: a second selection is an error, and after an answer
// that was lost nobody knows whether there was a first. [AnswerLost] tells when that is so; delete the session then, and
// start again at CreateSession if [StartAgain] says so, or else once the user asks for it. An answer for another person or
// another role than the requested one is an error, since the user would work under it unawares. As with CreateSession, the
// Session beside an error holds the latest Key that is known.
func (c *Client) SelectRole(ctx context.Context, session Session, permission Permission) (Session, error) {
	if err := checkKey(session.Key); err != nil {
		return session, problem.Unexpected.Because(fmt.Errorf("A002: %w", err))
	}
	body := encodeRequest(session.Ticket, &permission)
	request := request{call: callA002, key: session.Key, body: body, ticket: session.Ticket, permission: permission}
	answer, err := c.send(ctx, request)
	if err != nil {
		return session, err
	}
	selected, err := mergeSelection(session, answer, permission)
	if err != nil {
		return selected, answerProblem(request.call, err)
	}
	return selected, nil
}

// DeleteSession ends a session (A003). Never call it while another call that uses the session is under way. It is tried once
// more if e-RS cannot have seen the request.
func (c *Client) DeleteSession(ctx context.Context, key SessionKey) error {
	if err := checkKey(key); err != nil {
		return problem.Unexpected.Because(fmt.Errorf("A003: %w", err))
	}
	request := request{call: callA003, key: key}
	return c.retry.do(ctx, request.call, func(ctx context.Context) error {
		_, err := c.send(ctx, request)
		return err
	})
}

var (
	settingBaseURL = &problem.Problem{
		Code:     "SETTING-BASE_URL",
		Title:    "The address of e-RS is not set up correctly",
		Happened: "The setting base_url has to be the https address of an e-RS platform, with nothing behind its path.",
		Steps: []string{
			"Ask your local service desk to correct base_url, for example to https://api.dev1.ers.ncrs.nhs.uk/ers-api.",
		},
	}
	settingASID = &problem.Problem{
		Code:     "SETTING-ASID",
		Title:    "The number of this system is not set up correctly",
		Happened: "The setting asid has to be the accredited system id that was issued to your organisation: 12 digits.",
		Steps:    []string{"Ask your local service desk to correct asid."},
	}
	settingFQDN = &problem.Problem{
		Code:  "SETTING-FQDN",
		Title: "Your organisation's certificate has no name",
		Happened: "The setting send_fqdn has the certificate's common name sent to e-RS, and the certificate has none that " +
			"could be.",
		Steps: []string{"Ask your local service desk to switch send_fqdn off, or to check the certificate."},
	}
)
