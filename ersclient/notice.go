package ersclient

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/ers-login/ers-login/internal/problem"
)

// The kinds of TransportConfig.Notice: what is wrong without keeping anybody from working.
const (
	// NoticeCertificate: the endpoint certificate runs out within a fortnight, or has run out.
	NoticeCertificate = "certificate"
	// NoticeClock: this computer's clock and that of e-RS differ by more than five minutes.
	NoticeClock = "clock"
	// NoticeTLS: the latest connection to e-RS was made without forward secrecy, as TransportConfig.RSAKeyExchange allows.
	NoticeTLS = "tls"
)

const (
	// runsOutSoon is how long before its end a certificate is spoken of. To get a new one takes an organisation about this long.
	runsOutSoon = 14 * 24 * time.Hour
	// certificateEvery is how often the certificate is looked at.
	certificateEvery = 24 * time.Hour
	// wrongClock is how much a clock may differ.
	wrongClock = 5 * time.Minute
)

// notices tells of changes, one after the other, and of each once.
type notices struct {
	tell func(kind string, p *problem.Problem)

	mu sync.Mutex
	// leaf is the endpoint certificate, nil if there is none.
	leaf *x509.Certificate
	// looked is when the certificate was looked at, and certificate the code of what was said of it.
	looked      time.Time
	certificate string
	// off is what was said of the clock: by how much this computer's is ahead, or behind if it is negative.
	off time.Duration
	// noSecrecy is what was said of the connection: that its key exchange was RSA.
	noSecrecy bool
}

func newNotices(config TransportConfig) *notices {
	tell := config.Notice
	if tell == nil {
		tell = func(string, *problem.Problem) {}
	}
	return &notices{tell: tell, leaf: leafOf(config.Certificate)}
}

// leafOf returns the certificate itself, or nil.
func leafOf(certificate tls.Certificate) *x509.Certificate {
	if certificate.Leaf != nil || len(certificate.Certificate) == 0 {
		return certificate.Leaf
	}
	leaf, err := x509.ParseCertificate(certificate.Certificate[0])
	if err != nil {
		// The handshake will say so.
		return nil
	}
	return leaf
}

// renew looks at another certificate from now on.
func (n *notices) renew(leaf *x509.Certificate, now time.Time) {
	n.mu.Lock()
	n.leaf, n.looked = leaf, time.Time{}
	n.mu.Unlock()
	n.look(now)
}

// look looks at the certificate, once a day. By a clock that was set back it is looked at again.
func (n *notices) look(now time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	now = now.Round(0) // The wall clock: the other one stands still while a laptop sleeps.
	if n.leaf == nil || !n.looked.IsZero() && !now.Before(n.looked) && now.Sub(n.looked) < certificateEvery {
		return
	}
	n.looked = now
	var found *problem.Problem
	switch {
	case now.After(n.leaf.NotAfter):
		found = certificateRanOut
	case now.Add(runsOutSoon).After(n.leaf.NotAfter):
		found = certificateRunsOut
	}
	switch {
	case found == nil && n.certificate != "":
		n.certificate = ""
		n.tell(NoticeCertificate, nil)
	case found != nil && found.Code != n.certificate:
		n.certificate = found.Code
		n.tell(NoticeCertificate, found.With("Name", n.leaf.Subject.CommonName).WithPhrase("Until", problem.Moment(n.leaf.NotAfter)))
	}
}

// keyExchange is called with the cipher suite of each new connection with e-RS.
func (n *notices) keyExchange(suite uint16) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch is := slices.Contains(rsaKeyExchange, suite); {
	case is == n.noSecrecy:
		return
	case is:
		n.tell(NoticeTLS, KeyExchange(suite))
	default:
		n.tell(NoticeTLS, nil)
	}
	n.noSecrecy = !n.noSecrecy
}

// KeyExchange returns what is to be said of the cipher suite of a connection: TLS-RSA_KEY_EXCHANGE, or nil.
func KeyExchange(suite uint16) *problem.Problem {
	if !slices.Contains(rsaKeyExchange, suite) {
		return nil
	}
	return noForwardSecrecy.Because(errors.New("the cipher suite is " + tls.CipherSuiteName(suite)))
}

var (
	noForwardSecrecy = &problem.Problem{
		Code:  "TLS-RSA_KEY_EXCHANGE",
		Title: "The connection to e-RS is less secure than it should be",
		Happened: "The server only offers an old way to agree on keys (RSA key exchange), which the setting tls_ciphers allows. Whoever " +
			"records the connection now can read it if they ever get the server's key.",
		Steps: []string{
			"You can go on working. Give your local service desk the reference below.",
			"For the service desk: the server has to offer ECDHE. After that, remove the setting tls_ciphers.",
		},
	}
	certificateRunsOut = &problem.Problem{
		Code:  "CERT-EXPIRES_SOON",
		Title: "Your organisation's certificate expires soon",
		Happened: "The endpoint certificate \"{{.Name}}\" is valid until {{.Until}}. After that, nobody can sign in to e-RS from " +
			"this computer.",
		Steps: []string{
			"Ask your local service desk for a new endpoint certificate, with the reference below. You can go on working.",
		},
	}
	certificateRanOut = &problem.Problem{
		Code:     "CERT-EXPIRED",
		Title:    "Your organisation's certificate has expired",
		Happened: "By this computer's clock, the endpoint certificate \"{{.Name}}\" was valid until {{.Until}}.",
		Steps: []string{
			stepCheckClock,
			"Ask your local service desk for a new endpoint certificate, with the reference below.",
		},
	}
)
