// Package certificate reads the organisation's endpoint certificate (SEC-001), by which e-RS knows
// the organisation, and the authorities trusted for the certificate of e-RS. The endpoint
// certificate comes from files ([Load]: PEM, DER or PKCS#12); package certstore reads Windows'
// stores.
//
// Every error is a [*problem.Problem] that names setting and remedy. The package does not use the
// network: e-RS checks revocation.
package certificate

import (
	"cmp"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/bounded"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
)

// Files names the files of the organisation's endpoint certificate: a PEM pair, or one
// PKCS#12 file.
type Files struct {
	// Certificate is a PEM file with the certificate and its intermediates, or the certificate in
	// DER.
	Certificate string
	// Key is a PEM file with the certificate's key and no other. If empty, Certificate holds the
	// key too.
	Key string
	// PKCS12 is a file with certificate, chain and key (.p12 or .pfx), in place of the other two.
	PKCS12 string
	// Passphrase decrypts PKCS12, or an encrypted key.
	Passphrase secret.Text
}

// Load reads the organisation's endpoint certificate (SEC-001) from files; package certstore reads
// Windows' stores. The error is a *problem.Problem with a CERT code (docs/certificates.md) that
// names setting and remedy; its chain has ErrNoPassphrase if Passphrase is needed and empty. No CRL
// or OCSP responder is consulted: e-RS checks revocation.
func Load(files Files) (tls.Certificate, error) {
	var certificate tls.Certificate
	var err error
	source := settingFile{certificateFile, "certificate", cmp.Or(files.PKCS12, files.Certificate)}
	switch {
	case source.path == "":
		return tls.Certificate{}, certificateNotSet
	case files.PKCS12 != "":
		certificate, err = loadPKCS12(source, files.Passphrase)
	default:
		certificate, err = loadPEM(source, files.Key, files.Passphrase)
	}
	if err != nil {
		return tls.Certificate{}, err
	}
	if err := Check(certificate.Leaf, source.setting, source.path); err != nil {
		return tls.Certificate{}, err
	}
	return certificate, nil
}

// Check reports as an error why e-RS cannot accept a client's certificate today:
// CERT-EXPIRED or CERT-NOT_YET_VALID, by this computer's clock, or CERT-USAGE. setting and place (a
// file or a certificate store) name its source in the Problem.
func Check(certificate *x509.Certificate, setting, place string) error {
	template := certificateProblem(certificate, time.Now())
	if template == nil {
		return nil
	}
	return template.
		With("Setting", setting).
		With("Place", place).
		With("Name", certificate.Subject.CommonName).
		WithPhrase("From", problem.Moment(certificate.NotBefore)).
		WithPhrase("Until", problem.Moment(certificate.NotAfter)).
		WithPhrase("Now", problem.Moment(time.Now()))
}

func certificateProblem(certificate *x509.Certificate, now time.Time) *problem.Problem {
	switch {
	case now.After(certificate.NotAfter):
		return certificateExpired
	case now.Before(certificate.NotBefore):
		return certificateNotYetValid
	case !isForClients(certificate):
		return certificateUsage
	}
	return nil
}

// isForClients reports whether a certificate's extended key usage (RFC 5280, section 4.2.1.12)
// allows TLS client authentication. A certificate without the extension is for every purpose.
func isForClients(certificate *x509.Certificate) bool {
	if len(certificate.ExtKeyUsage)+len(certificate.UnknownExtKeyUsage) == 0 {
		return true
	}
	return slices.Contains(certificate.ExtKeyUsage, x509.ExtKeyUsageClientAuth) ||
		slices.Contains(certificate.ExtKeyUsage, x509.ExtKeyUsageAny)
}

// CommonName returns a certificate's common name, which in an endpoint certificate is the
// organisation's FQDN. It is empty for the zero certificate.
func CommonName(certificate tls.Certificate) string {
	parsed := transport.LeafOf(certificate)
	if parsed == nil {
		return ""
	}
	return parsed.Subject.CommonName
}

// ErrNoPassphrase is the cause if a file needs a passphrase and none was given.
var ErrNoPassphrase = errors.New("it is encrypted, and there is no passphrase")

