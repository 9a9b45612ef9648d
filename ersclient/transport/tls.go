package transport

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/ers-login/ers-login/internal/problem"
)

// tlsProblem returns the Problem of a failed TLS handshake, or nil for any other error.
func (c *Client) tlsProblem(err error) *problem.Problem {
	var server *tls.CertificateVerificationError
	if errors.As(err, &server) {
		return c.serverCertificateProblem(server)
	}
	if refused := c.keyProblem(err); refused != nil {
		return refused
	}
	asked := c.transport.certificateAsked.Load()
	switch alert := remoteAlert(err); {
	case alert == "":
	case clientCertificateAlerts[alert] || alert == handshakeFailure && asked:
		return c.clientCertificateProblem(alert)
	case alert == handshakeFailure || alert == insufficientSecurity:
		return noCiphers
	case alert == protocolVersion:
		return noVersion
	default:
		return brokenOff.With("Alert", strings.TrimPrefix(alert, "tls: "))
	}
	if c.transport.certificateWanted() && isCut(err) {
		// Some systems drop an alert received before a reset.
		return c.clientCertificateProblem("")
	}
	var record tls.RecordHeaderError
	switch text := err.Error(); {
	case errors.As(err, &record):
		return noHandshake
	case strings.Contains(text, "tls: server selected unsupported protocol version"):
		return noVersion
	case strings.Contains(text, "tls: server chose an unconfigured cipher suite"):
		return noCiphers
	case strings.Contains(text, signaturesOfOurs):
		return c.clientCertificateProblem("it accepts none of the signatures that its key can make")
	case slices.ContainsFunc(unreadableCertificates, func(one string) bool { return strings.Contains(text, one) }):
		return unfit.WithPhrase("Reason", problem.Words(breaksARule)).With("Issuer", nothingClaimed)
	case isLocalTLS(err):
		return brokenOff.WithPhrase("Alert", problem.Words("this computer did not accept what the server sent"))
	}
	return nil
}

// serverCertificateProblem returns what is wrong with the server's certificate. Its cause has the
// chain.
func (c *Client) serverCertificateProblem(err *tls.CertificateVerificationError) *problem.Problem {
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var leaf *x509.Certificate
	chain := err.UnverifiedCertificates
	if len(chain) > 0 {
		leaf = chain[0]
	}
	switch {
	case errors.As(err, &name) && onlyCommonName(name):
		return commonName.With("Host", name.Host).With("Names", claimedNames(name.Certificate))
	case errors.As(err, &name):
		return wrongName.With("Host", name.Host).With("Names", claimedNames(name.Certificate))
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && leaf != nil && leaf.Equal(invalid.Cert):
		return c.validityProblem(leaf)
	}
	if outdated := c.outdated(chain); outdated != nil {
		return c.validityProblem(outdated)
	}
	if reason := unfitReason(err); reason != nil {
		return unfit.WithPhrase("Reason", *reason).With("Issuer", claimedIssuer(chain))
	}
	return untrusted.With("Issuer", claimedIssuer(chain)).WithPhrase("TrustStore", trustPhrase(c.transport.config.TrustStore))
}

// onlyCommonName reports whether a certificate would match the host if common names still counted.
func onlyCommonName(name x509.HostnameError) bool {
	return name.Certificate != nil && !hasSAN(name.Certificate) && named(name.Certificate).VerifyHostname(name.Host) == nil
}

// Local errors of crypto/tls without types: a certificate too malformed to verify, and an own
// certificate whose key's signatures the server does not accept.
var unreadableCertificates = []string{
	"tls: failed to parse certificate from server", "tls: server's certificate contains an unsupported type of public key",
	"tls: server sent certificate containing RSA key larger than",
}

const (
	signaturesOfOurs = "tls: peer doesn't support any of the certificate's signature algorithms"
	breaksARule      = "a part of it breaks a rule for certificates"
)

// unfitReason returns why a chain is unusable though its authority may be trusted, or nil.
func unfitReason(err error) *problem.Phrase {
	var invalid x509.CertificateInvalidError
	var extension x509.UnhandledCriticalExtension
	var insecure x509.InsecureAlgorithmError
	reason := problem.Words(breaksARule)
	switch {
	// Why an authority that was found cannot be used is in the error's text only.
	case errors.As(err, &insecure), strings.Contains(err.Error(), "insecure algorithm"):
		reason = problem.Words("it, or one between it and its authority, is signed in a way that is not safe any more (SHA-1 or MD5)")
	case errors.As(err, &extension):
		reason = problem.Words("it has a required extension that e-RS Login does not know")
	case strings.Contains(err.Error(), "parent certificate cannot sign this kind of certificate"):
		reason = problem.Words("one between it and its authority is not allowed to sign it")
	case !errors.As(err, &invalid), invalid.Reason == x509.Expired:
		return nil
	case invalid.Reason == x509.IncompatibleUsage:
		reason = problem.Words("it was not made for a server (extended key usage)")
	case invalid.Reason == x509.CANotAuthorizedForThisName, invalid.Reason == x509.UnconstrainedName, invalid.Reason == x509.TooManyConstraints:
		reason = problem.Words("its authority may not issue certificates for its name (name constraints)")
	case invalid.Reason == x509.NotAuthorizedToSign, invalid.Reason == x509.TooManyIntermediates:
		reason = problem.Words("one between it and its authority is not allowed to sign it")
	}
	return &reason
}

