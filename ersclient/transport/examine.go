package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ers-login/ers-login/internal/problem"
)

// Examination is what [Client.Examine] learned before it succeeded or failed.
type Examination struct {
	// Proxy is the proxy's host and port, empty if there is none.
	Proxy string
	// TrustStore names the trusted authorities: a file's path, or a fixed name such as the
	// system's.
	TrustStore string
	// Presented is the chain that was presented for e-RS, leaf first, trusted or not.
	Presented []*x509.Certificate
	// Root is the trusted authority at the end of the chain, nil if the chain was not verified.
	Root *x509.Certificate
	// TLS is the version of TLS, such as tls.VersionTLS13; 0 without a connection.
	TLS uint16
	// CipherSuite is the connection's suite: see [KeyExchange].
	CipherSuite uint16
	// Status is the HTTP status, 0 without an answer. Any status comes from an HTTP server with a
	// verified certificate; which one e-RS gives to this request is not public.
	Status int
	// Date is the answer's Date header, zero if it has none.
	Date time.Time
	// Ahead is this computer's clock minus that of e-RS, accurate to a second or two.
	Ahead time.Duration
	// Clock is CLOCK-WRONG if the two differ by more than five minutes, else nil.
	Clock *problem.Problem
}

// Plain reports whether the answer came over plain HTTP, as it may on this computer alone.
func (e Examination) Plain() bool { return e.Status != 0 && e.TLS == 0 }

// Trust returns TrustStore as a translatable phrase.
func (e Examination) Trust() problem.Phrase { return trustPhrase(e.TrustStore) }

// Examine checks the way to e-RS without signing in: a HEAD request without ticket, ASID or
// session, over a new connection, in its turn like any call (IO-06), never repeated. A refused
// client certificate shows here at the latest. Any status is a success. The error is a *Problem as
// from a call, with what was learned until then in the Examination.
func (c *Client) Examine(ctx context.Context) (Examination, error) {
	answer := Examination{Proxy: c.ProxyAddress(), TrustStore: c.transport.config.TrustStore}
	asked := c.now()
	if err := c.turn(ctx, callExamine, asked); err != nil {
		return answer, err
	}
	handshakes := &handshakes{}
	verify := func(state tls.ConnectionState) error {
		chains, err := c.transport.verifiedChains(state)
		if err == nil {
			handshakes.verified(state, chains)
		}
		return err
	}
	var sent atomic.Bool
	trace := &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }}
	asked = c.now()
	status, header, err := c.head(ctx, trace, func(config *tls.Config) { config.VerifyConnection = verify })
	handshakes.fill(&answer, err)
	if err != nil {
		made := c.transportProblem(ctx, callExamine, sent.Load(), err)
		if errors.Is(made, noCiphers) {
			made = c.withKeyExchange(ctx, made)
		}
		return answer, made
	}
	answer.Status = status
	c.compare(&answer, asked, c.now(), header)
	return answer, nil
}

// withKeyExchange adds to the cause of TLS-CIPHERS whether the server accepts RSA key exchange. It
// starts one more handshake, and ends it once the server has chosen a suite.
func (c *Client) withKeyExchange(ctx context.Context, failed *problem.Problem) *problem.Problem {
	if err := c.turn(ctx, callExamine, c.now()); err != nil {
		return failed
	}
	var chosen atomic.Bool
	_, _, err := c.head(ctx, &httptrace.ClientTrace{}, func(config *tls.Config) {
		config.MaxVersion, config.CipherSuites = tls.VersionTLS12, rsaKeyExchange
		config.VerifyConnection = func(tls.ConnectionState) error {
			chosen.Store(true)
			return errors.New("this was all there was to see")
		}
	})
	if chosen.Load() || unverified(err) != nil {
		return failed.Because(fmt.Errorf("%w; asked for RSA key exchange alone, the server accepted it", failed.Cause))
	}
	return failed.Because(fmt.Errorf("%w; the server did not accept RSA key exchange either", failed.Cause))
}

// compare sets Date, Ahead and Clock from an answer's Date header.
func (c *Client) compare(answer *Examination, asked, came time.Time, header http.Header) {
	written, err := http.ParseTime(header.Get("Date"))
	if err != nil || header.Get("Age") != "" {
		return
	}
	// The Date has whole seconds and was written at some time between asked and came.
	answer.Date = written
	answer.Ahead = asked.Add(came.Sub(asked) / 2).Round(0).Sub(written.Add(time.Second / 2))
	look := newNotices(Config{Notice: func(_ string, p *problem.Problem) { answer.Clock = p }})
	look.compareClocks(asked, came, header)
}

// Host returns the host name of e-RS.
func (c *Client) Host() string { return c.transport.host }

// ExpiryProblem returns the Problem of an endpoint certificate's age: CERT-EXPIRES_SOON within a
// fortnight of its end, CERT-EXPIRED after it, else nil.
func ExpiryProblem(certificate tls.Certificate) *problem.Problem {
	var found *problem.Problem
	look := newNotices(Config{Certificate: certificate, Notice: func(_ string, p *problem.Problem) { found = p }})
	look.look(time.Now())
	return found
}

// handshakes keeps the state of the first verified handshake. More can follow: the transport
// continues a connection whose call was given up, and a server may renegotiate.
type handshakes struct {
	mu    sync.Mutex
	state *tls.ConnectionState
	root  *x509.Certificate
}

func (h *handshakes) verified(state tls.ConnectionState, chains [][]*x509.Certificate) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.state != nil {
		return
	}
	h.state = &state
	if len(chains) > 0 {
		h.root = chains[0][len(chains[0])-1]
	}
}

// fill sets what is known of the handshake in answer, given the error of the request.
func (h *handshakes) fill(answer *Examination, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.state != nil {
		answer.Presented, answer.TLS, answer.CipherSuite = h.state.PeerCertificates, h.state.Version, h.state.CipherSuite
		answer.Root = h.root
		return
	}
	var operation *net.OpError
	if !errors.As(err, &operation) || operation.Op != "proxyconnect" {
		answer.Presented = unverified(err)
	}
}

// unverified returns the chain in a certificate verification error, or nil for any other error.
func unverified(err error) []*x509.Certificate {
	var refused *tls.CertificateVerificationError
	if errors.As(err, &refused) {
		return refused.UnverifiedCertificates
	}
	return nil
}