func loadPEM(source settingFile, keyPath string, passphrase secret.Text) (tls.Certificate, error) {
	data, err := source.read()
	if err != nil {
		return tls.Certificate{}, err
	}
	certificates, unread, broken := certificatesIn(data)
	switch {
	case errors.Is(broken, errPEMDamaged):
		// Whole certificates beside it are not enough: the part cut off is most often the chain of
		// a file still being written.
		return tls.Certificate{}, source.problem(certificateInvalid, broken)
	case len(certificates)+len(unread) == 0:
		return tls.Certificate{}, source.foreign(certificateNotPEM, data, errNoCertificate)
	}
	keySource := settingFile{certificateFile, "key", keyPath}
	if keyPath == "" {
		keySource = source
	} else if data, err = keySource.read(); err != nil {
		return tls.Certificate{}, err
	}
	key, err := parseKey(keySource, data, passphrase)
	if err != nil {
		return tls.Certificate{}, err
	}
	made, err := keySource.withChain(key, certificates)
	switch {
	case err == nil:
		// An old authority's certificate may be sent, though crypto/x509 does not parse it.
		made.Certificate = append(made.Certificate, unread...)
	case slices.ContainsFunc(certificates, func(c *x509.Certificate) bool { return !c.IsCA }):
		// It is the endpoint's: what could not be parsed is an authority's.
	case isKeyKind(broken):
		err = source.problem(keyKind, broken)
	case broken != nil:
		err = source.problem(certificateInvalid, broken)
	}
	return made, err
}

// withChain makes the certificate of a key, given those beside it in any order.
func (s settingFile) withChain(key crypto.PrivateKey, certificates []*x509.Certificate) (tls.Certificate, error) {
	leaf := leafFor(certificates, key)
	if leaf == nil {
		return tls.Certificate{}, s.problem(keyMismatch, errors.New("no certificate in the file has the public key"))
	}
	return tls.Certificate{PrivateKey: key, Leaf: leaf, Certificate: orderChain(leaf, certificates)}, nil
}

// parseKey returns the private key in a PEM file or a DER key.
func parseKey(source settingFile, data []byte, passphrase secret.Text) (crypto.PrivateKey, error) {
	blocks, damaged := pemBlocks(data)
	isKey := func(kind string) bool { return strings.HasSuffix(kind, "PRIVATE KEY") }
	switch {
	case len(blocks)+len(damaged) == 0 && isKeyDER(data):
		blocks = []*pem.Block{{Type: "PRIVATE KEY", Bytes: data}}
	case len(blocks)+len(damaged) == 0 && isCertificate(data):
		return nil, source.problem(keyMissing, errors.New("a certificate in DER"))
	case len(blocks)+len(damaged) == 0:
		return nil, source.foreign(certificateNotPEM, data, errors.New("no PEM block"))
	case slices.ContainsFunc(damaged, isKey):
		return nil, source.problem(keyInvalid, errPEMDamaged)
	}
	blocks = slices.DeleteFunc(blocks, func(block *pem.Block) bool { return !isKey(block.Type) })
	switch len(blocks) {
	case 0:
		return nil, source.foreign(keyMissing, data, errors.New("no PEM block of a private key"))
	case 1:
	default:
		// Choosing one would be a guess, and a wrong guess would look like the key of another
		// certificate.
		return nil, source.problem(keyTwice, fmt.Errorf("%d PEM blocks of a private key", len(blocks)))
	}
	key, err := openKey(blocks[0], passphrase)
	switch {
	case errors.Is(err, ErrNoPassphrase), errors.Is(err, errEncryption):
		return nil, source.problem(keyEncrypted, err)
	case errors.Is(err, errPassphrase):
		return nil, source.problem(wrongPassphrase, err)
	case err != nil && blocks[0].Type == "OPENSSH PRIVATE KEY":
		return nil, source.foreign(keyInvalid, data, err)
	case isKeyKind(err):
		return nil, source.problem(keyKind, err)
	case err != nil:
		return nil, source.problem(keyInvalid, err)
	}
	return key, nil
}

