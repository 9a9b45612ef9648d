package config_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
)

const (
	pemCertificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
	// The halves are put together here, so that no scanner takes the test for a leaked key.
	pemKey = "-----BEGIN EC PRIVATE" + " KEY-----\nMIIB\n-----END EC PRIVATE" + " KEY-----\n"
)

// load puts files into a folder, the settings among them, and loads these.
func load(t *testing.T, settings string, files map[string]string) config.Config {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	path := filepath.Join(dir, "config.toml")
	require.NoError(t, os.WriteFile(path, []byte(settings), 0o600))
	c, err := config.Load(config.Sources{File: path})
	require.NoError(t, err)
	return c
}

// What is missing must be reported before a clinician waits for a card that cannot help.
func TestWhatARealSignInNeeds(t *testing.T) {
	const platform = "base_url = 'https://e.nhs.uk'\nasid = '123456789012'\n"
	tests := map[string]struct {
		settings string
		files    map[string]string
		codes    []string
	}{
		"nothing is set": {"", nil, []string{"SETTING-BASE_URL", "SETTING-ASID", "SETTING-CERTIFICATE"}},
		"no asid":        {"base_url = 'https://e'\ncertificate = 'a.p12'", map[string]string{"a.p12": "x"}, []string{"SETTING-ASID"}},
		"PEM with key":   {platform + "certificate = 'a.pem'\nkey = 'a.key'", map[string]string{"a.pem": pemCertificate, "a.key": pemKey}, nil},
		"PEM in one":     {platform + "certificate = 'a.pem'", map[string]string{"a.pem": pemCertificate + pemKey}, nil},
		"PEM no key":     {platform + "certificate = 'a.pem'", map[string]string{"a.pem": pemCertificate}, []string{"SETTING-KEY"}},
		"key is gone": {platform + "certificate = 'a.pem'\nkey = 'a.key'", map[string]string{"a.pem": pemCertificate},
			[]string{"SETTING-KEY"}},
		"certificate is gone": {platform + "certificate = 'a.pem'", nil, []string{"SETTING-CERTIFICATE"}},
		"certificate is a folder": {platform + "certificate = '.'\nkey = 'a.key'", map[string]string{"a.key": pemKey},
			[]string{"SETTING-CERTIFICATE"}},
		"bundle is gone": {platform + "certificate = 'A.PFX'\nca_bundle = 'b.pem'", map[string]string{"A.PFX": "x"},
			[]string{"SETTING-CA_BUNDLE"}},
		"PKCS#12":        {platform + "certificate = 'a.p12'", map[string]string{"a.p12": "x"}, nil},
		"passphrase":     {platform + "certificate = 'a.p12'\npassphrase_file = 'p'", map[string]string{"a.p12": "x", "p": "x\n"}, nil},
		"no passphrase":  {platform + "certificate = 'a.p12'\npassphrase_file = 'p'", map[string]string{"a.p12": "x"}, []string{"SETTING-PASSPHRASE_FILE"}},
		"not asked for":  {platform + "certificate = 'a.pem'\npassphrase_file = 'p'", map[string]string{"a.pem": pemCertificate + pemKey}, nil},
		"far too large":  {platform + "certificate = 'a.pem'", map[string]string{"a.pem": strings.Repeat("x", 1<<20+1) + pemKey}, nil},
		"UTF-16 in one":  {platform + "certificate = 'a.pem'", map[string]string{"a.pem": wide(pemCertificate + pemKey)}, nil},
		"UTF-16 no key":  {platform + "certificate = 'a.pem'", map[string]string{"a.pem": wide(pemCertificate)}, []string{"SETTING-KEY"}},
		"not PEM":        {platform + "certificate = 'a.pem'", map[string]string{"a.pem": "\x30\x82"}, nil},
		"fhir":           {"platform = 'fhir'\nclient_id = 'x'", nil, nil},
		"fhir by its id": {"client_id = 'x'", nil, nil},
		"fhir, no id":    {"platform = 'fhir'", nil, []string{"SETTING-CLIENT_ID"}},
		"fhir, no use for a certificate": {"client_id = 'x'\ncertificate = 'gone.pem'\nkey = 'gone.key'\npassphrase_file = 'gone'",
			nil, nil},
		"fhir, secret":         {"client_id = 'x'\nclient_secret_file = 's'", map[string]string{"s": "x\n"}, nil},
		"fhir, secret is gone": {"client_id = 'x'\nclient_secret_file = 's'", nil, []string{"SETTING-CLIENT_SECRET_FILE"}},
		"fhir, bundle is gone": {"client_id = 'x'\nca_bundle = 'b.pem'", nil, []string{"SETTING-CA_BUNDLE"}},
		"hscn, no use for a secret": {platform + "platform = 'hscn'\nclient_id = 'x'\nclient_secret_file = 'gone'\ncertificate = 'a.p12'",
			map[string]string{"a.p12": "x"}, nil},
		"no command":     {platform + "certificate = 'a.p12'\nagent = 'command'", map[string]string{"a.p12": "x"}, []string{"SETTING-AGENT_COMMAND"}},
		"key in a chain": {platform + "certificate = 'a.pem'", map[string]string{"a.pem": pemKey + pemCertificate + pemCertificate}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := load(t, test.settings, test.files)
			var codes []string
			for _, p := range problems(t, c.RequireReal()) {
				codes = append(codes, p.Code)
				assert.Contains(t, allText(p), strings.ToLower(strings.TrimPrefix(p.Code, "SETTING-")))
				assert.Contains(t, allText(p), "config.toml")
				assert.NotContains(t, allText(p), "{{", "every mark is filled")
			}
			assert.Equal(t, test.codes, codes)
		})
	}
}