// outdated returns the certificate further up a chain that is not valid now, if nothing else is
// wrong with the chain. Verification reports it also where the root is missing too, since servers
// often send superfluous certificates.
func (c *Client) outdated(chain []*x509.Certificate) *x509.Certificate {
	now := c.now()
	for _, one := range chain {
		when := one.NotBefore
		if now.After(one.NotAfter) {
			when = one.NotAfter
		} else if !now.Before(one.NotBefore) {
			continue
		}
		options := x509.VerifyOptions{
			Roots: c.transport.config.RootCAs, Intermediates: x509.NewCertPool(), CurrentTime: when,
		}
		for _, intermediate := range chain[1:] {
			options.Intermediates.AddCert(intermediate)
		}
		if _, err := chain[0].Verify(options); err == nil {
			return one
		}
	}
	return nil
}

// validityProblem is about a certificate that is not valid now by this computer's clock, which may
// be wrong.
func (c *Client) validityProblem(presented *x509.Certificate) *problem.Problem {
	made := expired
	if c.now().Before(presented.NotBefore) {
		made = notYetValid
	}
	return made.
		WithPhrase("From", problem.Moment(presented.NotBefore)).
		WithPhrase("Until", problem.Moment(presented.NotAfter)).
		WithPhrase("Now", problem.Moment(c.now()))
}

// clientCertificateProblem is about the organisation's own certificate, and the alert that refused
// it.
func (c *Client) clientCertificateProblem(alert string) *problem.Problem {
	leaf := c.transport.leaf
	switch {
	case leaf == nil:
		return CertificateMissing
	case alert == certificateExpiredAlert || c.now().After(leaf.NotAfter):
		return certificateRefusedExpired.
			With("Name", leaf.Subject.CommonName).
			WithPhrase("Until", problem.Moment(leaf.NotAfter)).
			WithPhrase("Now", problem.Moment(c.now()))
	}
	return certificateRefused.With("Name", leaf.Subject.CommonName).
		With("Alert", strings.TrimPrefix(alert, "tls: "))
}

// The alerts (RFC 8446, section 6.2) that refuse a client's certificate, or its absence, as texts
// of errors. With TLS 1.3 they arrive in place of the first answer.
var clientCertificateAlerts = alertTexts(
	42,  // bad_certificate
	43,  // unsupported_certificate
	44,  // certificate_revoked
	45,  // certificate_expired, see certificateExpiredAlert
	46,  // certificate_unknown
	48,  // unknown_ca
	49,  // access_denied
	116, // certificate_required
)

// certificateExpiredAlert has another remedy than the others.
var certificateExpiredAlert = tls.AlertError(45).Error()

var (
	// handshakeFailure is sent by TLS 1.2 servers without a common cipher suite, and by some in
	// place of certificate_required.
	handshakeFailure     = tls.AlertError(40).Error()
	protocolVersion      = tls.AlertError(70).Error()
	insufficientSecurity = tls.AlertError(71).Error()
)

func alertTexts(alerts ...tls.AlertError) map[string]bool {
	texts := make(map[string]bool, len(alerts))
	for _, alert := range alerts {
		texts[alert.Error()] = true
	}
	return texts
}

// remoteAlert returns the text of the TLS alert from the other side, or "". crypto/tls hides its
// type outside QUIC; its text is that of tls.AlertError.
func remoteAlert(err error) string {
	var operation *net.OpError
	if errors.As(err, &operation) && operation.Op == "remote error" {
		return operation.Err.Error()
	}
	return ""
}

// isLocalTLS reports whether this side ended a handshake. Those errors have no type, but the prefix
// "tls: ".
func isLocalTLS(err error) bool {
	var operation *net.OpError
	if errors.As(err, &operation) && operation.Op == "local error" {
		return true
	}
	return strings.HasPrefix(err.Error(), "tls: ")
}

// isCut reports whether the other side ended the connection.
func isCut(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || isAny(err, resetErrors)
}
