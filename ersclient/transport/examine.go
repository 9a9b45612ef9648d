package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http/httptrace"
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
	if err := c.turn(ctx, callExamine, c.now()); err != nil {
		return answer, err
	}
	// More handshakes can follow the first: the transport continues a connection whose call was given
	// up, and a server may renegotiate.
	var verified atomic.Pointer[tls.ConnectionState]
	var sent atomic.Bool
	trace := &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }}
	asked := c.now()
	verify := func(state tls.ConnectionState) (err error) {
		if state.VerifiedChains, err = c.transport.verifiedChains(state); err == nil {
			verified.CompareAndSwap(nil, &state)
		}
		return err
	}
	status, header, err := c.head(ctx, trace, func(config *tls.Config) { config.VerifyConnection = verify })
	var operation *net.OpError
	if state := verified.Load(); state != nil {
		answer.Presented, answer.TLS, answer.CipherSuite = state.PeerCertificates, state.Version, state.CipherSuite
		chain := state.VerifiedChains[0]
		answer.Root = chain[len(chain)-1]
	} else if !errors.As(err, &operation) || operation.Op != "proxyconnect" {
		answer.Presented = unverified(err)
	}
	if err != nil {
		made := c.transportProblem(ctx, callExamine, sent.Load(), err)
		if errors.Is(made, noCiphers) {
			made = c.withKeyExchange(ctx, made)
		}
		return answer, made
	}
	answer.Status = status
	if clock, ok := readClock(asked, c.now(), header); ok {
		answer.Date, answer.Ahead, answer.Clock = clock.date, clock.ahead(), clock.problem()
	}
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
	if remoteAlert(err) == "" { // the connection ended otherwise, which says nothing of it
		return failed
	}
	return failed.Because(fmt.Errorf("%w; the server did not accept RSA key exchange either", failed.Cause))
}

// Host returns the host name of e-RS.
func (c *Client) Host() string { return c.transport.host }

// unverified returns the chain in a certificate verification error, or nil for any other error.
func unverified(err error) []*x509.Certificate {
	var refused *tls.CertificateVerificationError
	if errors.As(err, &refused) {
		return refused.UnverifiedCertificates
	}
	return nil
}
