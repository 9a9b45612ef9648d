package ersclient

import (
	"crypto/tls"
	"errors"
	"strings"

	"github.com/ers-login/ers-login/internal/problem"
)

// What follows is for keys that are not in this program's memory, such as those of Windows (package certstore): they can do less
// than others, and fail later.

// maxVersion returns the highest version of TLS that a certificate is good for, or 0 for any. A key without RSA-PSS, as in most
// TPMs, ends with TLS 1.2, and a server has to be told before it chooses.
func maxVersion(certificate tls.Certificate) uint16 {
	if len(certificate.SupportedSignatureAlgorithms) == 0 {
		return 0
	}
	for _, algorithm := range certificate.SupportedSignatureAlgorithms {
		switch algorithm {
		case tls.PKCS1WithSHA1, tls.PKCS1WithSHA256, tls.PKCS1WithSHA384, tls.PKCS1WithSHA512, tls.ECDSAWithSHA1:
			// RFC 8446, section 4.2.3: not for the signatures of a handshake.
		default:
			return 0
		}
	}
	return tls.VersionTLS12
}

// signingFailed begins the text of the error that crypto/tls makes of a key's, which has no type and does not wrap it.
const signingFailed = "tls: failed to sign handshake: "

// keyProblem returns the Problem with which the certificate's key has refused to sign, or nil if it was something else.
func (c *TransportClient) keyProblem(err error) *problem.Problem {
	var found *problem.Problem
	if errors.As(err, &found) { // with TLS 1.2
		return found
	}
	remembers, ok := c.transport.key.(interface{ Failure() error })
	if ok && strings.HasPrefix(err.Error(), signingFailed) && errors.As(remembers.Failure(), &found) {
		return found
	}
	return nil
}
