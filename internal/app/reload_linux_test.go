package app

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/diagnose"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
)

// office is a window's process that stays open, signing in to a stand-in with files that the test
// replaces.
type office struct {
	*life
	server *erstest.Server
	folder string
	real   RealServices
	last   signin.State
}

// openOffice begins with a certificate about to expire, and with the card in.
func openOffice(t *testing.T, server *erstest.Server, lifetime time.Duration, certificate string) *office {
	t.Helper()
	session := keyringtest.ForTest(t, keyringtest.Options{})
	o := &office{server: server, folder: t.TempDir()}
	require.NoError(t, server.RenewClient(time.Now().Add(lifetime)))
	_, err := server.WriteFiles(o.folder)
	require.NoError(t, err)
	o.write(t, "passphrase", erstest.Passphrase)
	o.write(t, "ticket", erstest.TicketGP)
	o.write(t, "agent", "#!/bin/sh\nexec cat '"+o.path("ticket")+"'\n")
	require.NoError(t, os.Chmod(o.path("agent"), 0o700))
	o.write(t, "config.toml", fmt.Sprintf(
		"base_url = %q\nasid = %q\nagent_command = [%q]\nca_bundle = 'ca.pem'\naudit_dir = 'audit'\n%s\n",
		server.URL, erstest.ASID, o.path("agent"), certificate))

	log := testLog(t)
	o.real = RealServices{
		Program: testProgram(t, append(os.Environ(), session.Env()...)...), Log: log, Board: signin.NewBoard(),
		Sources: config.Sources{File: o.path("config.toml")}, memory: openHistory(log), CardSide: &atomic.Pointer[CardSide]{}, leftover: &leftover{},
	}
	o.life = &life{t: t, states: make(chan signin.State, 1000), ended: make(chan error, 1)}
	o.Controller = &Controller{
		Publisher: "ers-login test", Log: log, Guard: log.Guard, Board: o.real.Board,
		Prepare: o.real.prepare, Show: func(state signin.State) { o.states <- state },
	}
	open := o.Open(t.Context())
	go func() { o.ended <- o.Run(open) }()
	t.Cleanup(func() {
		o.quit()
		assert.NoError(t, <-o.ended)
	})
	return o
}

func (o *office) path(name string) string { return filepath.Join(o.folder, name) }

func (o *office) write(t *testing.T, name, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(o.path(name), []byte(content), 0o600))
}

// wait waits for a state.
func (o *office) wait(what string, is func(signin.State) bool) signin.State {
	o.t.Helper()
	deadline := time.After(2 * time.Minute)
	for !is(o.last) {
		select {
		case o.last = <-o.states:
		case <-deadline:
			require.FailNow(o.t, "it has not come", "%s, but %v %v %v", what, o.last.Phase, o.last.Problem, codesOf(o.last))
		}
	}
	return o.last
}

func codesOf(state signin.State) (codes []string) {
	for _, notice := range state.Notices {
		// The card side's notices are separate.
		if code := notice.Problem.Code; !strings.HasPrefix(code, "CARD-") {
			codes = append(codes, code)
		}
	}
	return codes
}

func (o *office) phase(phase signin.Phase) signin.State {
	o.t.Helper()
	return o.wait(phase.String(), func(state signin.State) bool { return state.Phase == phase })
}

// fails sends an intent and waits for a failure.
func (o *office) fails(intent signin.Intent, code string) {
	o.t.Helper()
	failed := o.failure(intent)
	require.Equal(o.t, code, failed.Code, "%v", failed)
}

func (o *office) failure(intent signin.Intent) *problem.Problem {
	o.t.Helper()
	o.Send(intent)
	o.wait("another phase", func(state signin.State) bool { return state.Phase == signin.SigningIn })
	return o.phase(signin.Failed).Problem
}

// signsIn sends an intent, waits for the roles, and goes back.
func (o *office) signsIn(intent signin.Intent) {
	o.t.Helper()
	o.Send(intent)
	o.wait("the roles, or a failure", func(state signin.State) bool { return state.Phase == signin.SigningIn })
	seen := o.wait("the roles, or a failure", func(state signin.State) bool {
		return state.Phase == signin.Choosing || state.Phase == signin.Failed
	})
	require.Equal(o.t, signin.Choosing, seen.Phase, "%v", seen.Problem)
	o.Send(signin.Cancel{})
	o.phase(signin.Waiting)
}

