package diagnose_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/cis2"
	"github.com/ers-login/ers-login/ersclient/cis2test"
	"github.com/ers-login/ers-login/ersclient/fhir"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/diagnose"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/smartcard"
)

// careWorld is a computer that is set up for NHS Care Identity.
type careWorld struct {
	server *cis2test.Server
	target diagnose.Target
	// trusted are the authorities that the connections trust.
	trusted *x509.CertPool
}

func newCareWorld(t *testing.T) *careWorld {
	t.Helper()
	w := &careWorld{server: cis2test.NewServer()}
	t.Cleanup(w.server.Close)
	w.trusted = w.server.RootCAs()
	settings, err := config.Load(config.Sources{Environ: []string{"ERS_LOGIN_PLATFORM=fhir", "ERS_LOGIN_CLIENT_ID=x"}})
	require.NoError(t, err)
	at := func(address string) transport.Config {
		return transport.Config{BaseURL: address, RootCAs: w.trusted, TrustStore: "the authority of the test"}
	}
	w.target = diagnose.Target{
		Settings: settings,
		Readers: func(context.Context) smartcard.Presence {
			return smartcard.Presence{Readers: []smartcard.Reader{{Name: "Reader 1"}}}
		},
		ClientSecret: func(context.Context) error { return nil },
		Redirect:     func(context.Context) error { return nil },
		Browser:      func() error { return nil },
		ERS: func(tls.Certificate) (diagnose.ERS, error) {
			return fhir.New(at(w.server.FHIRURL()))
		},
		OAuth:         func() (diagnose.ERS, error) { return transport.New(at(w.server.OAuthURL())) },
		Directory:     func() (diagnose.ERS, error) { return transport.New(at(w.server.DirectoryURL())) },
		LookUp:        func(context.Context, string) ([]string, error) { return []string{"127.0.0.1"}, nil },
		Keyring:       ring{},
		Audit:         func(context.Context) error { return nil },
		MissingEvents: func(context.Context) error { return nil },
	}
	return w
}

func (w *careWorld) run(t *testing.T) map[string]diagnose.Result {
	t.Helper()
	found := map[string]diagnose.Result{}
	for _, result := range diagnose.Run(t.Context(), diagnose.Checks(w.target), nil) {
		assert.NotContains(t, result.Text(), "{{", "%s says a template", result.ID)
		assert.Equal(t, result.State == diagnose.Attention || result.State == diagnose.Failed, result.Problem != nil, result.ID)
		found[result.ID] = result
	}
	assert.Empty(t, w.server.Sessions(), "no check signs in")
	return found
}

// TestERR000EveryLinkOfNHSCareIdentity: rows of the other platform would send a service desk to look
// for a certificate that is not needed.
func TestERR000EveryLinkOfNHSCareIdentity(t *testing.T) {
	w := newCareWorld(t)
	found := w.run(t)
	var rows []string
	for _, check := range diagnose.Checks(w.target) {
		rows = append(rows, check.ID)
		assert.Equal(t, diagnose.OK, found[check.ID].State, "%s: %s", check.ID, found[check.ID].Text())
	}
	assert.Equal(t, []string{
		"platform", "client", "browser", "redirect", "reader", "clock", "dns", "proxy", "tls", "oauth", "ers", "directory", "keyring",
		"audit", "settings", "workstation",
	}, rows)
	assert.Equal(t, "NHS Care Identity (CIS2)", found["platform"].Text())
	assert.Contains(t, found["client"].Text(), "environment variable ERS_LOGIN_CLIENT_ID")
	assert.Contains(t, found["oauth"].Text(), "127.0.0.1")
	for _, request := range w.server.Requests() {
		assert.Equal(t, "HEAD", request.Method)
	}
	w.target.Platform = config.PlatformHSCN
	assert.NotContains(t, w.run(t), "oauth", "a page that is open keeps its rows")
}

// TestAStandInWithoutTLS: a service desk that reads of a missing connection, or of a secure one, looks
// for what is not there.
func TestAStandInWithoutTLS(t *testing.T) {
	w := newCareWorld(t)
	plain := cis2test.NewServer(cis2test.WithoutTLS())
	t.Cleanup(plain.Close)
	at := func(address string) transport.Config {
		return transport.Config{BaseURL: address, PlainLoopback: true}
	}
	w.target.ERS = func(tls.Certificate) (diagnose.ERS, error) { return fhir.New(at(plain.FHIRURL())) }
	w.target.OAuth = func() (diagnose.ERS, error) { return transport.New(at(plain.OAuthURL())) }
	found := w.run(t)
	assert.Equal(t, diagnose.Skipped, found["tls"].State)
	assert.Equal(t, "127.0.0.1 is on this computer and is reached without TLS, so there is no certificate.", found["tls"].Text())
	for _, row := range []string{"ers", "oauth"} {
		assert.Equal(t, diagnose.OK, found[row].State)
		assert.Contains(t, found[row].Text(), "on this computer, without TLS (HTTP status ", row)
	}
}

