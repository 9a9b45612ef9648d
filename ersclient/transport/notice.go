package transport

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/ers-login/ers-login/internal/problem"
)

// The kinds of Config.Notice: faults that do not prevent working.
const (
	// NoticeCertificate: the endpoint certificate expires within a fortnight (CERT-EXPIRES_SOON) or
	// has expired (CERT-EXPIRED). New checks it, then a call once a day.
	NoticeCertificate = "certificate"
	// NoticeClock: this computer's clock and that of e-RS, by the Date of any answer, differ by
	// more than five minutes (CLOCK-WRONG).
	NoticeClock = "clock"
	// NoticeTLS: the latest connection has no forward secrecy, as Config.RSAKeyExchange allows
	// (TLS-RSA_KEY_EXCHANGE).
	NoticeTLS = "tls"
)

const (
	// runsOutSoon is how long before its end a certificate is reported. An organisation needs about
	// as long to get a new one.
	runsOutSoon = 14 * 24 * time.Hour
	// certificateEvery is the interval between checks of the certificate.
	certificateEvery = 24 * time.Hour
	// wrongClock is the largest tolerated difference of the clocks.
	wrongClock = 5 * time.Minute
)

// notices serialises calls of notify, and reports each change once.
type notices struct {
	notify func(kind string, p *problem.Problem)

	mu sync.Mutex
	// leaf is the endpoint certificate, nil if there is none.
	leaf *x509.Certificate
	// looked is when the certificate was last checked, certificate the code last reported for it.
	looked      time.Time
	certificate string
	// off is the clock difference last reported: positive if this computer's is ahead.
	off time.Duration
	// noSecrecy is whether RSA key exchange was last reported.
	noSecrecy bool
}

func newNotices(config Config) *notices {
	notify := config.Notice
	if notify == nil {
		notify = func(string, *problem.Problem) {}
	}
	return &notices{notify: notify, leaf: LeafOf(config.Certificate)}
}

// LeafOf returns the leaf, or nil.
func LeafOf(certificate tls.Certificate) *x509.Certificate {
	if certificate.Leaf != nil || len(certificate.Certificate) == 0 {
		return certificate.Leaf
	}
	leaf, err := x509.ParseCertificate(certificate.Certificate[0])
	if err != nil {
		// The handshake reports the error.
		return nil
	}
	return leaf
}

// renew replaces the certificate to check.
func (n *notices) renew(leaf *x509.Certificate, now time.Time) {
	n.mu.Lock()
	n.leaf, n.looked = leaf, time.Time{}
	n.mu.Unlock()
	n.look(now)
}

// look checks the certificate, at most once a day, and again if the clock was set back.
func (n *notices) look(now time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	now = now.Round(0) // The wall clock: the monotonic one stops while a laptop sleeps.
	if n.leaf == nil || !n.looked.IsZero() && !now.Before(n.looked) && now.Sub(n.looked) < certificateEvery {
		return
	}
	n.looked = now
	switch found := expiryProblem(n.leaf, now); {
	case found == nil && n.certificate != "":
		n.certificate = ""
		n.notify(NoticeCertificate, nil)
	case found != nil && found.Code != n.certificate:
		n.certificate = found.Code
		n.notify(NoticeCertificate, found)
	}
}

// ExpiryProblem returns the Problem of an endpoint certificate's age: CERT-EXPIRES_SOON within a
// fortnight of its end, CERT-EXPIRED after it, else nil.
func ExpiryProblem(certificate tls.Certificate) *problem.Problem {
	if leaf := LeafOf(certificate); leaf != nil {
		return expiryProblem(leaf, time.Now())
	}
	return nil
}

func expiryProblem(leaf *x509.Certificate, now time.Time) *problem.Problem {
	found := certificateRunsOut
	switch {
	case now.After(leaf.NotAfter):
		found = CertificateRanOut
	case !now.Add(runsOutSoon).After(leaf.NotAfter):
		return nil
	}
	return found.With("Name", leaf.Subject.CommonName).WithPhrase("Until", problem.Moment(leaf.NotAfter))
}

// keyExchange is called with the cipher suite of each new connection to e-RS.
func (n *notices) keyExchange(suite uint16) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if found := KeyExchange(suite); (found != nil) != n.noSecrecy {
		n.noSecrecy = found != nil
		n.notify(NoticeTLS, found)
	}
}

// KeyExchange returns TLS-RSA_KEY_EXCHANGE if the cipher suite uses it, else nil.
func KeyExchange(suite uint16) *problem.Problem {
	if !slices.Contains(rsaKeyExchange, suite) {
		return nil
	}
	return noForwardSecrecy.Because(errors.New("the cipher suite is " + tls.CipherSuiteName(suite)))
}
