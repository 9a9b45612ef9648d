package ersclient

import (
	"crypto/x509"
	"fmt"
	"strings"

	"github.com/ers-login/ers-login/internal/problem"
)

// Bounds on what is repeated of a refused certificate, whose words are a stranger's.
const (
	maxClaimedNames = 3  // host names
	maxClaimed      = 60 // characters of a name
	maxDescribed    = 5  // certificates of a chain, in the log
)

// claimedIssuer returns the common name, or else the organisation, of the issuer that the last certificate names, which is nearest
// to the root. Behind a proxy that inspects TLS, it is the proxy's.
func claimedIssuer(chain []*x509.Certificate) string {
	if len(chain) == 0 {
		return nothingClaimed
	}
	issuer := chain[len(chain)-1].Issuer
	for _, name := range append([]string{issuer.CommonName}, issuer.Organization...) {
		if name = problem.Clean(name, maxClaimed); name != "" {
			return name
		}
	}
	return nothingClaimed
}

const nothingClaimed = "–"

// claimedNames returns the first names of servers that a certificate has, in its SANs or else as its common name. What is no host
// name or address is left out.
func claimedNames(certificate *x509.Certificate) string {
	if certificate == nil {
		return nothingClaimed
	}
	all := append([]string{}, certificate.DNSNames...)
	for _, ip := range certificate.IPAddresses {
		all = append(all, ip.String())
	}
	if !hasSAN(certificate) {
		all = append(all, certificate.Subject.CommonName)
	}
	var names []string
	for _, name := range all {
		if name != "" && len(name) <= maxClaimed && strings.Trim(name, hostAlphabet) == "" {
			names = append(names, name)
		}
	}
	switch {
	case len(names) == 0:
		return nothingClaimed
	case len(names) > maxClaimedNames:
		return strings.Join(names[:maxClaimedNames], ", ") + ", …"
	}
	return strings.Join(names, ", ")
}

const hostAlphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._*:"

// presentedError is why a chain was refused, with the chain, for the log and the details.
type presentedError struct {
	err   error
	chain []*x509.Certificate
}

func (e *presentedError) Error() string {
	text := problem.Clean(e.err.Error(), 4*maxClaimed*maxClaimedNames)
	for i, one := range e.chain[:min(len(e.chain), maxDescribed)] {
		text += fmt.Sprintf("; presented %d: subject %q, issuer %q, signed with %s, valid %s to %s", i+1,
			problem.Clean(one.Subject.String(), 2*maxClaimed), problem.Clean(one.Issuer.String(), 2*maxClaimed), one.SignatureAlgorithm,
			one.NotBefore.UTC().Format("2006-01-02"), one.NotAfter.UTC().Format("2006-01-02"))
	}
	return text
}

func (e *presentedError) Unwrap() error { return e.err }