// notices waits until exactly these are on the board.
func (o *office) notices(codes ...string) {
	o.t.Helper()
	o.wait(fmt.Sprintf("the notices %q", codes), func(state signin.State) bool {
		return assert.ObjectsAreEqual(codes, codesOf(state))
	})
}

// diagnoses checks the result of F9 and doctor for the certificate.
func (o *office) diagnoses(state diagnose.State, code string) {
	o.t.Helper()
	e, services, end := o.real.openChecks()
	var inWindow diagnose.Finding
	for _, check := range diagnose.Checks(services) {
		if check.ID == diagnose.IDCertificate {
			inWindow = check.Run(o.t.Context())
		}
	}
	require.NoError(o.t, end())
	ring := o.real.Program.OpenKeyring(e.Settings, e.Log)
	e.Ring = ring
	services, endDoctor, err := e.OpenTarget()
	require.NoError(o.t, err)
	for _, check := range diagnose.Checks(services) {
		if check.ID == diagnose.IDCertificate {
			require.Equal(o.t, inWindow.State, check.Run(o.t.Context()).State, "doctor and F9 disagree")
		}
	}
	require.NoError(o.t, endDoctor())
	require.NoError(o.t, ring.Close())
	require.Equal(o.t, state, inWindow.State, "%v", inWindow.Problem)
	if code != "" {
		require.Equal(o.t, code, problem.Of(inWindow.Problem).Code)
	}
}

// The program stays open for weeks. A renewal, in time or too late, takes effect with the next
// press of a button, without a restart.
func TestARenewedCertificateIsRead(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	for name, one := range map[string]struct{ settings, file string }{
		"PEM":     {"certificate = 'client.pem'\nkey = 'client-key.pem'", "client.pem"},
		"PKCS#12": {"certificate = 'client.p12'\npassphrase_file = 'passphrase'", "client.p12"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // Each waits for its certificate to expire.
			server := erstest.NewServer()
			defer func() { server.Close() }()
			// It only has to suffice for the start.
			o := openOffice(t, server, 15*time.Second, one.settings)
			ends := server.ClientCertificate().Leaf.NotAfter
			first := o.wait("a start", func(state signin.State) bool {
				return state.Phase == signin.Choosing || state.Phase == signin.Failed
			})
			if first.Phase == signin.Choosing { // or the computer is so slow that it has expired
				o.notices("CERT-EXPIRES_SOON")
				o.Send(signin.Cancel{})
				o.phase(signin.Waiting)
			}
			// A connection idle for less than 15 seconds is used again.
			idle := time.Now().Add(17 * time.Second)
			time.Sleep(max(time.Until(ends.Add(time.Second)), time.Until(idle)))
			if o.last.Phase == signin.Waiting {
				o.fails(signin.SignIn{}, "TLS-CLIENT_CERT_EXPIRED")
			}
			o.diagnoses(diagnose.Failed, "CERT-EXPIRED")

			// Copying the new file takes a while.
			require.NoError(t, server.RenewClient(time.Now().Add(90*24*time.Hour)))
			_, err := server.WriteFiles(o.folder)
			require.NoError(t, err)
			whole, err := os.ReadFile(o.path(one.file))
			require.NoError(t, err)
			o.write(t, one.file, string(whole[:len(whole)/2]))
			o.fails(signin.TryAgain{}, "CERT-INVALID")
			o.diagnoses(diagnose.Failed, "CERT-INVALID")
			o.write(t, one.file, string(whole))
			o.signsIn(signin.TryAgain{})
			o.notices()
			o.diagnoses(diagnose.OK, "")

			// Well before the expiry, a partial file does not prevent working.
			require.NoError(t, server.RenewClient(time.Now().Add(180*24*time.Hour)))
			_, err = server.WriteFiles(o.folder)
			require.NoError(t, err)
			whole, err = os.ReadFile(o.path(one.file))
			require.NoError(t, err)
			o.write(t, one.file, string(whole[:len(whole)/2]))
			o.signsIn(signin.SignIn{})
			o.notices("CERT-INVALID")
			o.diagnoses(diagnose.Failed, "CERT-INVALID")
			require.NoError(t, os.Remove(o.path(one.file)))
			o.signsIn(signin.SignIn{})
			o.notices("SETTING-CERTIFICATE")
			o.write(t, one.file, string(whole))
			o.signsIn(signin.SignIn{})
			o.notices()

			// e-RS changes to another authority, and the bundle follows.
			address := server.URL[len("https://") : len(server.URL)-len("/ers-api")]
			server.Close()
			server = erstest.NewServer(erstest.WithAddress(address))
			failed := o.failure(signin.SignIn{})
			if failed.Code == "NET-CUT" { // the end of an idle connection was not seen in time
				failed = o.failure(signin.TryAgain{})
			}
			require.Equal(t, "TLS-UNTRUSTED", failed.Code, "%v", failed)
			o.write(t, "ca.pem", "-----BEGIN CERTIFICATE-----\n")
			o.fails(signin.TryAgain{}, "TLS-UNTRUSTED")
			o.notices("CA-EMPTY")
			_, err = server.WriteFiles(o.folder)
			require.NoError(t, err)
			o.signsIn(signin.TryAgain{})
			o.notices()
			o.diagnoses(diagnose.OK, "")
		})
	}
}

