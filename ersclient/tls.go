package ersclient

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

// tlsProblem returns the Problem of a failed TLS handshake, or nil if it was something else.
func (c *Client) tlsProblem(err error) *Problem {
	var server *tls.CertificateVerificationError
	if errors.As(err, &server) {
		return c.serverCertificateProblem(server)
	}
	if refused := c.keyProblem(err); refused != nil {
		return refused
	}
	if alert := remoteAlert(err); alert != "" {
		if clientCertificateAlerts[alert] || alert == handshakeFailure && c.transport.certificateWanted.Load() {
			return c.clientCertificateProblem(alert)
		}
		return noHandshake.With("Host", c.transport.host)
	}
	if c.transport.certificateWanted.Load() && isCut(err) {
		// The alert is lost where the system drops what was received before a reset.
		return c.clientCertificateProblem("")
	}
	var record tls.RecordHeaderError
	if errors.As(err, &record) || isLocalTLS(err) {
		return noHandshake.With("Host", c.transport.host)
	}
	return nil
}

// serverCertificateProblem says what is wrong with the certificate that was presented for e-RS.
func (c *Client) serverCertificateProblem(err *tls.CertificateVerificationError) *Problem {
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var leaf *x509.Certificate
	if len(err.UnverifiedCertificates) > 0 {
		leaf = err.UnverifiedCertificates[0]
	}
	switch {
	case errors.As(err, &name):
		return wrongName.With("Host", c.transport.host).With("Names", certificateNames(name.Certificate))
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && leaf != nil && leaf.Equal(invalid.Cert):
		return c.validityProblem(leaf)
	}
	if outdated := c.outdated(err.UnverifiedCertificates); outdated != nil {
		return c.validityProblem(outdated)
	}
	return untrusted.With("Host", c.transport.host).
		With("Issuer", presentedIssuer(err.UnverifiedCertificates)).
		WithPhrase("TrustStore", trustPhrase(c.transport.trustStore))
}

// outdated returns the certificate further up a chain that is not valid now, if that is all that is wrong with the chain. The
// verification names such a one also where the root is missing as well: servers often send certificates that nobody needs.
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
			Roots: c.transport.TLSClientConfig.RootCAs, Intermediates: x509.NewCertPool(), CurrentTime: when,
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

// validityProblem is about a certificate that is not valid now, or would be if this computer's clock were right.
func (c *Client) validityProblem(presented *x509.Certificate) *Problem {
	made := expired
	if c.now().Before(presented.NotBefore) {
		made = notYetValid
	}
	return made.With("Host", c.transport.host).
		WithPhrase("From", problem.Moment(presented.NotBefore)).
		WithPhrase("Until", problem.Moment(presented.NotAfter)).
		WithPhrase("Now", problem.Moment(c.now()))
}

// clientCertificateProblem is about the organisation's own certificate, with the alert by which it was refused.
func (c *Client) clientCertificateProblem(alert string) *Problem {
	leaf := c.transport.leaf
	switch {
	case c.transport.certificateWanted.Load() || leaf == nil:
		return certificateMissing.With("Host", c.transport.host)
	case alert == certificateExpiredAlert || c.now().After(leaf.NotAfter):
		return certificateRefusedExpired.With("Host", c.transport.host).
			With("Name", leaf.Subject.CommonName).
			WithPhrase("Until", problem.Moment(leaf.NotAfter)).
			WithPhrase("Now", problem.Moment(c.now()))
	}
	return certificateRefused.With("Host", c.transport.host).With("Name", leaf.Subject.CommonName).With("Alert", alert)
}

// The alerts (RFC 8446, section 6.2) by which a server refuses a client's certificate, or the lack of one, as they read in
// an error. With TLS 1.3 they arrive in place of the answer to the first request.
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

// certificateExpiredAlert is the one whose remedy is another.
var certificateExpiredAlert = tls.AlertError(45).Error()

// handshakeFailure is what some servers of TLS 1.2 say instead of certificate_required.
var handshakeFailure = tls.AlertError(40).Error()

func alertTexts(alerts ...tls.AlertError) map[string]bool {
	texts := make(map[string]bool, len(alerts))
	for _, alert := range alerts {
		texts[alert.Error()] = true
	}
	return texts
}

// remoteAlert returns the text of the TLS alert that the other side sent, or nothing. Its type is hidden in crypto/tls
// unless QUIC is in use; its text is that of tls.AlertError.
func remoteAlert(err error) string {
	var operation *net.OpError
	if errors.As(err, &operation) && operation.Op == "remote error" {
		return operation.Err.Error()
	}
	return ""
}

