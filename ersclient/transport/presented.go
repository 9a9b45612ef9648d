package transport

import (
	"crypto/x509"
	"fmt"
	"strings"

	"github.com/ers-login/ers-login/internal/problem"
)

// Bounds on what is quoted from an untrusted certificate.
const (
	maxClaimedNames = 3  // host names
	maxClaimed      = 60 // characters of a name
	maxDescribed    = 5  // certificates of a chain, in the log
)

// claimedIssuer returns the issuer's common name, or else organisation, in the chain's last
// certificate, the nearest to the root. It names a proxy that inspects TLS.
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

// claimedNames returns a certificate's first server names, from its SANs or else its common name.
// Values other than host names and addresses are dropped.
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

// presentedError adds the refused chain to an error, for the log and the details.
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

// StandInTrust is the [Config.TrustStore] of the throw-away authority of a stand-in for e-RS.
const StandInTrust = "the authority of the demonstration"

// The names of trust stores other than a file: the system's, and a pool given without a name.
const (
	SystemTrust     = "the system's certificates"
	configuredTrust = "the configured certificates"
)

// trustPhrase returns a trust store's name for a Problem: a translatable phrase, or the path of a
// file.
func trustPhrase(name string) problem.Phrase {
	switch name {
	case SystemTrust:
		return problem.Words(SystemTrust)
	case configuredTrust:
		return problem.Words(configuredTrust)
	case StandInTrust:
		return problem.Words(StandInTrust)
	}
	return problem.Verbatim(name)
}
