// Package hscn makes the three calls that turn a smartcard's ticket into a professional session at
// the NHS e-Referral Service (e-RS), on its HSCN platform: A001 creates it
// ([Client.CreateSession]), A002 selects the organisation and business function to work as
// ([Client.SelectRole]), A003 deletes it ([Client.DeleteSession]). It follows the public e-RS API
// documentation and meets the conformance requirements A001-01 to A003-03.
//
// The connection is mutual TLS 1.2 or later. The server is always verified, and no setting turns
// that off: its chain ends in an NHS root that no operating system ships, so a bundle is needed, as
// is the organisation's endpoint certificate: package certificate reads both.
//
// Deviations of the published examples are accepted: blanks around tickets and names, null for
// absent members, business functions in no published list, and a session key that changes between
// A001 and A002.
//
// Every error is a [*problem.Problem], which a clinician can act on; its chain has the technical
// cause, such as [*transport.StatusError]. The package logs nothing, and no error's text holds a
// ticket or a session key. A call whose result is uncertain is not repeated: see
// [ersclient.ErrAnswerLost].
package hscn

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net/http"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
)

// Config holds the parameters of a Client. BaseURL and ASID are required.
type Config struct {
	transport.Config
	// ASID is the organisation's accredited system id, 12 digits, for the header XAPI_ASID.
	ASID string
	// SendFQDN sends the certificate's common name in the header XAPI_FQDN, as an older public
	// client did. The documentation does not ask for it.
	SendFQDN bool
}

// Client makes the three calls. It is safe for concurrent use, except that a session must not be
// deleted while another call uses it. For its rate limit see [transport.Client].
type Client struct {
	*transport.Client
	config Config
	header http.Header
}

// maxFQDN bounds the name sent in XAPI_FQDN, in bytes: that of any name in the DNS.
const maxFQDN = 253

// New makes a Client. It does not connect. The error is SETTING-FQDN, or that of [transport.New].
func New(config Config) (*Client, error) {
	header, err := headerOf(config)
	if err != nil {
		return nil, err
	}
	shared, err := transport.New(config.Config, "v1", "ProfessionalSession")
	if err != nil {
		return nil, err
	}
	return &Client{shared, config, header}, nil
}

// Renewed returns a Client like c with a renewed certificate and roots, as
// [transport.Client.Renewed] does. The error is SETTING-FQDN, and leaves c unchanged.
func (c *Client) Renewed(certificate tls.Certificate, roots *x509.CertPool, trustStore string) (*Client, error) {
	config := c.config
	config.Certificate = certificate
	header, err := headerOf(config)
	if err != nil {
		return nil, err
	}
	return &Client{c.Client.Renewed(certificate, roots, trustStore), config, header}, nil
}

// headerOf returns the header fields common to all calls.
func headerOf(config Config) (http.Header, error) {
	// Header.Set would canonicalise the names (Xapi_asid). Map keys go onto the wire unchanged.
	header := http.Header{"XAPI_ASID": {config.ASID}}
	if config.SendFQDN {
		leaf := transport.LeafOf(config.Certificate)
		if leaf == nil || !transport.IsToken(leaf.Subject.CommonName, maxFQDN) {
			return nil, settingFQDN
		}
		header["XAPI_FQDN"] = []string{leaf.Subject.CommonName}
	}
	return header, nil
}

// CreateSession creates a provisional session from the smartcard's ticket (A001). It is repeated
// only if e-RS cannot have seen the request, or after a gateway's 502, 503 or 504; how often and
// when is up to package transport. A user without roles gets one without permissions; permissions
// that lack organisation or function are dropped, since A002 needs both. If an unusable answer had
// a session key, the Session beside the error holds it, for deletion.
func (c *Client) CreateSession(ctx context.Context, ticket ersclient.Ticket) (ersclient.Session, error) {
	ticket = ersclient.NewTicket(ticket.Reveal())
	if ticket.IsZero() {
		return ersclient.Session{}, problem.Unexpected.Because(errors.New("A001: there is no ticket"))
	}
	var session ersclient.Session
	err := c.send(ctx, request{call: callA001, body: encodeRequest(ticket, nil), ticket: ticket, read: func(body []byte) (err error) {
		session, err = decodeSession(body)
		session.Ticket = ticket
		return err
	}})
	return session, err
}

// SelectRole selects an organisation and business function (A002), which makes the session valid.
// The returned Session has A001's User and the latest known Key, also beside an error; an answer
// for another person or role is an error. A second selection is an error, so A002 is never
// repeated: after a lost answer ([ersclient.ErrAnswerLost]) delete the session, and see
// [ersclient.ErrStartAgain].
func (c *Client) SelectRole(ctx context.Context, session ersclient.Session, permission ersclient.Permission) (ersclient.Session, error) {
	if err := checkKey(session.Key); err != nil {
		return session, problem.Unexpected.Because(fmt.Errorf("A002: %w", err))
	}
	selected := session
	err := c.send(ctx, request{
		call: callA002, key: session.Key, body: encodeRequest(session.Ticket, &permission), ticket: session.Ticket, permission: permission,
		read: func(body []byte) (err error) {
			selected, err = mergeSelection(session, body, permission)
			return err
		},
	})
	return selected, err
}

// DeleteSession ends a session (A003). It must not run while another call uses the session. It is
// repeated once if e-RS cannot have seen the request.
func (c *Client) DeleteSession(ctx context.Context, key ersclient.SessionKey) error {
	if err := checkKey(key); err != nil {
		return problem.Unexpected.Because(fmt.Errorf("A003: %w", err))
	}
	return c.send(ctx, request{call: callA003, key: key})
}

// The three calls. A003 has no answer that could be missing.
var (
	callA001 = transport.Call{Name: "A001", Method: http.MethodPost, Success: http.StatusCreated}
	callA002 = transport.Call{Name: "A002", Method: http.MethodPut, Success: http.StatusOK, Once: true}
	callA003 = transport.Call{Name: "A003", Method: http.MethodDelete, Ends: true}
)

// request holds the parameters of one call.
type request struct {
	call transport.Call
	// key names the session, for A002 and A003.
	key ersclient.SessionKey
	// body is JSON, nil for A003.
	body []byte
	// ticket and permission are what the body was made of: the one to be kept out of errors, the other
	// to explain them.
	ticket     ersclient.Ticket
	permission ersclient.Permission
	// read decodes the body of a success.
	read func(body []byte) error
}

// send makes a call.
func (c *Client) send(ctx context.Context, r request) error {
	header := c.header
	if !r.key.IsZero() {
		header = maps.Clone(header)
		header["HTTP_X_SESSION_KEY"] = []string{r.key.Reveal()}
	}
	return c.Send(ctx, transport.Request{
		Call: r.call, Step: r.key.Reveal(), Header: header, Body: r.body, Secrets: []secret.Text{r.key.Text, r.ticket.Text}, Read: r.read,
		Refused: func(cause *transport.StatusError) error { return statusProblem(r, cause) },
	})
}
