package certificate

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"strings"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
)

// loadPKCS12 reads what go-pkcs12 reads: DER with a MAC, or without passphrase and MAC.
func loadPKCS12(source settingFile, passphrase secret.Text) (tls.Certificate, error) {
	data, err := source.read()
	if err != nil {
		return tls.Certificate{}, err
	}
	if rounds(data, 0) > maxRounds {
		return tls.Certificate{}, source.problem(pkcs12Form, fmt.Errorf("more than %d rounds", maxRounds))
	}
	key, first, others, err := pkcs12.DecodeChain(data, passphrase.Reveal())
	if err != nil {
		return tls.Certificate{}, source.pkcs12Problem(data, passphrase, err)
	}
	return source.withChain(key, append([]*x509.Certificate{first}, others...))
}

// pkcs12Problem makes the Problem of the library's error. Most have no type, or lose it on the way.
func (s settingFile) pkcs12Problem(data []byte, passphrase secret.Text, err error) *problem.Problem {
	says := func(text string) bool { return strings.Contains(err.Error(), text) }
	switch {
	case errors.Is(err, pkcs12.ErrIncorrectPassword), says(pkcs12.ErrDecryption.Error()):
		if passphrase.IsZero() {
			err = fmt.Errorf("%w: %w", ErrNoPassphrase, err)
		}
		return s.problem(wrongPassphrase, err)
	case says("exactly one key"):
		return s.problem(storeKeyTwice, err)
	case isKeyKind(err):
		return s.problem(keyKind, err)
	case !isPFX(data), says("missing"):
		return s.foreign(notPKCS12, data, err)
	case !says("x509:") && slices.ContainsFunc(pkcs12Forms, says):
		return s.problem(pkcs12Form, err)
	}
	return s.problem(certificateInvalid, err)
}

// pkcs12Forms are in the errors of whole files: BER, as Firefox and BouncyCastle write it, text behind
// the end, a passphrase outside UCS-2, and those of type NotImplementedError.
var pkcs12Forms = []string{
	"indefinite length", "structure error", "trailing data", "no MAC", "UCS-2",
	"supported", "is implemented", "can only decode", "items in the authenticated safe",
}

// maxNesting is several times what a PKCS#12 file needs.
const maxNesting = 64

// rounds returns the sum of all iteration counts in DER: the integers after a salt in PBE, PBKDF2
// and the MAC of PKCS#12. Package go-pkcs12 has no limit, and one flipped bit could make it derive
// for hours.
func rounds(der []byte, depth int) (sum int) {
	for salted := false; len(der) > 0 && depth < maxNesting; {
		var one asn1.RawValue
		rest, err := asn1.Unmarshal(der, &one)
		if err != nil {
			break
		}
		octets := one.Class == asn1.ClassUniversal && one.Tag == asn1.TagOctetString
		switch {
		case octets, one.IsCompound:
			sum += rounds(one.Bytes, depth+1)
		case salted && one.Class == asn1.ClassUniversal && one.Tag == asn1.TagInteger:
			count := 0
			for _, digit := range one.Bytes {
				count = min(count<<8|int(digit), maxRounds+1)
			}
			sum += count
		}
		sum = min(sum, maxRounds+1)
		salted, der = octets, rest
	}
	return sum
}