// TestERR000EveryLinkOfNHSCareIdentityThatIsBroken: each is found in its own row.
func TestERR000EveryLinkOfNHSCareIdentityThatIsBroken(t *testing.T) {
	wrong := &problem.Problem{Code: "CIS2-NO_SECRET", Title: "It is wrong", Happened: "It is.", Steps: []string{"Mend it."}}
	fails := func(err error) func(context.Context) error { return func(context.Context) error { return err } }
	for name, test := range map[string]struct {
		change func(*testing.T, *careWorld)
		want   map[string]string // the rows that are not well, with state and code
		says   string
	}{
		"no client id": {func(_ *testing.T, w *careWorld) {
			w.target.Settings, _ = config.Load(config.Sources{Environ: []string{"ERS_LOGIN_PLATFORM=fhir"}})
			w.target.SettingsErr = w.target.Settings.RequireReal()
			w.target.Redirect = fails(wrong)
		}, map[string]string{"client": "skipped ", "redirect": "skipped ", "settings": "failed SETTING-CLIENT_ID"}, "No client id is set"},
		"an address that is refused": {func(t *testing.T, w *careWorld) {
			refused(t, w, "platform = 'fhir'\nclient_id = 'x'\nfhir_base_url = 'http://int.api.service.nhs.uk/referrals/FHIR'\n")
		}, map[string]string{
			"clock": "skipped ", "dns": "skipped ", "proxy": "skipped ", "tls": "skipped ", "ers": "skipped ", "settings": "failed SETTING-FHIR_BASE_URL",
		}, "do not have a valid address"},
		"a proxy that is refused": {func(t *testing.T, w *careWorld) {
			refused(t, w, "platform = 'fhir'\nclient_id = 'x'\nproxy = 'proxy.example:8080'\n")
		}, map[string]string{
			"clock": "skipped ", "dns": "skipped ", "proxy": "skipped ", "tls": "skipped ", "ers": "skipped ", "oauth": "skipped ",
			"directory": "skipped ", "settings": "failed SETTING-PROXY",
		}, "do not have a valid proxy"},
		"no secret": {func(_ *testing.T, w *careWorld) { w.target.ClientSecret = fails(wrong) }, map[string]string{"client": "failed CIS2-NO_SECRET"}, ""},
		"the keyring is locked": {func(_ *testing.T, w *careWorld) { w.target.ClientSecret = fails(keyring.Locked) },
			map[string]string{"client": "attention " + keyring.Locked.Code}, ""},
		"a broker": {func(_ *testing.T, w *careWorld) { w.target.Settings.RedirectURI = "http://localhost:0/callback" }, nil, "needs no client secret"},
		"no browser": {func(_ *testing.T, w *careWorld) { w.target.Browser = func() error { return cis2.NoBrowser } },
			map[string]string{"browser": "attention CIS2-BROWSER"}, ""},
		"the port is taken": {func(_ *testing.T, w *careWorld) { w.target.Redirect = fails(wrong) }, map[string]string{"redirect": "failed CIS2-NO_SECRET"}, ""},
		"no readers": {func(_ *testing.T, w *careWorld) {
			w.target.Readers = func(context.Context) smartcard.Presence { return smartcard.Presence{} }
		}, nil, "No smartcard reader is connected"},
		"readers out of sight": {func(_ *testing.T, w *careWorld) {
			w.target.Readers = func(context.Context) smartcard.Presence { return smartcard.Presence{Err: wrong} }
		}, map[string]string{"reader": "attention CIS2-NO_SECRET"}, ""},
		"readers are not watched": {func(_ *testing.T, w *careWorld) { w.target.Readers = nil }, map[string]string{"reader": "skipped "}, ""},
		"nothing is trusted": {func(_ *testing.T, w *careWorld) { w.trusted = x509.NewCertPool() }, map[string]string{
			"clock": "skipped ", "tls": "failed TLS-UNTRUSTED", "oauth": "failed TLS-UNTRUSTED", "ers": "failed TLS-UNTRUSTED",
			"directory": "attention TLS-UNTRUSTED",
		}, ""},
		"the gateway is sick": {func(_ *testing.T, w *careWorld) {
			w.target.OAuth = func() (diagnose.ERS, error) { return sick{}, nil }
		}, map[string]string{"oauth": "failed DIAG-OAUTH_STATUS"}, "HTTP status 503"},
		"no directory": {func(_ *testing.T, w *careWorld) { w.target.Settings.DirectoryURL = config.NoDirectory },
			map[string]string{"directory": "skipped "}, "leave organisations' names out"},
		"no way": {func(_ *testing.T, w *careWorld) {
			w.target.OAuth = func() (diagnose.ERS, error) { return nil, errors.New("a setting is wrong") }
		}, map[string]string{"oauth": "skipped "}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newCareWorld(t)
			test.change(t, w)
			got := map[string]string{}
			said := ""
			for id, result := range w.run(t) {
				said += result.Text() + "\n"
				if result.State == diagnose.OK {
					continue
				}
				code := ""
				if result.Problem != nil {
					code = result.Problem.Code
				}
				got[id] = result.State.String() + " " + code
			}
			if test.want == nil {
				test.want = map[string]string{}
			}
			assert.Equal(t, test.want, got)
			assert.Contains(t, said, test.says)
		})
	}
}

// refused has settings that cannot be used, and routes to what they say.
func refused(t *testing.T, w *careWorld, settings string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config.toml")
	require.NoError(t, os.WriteFile(file, []byte(settings), 0o600))
	w.target.Settings, w.target.SettingsErr = config.LoadReal(config.Sources{File: file})
	if address := w.target.Settings.FHIRBaseURL; address == "" {
		w.target.ERS = func(tls.Certificate) (diagnose.ERS, error) {
			_, err := fhir.New(transport.Config{BaseURL: address})
			return nil, err
		}
	}
}

// sick is a server with an outage.
type sick struct{}

func (sick) Examine(context.Context) (transport.Examination, error) {
	return transport.Examination{Status: 503, TLS: tls.VersionTLS13}, nil
}
func (sick) Host() string         { return "api.example" }
func (sick) ProxyAddress() string { return "" }
