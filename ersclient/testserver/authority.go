package testserver

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Authority is a certificate authority in memory.
type Authority struct {
	// Certificate is the only root that clients of the stand-in need.
	Certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// NewAuthority makes an authority, whose key ends with the program.
func NewAuthority() (*Authority, error) {
	template := Leaf("e-RS stand-in throw-away CA")
	template.IsCA, template.BasicConstraintsValid, template.MaxPathLenZero = true, true, true
	template.KeyUsage = x509.KeyUsageCertSign
	self := &Authority{Certificate: template}
	made, err := self.Issue(template)
	if err != nil {
		return nil, err
	}
	key, ok := made.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("unexpected key type %T", made.PrivateKey)
	}
	return &Authority{made.Leaf, key}, nil
}

// Pool returns the authority as the only root.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.Certificate)
	return pool
}

// PEM returns the authority for a file.
func (a *Authority) PEM() []byte { return Block("CERTIFICATE", a.Certificate.Raw) }

// Server makes the certificate of a server with names and addresses, valid in a time if one is
// given.
func (a *Authority) Server(names []string, from, until time.Time) (tls.Certificate, error) {
	server := Leaf("e-RS stand-in", x509.ExtKeyUsageServerAuth)
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			server.IPAddresses = append(server.IPAddresses, ip)
		} else {
			server.DNSNames = append(server.DNSNames, name)
		}
	}
	if !from.IsZero() || !until.IsZero() {
		server.NotBefore, server.NotAfter = from, until
	}
	return a.Issue(server)
}

// Issue makes a key and a certificate for it, self-signed if the authority has no key.
func (a *Authority) Issue(template *x509.Certificate) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("could not make a key: %w", err)
	}
	signer := a.key
	if signer == nil {
		signer = key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.Certificate, key.Public(), signer)
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

// Leaf returns the template of a certificate.
func Leaf(commonName string, usage ...x509.ExtKeyUsage) *x509.Certificate {
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(RandomBytes(16)),
		Subject:      pkix.Name{CommonName: commonName},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.Add(lifetime),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  usage,
	}
}

// RandomBytes returns n random bytes.
func RandomBytes(n int) []byte {
	random := make([]byte, n)
	// rand.Read never fails: it would end the program.
	_, _ = rand.Read(random)
	return random
}

// UUID returns a random UUID.
func UUID() string {
	id := RandomBytes(16)
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

// Block returns a PEM block.
func Block(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// WriteFile writes a file that is whole or not there.
func WriteFile(path string, mode os.FileMode, data []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".writing-*")
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	err = errors.Join(err, file.Chmod(mode), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}
