package certificate

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/ers-login/ers-login/internal/problem"
)

const pemBegin = "-----BEGIN "

// errPEMDamaged means a PEM block that begins and cannot be decoded.
var errPEMDamaged = errors.New("a PEM block is damaged or cut off")

// pemBlocks returns the PEM blocks of a file, ignoring text between them and line endings. damaged
// has the types of blocks that begin and cannot be decoded, which encoding/pem skips.
func pemBlocks(data []byte) (blocks []*pem.Block, damaged []string) {
	text := pemText(data)
	for start := strings.Index(text, pemBegin); start >= 0; {
		text = text[start:]
		kind, _, _ := strings.Cut(text[len(pemBegin):], "-----")
		next := strings.Index(text[1:], pemBegin)
		one := text
		if next >= 0 {
			one, start = text[:next+1], next+1
		} else {
			start = -1
		}
		if block, _ := pem.Decode([]byte(one)); block != nil {
			blocks = append(blocks, block)
		} else if isPEMLabel(kind) {
			damaged = append(damaged, kind)
		}
	}
	return blocks, damaged
}

// isPEMLabel reports whether a text can be the type of a PEM block (RFC 7468, section 3), rather
// than prose about one.
func isPEMLabel(text string) bool {
	return text != "" && len(text) < 50 && !strings.ContainsFunc(text, func(r rune) bool {
		return !strings.ContainsRune(" #ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", r)
	})
}

// pemText returns a PEM file as encoding/pem expects it: UTF-8 without byte order marks, LF line
// ends, no blanks around lines and no empty lines. Windows programs write the others, which openssl
// and curl read.
func pemText(data []byte) string {
	// Without its zeros, UTF-16 is ASCII where it matters. Concatenated files have marks in the middle
	// too; U+200B and the like come from web pages.
	text := strings.Map(func(r rune) rune {
		if r == 0 || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, string(data))
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n").Replace(text)
	// Concatenated files may lack the newline between blocks.
	text = strings.ReplaceAll(text, "-----"+pemBegin, "-----\n"+pemBegin)
	var made strings.Builder
	afterHeader := false
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		// The empty line after the headers of an encrypted key is required.
		isHeader := strings.Contains(line, ":")
		if afterHeader && !isHeader {
			made.WriteString("\n")
		}
		afterHeader = isHeader
		made.WriteString(line + "\n")
	}
	return made.String()
}

// errNoCertificate means a file without a certificate.
var errNoCertificate = errors.New("no PEM block of type CERTIFICATE")

// certificatesIn returns the certificates of a file, from PEM blocks or concatenated DER. unread are
// those that cannot be parsed, as DER, and err is why; it is errPEMDamaged if a block is damaged.
func certificatesIn(data []byte) (found []*x509.Certificate, unread [][]byte, err error) {
	blocks, damaged := pemBlocks(data)
	if len(blocks)+len(damaged) == 0 {
		found, _ = x509.ParseCertificates(data) // nil for another kind of file
		return found, nil, nil
	}
	for _, block := range blocks {
		switch block.Type {
		case "TRUSTED CERTIFICATE":
			// OpenSSL's trust settings follow in another element.
			rest, _ := asn1.Unmarshal(block.Bytes, new(asn1.RawValue))
			block.Bytes = block.Bytes[:len(block.Bytes)-len(rest)]
		case "CERTIFICATE", "X509 CERTIFICATE":
		default:
			continue
		}
		one, broken := x509.ParseCertificate(block.Bytes)
		if broken != nil {
			unread, err = append(unread, block.Bytes), broken
			continue
		}
		found = append(found, one)
	}
	if slices.ContainsFunc(damaged, func(kind string) bool { return strings.HasSuffix(kind, "CERTIFICATE") }) {
		err = errPEMDamaged
	}
	return found, unread, err
}