// wide is a text in UTF-16, as Windows' editors write it.
func wide(text string) string {
	return "\xff\xfe" + strings.Join(strings.Split(text, ""), "\x00") + "\x00"
}

// On Windows the certificate may be in the store instead. With neither, both must be named, and
// with both, the contradiction, before a clinician waits for a card.
func TestTheCertificateInTheStore(t *testing.T) {
	const platform = "base_url = 'https://e.nhs.uk'\nasid = '123456789012'\n"
	const stored = "certificate_thumbprint = 'a9 99 3e 36 47 06 81 6a ba 3e 25 71 78 50 c2 6c 9c d0 d8 9d'\n"
	tests := map[string]struct {
		settings, system string
		codes            []string
		says             []string
	}{
		"by its thumbprint":   {platform + stored, "windows", nil, nil},
		"and a PEM's key":     {platform + stored + "key = 'gone.pem'\n", "windows", nil, nil},
		"and a passphrase":    {platform + stored + "passphrase_file = 'gone'\n", "windows", nil, nil},
		"and a file":          {platform + stored + "certificate = 'a.p12'\n", "windows", []string{"SETTING-CERTIFICATE"}, []string{"line 3 of", "line 4 of", "Remove the other."}},
		"neither":             {platform, "windows", []string{"SETTING-CERTIFICATE"}, []string{"certificate_thumbprint"}},
		"neither, on Linux":   {platform, "linux", []string{"SETTING-CERTIFICATE"}, []string{"endpoint certificate"}},
		"taken back to empty": {platform + "certificate_thumbprint = ''\n", "windows", []string{"SETTING-CERTIFICATE"}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			file := settingsFile(t, test.settings)
			require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(file), "a.p12"), []byte("x"), 0o600))
			c, err := config.Load(config.Sources{File: file, OS: test.system})
			require.NoError(t, err)
			all := problems(t, c.RequireReal())
			assert.Equal(t, test.codes, codes(all))
			for _, p := range all {
				for _, says := range test.says {
					assert.Contains(t, allText(p), says)
				}
				assert.NotContains(t, allText(p), "{{")
				assert.Equal(t, test.system == "linux", !strings.Contains(allText(p), "certificate store") && p.Code == "SETTING-CERTIFICATE")
			}
		})
	}
}

// An unusable value is reported again where it is missed, not as if there had been none.
func TestASlipIsReportedWhereItIsMissed(t *testing.T) {
	file := settingsFile(t, "base_url = 'https://e.nhs.uk'\nasid = '123456789012'\ncertificate = 'a.pem'\nkey = 5\n")
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(file), "a.pem"), []byte(pemCertificate), 0o600))
	c, err := config.Load(config.Sources{UserFile: file})
	require.NoError(t, err)
	all := problems(t, c.RequireReal())
	require.Len(t, all, 1)
	assert.Contains(t, allText(all[0]), "line 4 of")
	assert.Contains(t, allText(all[0]), "not a text")
}