// isLocalTLS tells whether this side broke off a handshake. Those errors have no type; all begin with the package's name.
func isLocalTLS(err error) bool {
	var operation *net.OpError
	if errors.As(err, &operation) && operation.Op == "local error" {
		return true
	}
	return strings.HasPrefix(err.Error(), "tls: ")
}

// isCut tells whether a connection was ended from the other side.
func isCut(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || isAny(err, resetErrors)
}

// presentedIssuer names who vouches for the certificates that were presented: the issuer of the last one, which is nearest
// to the root. Behind a proxy that looks into TLS, it is the proxy.
func presentedIssuer(chain []*x509.Certificate) string {
	if len(chain) == 0 {
		return ""
	}
	return chain[len(chain)-1].Issuer.String()
}

// certificateNames returns what a certificate is for, or its common name.
func certificateNames(certificate *x509.Certificate) string {
	if certificate == nil {
		return ""
	}
	names := slices.Clone(certificate.DNSNames)
	for _, ip := range certificate.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		return certificate.Subject.CommonName
	}
	return strings.Join(names, ", ")
}

var (
	untrusted = &problem.Problem{
		Code:  "TLS-UNTRUSTED",
		Title: "The server's certificate is not trusted",
		Happened: "The certificate that {{.Host}} presented comes from \"{{.Issuer}}\". That is not among the authorities " +
			"this program trusts: {{.TrustStore}}. For your patients' safety it does not connect.",
		Steps: []string{
			"Give your local service desk the reference below. The setting ca_bundle has to name a file with the NHS root " +
				"certificate. If the issuer is your organisation's own proxy, {{.Host}} has to be exempted from its inspection.",
		},
	}
	wrongName = &problem.Problem{
		Code:  "TLS-NAME",
		Title: "The server's certificate is for another name",
		Happened: "This program wanted to talk to {{.Host}}, but the certificate presented is for {{.Names}}. For your " +
			"patients' safety it does not connect.",
		Steps: []string{"Give your local service desk the reference below. They can check the setting base_url, and the proxy."},
	}
	expired = &problem.Problem{
		Code:  "TLS-EXPIRED",
		Title: "The server's certificate has expired",
		Happened: "The certificate that {{.Host}} presented was valid from {{.From}} until {{.Until}}. By this computer's clock " +
			"it is {{.Now}}.",
		Steps: []string{
			stepCheckClock,
			"Press **Try again**. If nothing has changed, give your local service desk the reference below.",
		},
		Retry: true,
	}
	notYetValid = &problem.Problem{
		Code:  "TLS-CLOCK",
		Title: "This computer's clock seems to be wrong",
		Happened: "The certificate that {{.Host}} presented is valid from {{.From}} until {{.Until}}. By this computer's clock " +
			"it is only {{.Now}}.",
		Steps: []string{
			stepCheckClock,
			"Press **Try again**. If nothing has changed, give your local service desk the reference below.",
		},
		Retry: true,
	}
	certificateMissing = &problem.Problem{
		Code:     "TLS-CLIENT_CERT_MISSING",
		Title:    "e-RS asks for your organisation's certificate",
		Happened: "{{.Host}} asked for the organisation's endpoint certificate, and none is set up on this computer.",
		Steps: []string{
			"Give your local service desk the reference below. The setting certificate has to name the file of the " +
				"certificate, and key that of its private key.",
		},
	}
	certificateRefused = &problem.Problem{
		Code:  "TLS-CLIENT_CERT",
		Title: "e-RS did not accept your organisation's certificate",
		Happened: "{{.Host}} refused the organisation's endpoint certificate \"{{.Name}}\" ({{.Alert}}). It may have " +
			"been revoked, lack a certificate between it and the NHS root, or belong to another environment.",
		Steps: []string{
			"Give your local service desk the reference below. They can check that the certificate is valid, complete with " +
				"the certificates between it and the NHS root, and made for {{.Host}}.",
		},
	}
	certificateRefusedExpired = &problem.Problem{
		Code:  "TLS-CLIENT_CERT_EXPIRED",
		Title: "Your organisation's certificate has expired",
		Happened: "{{.Host}} refused the organisation's endpoint certificate \"{{.Name}}\" as expired. It was made to be valid " +
			"until {{.Until}}. By this computer's clock it is {{.Now}}.",
		Steps: []string{
			stepCheckClock,
			"Ask your local service desk for a new endpoint certificate, with the reference below.",
		},
	}
	noHandshake = &problem.Problem{
		Code:  "TLS-HANDSHAKE",
		Title: "No secure connection to e-RS could be made",
		Happened: "This computer and {{.Host}} could not agree on a secure connection. Something else may be answering in its " +
			"place.",
		Steps: []string{
			"If this network asks you to sign in or to accept terms, do that in your web browser first.",
			stepTryAgain,
			stepServiceDesk,
		},
		Retry: true,
	}
)