// foreignKind returns what an unsuitable file is, as the texts of a Problem without a code; nil if
// unknown.
func foreignKind(data []byte) *problem.Problem {
	blocks, damaged := pemBlocks(data)
	has := func(suffix string) bool {
		return slices.ContainsFunc(blocks, func(block *pem.Block) bool { return strings.HasSuffix(block.Type, suffix) })
	}
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return isEmpty
	case len(damaged) > 0:
		return isCutOff
	case has("CERTIFICATE REQUEST"), isRequest(data):
		return isARequest
	case has("PKCS7"), isPKCS7(data):
		return isAPKCS7
	case has("OPENSSH PRIVATE KEY"):
		return isOpenSSH
	case has("PUBLIC KEY"), isPublicKey(data):
		return isAPublicKey
	case isPFX(data):
		return isAPKCS12
	case bytes.HasPrefix(data, []byte{0xfe, 0xed, 0xfe, 0xed}), bytes.HasPrefix(data, []byte{0xce, 0xce, 0xce, 0xce}):
		return isAKeystore
	case has("CERTIFICATE"), isCertificate(data):
		return isACertificate
	case has("PRIVATE KEY"), isKeyDER(data):
		return isAKey
	}
	return nil
}

func isCertificate(der []byte) bool { _, err := x509.ParseCertificate(der); return err == nil }
func isRequest(der []byte) bool     { _, err := x509.ParseCertificateRequest(der); return err == nil }
func isPublicKey(der []byte) bool   { _, err := x509.ParsePKIXPublicKey(der); return err == nil }

// isPKCS7 and isPFX (PKCS#12) look at a file's beginning, since it may be BER or cut off: the OID of
// signed data, and version 3 before another sequence.
func isPKCS7(data []byte) bool {
	return bytes.HasPrefix(contentOf(contentOf(data, 0x30), 6), []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2})
}

func isPFX(data []byte) bool {
	return bytes.HasPrefix(contentOf(contentOf(data, 0x30), 2), []byte{3, 0x30})
}

// contentOf returns what follows the header of an element in DER or BER, nil if data has no such tag.
func contentOf(data []byte, tag byte) []byte {
	if len(data) < 2 || data[0] != tag {
		return nil
	}
	header := 2
	if data[1] > 0x80 {
		header += int(data[1] & 0x7f)
	}
	return data[min(header, len(data)):]
}

// isKeyDER reports whether a file is a DER key, encrypted or not.
func isKeyDER(der []byte) bool {
	var sealed encryptedKey
	_, notSealed := asn1.Unmarshal(der, &sealed)
	_, notPlain := parseKeyDER(der)
	return notPlain == nil || notSealed == nil && len(sealed.Data) > 0
}

// orderChain orders the certificates after leaf so that each is followed by its issuer (RFC 5246,
// section 7.4.2). Unrelated ones go to the end, and others with leaf's key are dropped.
func orderChain(leaf *x509.Certificate, others []*x509.Certificate) [][]byte {
	rest := slices.DeleteFunc(slices.Clone(others), func(one *x509.Certificate) bool {
		return bytes.Equal(one.RawSubjectPublicKeyInfo, leaf.RawSubjectPublicKeyInfo)
	})
	chain := [][]byte{leaf.Raw}
	for last := leaf; ; {
		issuer := slices.IndexFunc(rest, func(one *x509.Certificate) bool {
			return bytes.Equal(one.RawSubject, last.RawIssuer) && last.CheckSignatureFrom(one) == nil
		})
		if issuer < 0 {
			break
		}
		last = rest[issuer]
		chain = append(chain, last.Raw)
		rest = slices.DeleteFunc(rest, last.Equal)
	}
	for _, one := range rest {
		chain = append(chain, one.Raw)
	}
	return chain
}

// leafFor returns the certificate of a key, or nil; some programs write it after its authorities. If
// a renewal kept the key and the old certificate, the one valid longest is returned.
func leafFor(certificates []*x509.Certificate, key any) (leaf *x509.Certificate) {
	now := time.Now()
	for _, one := range certificates {
		if belongTogether(one, key) && (leaf == nil || isBetter(one, leaf, now)) {
			leaf = one
		}
	}
	return leaf
}

// isBetter reports whether one is preferred to other, both certificates of the same key.
func isBetter(one, other *x509.Certificate, now time.Time) bool {
	usable, otherUsable := certificateProblem(one, now) == nil, certificateProblem(other, now) == nil
	if usable != otherUsable {
		return usable
	}
	return one.NotAfter.After(other.NotAfter)
}
