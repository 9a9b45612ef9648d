package transport

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"net"
	"slices"
)

// acceptName makes a TLS configuration accept a server by another name than the URL's: in a SAN, or
// as the common name of a certificate without SANs. It is sent as SNI, too.
func acceptName(config *tls.Config, name string) {
	config.ServerName = name
	// crypto/tls ignores common names. This turns its own verification off; verifyConnection calls
	// verifiedChains for every connection, resumed ones included, which verifies chain, dates,
	// purpose and name instead.
	config.InsecureSkipVerify = true
}

// verifyConnection runs at the end of each handshake with e-RS, and verifies the server where
// acceptName turned that off.
func (t *transport) verifyConnection(state tls.ConnectionState) error {
	if _, err := t.verifiedChains(state); err != nil {
		return err
	}
	t.notices.keyExchange(state.CipherSuite)
	return nil
}

// verifiedChains returns the chains from the server's certificate to a trusted authority: those
// crypto/tls has verified, or, if Config.ServerName is set, those verified here. The error is a
// *tls.CertificateVerificationError.
func (t *transport) verifiedChains(state tls.ConnectionState) ([][]*x509.Certificate, error) {
	if t.config.ServerName == "" {
		return state.VerifiedChains, nil
	}
	chains, err := verifyNamed(state.PeerCertificates, t.config.ServerName, x509.VerifyOptions{
		Roots: t.config.RootCAs, Intermediates: x509.NewCertPool(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	if err != nil {
		return nil, &tls.CertificateVerificationError{UnverifiedCertificates: state.PeerCertificates, Err: err}
	}
	return chains, nil
}

func verifyNamed(presented []*x509.Certificate, name string, options x509.VerifyOptions) ([][]*x509.Certificate, error) {
	if len(presented) == 0 {
		return nil, x509.CertificateInvalidError{Reason: x509.NotAuthorizedToSign, Detail: "no certificate was presented"}
	}
	for _, intermediate := range presented[1:] {
		options.Intermediates.AddCert(intermediate)
	}
	leaf := presented[0]
	chains, err := leaf.Verify(options)
	if err != nil {
		return nil, err
	}
	if hasSAN(leaf) {
		return chains, leaf.VerifyHostname(name)
	}
	if named(leaf).VerifyHostname(name) != nil {
		return nil, x509.HostnameError{Certificate: leaf, Host: name}
	}
	// Name constraints of an authority (RFC 5280, section 4.2.1.10) apply to SANs alone, so a
	// constrained one could vouch for any common name.
	chains = slices.DeleteFunc(chains, func(chain []*x509.Certificate) bool { return slices.ContainsFunc(chain[1:], constrained) })
	if len(chains) == 0 {
		return nil, x509.CertificateInvalidError{
			Cert: leaf, Reason: x509.CANotAuthorizedForThisName, Detail: "a common name below an authority with name constraints",
		}
	}
	return chains, nil
}

// named returns a certificate whose only SAN is leaf's common name.
func named(leaf *x509.Certificate) *x509.Certificate {
	name := leaf.Subject.CommonName
	if ip := net.ParseIP(name); ip != nil {
		return &x509.Certificate{IPAddresses: []net.IP{ip}}
	}
	return &x509.Certificate{DNSNames: []string{name}}
}

// Extensions of RFC 5280, sections 4.2.1.6 and 4.2.1.10.
var (
	subjectAltName  = asn1.ObjectIdentifier{2, 5, 29, 17}
	nameConstraints = asn1.ObjectIdentifier{2, 5, 29, 30}
)

func hasSAN(certificate *x509.Certificate) bool { return hasExtension(certificate, subjectAltName) }

func constrained(certificate *x509.Certificate) bool {
	return hasExtension(certificate, nameConstraints)
}

func hasExtension(certificate *x509.Certificate, id asn1.ObjectIdentifier) bool {
	return slices.ContainsFunc(certificate.Extensions, func(one pkix.Extension) bool { return one.Id.Equal(id) })
}

// The TLS 1.2 cipher suites with RSA key exchange that [Config.RSAKeyExchange] adds. Without
// forward secrecy, recorded traffic can be read once the server's key leaks. Those with RC4, 3DES
// or SHA-256 CBC are left out.
var rsaKeyExchange = []uint16{
	tls.TLS_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_RSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_RSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_AES_256_CBC_SHA,
}

// compatibleSuites returns crypto/tls' default suites and rsaKeyExchange, which crypto/tls prefers
// least.
func compatibleSuites() []uint16 {
	suites := slices.Clone(rsaKeyExchange)
	for _, one := range tls.CipherSuites() {
		suites = append(suites, one.ID)
	}
	return suites
}
