package certificate_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/stretchr/testify/require"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/ers-login/ers-login/ersclient/hscn/certificate"
	"github.com/ers-login/ers-login/internal/secret"
	"github.com/ers-login/ers-login/internal/testing/clienttest"
)

// utf16Text returns a text in UTF-16, with a byte order mark if one is given.
func utf16Text(text []byte, mark []byte, little bool) []byte {
	made := bytes.Clone(mark)
	for _, unit := range utf16.Encode([]rune(string(text))) {
		high, low := byte(unit>>8), byte(unit)
		if little {
			high, low = low, high
		}
		made = append(made, high, low)
	}
	return made
}

func replaced(from, to string) func([]byte) []byte {
	return func(text []byte) []byte { return bytes.ReplaceAll(text, []byte(from), []byte(to)) }
}

// ways are the forms in which Windows, mail programs and editors write a PEM file. openssl and curl
// read nearly all of them.
var ways = map[string]func([]byte) []byte{
	"as it is":                     func(text []byte) []byte { return text },
	"UTF-8 with a byte order mark": func(text []byte) []byte { return join([]byte("\ufeff"), text) },
	"byte order marks within":      replaced("-----BEGIN", "\ufeff-----BEGIN"),
	"UTF-16 LE":                    func(text []byte) []byte { return utf16Text(text, []byte{0xff, 0xfe}, true) },
	"UTF-16 BE":                    func(text []byte) []byte { return utf16Text(text, []byte{0xfe, 0xff}, false) },
	"UTF-16 LE without a mark":     func(text []byte) []byte { return utf16Text(text, nil, true) },
	"UTF-16 BE without a mark":     func(text []byte) []byte { return utf16Text(text, nil, false) },
	"CRLF":                         replaced("\n", "\r\n"),
	"CR":                           replaced("\n", "\r"),
	"CRLF in UTF-16 LE":            func(text []byte) []byte { return utf16Text(replaced("\n", "\r\n")(text), []byte{0xff, 0xfe}, true) },
	"blanks at the end of lines":   replaced("\n", " \t\n"),
	"lines set in":                 replaced("\n", "\n    \t"),
	"set in by U+00A0":             func(text []byte) []byte { return join([]byte("\u00a0"), replaced("\n", "\n\u00a0")(text)) },
	"empty lines between":          replaced("\n", "\n\n"),
	"no newline at the end":        bytes.TrimSpace,
	"put together without newline": replaced("-----\n-----BEGIN", "----------BEGIN"),
	"text before":                  func(text []byte) []byte { return join([]byte("Dear all,\n\nhere it is: -----\n"), text) },
	"text behind":                  func(text []byte) []byte { return join(text, []byte("\n-- \nA Signature\n")) },
	"Bag Attributes":               replaced("-----BEGIN", "Bag Attributes\n    localKeyID: 01 \nKey Attributes: <No Attributes>\n-----BEGIN"),
	"Bag Attributes after a mark": func(text []byte) []byte {
		return join([]byte("\ufeffBag Attributes\r\n"), replaced("\n", "\r\n")(text))
	},
}

// Windows editors put a byte order mark before the first line; the first certificate or the key was
// then silently lost.
func TestPEMFilesInEveryWayTheyAreWritten(t *testing.T) {
	issuer := clienttest.NewPair(t, "a sub CA", clienttest.NewKey(t), -time.Hour, time.Hour, nil)
	ours := clienttest.NewPair(t, "gp.surgery.example", clienttest.NewKey(t), -time.Hour, time.Hour, issuer)
	encrypted := encryptedPEM(t, ours.Key)
	for name, written := range ways {
		t.Run(name, func(t *testing.T) {
			for form, files := range map[string]certificate.Files{
				"two files": {
					Certificate: write(t, written(join(ours.CertificatePEM(), issuer.CertificatePEM()))), Key: write(t, written(ours.KeyPEM(t))),
				},
				"one file, key first": {
					Certificate: write(t, written(join(ours.KeyPEM(t), ours.CertificatePEM(), issuer.CertificatePEM()))),
				},
				"one file, authority first": {
					Certificate: write(t, written(join(issuer.CertificatePEM(), ours.CertificatePEM(), ours.KeyPEM(t)))),
				},
				"an encrypted key": {
					Certificate: write(t, written(join(issuer.CertificatePEM(), ours.CertificatePEM()))),
					Key:         write(t, written(encrypted)), Passphrase: secret.New(passphrase),
				},
			} {
				loaded, err := certificate.Load(files)
				require.NoError(t, err, form)
				require.Equal(t, [][]byte{ours.Certificate.Raw, issuer.Certificate.Raw}, loaded.Certificate, form)
				require.Equal(t, ours.Certificate.Raw, loaded.Leaf.Raw, form)
			}
			pool, _, err := certificate.LoadRootCAs(write(t, written(join(issuer.CertificatePEM(), ours.CertificatePEM()))))
			require.NoError(t, err)
			expected := x509.NewCertPool()
			expected.AddCert(issuer.Certificate)
			expected.AddCert(ours.Certificate)
			require.True(t, pool.Equal(expected), "a certificate of the bundle is lost")
		})
	}
}

