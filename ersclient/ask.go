package ersclient

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

// Answer is what [TransportClient.Ask] has met on its way, as far as it came.
type Answer struct {
	// Proxy is the proxy's host and port, empty where there is none.
	Proxy string
	// TrustStore names the authorities that a certificate may come from.
	TrustStore string
	// Presented is the chain of certificates that was presented for e-RS, its own first, whether or not it can be trusted.
	Presented []*x509.Certificate
	// Root is the trusted authority that the chain ends in, nil if it could not be verified.
	Root *x509.Certificate
	// TLS is the version of TLS, such as tls.VersionTLS13; 0 if no connection was made.
	TLS uint16
	// CipherSuite is that of the connection: see [KeyExchange].
	CipherSuite uint16
	// Status is the HTTP status of the answer, 0 if there was none. Any status comes from something that speaks HTTP behind a
	// verified certificate; which one e-RS gives to this request is not public.
	Status int
	// Date is the time by the clock of e-RS, zero if it did not tell.
	Date time.Time
	// Ahead is by how much this computer's clock is ahead of it, or behind if it is negative, to a second or two.
	Ahead time.Duration
	// Clock is CLOCK-WRONG where the two differ by more than five minutes.
	Clock *problem.Problem
}

// Trust returns TrustStore in the form in which it stands in a text of the user's language.
func (a Answer) Trust() problem.Phrase { return trustPhrase(a.TrustStore) }

// Ask sends e-RS a request that means nothing, HEAD without ticket, ASID or session, to see what lies between here and there: for a
// diagnosis, with which nobody signs in. It takes the way of the calls over a connection of its own, waits for its turn as they do
// (IO-06), and is never repeated. That the server does not accept the client's certificate shows here at the latest.
//
// Any answer is a success: see [Answer.Status]. The error is a *Problem as that of a call; what is known of the way is in the
// Answer then too.
func (c *TransportClient) Ask(ctx context.Context) (Answer, error) {
	answer := Answer{Proxy: c.proxyFor(), TrustStore: c.transport.trustStore}
	asked := c.now()
	if err := c.turn(ctx, callAsk, asked); err != nil {
		return answer, err
	}
	limited, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	handshakes := &handshakes{}
	fresh := c.transport.Clone()
	fresh.DisableKeepAlives = true
	fresh.TLSClientConfig.VerifyConnection = func(state tls.ConnectionState) error {
		chains, err := c.transport.verifiedChains(state)
		if err == nil {
			handshakes.verified(state, chains)
		}
		return err
	}
	defer fresh.CloseIdleConnections()

	var sent atomic.Bool
	traced := httptrace.WithClientTrace(limited, &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }})
	request, err := http.NewRequestWithContext(traced, http.MethodHead, c.target.String(), nil)
	if err != nil {
		return answer, problem.Unexpected.Because(err)
	}
	request.Header["User-Agent"] = c.userAgent
	asked = c.now()
	response, err := fresh.RoundTrip(request)
	handshakes.tell(&answer, err)
	if err != nil {
		made := c.transportProblem(ctx, callAsk, sent.Load(), err)
		if errors.Is(made, noCiphers) {
			made = c.withKeyExchange(ctx, made)
		}
		return answer, made
	}
	answer.Status = response.StatusCode
	c.compare(&answer, asked, c.now(), response.Header)
	// HEAD has no body.
	_ = response.Body.Close()
	return answer, nil
}

// withKeyExchange adds to the cause of TLS-CIPHERS whether the server would accept RSA key exchange. It begins one more handshake, and
// ends it once the server has chosen.
func (c *TransportClient) withKeyExchange(ctx context.Context, failed *problem.Problem) *problem.Problem {
	if err := c.turn(ctx, callAsk, c.now()); err != nil {
		return failed
	}
	limited, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	var chosen atomic.Bool
	fresh := c.transport.Clone()
	fresh.DisableKeepAlives = true
	fresh.TLSClientConfig.MaxVersion, fresh.TLSClientConfig.CipherSuites = tls.VersionTLS12, rsaKeyExchange
	fresh.TLSClientConfig.VerifyConnection = func(tls.ConnectionState) error {
		chosen.Store(true)
		return errors.New("this was all there was to see")
	}
	defer fresh.CloseIdleConnections()
	request, err := http.NewRequestWithContext(limited, http.MethodHead, c.target.String(), nil)
	if err != nil {
		return failed
	}
	response, err := fresh.RoundTrip(request)
	if err == nil { // VerifyConnection has refused it
		_ = response.Body.Close()
	}
	if chosen.Load() || unverified(err) != nil {
		return failed.Because(fmt.Errorf("%w; asked for RSA key exchange alone, the server accepted it", failed.Cause))
	}
	return failed.Because(fmt.Errorf("%w; the server did not accept RSA key exchange either", failed.Cause))
}

// compare compares the clocks.
func (c *TransportClient) compare(answer *Answer, asked, came time.Time, header http.Header) {
	written, err := http.ParseTime(header.Get("Date"))
	if err != nil || header.Get("Age") != "" {
		return
	}
	// The Date is cut to the second, and was written at some time between the two.
	answer.Date = written
	answer.Ahead = asked.Add(came.Sub(asked) / 2).Round(0).Sub(written.Add(time.Second / 2))
	look := newNotices(TransportConfig{Notice: func(_ string, p *problem.Problem) { answer.Clock = p }})
	look.compareClocks(asked, came, header)
}

// ProxyAddress returns the host and port of the proxy that leads to e-RS, or nothing where there is none.
func (c *TransportClient) ProxyAddress() string { return c.proxyFor() }

// Host returns the host name of e-RS.
func (c *TransportClient) Host() string { return c.transport.host }

// Aging returns what is to be said of an endpoint certificate that can still be used, or could until recently: CERT-EXPIRES_SOON a
// fortnight before its end, CERT-EXPIRED after it, else nil.
func Aging(certificate tls.Certificate) *problem.Problem {
	var found *problem.Problem
	look := newNotices(TransportConfig{Certificate: certificate, Notice: func(_ string, p *problem.Problem) { found = p }})
	look.look(time.Now())
	return found
}

// handshakes keeps what was presented for e-RS in the first handshake that was verified. There may be more: the transport goes on with
// a connection whose call has been given up, and a server may renegotiate.
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

// tell fills in what was presented for e-RS, where it came to that.
func (h *handshakes) tell(answer *Answer, err error) {
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

// unverified returns the chain that was presented and could not be trusted, nil if that is not what is wrong.
func unverified(err error) []*x509.Certificate {
	var refused *tls.CertificateVerificationError
	if errors.As(err, &refused) {
		return refused.UnverifiedCertificates
	}
	return nil
}
