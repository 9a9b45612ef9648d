package ersclient

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
)

// CertificateFiles say where the organisation's endpoint certificate is: a PEM pair, or one PKCS#12 file.
type CertificateFiles struct {
	// Certificate is a PEM file with the certificate, followed by those between it and the NHS root.
	Certificate string
	// Key is a PEM file with the certificate's key and no other, not encrypted. If it is empty, the key is looked for in
	// Certificate.
	Key string
	// PKCS12 is a file with certificate, chain and key (.p12 or .pfx), of the modern or the legacy encryptions.
	PKCS12 string
	// Passphrase opens PKCS12.
	Passphrase secret.Text
}

// LoadCertificate reads the organisation's endpoint certificate (SEC-001) from files; package certstore takes it from Windows'
// certificate stores. Every way in which files can be wrong is a *Problem of its own, which names the setting and the remedy:
// CERT-NOT_SET, CERT-AMBIGUOUS, CERT-MISSING, CERT-UNREADABLE, CERT-TOO_BIG, CERT-NOT_PEM, CERT-INVALID, CERT-KEY_MISSING,
// CERT-KEY_ENCRYPTED, CERT-KEY_INVALID, CERT-KEY_TWICE, CERT-KEY_MISMATCH, CERT-PASSPHRASE, CERT-PKCS12, and those of
// CheckCertificate.
//
// Whether the certificate has been revoked is for e-RS to say: no CRL is fetched and no OCSP responder asked.
func LoadCertificate(files CertificateFiles) (tls.Certificate, error) {
	var certificate tls.Certificate
	var err error
	source := settingFile{"CERT", "certificate", files.PKCS12}
	switch {
	case files.PKCS12 != "" && (files.Certificate != "" || files.Key != ""):
		return tls.Certificate{}, certificateAmbiguous
	case files.PKCS12 != "":
		certificate, err = loadPKCS12(source, files.Passphrase)
	case files.Certificate != "":
		source = settingFile{"CERT", "certificate", files.Certificate}
		certificate, err = loadPEM(source, files.Key)
	default:
		return tls.Certificate{}, certificateNotSet
	}
	if err != nil {
		return tls.Certificate{}, err
	}
	if err := CheckCertificate(certificate.Leaf, source.setting, source.path); err != nil {
		return tls.Certificate{}, err
	}
	return certificate, nil
}

