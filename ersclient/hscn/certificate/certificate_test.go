package certificate_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/ersclient/hscn"
	"github.com/ers-login/ers-login/ersclient/hscn/certificate"
	"github.com/ers-login/ers-login/internal/secret"
	"github.com/ers-login/ers-login/internal/testing/clienttest"
)

const passphrase = "correct horse"

func write(t *testing.T, data []byte) string {
	t.Helper()
	file, err := os.CreateTemp(t.TempDir(), "file-*")
	require.NoError(t, err)
	_, err = file.Write(data)
	require.NoError(t, err)
	require.NoError(t, file.Close())
	return file.Name()
}

func join(parts ...[]byte) []byte {
	var all []byte
	for _, part := range parts {
		all = append(all, part...)
	}
	return all
}

// Organisations get their endpoint certificate from many sources, in many forms.
func TestEndpointCertificatesInManyForms(t *testing.T) {
	const name = "gp.surgery.example"
	issuer := clienttest.NewPair(t, "a sub CA", clienttest.NewKey(t), -time.Hour, time.Hour, nil)
	ours := clienttest.NewPair(t, name, clienttest.NewKey(t), -time.Hour, time.Hour, issuer)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	oursRSA := clienttest.NewPair(t, name, rsaKey, -time.Hour, time.Hour, issuer)
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	oursEdwards := clienttest.NewPair(t, name, edwards, -time.Hour, time.Hour, issuer)
	ecKey, isEC := ours.Key.(*ecdsa.PrivateKey)
	require.True(t, isEC)
	sec1, err := x509.MarshalECPrivateKey(ecKey)
	require.NoError(t, err)

	encode := func(encoder *pkcs12.Encoder, key any, loaded *x509.Certificate, chain []*x509.Certificate, word string) string {
		data, err := encoder.Encode(key, loaded, chain, word)
		require.NoError(t, err)
		return write(t, data)
	}
	chain := []*x509.Certificate{issuer.Certificate}
	cases := map[string]struct {
		files certificate.Files
		chain int
	}{
		"a PEM pair": {certificate.Files{
			Certificate: write(t, ours.CertificatePEM()), Key: write(t, ours.KeyPEM(t)),
		}, 1},
		"with its chain": {certificate.Files{
			Certificate: write(t, join(ours.CertificatePEM(), issuer.CertificatePEM())), Key: write(t, ours.KeyPEM(t)),
		}, 2},
		"all in one file, with words between": {certificate.Files{
			Certificate: write(t, join([]byte("Bag Attributes\n"), ours.KeyPEM(t), []byte("subject=x\n"), ours.CertificatePEM())),
		}, 1},
		"parameters before an EC key": {certificate.Files{
			Certificate: write(t, ours.CertificatePEM()),
			Key: write(t, join(
				pem.EncodeToMemory(&pem.Block{Type: "EC PARAMETERS", Bytes: []byte{6, 0}}),
				pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: sec1}))),
		}, 1},
		"an RSA key of the old form": {certificate.Files{
			Certificate: write(t, oursRSA.CertificatePEM()),
			Key:         write(t, pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(rsaKey)})),
		}, 1},
		"an Ed25519 key": {certificate.Files{
			Certificate: write(t, oursEdwards.CertificatePEM()), Key: write(t, oursEdwards.KeyPEM(t)),
		}, 1},
		"PKCS#12, modern": {certificate.Files{
			PKCS12: encode(pkcs12.Modern2023, ours.Key, ours.Certificate, chain, passphrase), Passphrase: secret.New(passphrase),
		}, 2},
		"PKCS#12, modern with PBMAC1": {certificate.Files{
			PKCS12: encode(pkcs12.Modern2026, ours.Key, ours.Certificate, chain, passphrase), Passphrase: secret.New(passphrase),
		}, 2},
		"PKCS#12, legacy with DES": {certificate.Files{
			PKCS12: encode(pkcs12.LegacyDES, rsaKey, oursRSA.Certificate, chain, passphrase), Passphrase: secret.New(passphrase),
		}, 2},
		"PKCS#12, legacy with RC2": {certificate.Files{
			PKCS12: encode(pkcs12.LegacyRC2, rsaKey, oursRSA.Certificate, chain, passphrase), Passphrase: secret.New(passphrase),
		}, 2},
		"PKCS#12, the issuer first": {certificate.Files{
			PKCS12:     encode(pkcs12.Modern2023, ours.Key, issuer.Certificate, []*x509.Certificate{ours.Certificate}, passphrase),
			Passphrase: secret.New(passphrase),
		}, 2},
		"PKCS#12 without a passphrase": {certificate.Files{
			PKCS12: encode(pkcs12.Passwordless, ours.Key, ours.Certificate, chain, ""),
		}, 2},
	}
	for kind, one := range cases {
		t.Run(kind, func(t *testing.T) {
			loaded, err := certificate.Load(one.files)
			require.NoError(t, err)
			require.Equal(t, name, certificate.CommonName(loaded))
			require.Len(t, loaded.Certificate, one.chain)
			require.Equal(t, loaded.Leaf.Raw, loaded.Certificate[0])
		})
	}
}