// openKey parses the key of a PEM block, decrypting it if it is encrypted as PKCS#8 or in OpenSSL's
// old form.
func openKey(block *pem.Block, passphrase secret.Text) (crypto.PrivateKey, error) {
	legacy := x509.IsEncryptedPEMBlock(block) //nolint:staticcheck // SA1019: no safer form is on offer, files of this one are
	var sealed encryptedKey
	_, plain := asn1.Unmarshal(block.Bytes, &sealed)
	switch {
	case !legacy && block.Type != "ENCRYPTED PRIVATE KEY" && (plain != nil || len(sealed.Data) == 0):
		return parseKeyDER(block.Bytes)
	case passphrase.IsZero():
		return nil, ErrNoPassphrase
	case !legacy && plain != nil:
		return nil, plain
	case !legacy:
		return sealed.open(passphrase.Reveal())
	}
	der, err := x509.DecryptPEMBlock(block, []byte(passphrase.Reveal())) //nolint:staticcheck // SA1019: as above
	if errors.Is(err, x509.IncorrectPasswordError) {
		return nil, errPassphrase
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errEncryption, err)
	}
	if rest, err := asn1.Unmarshal(der, new(asn1.RawValue)); err != nil || len(rest) > 0 {
		// One wrong passphrase in 256 yields valid padding.
		return nil, errPassphrase
	}
	return parseKeyDER(der)
}

// parseKeyDER parses an unencrypted key in PKCS#8, PKCS#1 or SEC 1, whatever its PEM type.
func parseKeyDER(der []byte) (crypto.PrivateKey, error) {
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err == nil {
		return key, nil
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key, nil
	}
	key, ecErr := x509.ParseECPrivateKey(der)
	switch {
	case ecErr == nil:
		return key, nil
	case isKeyKind(ecErr):
		return nil, ecErr
	}
	return nil, err
}

// isKeyKind reports whether an error means that a key, or its certificate, is of a kind unknown to
// crypto/x509, which has no error type for it.
func isKeyKind(err error) bool {
	return err != nil && slices.ContainsFunc(
		[]string{"unknown algorithm", "unknown elliptic curve", "unsupported elliptic curve", "invalid ECDSA parameters"},
		func(text string) bool { return strings.Contains(err.Error(), text) })
}

// belongTogether reports whether a certificate has the public key of key.
func belongTogether(certificate *x509.Certificate, key crypto.PrivateKey) bool {
	signer, ok := key.(crypto.Signer)
	if !ok {
		return false
	}
	public, ok := signer.Public().(interface{ Equal(crypto.PublicKey) bool })
	return ok && public.Equal(certificate.PublicKey)
}

// settingFile is a file that a setting names.
type settingFile struct {
	// kind is what the file is expected to hold.
	kind *fileKind
	// setting is the setting's name, path its value.
	setting, path string
}

// fileKind is a kind of file: a certificate or its key, or a bundle of authorities.
type fileKind struct {
	// limit is the longest file in bytes.
	limit                        int64
	missing, unreadable, tooLong *problem.Problem
}

// read returns the file's content.
func (s settingFile) read() ([]byte, error) {
	data, err := bounded.ReadFile(s.path, s.kind.limit)
	switch {
	case err == nil:
		return data, nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, s.problem(s.kind.missing, err)
	case errors.Is(err, bounded.ErrTooLarge):
		return nil, s.problem(s.kind.tooLong, err)
	}
	return nil, s.problem(s.kind.unreadable, err)
}

func (s settingFile) problem(template *problem.Problem, cause error) *problem.Problem {
	return template.With("Setting", s.setting).With("File", s.path).Because(cause)
}

// foreign is problem for a file that may be of another kind: the Problem then names the kind, and
// how to convert it.
func (s settingFile) foreign(template *problem.Problem, data []byte, cause error) *problem.Problem {
	made := s.problem(template, cause)
	kind := foreignKind(data)
	if kind == isAPKCS12 && s.kind == bundleFile {
		kind = isAPKCS12Bundle
	}
	if kind != nil {
		made.Happened = problem.Sentences(made.Happened, kind.Happened)
		made.ServiceDesk = slices.Concat(kind.ServiceDesk, made.ServiceDesk)
	}
	return made
}