// encryptedPEM encrypts a key in OpenSSL's old form. The other forms are made by openssl in its own
// test.
func encryptedPEM(t *testing.T, key any) []byte {
	t.Helper()
	private, ok := key.(*ecdsa.PrivateKey)
	require.True(t, ok)
	der, err := x509.MarshalECPrivateKey(private)
	require.NoError(t, err)
	//nolint:staticcheck // SA1019: files of this form exist
	block, err := x509.EncryptPEMBlock(rand.Reader, "EC PRIVATE KEY", der, []byte(passphrase), x509.PEMCipherAES256)
	require.NoError(t, err)
	return pem.EncodeToMemory(block)
}

// A chain is sent leaf first, then each issuer (RFC 5246), in whatever order the file is: some
// servers refuse another.
func TestChainsAreOrderedByTheKey(t *testing.T) {
	root := clienttest.NewPair(t, "the root", clienttest.NewKey(t), -time.Hour, time.Hour, nil)
	sub := newAuthority(t, "the sub CA", root)
	ours := clienttest.NewPair(t, "gp.surgery.example", clienttest.NewKey(t), -time.Hour, time.Hour, sub)
	unrelated := clienttest.NewPair(t, "an unrelated one", clienttest.NewKey(t), -time.Hour, time.Hour, nil)
	expected := [][]byte{ours.Certificate.Raw, sub.Certificate.Raw, root.Certificate.Raw, unrelated.Certificate.Raw}
	for name, order := range map[string][]*clienttest.Pair{
		"as it should be":        {ours, sub, root, unrelated},
		"the root first":         {root, sub, ours, unrelated},
		"an unrelated one first": {unrelated, root, ours, sub},
		"the leaf twice":         {ours, root, ours, sub, unrelated},
		"the issuers mixed":      {sub, ours, root, unrelated},
		"an authority twice":     {root, sub, root, ours, sub, unrelated},
	} {
		t.Run(name, func(t *testing.T) {
			var file []byte
			var others []*x509.Certificate
			for _, one := range order {
				file = append(file, one.CertificatePEM()...)
				others = append(others, one.Certificate)
			}
			loaded, err := certificate.Load(certificate.Files{Certificate: write(t, file), Key: write(t, ours.KeyPEM(t))})
			require.NoError(t, err)
			require.Equal(t, expected, loaded.Certificate)

			bundle, err := pkcs12.Modern2023.Encode(ours.Key, others[0], others[1:], passphrase)
			require.NoError(t, err)
			loaded, err = certificate.Load(certificate.Files{PKCS12: write(t, bundle), Passphrase: secret.New(passphrase)})
			require.NoError(t, err)
			require.Equal(t, expected, loaded.Certificate)
		})
	}
}

// A renewal may keep the key, and the old certificate next to the new one.
func TestAnOldCertificateOfTheSameKey(t *testing.T) {
	issuer := clienttest.NewPair(t, "a sub CA", clienttest.NewKey(t), -time.Hour, time.Hour, nil)
	key := clienttest.NewKey(t)
	expired := clienttest.NewPair(t, "gp.surgery.example", key, -2*time.Hour, -time.Hour, issuer)
	shorter := clienttest.NewPair(t, "gp.surgery.example", key, -2*time.Hour, time.Hour, issuer)
	longer := clienttest.NewPair(t, "gp.surgery.example", key, -time.Hour, 2*time.Hour, issuer)
	tomorrows := clienttest.NewPair(t, "gp.surgery.example", key, 24*time.Hour, 48*time.Hour, issuer)
	for name, one := range map[string]struct {
		order []*clienttest.Pair
		want  *clienttest.Pair
	}{
		"the old one first":      {[]*clienttest.Pair{expired, longer, issuer}, longer},
		"the old one last":       {[]*clienttest.Pair{longer, issuer, expired}, longer},
		"both can be used":       {[]*clienttest.Pair{shorter, issuer, longer}, longer},
		"tomorrow's is there":    {[]*clienttest.Pair{tomorrows, shorter, issuer}, shorter},
		"three, in disarray too": {[]*clienttest.Pair{issuer, expired, tomorrows, longer}, longer},
	} {
		t.Run(name, func(t *testing.T) {
			var file []byte
			for _, one := range one.order {
				file = append(file, one.CertificatePEM()...)
			}
			loaded, err := certificate.Load(certificate.Files{Certificate: write(t, file), Key: write(t, longer.KeyPEM(t))})
			require.NoError(t, err)
			require.Equal(t, [][]byte{one.want.Certificate.Raw, issuer.Certificate.Raw}, loaded.Certificate)
		})
	}
}