// Each mistake names the setting and the remedy, so that a service desk need not guess.
func TestEndpointCertificatesThatCannotBeUsed(t *testing.T) {
	ours := clienttest.NewPair(t, "gp.surgery.example", clienttest.NewKey(t), -time.Hour, time.Hour, nil)
	old := clienttest.NewPair(t, "gp.surgery.example", clienttest.NewKey(t), -2*time.Hour, -time.Hour, nil)
	early := clienttest.NewPair(t, "gp.surgery.example", clienttest.NewKey(t), time.Hour, 2*time.Hour, nil)
	other := clienttest.NewKey(t)
	goodCertificate, goodKey := write(t, ours.CertificatePEM()), write(t, ours.KeyPEM(t))
	bundle, err := pkcs12.Modern2023.Encode(ours.Key, ours.Certificate, nil, passphrase)
	require.NoError(t, err)
	goodBundle := write(t, bundle)
	foreignKey, err := pkcs12.Modern2023.Encode(other, ours.Certificate, nil, passphrase)
	require.NoError(t, err)
	oldBundle, err := pkcs12.LegacyDES.Encode(old.Key, old.Certificate, nil, passphrase)
	require.NoError(t, err)
	earlyBundle, err := pkcs12.Modern2023.Encode(early.Key, early.Certificate, nil, passphrase)
	require.NoError(t, err)
	servers := clienttest.NewPair(t, "gp.surgery.example", clienttest.NewKey(t), -time.Hour, time.Hour, nil, x509.ExtKeyUsageServerAuth)
	serversBundle, err := pkcs12.Modern2023.Encode(servers.Key, servers.Certificate, nil, passphrase)
	require.NoError(t, err)
	trustStore, err := pkcs12.Modern2023.EncodeTrustStore([]*x509.Certificate{ours.Certificate}, passphrase)
	require.NoError(t, err)
	plainKey := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("rubbish")})
	absent := filepath.Join(t.TempDir(), "absent.pem")

	type files = certificate.Files
	cases := map[string]struct {
		files   files
		code    string
		setting string
	}{
		"nothing set":               {files{}, "CERT-NOT_SET", "certificate"},
		"a key alone":               {files{Key: goodKey}, "CERT-NOT_SET", "certificate"},
		"no certificate file":       {files{Certificate: absent, Key: goodKey}, "CERT-MISSING", "certificate"},
		"no key file":               {files{Certificate: goodCertificate, Key: absent}, "CERT-MISSING", "key"},
		"no PKCS#12 file":           {files{PKCS12: absent}, "CERT-MISSING", "certificate"},
		"a folder":                  {files{Certificate: t.TempDir(), Key: goodKey}, "CERT-UNREADABLE", "certificate"},
		"a huge PKCS#12":            {files{PKCS12: write(t, make([]byte, 1<<20+1))}, "CERT-TOO_BIG", "certificate"},
		"a huge key":                {files{Certificate: goodCertificate, Key: write(t, make([]byte, 1<<20+1))}, "CERT-TOO_BIG", "key"},
		"a PKCS#12 for PEM":         {files{Certificate: goodBundle, Key: goodKey}, "CERT-NOT_PEM", "certificate"},
		"a PKCS#12 for a key":       {files{Certificate: goodCertificate, Key: goodBundle}, "CERT-NOT_PEM", "key"},
		"an empty file":             {files{Certificate: write(t, nil), Key: goodKey}, "CERT-NOT_PEM", "certificate"},
		"the key for a certificate": {files{Certificate: goodKey, Key: goodKey}, "CERT-NOT_PEM", "certificate"},
		"the certificate for a key": {files{Certificate: goodCertificate, Key: goodCertificate}, "CERT-KEY_MISSING", "key"},
		"no key anywhere":           {files{Certificate: goodCertificate}, "CERT-KEY_MISSING", "certificate"},
		"a damaged certificate": {
			files{Certificate: write(t, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("rubbish")})), Key: goodKey},
			"CERT-INVALID", "certificate",
		},
		"a damaged key": {files{Certificate: goodCertificate, Key: write(t, plainKey)}, "CERT-KEY_INVALID", "key"},
		"a DSA key": {
			files{Certificate: goodCertificate, Key: write(t, pem.EncodeToMemory(&pem.Block{Type: "DSA PRIVATE KEY"}))},
			"CERT-KEY_INVALID", "key",
		},
		"another key": {files{Certificate: goodCertificate, Key: write(t, (&clienttest.Pair{Key: other}).KeyPEM(t))}, "CERT-KEY_MISMATCH", "key"},
		"two keys": {
			files{Certificate: goodCertificate, Key: write(t, join(ours.KeyPEM(t), (&clienttest.Pair{Key: other}).KeyPEM(t)))},
			"CERT-KEY_TWICE", "key",
		},
		"two keys beside the certificate": {
			files{Certificate: write(t, join((&clienttest.Pair{Key: other}).KeyPEM(t), ours.CertificatePEM(), ours.KeyPEM(t)))},
			"CERT-KEY_TWICE", "certificate",
		},
		"an encrypted key": {
			files{Certificate: goodCertificate, Key: write(t, pem.EncodeToMemory(
				&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte("x")}))},
			"CERT-KEY_ENCRYPTED", "key",
		},
		"a key encrypted the old way": {
			files{Certificate: goodCertificate, Key: write(t, pem.EncodeToMemory(&pem.Block{
				Type: "RSA PRIVATE KEY", Bytes: []byte("x"),
				Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-256-CBC,00"},
			}))},
			"CERT-KEY_ENCRYPTED", "key",
		},
		"a wrong passphrase":      {files{PKCS12: goodBundle, Passphrase: secret.New("wrong horse")}, "CERT-PASSPHRASE", "certificate"},
		"no passphrase":           {files{PKCS12: goodBundle}, "CERT-PASSPHRASE", "certificate"},
		"PEM for a PKCS#12":       {files{PKCS12: goodCertificate, Passphrase: secret.New(passphrase)}, "CERT-PKCS12", "certificate"},
		"a PKCS#12 without a key": {files{PKCS12: write(t, trustStore), Passphrase: secret.New(passphrase)}, "CERT-PKCS12", "certificate"},
		"a PKCS#12 with another key": {
			files{PKCS12: write(t, foreignKey), Passphrase: secret.New(passphrase)}, "CERT-KEY_MISMATCH", "certificate",
		},
		"expired": {
			files{Certificate: write(t, old.CertificatePEM()), Key: write(t, old.KeyPEM(t))}, "CERT-EXPIRED", "certificate",
		},
		"expired, in a PKCS#12": {files{PKCS12: write(t, oldBundle), Passphrase: secret.New(passphrase)}, "CERT-EXPIRED", "certificate"},
		"not yet valid, in a PKCS#12": {
			files{PKCS12: write(t, earlyBundle), Passphrase: secret.New(passphrase)}, "CERT-NOT_YET_VALID", "certificate",
		},
		"a server's certificate": {
			files{Certificate: write(t, servers.CertificatePEM()), Key: write(t, servers.KeyPEM(t))}, "CERT-USAGE", "certificate",
		},
		"a server's certificate in a PKCS#12": {
			files{PKCS12: write(t, serversBundle), Passphrase: secret.New(passphrase)}, "CERT-USAGE", "certificate",
		},
		"not yet valid": {
			files{Certificate: write(t, early.CertificatePEM()), Key: write(t, early.KeyPEM(t))}, "CERT-NOT_YET_VALID", "certificate",
		},
	}
	for kind, one := range cases {
		t.Run(kind, func(t *testing.T) {
			loaded, err := certificate.Load(one.files)
			found := clienttest.ProblemOf(t, one.code, err)
			require.Empty(t, loaded.Certificate)
			texts := found.Expand(found.Happened)
			for _, step := range found.WhatToDo() {
				texts += " " + found.Expand(step)
			}
			require.Contains(t, texts, one.setting)
			require.NotContains(t, texts, "{{", "every value is filled in")
			require.NotContains(t, err.Error()+texts, "horse", "a passphrase is not for showing")
		})
	}
}