// A wrong passphrase here is a certificate that cannot be opened, or that another user could open.
func TestPassphrase(t *testing.T) {
	planted := secret.New(`correct "horse" ünïcode\`)
	source := func(text secret.Text, err error) config.PassphraseSource {
		return func(context.Context) (secret.Text, error) { return text, err }
	}
	locked := errors.New("the keyring is locked")
	tests := map[string]struct {
		settings, file string
		keyring        config.PassphraseSource
		want           secret.Text
		says           string // of the error; empty if there is none
	}{
		"from the file":         {"certificate = 'a.p12'\npassphrase_file = 'p'", planted.Reveal(), source(secret.Text{}, locked), planted, ""},
		"with a newline":        {"certificate = 'a.p12'\npassphrase_file = 'p'", planted.Reveal() + "\n", nil, planted, ""},
		"saved on Windows":      {"certificate = 'a.p12'\npassphrase_file = 'p'", "\ufeff" + planted.Reveal() + "\r\n", nil, planted, ""},
		"white space counts":    {"certificate = 'a.p12'\npassphrase_file = 'p'", " a b \n", nil, secret.New(" a b "), ""},
		"file wins":             {"certificate = 'a.p12'\npassphrase_file = 'p'", "x", source(planted, nil), secret.New("x"), ""},
		"from the keyring":      {"certificate = 'a.pfx'", "", source(planted, nil), planted, ""},
		"none in the keyring":   {"certificate = 'a.pfx'", "", source(secret.Text{}, nil), secret.Text{}, ""},
		"no keyring":            {"certificate = 'a.pfx'", "", nil, secret.Text{}, ""},
		"keyring locked":        {"certificate = 'a.pfx'", "", source(secret.Text{}, locked), secret.Text{}, "locked"},
		"a PEM key's too":       {"certificate = 'a.pem'\npassphrase_file = 'p'", planted.Reveal(), source(secret.Text{}, locked), planted, ""},
		"file is gone":          {"certificate = 'a.p12'\npassphrase_file = 'hunter2'", "", source(planted, nil), secret.Text{}, "could not read the file"},
		"file is empty":         {"certificate = 'a.p12'\npassphrase_file = 'p'", "\n", nil, secret.Text{}, "empty"},
		"file has two lines":    {"certificate = 'a.p12'\npassphrase_file = 'p'", "a\nhunter2\n", nil, secret.Text{}, "more than one line"},
		"file is not text":      {"certificate = 'a.p12'\npassphrase_file = 'p'", "hunter2\xff", nil, secret.Text{}, "UTF-8"},
		"file is the key store": {"certificate = 'a.p12'\npassphrase_file = 'p'", strings.Repeat("x", 5000), nil, secret.Text{}, "too large"},
		"file is a folder":      {"certificate = 'a.p12'\npassphrase_file = '.'", "", nil, secret.Text{}, "regular file"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{}
			if test.file != "" {
				files["p"] = test.file
			}
			got, err := load(t, test.settings, files).Passphrase(t.Context(), test.keyring)
			require.True(t, got.Equal(test.want), "not the passphrase that was expected")
			if test.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, test.says)
			assert.NotContains(t, allText(problem.Of(err)), "hunter2")
			if test.keyring == nil {
				assert.Equal(t, "SETTING-PASSPHRASE_FILE", problem.Of(err).Code)
				assert.Contains(t, allText(problem.Of(err)), "line 2 of")
			}
		})
	}
}

// After a cancel there must be no prompt for a passphrase.
func TestPassphraseCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := load(t, "certificate = 'a.p12'", nil).Passphrase(ctx, func(context.Context) (secret.Text, error) {
		t.Error("the keyring was asked")
		return secret.Text{}, nil
	})
	require.ErrorIs(t, err, context.Canceled)
}

// A wrong client secret here is an application that is not let in, or one that another user could be.
func TestClientSecret(t *testing.T) {
	planted := secret.New("planted-client-secret")
	source := func(text secret.Text, err error) config.PassphraseSource {
		return func(context.Context) (secret.Text, error) { return text, err }
	}
	locked := errors.New("the keyring is locked")
	const broker = "redirect_uri = 'http://localhost:0/callback'\n"
	tests := map[string]struct {
		settings, file string
		keyring        config.PassphraseSource
		want           secret.Text
		says           string // of the error; empty if there is none
	}{
		"from the file":     {"client_secret_file = 's'", planted.Reveal() + "\n", source(secret.Text{}, locked), planted, ""},
		"from the keyring":  {"", "", source(planted, nil), planted, ""},
		"keyring locked":    {"", "", source(secret.Text{}, locked), secret.Text{}, "locked"},
		"a broker has none": {broker, "", source(planted, locked), secret.Text{}, ""},
		"a broker's file":   {broker + "client_secret_file = 's'", planted.Reveal(), nil, planted, ""},
		"file is gone":      {"client_secret_file = 'hunter2'", "", nil, secret.Text{}, "could not read the file"},
		"file is empty":     {"client_secret_file = 's'", "\n", nil, secret.Text{}, "empty"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{}
			if test.file != "" {
				files["s"] = test.file
			}
			c := load(t, test.settings, files)
			got, err := c.ClientSecret(t.Context(), test.keyring)
			require.True(t, got.Equal(test.want), "not the secret that was expected")
			if test.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, test.says)
			assert.NotContains(t, allText(problem.Of(err)), "hunter2")
		})
	}
	pasted := load(t, "client_secret_file = 'hunter2'", nil)
	assert.Equal(t, secret.Mask, pasted.Shown("client_secret_file"), "what is no file's name may be the secret")
}

// Each wrong setting that shows only once another is corrected costs a service desk a start, and one
// that only follows from another sends it the wrong way.
func TestLoadRealReportsAllAtOnce(t *testing.T) {
	for name, test := range map[string]struct {
		content string
		environ []string
		want    []string
	}{
		"a value of the user's, and what is missing": {"base_ulr = 'https://e.example'\nasid = 1234\ncertificate = 'none.pem'\n", nil,
			[]string{"SETTING-ASID", "SETTING-BASE_URL", "SETTING-CERTIFICATE"}},
		"a value of the environment": {"", []string{"ERS_LOGIN_ASID=1"}, []string{"SETTING-ASID", "SETTING-BASE_URL", "SETTING-CERTIFICATE"}},
		"one that stands for another": {"base_url = 'https://e.example'\nasid = '123456789012'\n", []string{"ERS_LOGIN_CERTIFICATE_THUMBPRINT=x"},
			[]string{"SETTING-CERTIFICATE_THUMBPRINT"}},
		"a platform that is not known": {"", []string{"ERS_LOGIN_PLATFORM=fihr"}, []string{"SETTING-PLATFORM"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := config.LoadReal(config.Sources{UserFile: settingsFile(t, test.content), Environ: test.environ, OS: "windows"})
			var codes []string
			for _, p := range problems(t, err) {
				codes = append(codes, p.Code)
			}
			assert.ElementsMatch(t, test.want, codes)
		})
	}
	// What is discarded stops nothing and explains what is missing: the platform before all else.
	content := "client_idd = 'x'\nplatform = 'fihr'\nidle_timeout = 'long'\n"
	_, err := config.LoadReal(config.Sources{UserFile: settingsFile(t, content), OS: "linux"})
	shown := problem.Of(err)
	require.Equal(t, "SETTING-SEVERAL", shown.Code)
	assert.Contains(t, shown.Expand(shown.Happened), "3 settings are missing or not valid.")
	require.Len(t, shown.ServiceDesk, 3+3+1)
	assert.Contains(t, shown.Expand(shown.ServiceDesk[3]), "The value of the setting platform cannot be used")
	assert.Contains(t, shown.Expand(shown.ServiceDesk[3]), "e-RS Login uses auto.")
	assert.Contains(t, shown.Expand(shown.ServiceDesk[4]), "Did you mean client_id?")
	assert.Contains(t, shown.Expand(shown.ServiceDesk[5]), "idle_timeout")
	assert.NotContains(t, err.Error(), "client_idd", "the log has the warnings already")
	_, err = config.LoadReal(config.Sources{UserFile: settingsFile(t, "client_id = 'x'\nidle_timeout = 'long'\n")})
	require.NoError(t, err, "alone they stop nothing")

	_, err = config.LoadReal(config.Sources{File: settingsFile(t, "this is not TOML")})
	assert.Equal(t, "SETTING-FILE", problem.Of(err).Code, "the lost file may have it all")
}