func newAuthority(t *testing.T, name string, parent *clienttest.Pair) *clienttest.Pair {
	t.Helper()
	key := clienttest.NewKey(t)
	template := clienttest.NewPair(t, name, key, -time.Hour, time.Hour, parent).Certificate
	template.IsCA, template.KeyUsage = true, x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, template, parent.Certificate, key.Public(), parent.Key)
	require.NoError(t, err)
	loaded, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return &clienttest.Pair{Certificate: loaded, Key: key}
}

// Windows and authorities export certificates as DER, named .cer or .crt.
func TestFilesInDER(t *testing.T) {
	issuer := clienttest.NewPair(t, "a sub CA", clienttest.NewKey(t), -time.Hour, time.Hour, nil)
	ours := clienttest.NewPair(t, "gp.surgery.example", clienttest.NewKey(t), -time.Hour, time.Hour, issuer)
	key, ok := ours.Key.(*ecdsa.PrivateKey)
	require.True(t, ok)
	sec1, err := x509.MarshalECPrivateKey(key)
	require.NoError(t, err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	for name, der := range map[string][]byte{"SEC 1": sec1, "PKCS #8": pkcs8} {
		t.Run(name, func(t *testing.T) {
			for _, certificates := range [][]byte{ours.Certificate.Raw, join(issuer.Certificate.Raw, ours.Certificate.Raw)} {
				loaded, err := certificate.Load(certificate.Files{Certificate: write(t, certificates), Key: write(t, der)})
				require.NoError(t, err)
				require.Equal(t, ours.Certificate.Raw, loaded.Leaf.Raw)
			}
		})
	}
	pool, _, err := certificate.LoadRootCAs(write(t, issuer.Certificate.Raw))
	require.NoError(t, err)
	expected := x509.NewCertPool()
	expected.AddCert(issuer.Certificate)
	require.True(t, pool.Equal(expected))
}

// The PEM label of a key is unreliable: programs write one form under the label of another.
func TestKeysUnderAnotherLabel(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(edwards)
	require.NoError(t, err)
	oursRSA := clienttest.NewPair(t, "gp.surgery.example", rsaKey, -time.Hour, time.Hour, nil)
	oursEdwards := clienttest.NewPair(t, "gp.surgery.example", edwards, -time.Hour, time.Hour, nil)
	for name, one := range map[string]struct {
		label string
		der   []byte
		ours  *clienttest.Pair
	}{
		"PKCS #1 as PKCS #8": {"PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey), oursRSA},
		"PKCS #8 as PKCS #1": {"RSA PRIVATE KEY", pkcs8, oursEdwards},
	} {
		t.Run(name, func(t *testing.T) {
			key := pem.EncodeToMemory(&pem.Block{Type: one.label, Bytes: one.der})
			_, err := certificate.Load(certificate.Files{
				Certificate: write(t, one.ours.CertificatePEM()), Key: write(t, key),
			})
			require.NoError(t, err)
		})
	}
}

// Damaged content is not taken for another kind, nor the rest of a file for the whole.
func TestDamagedFiles(t *testing.T) {
	issuer := clienttest.NewPair(t, "a sub CA", clienttest.NewKey(t), -time.Hour, time.Hour, nil)
	ours := clienttest.NewPair(t, "gp.surgery.example", clienttest.NewKey(t), -time.Hour, time.Hour, issuer)
	chain, key := join(ours.CertificatePEM(), issuer.CertificatePEM()), ours.KeyPEM(t)
	bundle, err := pkcs12.Modern2023.Encode(ours.Key, ours.Certificate, nil, passphrase)
	require.NoError(t, err)
	legacy, err := pkcs12.LegacyDES.Encode(ours.Key, ours.Certificate, nil, passphrase)
	require.NoError(t, err)
	raw, serial := ours.Certificate.Raw, ours.Certificate.SerialNumber.Bytes()
	below := append([]byte{serial[0] | 0x80}, serial[1:]...)
	negative, err := pkcs12.Modern2023.Encode(ours.Key, &x509.Certificate{Raw: bytes.Replace(raw, serial, below, 1)}, nil, passphrase)
	require.NoError(t, err)
	flipped := func(data []byte, at int) []byte {
		made := bytes.Clone(data)
		made[at] ^= 0x01
		return made
	}
	files := func(loaded, key []byte) certificate.Files {
		return certificate.Files{Certificate: write(t, loaded), Key: write(t, key), Passphrase: secret.New(passphrase)}
	}
	container := func(data []byte) certificate.Files {
		return certificate.Files{PKCS12: write(t, data), Passphrase: secret.New(passphrase)}
	}
	for name, one := range map[string]struct {
		files certificate.Files
		code  string
	}{
		"a certificate cut off":       {files(chain[:300], key), "CERT-INVALID"},
		"its authority cut off":       {files(chain[:len(chain)-100], key), "CERT-INVALID"},
		"a certificate with a blot":   {files(bytes.Replace(chain, []byte("MII"), []byte("M!!"), 1), key), "CERT-INVALID"},
		"a key cut off":               {files(chain, key[:100]), "CERT-KEY_INVALID"},
		"an encrypted key cut off":    {files(chain, encryptedPEM(t, ours.Key)[:200]), "CERT-KEY_INVALID"},
		"a PKCS#12 cut off":           {container(bundle[:len(bundle)/2]), "CERT-INVALID"},
		"one that lacks a byte":       {container(bundle[:len(bundle)-1]), "CERT-INVALID"},
		"an old one cut off":          {container(legacy[:len(legacy)-30]), "CERT-INVALID"},
		"a PKCS#12 in BER cut off":    {container([]byte{0x30, 0x80, 2, 1, 3, 0x30, 0x80}), "CERT-PKCS12_ENCRYPTION"},
		"one with long lengths":       {container([]byte{0x30, 0x84, 0, 0, 0, 9, 2, 0x81, 1, 3, 0x30, 0x81, 2, 6, 0}), "CERT-PKCS12_ENCRYPTION"},
		"a negative serial in it":     {container(negative), "CERT-INVALID"},
		"a MAC with another bit":      {container(flipped(bundle, len(bundle)-40)), "CERT-PASSPHRASE"},
		"an old MAC with another bit": {container(flipped(legacy, len(legacy)-20)), "CERT-PASSPHRASE"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := certificate.Load(one.files)
			clienttest.RequireCode(t, one.code, err)
		})
	}
}

// A crafted file can demand endless derivation: the total cost is bounded, and checking it is
// quick.
func TestAFileThatWouldTakeForEver(t *testing.T) {
	wrap := func(tag byte, content []byte) []byte {
		der, err := asn1.Marshal(asn1.RawValue{Tag: int(tag & 0x1f), IsCompound: tag&0x20 != 0, Bytes: content})
		require.NoError(t, err)
		return der
	}
	const octets, pieces, sequence = 0x04, 0x24, 0x30
	nested := wrap(octets, nil)
	for range 60 {
		nested = wrap(pieces, wrap(octets, nested))
	}
	salted, err := asn1.Marshal(struct {
		Salt   []byte
		Rounds int
	}{[]byte("salt"), 9_000_000})
	require.NoError(t, err)
	for name, one := range map[string]struct {
		file []byte
		code string
	}{
		"strings in strings":    {wrap(sequence, nested), "CERT-PKCS12"},
		"twice just enough":     {wrap(sequence, join(salted, salted)), "CERT-PKCS12_ENCRYPTION"},
		"just enough, in parts": {wrap(sequence, join(salted, wrap(pieces, wrap(octets, salted)))), "CERT-PKCS12_ENCRYPTION"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := certificate.Load(certificate.Files{PKCS12: write(t, one.file), Passphrase: secret.New(passphrase)})
			clienttest.RequireCode(t, one.code, err)
		})
	}
}