// A new PKCS#12 file may come before its passphrase is stored: the old certificate stays in use
// until then, and no file has to change.
func TestTheNewPassphraseComesAfterTheNewFile(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	server := erstest.NewServer()
	defer server.Close()
	o := openOffice(t, server, 10*24*time.Hour, "certificate = 'client.p12'\npassphrase_file = 'passphrase'")
	o.phase(signin.Choosing)
	o.Send(signin.Cancel{})
	o.phase(signin.Waiting)
	o.write(t, "passphrase", "that of the file to come")
	authorities, err := os.ReadFile(o.path("ca.pem"))
	require.NoError(t, err)
	o.write(t, "ca.pem", "renewed\n"+string(authorities))
	o.signsIn(signin.SignIn{})
	o.notices("CERT-EXPIRES_SOON") // nothing has to be decrypted
	require.NoError(t, server.RenewClient(time.Now().Add(90*24*time.Hour)))
	_, err = server.WriteFiles(o.folder)
	require.NoError(t, err)
	o.signsIn(signin.SignIn{})
	o.notices("CERT-EXPIRES_SOON", "CERT-PASSPHRASE")
	o.diagnoses(diagnose.Failed, "CERT-PASSPHRASE")
	o.write(t, "passphrase", erstest.Passphrase)
	o.signsIn(signin.SignIn{})
	o.notices()
	o.diagnoses(diagnose.OK, "")
}

// Checks and calls of different platforms must not mix: settings for another e-RS wait for the next
// start.
func TestSettingsOfAnotherPlatformWait(t *testing.T) {
	folder := certificateFolder(t)
	const rest = "asid = '123456789012'\ncertificate = 'client.pem'\nkey = 'client-key.pem'\n"
	settings := settingsIn(t, folder, "base_url = 'https://one.example'\n"+rest)
	e := &reloadingClient{settings: settings, real: RealServices{Sources: config.Sources{File: filepath.Join(folder, "config.toml")}}}
	settingsIn(t, folder, "base_url = 'https://one.example'\n"+rest+"ca_bundle = 'ca.pem'\n")
	assert.NotEmpty(t, e.currentSettings().CABundle)
	settingsIn(t, folder, "base_url = 'https://two.example'\n"+rest+"ca_bundle = 'ca.pem'\n")
	assert.Empty(t, e.currentSettings().CABundle)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "config.toml"), []byte("base_url = "), 0o600))
	assert.Empty(t, e.currentSettings().CABundle)

	e.real.Sources = config.Sources{UserFile: e.real.Sources.File}
	for certificate, waits := range map[string]bool{"'gone.pem'": false, "5": true} {
		content := "base_url = 'https://one.example'\nasid = '123456789012'\ncertificate = " + certificate + "\n"
		require.NoError(t, os.WriteFile(e.real.Sources.UserFile, []byte(content), 0o600))
		assert.Equal(t, waits, e.currentSettings().Certificate == settings.Certificate, certificate)
	}
}

