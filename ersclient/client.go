// Package ersclient makes the three calls that turn a smartcard's ticket into a professional
// session at the NHS e-Referral Service (e-RS): A001 creates it ([Client.CreateSession]), A002
// selects the organisation and business function to work as ([Client.SelectRole]), A003 deletes it
// ([Client.DeleteSession]). It follows the public e-RS API documentation and meets the conformance
// requirements A001-01 to A003-03.
//
// The connection is mutual TLS 1.2 or later. The server is always verified, and no setting turns
// that off: its chain ends in an NHS root that no operating system ships, so a bundle is needed
// ([LoadRootCAs]), as is the organisation's endpoint certificate ([LoadCertificate]).
//
// Deviations of the published examples are accepted: blanks around tickets and names, null for
// absent members, business functions in no published list, and a session key that changes between
// A001 and A002.
//
// Every error is a [*Problem], which a clinician can act on; its chain has the technical cause,
// such as [*StatusError]. The package logs nothing, and no error's text holds a ticket or a session
// key. A call whose result is uncertain is not repeated: see [AnswerLost].
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

// DefaultTimeout is the timeout of a call if Config.Timeout is 0.
const DefaultTimeout = 15 * time.Second

// Config holds the parameters of a Client. BaseURL and ASID are required.
type Config struct {
	// BaseURL is the e-RS platform, such as https://api.dev1.ers.ncrs.nhs.uk/ers-api.
	BaseURL string
	// ASID is the organisation's accredited system id, 12 digits, for the header XAPI_ASID.
	ASID string
	// Certificate is the organisation's endpoint certificate. Without one e-RS refuses the
	// connection.
	Certificate tls.Certificate
	// RootCAs are the authorities trusted for server certificates; nil means the system's.
	RootCAs *x509.CertPool
	// TrustStore names RootCAs in the error of a server certificate that they do not cover.
	TrustStore string
	// ServerName is the name required in the server's certificate in place of BaseURL's host: in a
	// SAN, or as the common name if there is none. It is sent as SNI. Empty means BaseURL's host,
	// in a SAN.
	ServerName string
	// RSAKeyExchange allows TLS 1.2 cipher suites with RSA key exchange, for servers without
	// others. Connections that use one raise [NoticeTLS].
	RSAKeyExchange bool
	// SendFQDN sends the certificate's common name in the header XAPI_FQDN, as an older public
	// client did. The documentation does not ask for it.
	SendFQDN bool
	// UserAgent is the User-Agent header; empty means "ers-login".
	UserAgent string
	// Timeout bounds each attempt of a call, from name resolution to the answer's last byte; 0
	// means DefaultTimeout.
	Timeout time.Duration
	// Proxy returns the proxy of a request, see [ProxyOf]; nil means the environment's.
	Proxy func(*http.Request) (*url.URL, error)
	// ProxyCredentials returns the user name and password (Basic) for a proxy, named by host and
	// port; nil or false means none. It is called for each new connection and may block within the
	// context. A user name in the proxy's URL, as in HTTPS_PROXY, has precedence.
	ProxyCredentials func(ctx context.Context, proxy string) (user string, password secret.Text, ok bool)
	// Notice receives faults that do not prevent working, once when one begins or changes, and a
	// nil Problem once it ends. The kinds are [NoticeCertificate], [NoticeClock] and [NoticeTLS].
	// New and the calls invoke it, never concurrently; it must return soon and must not call the
	// Client.
	Notice func(kind string, p *problem.Problem)
}

// Client makes the three calls. It is safe for concurrent use, except that a session must not be
// deleted while another call uses it. It sends at most two calls a second after an initial four,
// and one deletion a second besides (IO-06). A call waits for its turn up to ten seconds, or the
// end of its context; a turn later than that is NET-THROTTLED.
type Client struct {
	config Config
	// target is the URL of the sessions resource.
	target    *url.URL
	header    http.Header
	timeout   time.Duration
	transport *transport
	throttle  *throttle
	retry     retryPolicy
	notices   *notices
	// now is the wall clock.
	now func() time.Time
}

var twelveDigits = regexp.MustCompile(`^[0-9]{12}$`)

// New makes a Client. It does not connect. The error is a *Problem that names the invalid setting:
// SETTING-BASE_URL, SETTING-ASID or SETTING-FQDN.
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

// Renewed returns a Client like c with a renewed certificate and roots. It shares c's rate limit
// (IO-06) and notices; one about the old certificate is withdrawn. It closes c's idle connections;
// c's calls under way go on, but c must not start others. The error is SETTING-FQDN, and leaves c
// unchanged.
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

// headerOf returns the header fields common to all calls.
func headerOf(config Config) (http.Header, error) {
	// Header.Set would canonicalise the names (Xapi_asid). Map keys go onto the wire unchanged.
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

// targetOf returns the URL of the sessions resource. It accepts only an https URL of host and path:
// a query or fragment would be lost, and user information may hold a password.
func targetOf(text string) (*url.URL, error) {
	base, err := url.Parse(text)
	switch {
	case err != nil:
		// The parser's error quotes the text, which may hold a password.
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
		// JoinPath on an empty path would yield one without the leading slash.
		base.Path = "/"
	}
	return base.JoinPath("v1", "ProfessionalSession"), nil
}

// Close closes idle connections. Calls under way go on, and the Client can still be used.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// CreateSession creates a provisional session from the smartcard's ticket (A001), repeated as
// retryPolicy allows. A user without roles gets one without permissions; permissions that lack
// organisation or function are dropped, since A002 needs both. If an unusable answer had a session
// key, the Session beside the error holds it, for deletion.
func (c *Client) CreateSession(ctx context.Context, ticket Token) (Session, error) {
	ticket = NewToken(ticket.Reveal())
	if ticket.IsZero() {
		return Session{}, problem.Unexpected.Because(errors.New("A001: there is no ticket"))
	}
	request := request{call: callA001, body: encodeRequest(ticket, nil), token: ticket}
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
	session.Token = ticket
	if err != nil {
		return session, answerProblem(request.call, err)
	}
	return session, nil
}

// SelectRole selects an organisation and business function (A002), which makes the session valid.
// The returned Session has A001's User and the latest known Key, also beside an error; an answer
// for another person or role is an error. A second selection is an error, so A002 is never
// repeated: after a lost answer ([AnswerLost]) delete the session, and see [StartAgain].
func (c *Client) SelectRole(ctx context.Context, session Session, permission Permission) (Session, error) {
	if err := checkKey(session.Key); err != nil {
		return session, problem.Unexpected.Because(fmt.Errorf("A002: %w", err))
	}
	body := encodeRequest(session.Token, &permission)
	request := request{call: callA002, key: session.Key, body: body, token: session.Token, permission: permission}
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

// DeleteSession ends a session (A003). It must not run while another call uses the session. It is
// repeated once if e-RS cannot have seen the request.
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
