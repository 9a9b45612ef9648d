package erstest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"software.sslmate.com/src/go-pkcs12"
)

// FQDN is the common name of the client certificate: the organisation's name, which e-RS checks against the ASID.
const FQDN = "ers-login.r01.erstest.example"

// Passphrase is that of the PKCS#12 file that WriteFiles writes. It protects nothing: the key is
// next to it as PEM.
const Passphrase = "erstest"

// credentials are one server's certificates.
type credentials struct {
	issuer    *issuer
	authority *x509.Certificate
	server    tls.Certificate
	client    tls.Certificate
}

func newCredentials(serverNames []string, from, until time.Time) (*credentials, error) {
	issuer, err := newIssuer()
	if err != nil {
		return nil, err
	}
	server := leaf("e-RS stand-in", x509.ExtKeyUsageServerAuth)
	for _, name := range serverNames {
		if ip := net.ParseIP(name); ip != nil {
			server.IPAddresses = append(server.IPAddresses, ip)
		} else {
			server.DNSNames = append(server.DNSNames, name)
		}
	}
	if !from.IsZero() || !until.IsZero() {
		server.NotBefore, server.NotAfter = from, until
	}
	made := &credentials{issuer: issuer, authority: issuer.certificate}
	if made.server, err = issuer.issue(server); err != nil {
		return nil, err
	}
	made.client, err = issuer.issue(clientLeaf())
	return made, err
}

func clientLeaf() *x509.Certificate {
	client := leaf(FQDN, x509.ExtKeyUsageClientAuth)
	client.DNSNames = []string{FQDN}
	return client
}

// RenewClient makes another endpoint certificate, valid until then, for ClientCertificate and
// WriteFiles. The previous one is accepted while it is valid. It must not run concurrently with
// other uses of the Server's certificates.
func (s *Server) RenewClient(until time.Time) error {
	template := clientLeaf()
	template.NotAfter = until
	client, err := s.credentials.issuer.issue(template)
	if err == nil {
		s.credentials.client = client
	}
	return err
}

func (c *credentials) serverConfig() *tls.Config {
	authorities := x509.NewCertPool()
	authorities.AddCert(c.authority)
	return &tls.Config{
		MinVersion:   tls.VersionTLS12,
		Certificates: []tls.Certificate{c.server},
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    authorities,
	}
}

// issuer is a certificate authority in memory.
type issuer struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newIssuer() (*issuer, error) {
	template := leaf("e-RS stand-in throw-away CA")
	template.IsCA, template.BasicConstraintsValid, template.MaxPathLenZero = true, true, true
	template.KeyUsage = x509.KeyUsageCertSign
	self := &issuer{certificate: template}
	made, err := self.issue(template)
	if err != nil {
		return nil, err
	}
	key, ok := made.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("unexpected key type %T", made.PrivateKey)
	}
	return &issuer{made.Leaf, key}, nil
}

// issue makes a key and a certificate for it, self-signed if the issuer has no key.
func (i *issuer) issue(template *x509.Certificate) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("could not make a key: %w", err)
	}
	signer := i.key
	if signer == nil {
		signer = key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, i.certificate, key.Public(), signer)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("could not make a certificate: %w", err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("could not read a certificate back: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: parsed}, nil
}

// lifetime is the certificates' validity: longer than the fortnight in which a client warns of its
// end, so that a stand-in raises no warning.
const lifetime = 90 * 24 * time.Hour

func leaf(commonName string, usage ...x509.ExtKeyUsage) *x509.Certificate {
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(randomBytes(16)),
		Subject:      pkix.Name{CommonName: commonName},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.Add(lifetime),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  usage,
	}
}

// Files are the paths that WriteFiles wrote.
type Files struct {
	// CA is the authority, for the client's CA bundle.
	CA string
	// Certificate and Key are the client's PEM pair.
	Certificate, Key string
	// PKCS12 holds the same pair, under Passphrase.
	PKCS12 string
}

// WriteFiles writes the files of a client in another process into a folder: ca.pem, client.pem,
// client-key.pem and client.p12, the last two readable by their owner only.
func (s *Server) WriteFiles(folder string) (Files, error) {
	files := Files{
		CA:          filepath.Join(folder, "ca.pem"),
		Certificate: filepath.Join(folder, "client.pem"),
		Key:         filepath.Join(folder, "client-key.pem"),
		PKCS12:      filepath.Join(folder, "client.p12"),
	}
	client := s.credentials.client
	key, err := x509.MarshalPKCS8PrivateKey(client.PrivateKey)
	if err != nil {
		return Files{}, fmt.Errorf("could not write the client's key: %w", err)
	}
	chain := []*x509.Certificate{s.credentials.authority}
	bundle, err := pkcs12.Modern2023.Encode(client.PrivateKey, client.Leaf, chain, Passphrase)
	if err != nil {
		return Files{}, fmt.Errorf("could not write the client's PKCS#12 file: %w", err)
	}
	for _, file := range []struct {
		path string
		mode os.FileMode
		data []byte
	}{
		{files.CA, 0o644, block("CERTIFICATE", s.credentials.authority.Raw)},
		{files.Certificate, 0o644, block("CERTIFICATE", client.Certificate[0])},
		{files.Key, 0o600, block("PRIVATE KEY", key)},
		{files.PKCS12, 0o600, bundle},
	} {
		if err := writeFile(file.path, file.mode, file.data); err != nil {
			return Files{}, err
		}
	}
	return files, nil
}

func block(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// writeFile writes a file atomically.
func writeFile(path string, mode os.FileMode, data []byte) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), ".writing-*")
	if err != nil {
		return fmt.Errorf("could not write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			// The first error counts; the temporary file may be gone already.
			_ = file.Close()
			_ = os.Remove(file.Name())
			err = fmt.Errorf("could not write %s: %w", path, err)
		}
	}()
	if _, err = file.Write(data); err != nil {
		return err
	}
	if err = file.Chmod(mode); err != nil {
		return err
	}
	if err = file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
