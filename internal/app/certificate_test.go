package app

import (
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/ersclient/hscn/certificate"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
)

// certificateFolder has the files of the stand-in's clients, the passphrase of their PKCS#12 file,
// and a wrong one.
func certificateFolder(t *testing.T) string {
	t.Helper()
	server := erstest.NewServer()
	defer server.Close()
	folder := t.TempDir()
	_, err := server.WriteFiles(folder)
	require.NoError(t, err)
	for name, passphrase := range map[string]string{"passphrase": erstest.Passphrase, "wrong": "not this one"} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(passphrase+"\n"), 0o600))
	}
	client := server.ClientCertificate()
	key, isEC := client.PrivateKey.(*ecdsa.PrivateKey)
	require.True(t, isEC)
	der, err := x509.MarshalECPrivateKey(key)
	require.NoError(t, err)
	//nolint:staticcheck // SA1019: files of this form exist
	sealed, err := x509.EncryptPEMBlock(rand.Reader, "EC PRIVATE KEY", der, []byte(erstest.Passphrase), x509.PEMCipherAES256)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "sealed-key.pem"), pem.EncodeToMemory(sealed), 0o600))
	empty, err := pkcs12.Modern2023.Encode(key, client.Leaf, nil, "")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "empty.p12"), empty, 0o600))
	return folder
}

func settingsIn(t *testing.T, folder, content string) config.Config {
	t.Helper()
	path := filepath.Join(folder, "config.toml")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	settings, err := config.Load(config.Sources{File: path})
	require.NoError(t, err)
	return settings
}

// If this fails, the organisation cannot sign in, or the service desk looks for the fault in the
// wrong place.
func TestCertificate(t *testing.T) {
	stored := func(passphrase secret.Text, err error) config.PassphraseSource {
		return func(context.Context) (secret.Text, error) { return passphrase, err }
	}
	none := keyring.NotFound.Because(handoff.ErrNotFound)
	const p12 = "certificate = 'client.p12'\n"
	folder := certificateFolder(t)
	for name, test := range map[string]struct {
		settings string
		stored   config.PassphraseSource
		code     string // of the Problem; empty if there is none
		says     string
	}{
		"passphrase from a file":        {p12 + "passphrase_file = 'passphrase'", stored(secret.Text{}, none), "", ""},
		"passphrase from the keyring":   {p12, stored(secret.New(erstest.Passphrase), nil), "", ""},
		"PEM":                           {"certificate = 'client.pem'\nkey = 'client-key.pem'", nil, "", ""},
		"PEM asks for nothing":          {"certificate = 'client.pem'\nkey = 'client-key.pem'\npassphrase_file = 'gone'", nil, "", ""},
		"an encrypted key":              {"certificate = 'client.pem'\nkey = 'sealed-key.pem'\npassphrase_file = 'passphrase'", nil, "", ""},
		"one, from the keyring":         {"certificate = 'client.pem'\nkey = 'sealed-key.pem'", stored(secret.New(erstest.Passphrase), nil), "", ""},
		"one, and none in the keyring":  {"certificate = 'client.pem'\nkey = 'sealed-key.pem'", stored(secret.Text{}, none), "CERT-NO_PASSPHRASE", "line 2 of"},
		"one, and a wrong passphrase":   {"certificate = 'client.pem'\nkey = 'sealed-key.pem'\npassphrase_file = 'wrong'", nil, "CERT-PASSPHRASE", "line 2 of"},
		"PKCS#12 that needs none":       {"certificate = 'empty.p12'", nil, "", ""},
		"PKCS#12 that needs another":    {"certificate = 'empty.p12'\npassphrase_file = 'wrong'", nil, "", ""},
		"no passphrase in the keyring":  {p12, stored(secret.Text{}, none), "CERT-NO_PASSPHRASE", "ers-login passphrase"},
		"an empty one":                  {p12, stored(secret.Text{}, nil), "CERT-NO_PASSPHRASE", "passphrase_file"},
		"the keyring is locked":         {p12, stored(secret.Text{}, keyring.Locked), "KEYRING-LOCKED", ""},
		"another passphrase":            {p12 + "passphrase_file = 'wrong'", nil, "CERT-PASSPHRASE", "line 1 of"},
		"the file is another":           {"certificate = 'config.toml'\nkey = 'client-key.pem'", nil, "CERT-NOT_PEM", "line 1 of"},
		"the key is another":            {"certificate = 'client.pem'\nkey = 'config.toml'", nil, "CERT-NOT_PEM", "line 2 of"},
		"the key's file has been moved": {"certificate = 'client.pem'\n\nkey = 'gone.pem'", nil, "CERT-MISSING", "line 3 of"},
	} {
		t.Run(name, func(t *testing.T) {
			services := RealServices{Log: testLog(t)}
			loaded, err := services.certificate(t.Context(), settingsIn(t, folder, test.settings), test.stored)
			if test.code == "" {
				require.NoError(t, err)
				assert.Equal(t, erstest.FQDN, certificate.CommonName(loaded))
				return
			}
			found := problem.Of(err)
			assert.Equal(t, test.code, found.Code)
			assert.Contains(t, textOf(found), test.says)
			assert.NotContains(t, textOf(found), "{{")
			assert.NotContains(t, err.Error(), "There is no session", "the cause is about something else")
			if test.code == "CERT-NO_PASSPHRASE" && test.says != "line 2 of" {
				assert.Contains(t, textOf(found), "setting certificate")
				assert.Contains(t, textOf(found), "line 1 of "+filepath.Join(folder, "config.toml"))
				assert.True(t, found.Retry)
			}
		})
	}
}

// The origin is that of the setting, also for the bundle; a Problem without a setting is unchanged.
func TestWithOrigin(t *testing.T) {
	folder := certificateFolder(t)
	settings := settingsIn(t, folder, "ca_bundle = 'config.toml'\n")
	_, _, err := certificate.LoadRootCAs(settings.CABundle)
	found := problem.Of(withOrigin(settings, err))
	assert.Equal(t, "CA-EMPTY", found.Code)
	assert.Contains(t, textOf(found), "The setting comes from line 1 of")

	_, err = certificate.Load(certificate.Files{})
	assert.Same(t, problem.Of(err), problem.Of(withOrigin(settings, err)))
	require.NoError(t, withOrigin(settings, nil))
}