// CheckCertificate tells whether e-RS can accept a certificate from a client today: it is valid by this computer's clock, and
// not made for other purposes alone. setting and place, which is a file or a certificate store, tell a person where it came from.
//
// The error is a *Problem: CERT-EXPIRED, CERT-NOT_YET_VALID or CERT-USAGE.
func CheckCertificate(certificate *x509.Certificate, setting, place string) error {
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

func certificateProblem(certificate *x509.Certificate, now time.Time) *Problem {
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

// isForClients tells whether a certificate's extended key usage (RFC 5280, section 4.2.1.12) allows for a client of TLS. A
// certificate without one is for every purpose.
func isForClients(certificate *x509.Certificate) bool {
	if len(certificate.ExtKeyUsage)+len(certificate.UnknownExtKeyUsage) == 0 {
		return true
	}
	return slices.Contains(certificate.ExtKeyUsage, x509.ExtKeyUsageClientAuth) ||
		slices.Contains(certificate.ExtKeyUsage, x509.ExtKeyUsageAny)
}

// CommonName returns a certificate's common name, which for an endpoint certificate is the organisation's FQDN. It is empty
// for the zero certificate.
func CommonName(certificate tls.Certificate) string {
	parsed := certificate.Leaf
	if parsed == nil && len(certificate.Certificate) > 0 {
		var err error
		if parsed, err = x509.ParseCertificate(certificate.Certificate[0]); err != nil {
			return ""
		}
	}
	if parsed == nil {
		return ""
	}
	return parsed.Subject.CommonName
}

// maxCertificateFile is far more than a certificate, its chain and its key can need. Bundles of authorities may be longer.
const maxCertificateFile = 1 << 20

// readCertificate is read for a file that is no bundle.
func (s settingFile) readCertificate() ([]byte, error) {
	// What goes wrong here goes wrong again in read, which tells it.
	if info, err := os.Stat(s.path); err == nil && info.Mode().IsRegular() && info.Size() > maxCertificateFile {
		return nil, s.problem(certificateTooBig, fmt.Errorf("%s has %d bytes", s.path, info.Size()))
	}
	return s.read()
}

func loadPEM(source settingFile, keyPath string) (tls.Certificate, error) {
	data, err := source.readCertificate()
	if err != nil {
		return tls.Certificate{}, err
	}
	var certificate tls.Certificate
	for _, block := range pemBlocks(data) {
		if block.Type == "CERTIFICATE" {
			certificate.Certificate = append(certificate.Certificate, block.Bytes)
		}
	}
	if len(certificate.Certificate) == 0 {
		return tls.Certificate{}, source.problem(certificateNotPEM, errors.New("no PEM block of type CERTIFICATE"))
	}
	if certificate.Leaf, err = x509.ParseCertificate(certificate.Certificate[0]); err != nil {
		return tls.Certificate{}, source.problem(certificateInvalid, err)
	}
	keySource := settingFile{"CERT", "key", keyPath}
	if keyPath == "" {
		keySource = source
	} else if data, err = keySource.readCertificate(); err != nil {
		return tls.Certificate{}, err
	}
	if certificate.PrivateKey, err = parseKey(keySource, data); err != nil {
		return tls.Certificate{}, err
	}
	if !belongTogether(certificate.Leaf, certificate.PrivateKey) {
		return tls.Certificate{}, keySource.problem(keyMismatch, errors.New("the public keys differ"))
	}
	return certificate, nil
}

// parseKey finds the private key in a PEM file.
func parseKey(source settingFile, data []byte) (crypto.PrivateKey, error) {
	blocks := pemBlocks(data)
	if len(blocks) == 0 {
		return nil, source.problem(certificateNotPEM, errors.New("no PEM block"))
	}
	blocks = slices.DeleteFunc(blocks, func(block *pem.Block) bool { return !strings.HasSuffix(block.Type, "PRIVATE KEY") })
	switch len(blocks) {
	case 0:
		return nil, source.problem(keyMissing, errors.New("no PEM block of a private key"))
	case 1:
	default:
		// To take one would be to guess, and the wrong guess would look like a key of another certificate.
		return nil, source.problem(keyTwice, fmt.Errorf("%d PEM blocks of a private key", len(blocks)))
	}
	block := blocks[0]
	if block.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") {
		return nil, source.problem(keyEncrypted, errors.New(block.Type+" is encrypted"))
	}
	key, err := parseKeyBlock(block)
	if err != nil {
		return nil, source.problem(keyInvalid, err)
	}
	return key, nil
}

func parseKeyBlock(block *pem.Block) (crypto.PrivateKey, error) {
	switch block.Type {
	case "RSA PRIVATE KEY":
		return x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		return x509.ParseECPrivateKey(block.Bytes)
	case "PRIVATE KEY":
		return x509.ParsePKCS8PrivateKey(block.Bytes)
	}
	return nil, fmt.Errorf("keys of type %q are not supported", block.Type)
}

func loadPKCS12(source settingFile, passphrase secret.Text) (tls.Certificate, error) {
	data, err := source.readCertificate()
	if err != nil {
		return tls.Certificate{}, err
	}
	key, first, others, err := pkcs12.DecodeChain(data, passphrase.Reveal())
	if errors.Is(err, pkcs12.ErrIncorrectPassword) || errors.Is(err, pkcs12.ErrDecryption) {
		return tls.Certificate{}, source.problem(wrongPassphrase, err)
	}
	if err != nil {
		return tls.Certificate{}, source.problem(notPKCS12, err)
	}
	// The organisation's certificate is the one that the key belongs to: some programs write it last.
	certificate := tls.Certificate{PrivateKey: key}
	var chain [][]byte
	for _, one := range append([]*x509.Certificate{first}, others...) {
		if certificate.Leaf == nil && belongTogether(one, key) {
			certificate.Leaf = one
		} else {
			chain = append(chain, one.Raw)
		}
	}
	if certificate.Leaf == nil {
		return tls.Certificate{}, source.problem(keyMismatch, errors.New("no certificate in the file has the public key"))
	}
	certificate.Certificate = append([][]byte{certificate.Leaf.Raw}, chain...)
	return certificate, nil
}

// belongTogether tells whether a certificate is for a key.
func belongTogether(certificate *x509.Certificate, key crypto.PrivateKey) bool {
	signer, ok := key.(crypto.Signer)
	if !ok {
		return false
	}
	public, ok := signer.Public().(interface{ Equal(crypto.PublicKey) bool })
	return ok && public.Equal(certificate.PublicKey)
}

const stepFixCertificate = "Give your local service desk the reference below, and the name of the setting and the file."

var (
	certificateNotSet = &problem.Problem{
		Code:     "CERT-NOT_SET",
		Title:    "Your organisation's certificate is not set up",
		Happened: "e-RS only talks to computers that present the organisation's endpoint certificate, and the settings name none.",
		Steps: []string{
			"Ask your local service desk to set certificate to the PKCS#12 file (.p12 or .pfx), or certificate and key to the two " +
				"PEM files. On Windows, certificate_thumbprint can name a certificate of the certificate store instead.",
		},
	}
	certificateAmbiguous = &problem.Problem{
		Code:     "CERT-AMBIGUOUS",
		Title:    "Your organisation's certificate is set twice",
		Happened: "The settings certificate and key name both a PKCS#12 file and PEM files.",
		Steps:    []string{"Ask your local service desk to name one or the other: a PKCS#12 file needs no key."},
	}
	certificateTooBig = &problem.Problem{
		Code:     "CERT-TOO_BIG",
		Title:    "Your organisation's certificate could not be read",
		Happened: "The setting {{.Setting}} names {{.File}}, which is far too big to be a certificate or a key.",
		Steps:    []string{stepFixCertificate, "The setting seems to name another file than it should."},
	}
	certificateNotPEM = &problem.Problem{
		Code:     "CERT-NOT_PEM",
		Title:    "Your organisation's certificate could not be read",
		Happened: "The setting {{.Setting}} names {{.File}}, and that is not a PEM file of what is wanted there.",
		Steps: []string{
			stepFixCertificate,
			"The name of a PKCS#12 file has to end in .p12 or .pfx. Files of another kind have to be converted to PEM.",
		},
	}
	certificateInvalid = &problem.Problem{
		Code:     "CERT-INVALID",
		Title:    "Your organisation's certificate is damaged",
		Happened: "The certificate in {{.File}} (setting {{.Setting}}) could not be understood.",
		Steps:    []string{stepFixCertificate, "The file has to be copied or exported again."},
	}
	keyMissing = &problem.Problem{
		Code:     "CERT-KEY_MISSING",
		Title:    "The key of your organisation's certificate is missing",
		Happened: "There is no private key in {{.File}} (setting {{.Setting}}).",
		Steps:    []string{stepFixCertificate, "The setting key has to name the PEM file with the private key."},
	}
	keyEncrypted = &problem.Problem{
		Code:  "CERT-KEY_ENCRYPTED",
		Title: "The key of your organisation's certificate is encrypted",
		Happened: "The private key in {{.File}} (setting {{.Setting}}) has a passphrase, which this program cannot use with " +
			"PEM files.",
		Steps: []string{
			stepFixCertificate,
			"Key and certificate have to be converted to one PKCS#12 file: openssl pkcs12 -export -inkey KEY -in CERTIFICATE " +
				"-out NEW.p12. Then certificate names the new file, and key is left empty.",
		},
	}
	keyInvalid = &problem.Problem{
		Code:     "CERT-KEY_INVALID",
		Title:    "The key of your organisation's certificate is damaged",
		Happened: "The private key in {{.File}} (setting {{.Setting}}) could not be understood.",
		Steps:    []string{stepFixCertificate, "The file has to be copied or exported again."},
	}
	keyTwice = &problem.Problem{
		Code:     "CERT-KEY_TWICE",
		Title:    "There is more than one key for your organisation's certificate",
		Happened: "{{.File}} (setting {{.Setting}}) has several private keys in it, and only one can be the certificate's.",
		Steps:    []string{stepFixCertificate, "The keys that do not belong to the certificate have to be taken out of the file."},
	}
	keyMismatch = &problem.Problem{
		Code:     "CERT-KEY_MISMATCH",
		Title:    "Certificate and key do not belong together",
		Happened: "The private key in {{.File}} (setting {{.Setting}}) is not that of your organisation's certificate.",
		Steps:    []string{stepFixCertificate, "After a renewal, both files have to be replaced."},
	}
	wrongPassphrase = &problem.Problem{
		Code:     "CERT-PASSPHRASE",
		Title:    "The passphrase of your organisation's certificate is wrong",
		Happened: "{{.File}} (setting {{.Setting}}) could not be opened with the passphrase that is stored for it.",
		Steps: []string{
			"Ask your local service desk to store the passphrase of this file again (ers-login passphrase), or to correct the file " +
				"that passphrase_file names.",
		},
	}
	notPKCS12 = &problem.Problem{
		Code:     "CERT-PKCS12",
		Title:    "Your organisation's certificate could not be read",
		Happened: "The setting {{.Setting}} names {{.File}}, and that is not a PKCS#12 file with one key and its certificate.",
		Steps: []string{
			stepFixCertificate,
			"The name of a PEM file must not end in .p12 or .pfx. A PKCS#12 file has to be exported with its private key.",
		},
	}
	certificateExpired = &problem.Problem{
		Code:  "CERT-EXPIRED",
		Title: "Your organisation's certificate has expired",
		Happened: "The endpoint certificate \"{{.Name}}\" in {{.Place}} (setting {{.Setting}}) was valid until {{.Until}}. By " +
			"this computer's clock it is {{.Now}}.",
		Steps: []string{
			stepCheckClock,
			"Ask your local service desk for a new endpoint certificate, with the reference below.",
		},
	}
	certificateNotYetValid = &problem.Problem{
		Code:  "CERT-NOT_YET_VALID",
		Title: "Your organisation's certificate is not valid yet",
		Happened: "The endpoint certificate \"{{.Name}}\" in {{.Place}} (setting {{.Setting}}) is valid from {{.From}}. By this " +
			"computer's clock it is only {{.Now}}.",
		Steps: []string{
			stepCheckClock,
			"If they are right, give your local service desk the reference below.",
		},
	}
	certificateUsage = &problem.Problem{
		Code:  "CERT-USAGE",
		Title: "Your organisation's certificate is for another purpose",
		Happened: "The certificate \"{{.Name}}\" in {{.Place}} (setting {{.Setting}}) was not made for computers that connect to " +
			"e-RS: its extended key usage does not have client authentication.",
		Steps: []string{
			"Give your local service desk the reference below.",
			"For the service desk: check that {{.Setting}} names the organisation's endpoint certificate, and not that of a server. " +
				"If it does, a new one has to be asked for.",
		},
	}
)
