package certificate_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/ers-login/ers-login/ersclient/hscn/certificate"
	"github.com/ers-login/ers-login/internal/secret"
	"github.com/ers-login/ers-login/internal/testing/clienttest"
)

// FuzzCertificateFiles checks that any content of a configured file yields a Problem, and no panic.
func FuzzCertificateFiles(f *testing.F) {
	t := &testing.T{}
	ours := clienttest.NewPair(t, "gp.surgery.example", clienttest.NewKey(t), -time.Hour, time.Hour, nil)
	for _, encoder := range []*pkcs12.Encoder{pkcs12.Modern2023, pkcs12.Modern2026, pkcs12.LegacyRC2} {
		data, err := encoder.WithIterations(1).Encode(ours.Key, ours.Certificate, nil, passphrase)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	pem := join(ours.CertificatePEM(), ours.KeyPEM(t))
	f.Add(pem)
	f.Add(utf16Text(pem, nil, true))
	f.Add(join(ours.CertificatePEM(), encryptedPEM(t, ours.Key)))
	f.Add(bytes.ReplaceAll(pem, []byte("\n"), []byte("\r")))
	f.Add([]byte{0x30, 0x80, 2, 1, 3, 0x30, 0x80, 0x24, 0x80, 4, 1, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		word := secret.New(passphrase)
		for _, files := range []certificate.Files{
			{Certificate: path, Passphrase: word}, {PKCS12: path, Passphrase: word}, {PKCS12: path},
		} {
			loaded, err := certificate.Load(files)
			if (err == nil) != (loaded.Leaf != nil) {
				t.Error(loaded, err)
			}
		}
		_, _, _ = certificate.LoadRootCAs(path)
	})
}