// A policy's bundle that others can now write is not read again: its writer would choose the server
// that gets tickets.
func TestABundleThatOthersCanChangeMeanwhile(t *testing.T) {
	folder := certificateFolder(t)
	path := func(name string) string { return filepath.Join(folder, name) }
	values := map[string]any{
		"base_url": "https://one.example", "asid": "123456789012", "ca_bundle": path("ca.pem"),
		"certificate": path("client.pem"), "key": path("client-key.pem"),
	}
	sources := config.Sources{Policy: func() []config.Policy { return []config.Policy{{Where: "test", Values: values}} }}
	settings, err := config.Load(sources)
	require.NoError(t, err)
	r := RealServices{Program: testProgram(t), Log: testLog(t), Board: signin.NewBoard(), Sources: sources}
	e, err := r.newReloadingClient(t.Context(), settings, nil)
	require.NoError(t, err)
	before := e.using.roots
	other, err := os.ReadFile(filepath.Join(certificateFolder(t), "ca.pem"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path("ca.pem"), other, 0o600))
	require.NoError(t, os.Chmod(path("ca.pem"), 0o666))
	var shown []signin.Notice
	said := func() (codes []string) {
		select {
		case shown = <-r.Board.Changes():
		default:
		}
		return codesOf(signin.State{Notices: shown})
	}
	for range 2 {
		require.NoError(t, e.signingIn(t.Context()))
		assert.True(t, e.using.roots.Equal(before), "untrusted authorities are trusted")
		assert.Equal(t, []string{"SETTING-TRUST"}, said())
		// Nor is it if the policy itself has become unusable: the settings of the start stay in
		// use.
		values["ca_bundle"], values["agnet"] = "", "auto"
	}
	if os.Geteuid() != 0 { // only root's files are trusted
		return
	}
	require.NoError(t, os.Chmod(path("ca.pem"), 0o644))
	require.NoError(t, e.signingIn(t.Context()))
	assert.False(t, e.using.roots.Equal(before))
	assert.Empty(t, said())
}

// The authorities and the certificate do not wait for each other: an authority that was removed is
// distrusted though a certificate is unusable, and a renewed certificate is used though a bundle is.
func TestAuthoritiesAndCertificateDoNotWaitForEachOther(t *testing.T) {
	for name, one := range map[string]struct {
		// files are replaced, or removed if nil, while the other half is renewed.
		files map[string][]byte
		code  string
	}{
		"a certificate without a name":  {namelessCertificate(t), "SETTING-FQDN"},
		"no certificate":                {map[string][]byte{"client.pem": nil}, "SETTING-CERTIFICATE"},
		"no key":                        {map[string][]byte{"client-key.pem": nil}, "SETTING-KEY"},
		"a bundle without an authority": {map[string][]byte{"ca.pem": []byte("-----BEGIN CERTIFICATE-----\n")}, "CA-EMPTY"},
		"no bundle":                     {map[string][]byte{"ca.pem": nil}, "CA-MISSING"},
	} {
		t.Run(name, func(t *testing.T) {
			folder, other := certificateFolder(t), certificateFolder(t)
			settings := settingsIn(t, folder, "base_url = 'https://one.example'\nasid = '123456789012'\nca_bundle = 'ca.pem'\n"+
				"certificate = 'client.pem'\nkey = 'client-key.pem'\nsend_fqdn = true\n")
			r := RealServices{
				Program: testProgram(t), Log: testLog(t), Board: signin.NewBoard(),
				Sources: config.Sources{File: filepath.Join(folder, "config.toml")},
			}
			e, err := r.newReloadingClient(t.Context(), settings, nil)
			require.NoError(t, err)
			first := e.using
			changed := func() (bundle, certificate bool) {
				return !e.using.roots.Equal(first.roots), !bytes.Equal(e.using.certificate.Leaf.Raw, first.certificate.Leaf.Raw)
			}
			renew := func(broken map[string][]byte) {
				for _, name := range []string{"ca.pem", "client.pem", "client-key.pem"} {
					content, replaced := broken[name]
					if !replaced {
						content, err = os.ReadFile(filepath.Join(other, name))
						require.NoError(t, err)
					}
					require.NoError(t, os.RemoveAll(filepath.Join(folder, name)))
					if content != nil {
						require.NoError(t, os.WriteFile(filepath.Join(folder, name), content, 0o600))
					}
				}
				require.NoError(t, e.signingIn(t.Context()))
			}

			renew(one.files)
			_, brokenBundle := one.files["ca.pem"]
			bundle, certificate := changed()
			assert.Equal(t, !brokenBundle, bundle, "the authorities")
			assert.Equal(t, brokenBundle, certificate, "the certificate")
			assert.Equal(t, []string{one.code}, codesOf(signin.State{Notices: <-r.Board.Changes()}))

			renew(nil)
			bundle, certificate = changed()
			assert.True(t, bundle && certificate, "what was whole later is lost")
			assert.Empty(t, <-r.Board.Changes())
		})
	}
}

// namelessCertificate returns the files of a certificate without a common name.
func namelessCertificate(t *testing.T) map[string][]byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(90 * 24 * time.Hour)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	return map[string][]byte{
		"client.pem":     pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}),
		"client-key.pem": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}),
	}
}