// Certificates for other purposes alone are refused; those for ours as well, or for none in
// particular, are accepted: refusing a good one locks an organisation out.
func TestThePurposesOfACertificate(t *testing.T) {
	for name, one := range map[string]struct {
		usages []x509.ExtKeyUsage
		other  []asn1.ObjectIdentifier
		code   string
	}{
		"none":                    {nil, nil, ""},
		"client":                  {[]x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, nil, ""},
		"server and client":       {[]x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}, nil, ""},
		"any":                     {[]x509.ExtKeyUsage{x509.ExtKeyUsageAny}, nil, ""},
		"client and unheard-of":   {[]x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, []asn1.ObjectIdentifier{{1, 2, 3}}, ""},
		"server":                  {[]x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, nil, "CERT-USAGE"},
		"mail, as of a person":    {[]x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}, nil, "CERT-USAGE"},
		"unheard-of":              {nil, []asn1.ObjectIdentifier{{1, 2, 3}}, "CERT-USAGE"},
		"unheard-of, and servers": {[]x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, []asn1.ObjectIdentifier{{1, 2, 3}}, "CERT-USAGE"},
	} {
		t.Run(name, func(t *testing.T) {
			err := certificate.Check(&x509.Certificate{
				Subject: pkix.Name{CommonName: "gp.surgery.example"}, NotAfter: time.Now().Add(time.Hour),
				ExtKeyUsage: one.usages, UnknownExtKeyUsage: one.other,
			}, "certificate_thumbprint", "the user's certificates")
			if one.code == "" {
				require.NoError(t, err)
				return
			}
			found := clienttest.ProblemOf(t, one.code, err)
			text := found.Expand(found.Happened)
			require.Contains(t, text, "gp.surgery.example")
			require.Contains(t, text, "certificate_thumbprint")
			require.Contains(t, text, "the user's certificates")
		})
	}
}

