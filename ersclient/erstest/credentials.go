package erstest

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/ers-login/ers-login/ersclient/testserver"
)

// FQDN is the common name of the client certificate: the organisation's name, which e-RS checks against the ASID.
const FQDN = "ers-login.r01.erstest.example"

// Passphrase is that of the PKCS#12 file that WriteFiles writes. It protects nothing: the key is
// next to it as PEM.
const Passphrase = "erstest"

func clientLeaf() *x509.Certificate {
	client := testserver.Leaf(FQDN, x509.ExtKeyUsageClientAuth)
	client.DNSNames = []string{FQDN}
	return client
}

// RenewClient makes another endpoint certificate, valid until then, for ClientCertificate and
// WriteFiles. The previous one is accepted while it is valid. It must not run concurrently with
// other uses of the Server's certificates.
func (s *Server) RenewClient(until time.Time) error {
	template := clientLeaf()
	template.NotAfter = until
	client, err := s.authority.Issue(template)
	if err == nil {
		s.client = client
	}
	return err
}

// TLSConfig returns the server's mutual TLS configuration, for another listener that its clients
// accept.
func (s *Server) TLSConfig() *tls.Config {
	return &tls.Config{
		MinVersion:   tls.VersionTLS12,
		Certificates: []tls.Certificate{s.certificate},
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    s.RootCAs(),
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
	key, err := x509.MarshalPKCS8PrivateKey(s.client.PrivateKey)
	if err != nil {
		return Files{}, fmt.Errorf("could not write the client's key: %w", err)
	}
	chain := []*x509.Certificate{s.authority.Certificate}
	bundle, err := pkcs12.Modern2023.Encode(s.client.PrivateKey, s.client.Leaf, chain, Passphrase)
	if err != nil {
		return Files{}, fmt.Errorf("could not write the client's PKCS#12 file: %w", err)
	}
	for _, file := range []struct {
		path string
		mode os.FileMode
		data []byte
	}{
		{files.CA, 0o644, s.authority.PEM()},
		{files.Certificate, 0o644, testserver.Block("CERTIFICATE", s.client.Certificate[0])},
		{files.Key, 0o600, testserver.Block("PRIVATE KEY", key)},
		{files.PKCS12, 0o600, bundle},
	} {
		if err := testserver.WriteFile(file.path, file.mode, file.data); err != nil {
			return Files{}, err
		}
	}
	return files, nil
}