// Naming the kind of a file, and the command that converts it, saves a service desk the search.
func TestFilesOfAnotherKind(t *testing.T) {
	ours := clienttest.NewPair(t, "gp.surgery.example", clienttest.NewKey(t), -time.Hour, time.Hour, nil)
	bundle, err := pkcs12.Modern2023.Encode(ours.Key, ours.Certificate, nil, passphrase)
	require.NoError(t, err)
	request, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, ours.Key)
	require.NoError(t, err)
	public, err := x509.MarshalPKIXPublicKey(ours.Key.Public())
	require.NoError(t, err)
	block := func(label string, der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der}) }
	goodCertificate, goodKey := write(t, ours.CertificatePEM()), write(t, ours.KeyPEM(t))
	type files = certificate.Files
	for name, one := range map[string]struct {
		files      files
		code, says string
	}{
		"an empty file":             {files{Certificate: write(t, nil), Key: goodKey}, "CERT-NOT_PEM", "is empty"},
		"a request":                 {files{Certificate: write(t, block("CERTIFICATE REQUEST", request)), Key: goodKey}, "CERT-NOT_PEM", "request"},
		"an old request":            {files{Certificate: write(t, block("NEW CERTIFICATE REQUEST", request)), Key: goodKey}, "CERT-NOT_PEM", "request"},
		"a request in DER":          {files{Certificate: write(t, request), Key: goodKey}, "CERT-NOT_PEM", "request"},
		"PKCS#7":                    {files{Certificate: write(t, block("PKCS7", []byte{0x30, 0})), Key: goodKey}, "CERT-NOT_PEM", "openssl pkcs7 -print_certs -in \""},
		"a public key":              {files{Certificate: goodCertificate, Key: write(t, block("PUBLIC KEY", public))}, "CERT-KEY_MISSING", "public key"},
		"a public key in DER":       {files{Certificate: goodCertificate, Key: write(t, public)}, "CERT-NOT_PEM", "public key"},
		"a key of OpenSSH":          {files{Certificate: goodCertificate, Key: write(t, block("OPENSSH PRIVATE KEY", []byte("x")))}, "CERT-KEY_INVALID", "ssh-keygen -p -m PKCS8"},
		"PKCS#12 as PEM":            {files{Certificate: write(t, bundle)}, "CERT-NOT_PEM", "name that ends in .p12"},
		"PKCS#12 as key":            {files{Certificate: goodCertificate, Key: write(t, bundle)}, "CERT-NOT_PEM", "PKCS#12 file."},
		"a key as certificate":      {files{Certificate: goodKey, Key: goodKey}, "CERT-NOT_PEM", "no certificate"},
		"a Java keystore":           {files{PKCS12: write(t, []byte{0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2})}, "CERT-PKCS12", "keytool -importkeystore"},
		"PEM as PKCS#12":            {files{PKCS12: goodCertificate}, "CERT-PKCS12", "is a certificate"},
		"DER as PKCS#12":            {files{PKCS12: write(t, ours.Certificate.Raw)}, "CERT-PKCS12", "is a certificate"},
		"a key as PKCS#12":          {files{PKCS12: goodKey}, "CERT-PKCS12", "private key in it"},
		"an empty PKCS#12":          {files{PKCS12: write(t, nil)}, "CERT-PKCS12", "is empty"},
		"no passphrase for the key": {files{Certificate: goodCertificate, Key: write(t, encryptedPEM(t, ours.Key))}, "CERT-KEY_ENCRYPTED", "openssl pkcs8 -topk8"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := certificate.Load(one.files)
			found := clienttest.ProblemOf(t, one.code, err)
			text := found.Expand(found.Happened + " " + strings.Join(found.ServiceDesk, " "))
			require.Contains(t, text, one.says)
			require.NotContains(t, text, "{{")
		})
	}
	for name, one := range map[string]struct {
		file []byte
		says string
	}{
		"an empty bundle":     {nil, "is empty"},
		"PKCS#7 as a bundle":  {block("PKCS7", []byte{0x30, 0}), "openssl pkcs7"},
		"PKCS#12 as a bundle": {bundle, "openssl pkcs12 -nokeys -in \""},
		"a key as a bundle":   {ours.KeyPEM(t), "private key"},
		"a bundle cut off":    {ours.CertificatePEM()[:200], "damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := certificate.LoadRootCAs(write(t, one.file))
			found := clienttest.ProblemOf(t, "CA-EMPTY", err)
			require.Contains(t, found.Expand(found.Happened+" "+strings.Join(found.ServiceDesk, " ")), one.says)
		})
	}
}