func TestAnUnreadableFile(t *testing.T) {
	path := write(t, []byte("x"))
	require.NoError(t, os.Chmod(path, 0))
	if _, err := os.ReadFile(path); err == nil {
		// The superuser and Windows read it nevertheless; a folder in place of the file covers
		// those.
		require.True(t, os.Geteuid() == 0 || runtime.GOOS == "windows")
		path = t.TempDir()
	}
	_, err := certificate.Load(certificate.Files{Certificate: path})
	clienttest.RequireCode(t, "CERT-UNREADABLE", err)
	_, _, err = certificate.LoadRootCAs(path)
	clienttest.RequireCode(t, "CA-UNREADABLE", err)
}

func TestCommonNameOfNothing(t *testing.T) {
	require.Empty(t, certificate.CommonName(tls.Certificate{}))
	require.Empty(t, certificate.CommonName(tls.Certificate{Certificate: [][]byte{[]byte("rubbish")}}))
	loaded := clienttest.NewServer(t).ClientCertificate()
	loaded.Leaf = nil
	require.Equal(t, erstest.FQDN, certificate.CommonName(loaded))
}

func TestTheTrustStore(t *testing.T) {
	root := clienttest.NewPair(t, "an NHS root", clienttest.NewKey(t), -time.Hour, time.Hour, nil)
	odd := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("an oddity")})

	t.Run("no bundle", func(t *testing.T) {
		pool, name, err := certificate.LoadRootCAs("")
		require.NoError(t, err)
		require.Nil(t, pool, "which is the system's")
		require.Equal(t, "the system's certificates", name)
	})
	t.Run("a bundle with an oddity", func(t *testing.T) {
		path := write(t, join([]byte("# NHS\n"), odd, root.CertificatePEM()))
		pool, name, err := certificate.LoadRootCAs(path)
		require.NoError(t, err)
		require.Equal(t, path, name)
		_, err = root.Certificate.Verify(x509.VerifyOptions{Roots: pool})
		require.NoError(t, err)
		alone := x509.NewCertPool()
		alone.AddCert(root.Certificate)
		require.True(t, alone.Equal(pool), "no other authority counts: that of a proxy may be among the system's")
	})
	for name, one := range map[string]struct{ path, code string }{
		"no file":               {filepath.Join(t.TempDir(), "absent.pem"), "CA-MISSING"},
		"a folder":              {t.TempDir(), "CA-UNREADABLE"},
		"an empty file":         {write(t, nil), "CA-EMPTY"},
		"DER that is cut off":   {write(t, root.Certificate.Raw[:100]), "CA-EMPTY"},
		"a key":                 {write(t, root.KeyPEM(t)), "CA-EMPTY"},
		"nothing but an oddity": {write(t, odd), "CA-EMPTY"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := certificate.LoadRootCAs(one.path)
			found := clienttest.ProblemOf(t, one.code, err)
			require.Contains(t, found.Expand(found.Happened), "ca_bundle")
		})
	}
}

// What a service desk sets up: files on a disk, a bundle beside the system's trust store.
func TestSignInWithFiles(t *testing.T) {
	server := clienttest.NewServer(t)
	files, err := server.WriteFiles(t.TempDir())
	require.NoError(t, err)
	for name, source := range map[string]certificate.Files{
		"PEM":     {Certificate: files.Certificate, Key: files.Key},
		"PKCS#12": {PKCS12: files.PKCS12, Passphrase: secret.New(erstest.Passphrase)},
	} {
		t.Run(name, func(t *testing.T) {
			loaded, err := certificate.Load(source)
			require.NoError(t, err)
			roots, trustStore, err := certificate.LoadRootCAs(files.CA)
			require.NoError(t, err)
			client := clienttest.NewClient(t, server, func(config *hscn.Config) {
				config.Certificate, config.RootCAs, config.TrustStore = loaded, roots, trustStore
			})
			_, err = client.CreateSession(t.Context(), ersclient.NewTicket(erstest.TicketGP))
			require.NoError(t, err)
		})
	}
}
