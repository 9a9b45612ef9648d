package certificate

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"

	"github.com/ers-login/ers-login/internal/problem"
)

const (
	pemBegin = "-----BEGIN "
	pemEnd   = "-----END "
)

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
	text := string(fromUTF16(data))
	// Concatenated files have marks in the middle too; U+200B and the like come from web pages.
	text = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, text)
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\x00", "").Replace(text)
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

// fromUTF16 returns the UTF-8 of a text in UTF-16 (with a byte order mark, or ASCII); other data is
// returned unchanged.
func fromUTF16(data []byte) []byte {
	var at func(i int) uint16
	switch {
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}), len(data) > 3 && data[0] != 0 && data[1] == 0 && data[2] != 0 && data[3] == 0:
		at = func(i int) uint16 { return uint16(data[i]) | uint16(data[i+1])<<8 }
	case bytes.HasPrefix(data, []byte{0xfe, 0xff}), len(data) > 3 && data[0] == 0 && data[1] != 0 && data[2] == 0 && data[3] != 0:
		at = func(i int) uint16 { return uint16(data[i])<<8 | uint16(data[i+1]) }
	default:
		return data
	}
	units := make([]uint16, 0, len(data)/2)
	for i := 0; i+1 < len(data); i += 2 {
		units = append(units, at(i))
	}
	return []byte(string(utf16.Decode(units)))
}

// certificatesIn returns the certificates of a file, as DER, from PEM blocks or concatenated DER.
// Beside the error of a damaged block, the others are returned.
func certificatesIn(data []byte) (found [][]byte, err error) {
	blocks, damaged := pemBlocks(data)
	for _, kind := range damaged {
		if strings.HasSuffix(kind, "CERTIFICATE") {
			err = errPEMDamaged
		}
	}
	for _, block := range blocks {
		switch block.Type {
		case "CERTIFICATE", "X509 CERTIFICATE":
			found = append(found, block.Bytes)
		case "TRUSTED CERTIFICATE":
			// OpenSSL's trust settings follow in another element.
			var one asn1.RawValue
			if _, broken := asn1.Unmarshal(block.Bytes, &one); broken != nil {
				err = broken
				continue
			}
			found = append(found, one.FullBytes)
		}
	}
	if len(blocks)+len(damaged) == 0 {
		parsed, _ := x509.ParseCertificates(data)
		for _, one := range parsed {
			found = append(found, one.Raw)
		}
	}
	return found, err
}

// foreignKind returns what an unsuitable file is, as the texts of a Problem without a code; nil if
// unknown.
func foreignKind(data []byte) *problem.Problem {
	blocks, damaged := pemBlocks(data)
	has := func(suffix string) bool {
		return slices.ContainsFunc(blocks, func(block *pem.Block) bool { return strings.HasSuffix(block.Type, suffix) })
	}
	der := data
	if one, err := toDER(data); err == nil {
		der = one
	}
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return isEmpty
	case len(damaged) > 0:
		return isCutOff
	case has("CERTIFICATE REQUEST"), isRequest(der):
		return isARequest
	case has("PKCS7"), isPKCS7(der):
		return isAPKCS7
	case has("OPENSSH PRIVATE KEY"):
		return isOpenSSH
	case has("PUBLIC KEY"), isPublicKey(der):
		return isAPublicKey
	case isPFX(der):
		return isAPKCS12
	case bytes.HasPrefix(data, []byte{0xfe, 0xed, 0xfe, 0xed}), bytes.HasPrefix(data, []byte{0xce, 0xce, 0xce, 0xce}):
		return isAKeystore
	case has("CERTIFICATE"), isCertificate(der):
		return isACertificate
	case has("PRIVATE KEY"), isKeyDER(der):
		return isAKey
	}
	return nil
}

func isCertificate(der []byte) bool { _, err := x509.ParseCertificate(der); return err == nil }
func isRequest(der []byte) bool     { _, err := x509.ParseCertificateRequest(der); return err == nil }
func isPublicKey(der []byte) bool   { _, err := x509.ParsePKIXPublicKey(der); return err == nil }

func isPKCS7(der []byte) bool {
	var content contentInfo
	_, err := asn1.Unmarshal(der, &content)
	return err == nil && content.ContentType.Equal(oidSignedData)
}

func isPFX(der []byte) bool {
	var file pfx
	_, err := asn1.Unmarshal(der, &file)
	return err == nil && file.Version == 3 && (file.AuthSafe.ContentType.Equal(oidData) || file.AuthSafe.ContentType.Equal(oidSignedData))
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
func orderChain(leaf *x509.Certificate, others [][]byte) [][]byte {
	chain := [][]byte{leaf.Raw}
	rest := slices.DeleteFunc(slices.Clone(others), func(one []byte) bool {
		parsed, err := x509.ParseCertificate(one)
		return err == nil && bytes.Equal(parsed.RawSubjectPublicKeyInfo, leaf.RawSubjectPublicKeyInfo)
	})
	for last := leaf; last != nil; {
		issuer := slices.IndexFunc(rest, func(one []byte) bool {
			parsed, err := x509.ParseCertificate(one)
			return err == nil && bytes.Equal(parsed.RawSubject, last.RawIssuer) && last.CheckSignatureFrom(parsed) == nil
		})
		if issuer < 0 {
			break
		}
		chain = append(chain, rest[issuer])
		last, _ = x509.ParseCertificate(rest[issuer])
		rest = slices.DeleteFunc(rest, func(one []byte) bool { return bytes.Equal(one, last.Raw) })
	}
	return append(chain, rest...)
}

// leafFor returns the certificate of a key; some programs write it after its authorities. If a
// renewal kept the key and the old certificate, the one valid longest is returned.
func leafFor(certificates [][]byte, key any) (leaf *x509.Certificate, err error) {
	err = errors.New("no certificate in the file has the public key")
	now := time.Now()
	for _, one := range certificates {
		parsed, broken := x509.ParseCertificate(one)
		switch {
		case broken != nil:
			err = fmt.Errorf("%w: %w", errCertificate, broken)
		case belongTogether(parsed, key) && (leaf == nil || isBetter(parsed, leaf, now)):
			leaf = parsed
		}
	}
	if leaf != nil {
		return leaf, nil
	}
	return nil, err
}

// isBetter reports whether one is preferred to other, both certificates of the same key.
func isBetter(one, other *x509.Certificate, now time.Time) bool {
	usable, otherUsable := certificateProblem(one, now) == nil, certificateProblem(other, now) == nil
	if usable != otherUsable {
		return usable
	}
	return one.NotAfter.After(other.NotAfter)
}

// errCertificate means a certificate that cannot be parsed.
var errCertificate = errors.New("a certificate cannot be parsed")
