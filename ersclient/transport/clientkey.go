package transport

import (
	"crypto/tls"
	"errors"
	"strings"

	"github.com/ers-login/ers-login/internal/problem"
)

// This file is for keys outside this program's memory, such as those of Windows (package
// certstore): they support fewer signatures, and fail only when they sign.

// maxVersion returns the highest version of TLS that a certificate's key supports, or 0 for any. A
// key without RSA-PSS, as in most TPMs, cannot do TLS 1.3, which must be known before the server
// chooses.
func maxVersion(certificate tls.Certificate) uint16 {
	if len(certificate.SupportedSignatureAlgorithms) == 0 {
		return 0
	}
	for _, algorithm := range certificate.SupportedSignatureAlgorithms {
		switch algorithm {
		case tls.PKCS1WithSHA1, tls.PKCS1WithSHA256, tls.PKCS1WithSHA384, tls.PKCS1WithSHA512, tls.ECDSAWithSHA1:
			// RFC 8446, section 4.2.3: PKCS#1 v1.5 is not for the signatures of a handshake.
		default:
			return 0
		}
	}
	return tls.VersionTLS12
}

// signingFailed is the prefix of the error that crypto/tls makes of a key's; it neither has a type
// nor wraps the key's.
const signingFailed = "tls: failed to sign handshake: "

// keyProblem returns the Problem of a certificate's key that did not sign with TLS 1.3, or nil for any
// other error. With TLS 1.2 it is in err.
func (c *Client) keyProblem(err error) *problem.Problem {
	var found *problem.Problem
	remembers, ok := c.config.Certificate.PrivateKey.(interface{ Failure() error })
	if ok && strings.HasPrefix(err.Error(), signingFailed) && errors.As(remembers.Failure(), &found) {
		return found
	}
	return nil
}
