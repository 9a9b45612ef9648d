package cli

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/cis2test"
	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/ersclient/testserver"
	"github.com/ers-login/ers-login/internal/app"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/diagnose"
	"github.com/ers-login/ers-login/internal/instance"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
)

// examined is doctor's output and status.
type examined struct {
	status         int
	stdout, stderr string
	states         map[string]string
}

func examine(t *testing.T, input doctor, settings ...string) examined {
	t.Helper()
	return examineWith(t, keyringtest.Options{}, input, settings...)
}

func examineWith(t *testing.T, options keyringtest.Options, input doctor, settings ...string) examined {
	t.Helper()
	session := keyringtest.ForTest(t, options)
	var out, complaints strings.Builder
	p := testProgram(t, append(os.Environ(), session.Env()...)...)
	p.Stdout, p.Stderr = &out, &complaints
	sources := config.Sources{Environ: append(settings, "ERS_LOGIN_AUDIT_DIR="+filepath.Join(t.TempDir(), "audit"))}
	status := p.Report(input.run(t.Context(), p, sources))
	found := examined{status, out.String(), complaints.String(), map[string]string{}}
	if input.json {
		var report struct {
			Failed int
			Checks []struct{ ID, State string }
		}
		require.NoError(t, json.Unmarshal([]byte(found.stdout), &report), found.stderr)
		for _, check := range report.Checks {
			found.states[check.ID] = check.State
		}
		assert.Equal(t, report.Failed, found.status, "the exit status is the number of checks that failed")
	}
	return found
}

// The demonstration shows that the checks work.
func TestTheDoctorOfTheDemonstration(t *testing.T) {
	for platform, states := range map[string]map[string]string{
		config.PlatformHSCN: {
			"agent": "ok", "ticket": "attention", "ers": "ok", "tls": "ok", "dns": "ok", "clock": "ok", "keyring": "ok", "asid": "ok",
		},
		config.PlatformFHIR: {"client": "ok", "redirect": "ok", "oauth": "ok", "ers": "ok", "dns": "ok", "keyring": "ok", "directory": "skipped"},
	} {
		t.Run(platform, func(t *testing.T) {
			found := examine(t, doctor{demo: platform, json: true})
			assert.Zero(t, found.status, found.stdout)
			for id, state := range states {
				assert.Equal(t, state, found.states[id], id)
			}
			assert.Len(t, found.states, 16)
			assert.Empty(t, found.stderr)
		})
	}
}

// TestERR000TheDoctorFindsWhatIsMissing: on a computer that is not set up, each missing thing is
// named, and the rest is checked nevertheless.
func TestERR000TheDoctorFindsWhatIsMissing(t *testing.T) {
	found := examine(t, doctor{json: true})
	for id, state := range map[string]string{
		"settings": "failed", "asid": "skipped", "certificate": "failed", "ers": "skipped", "keyring": "ok", "audit": "ok", "tls": "skipped",
	} {
		assert.Equal(t, state, found.states[id], id)
	}
	assert.GreaterOrEqual(t, found.status, 3)
}

// One missing client id is one failure: servers that have addresses without it are checked, and none
// is said not to know an id that it was never given.
func TestTheDoctorCountsAMissingClientIDOnce(t *testing.T) {
	server := cis2test.NewUnstartedServer()
	folder := t.TempDir()
	require.NoError(t, server.StartIn(folder))
	defer server.Close()
	found := examine(t, doctor{json: true}, "ERS_LOGIN_PLATFORM=fhir", "ERS_LOGIN_CA_BUNDLE="+filepath.Join(folder, testserver.CAFile),
		"ERS_LOGIN_PROXY=none", "ERS_LOGIN_OAUTH_URL="+server.OAuthURL(), "ERS_LOGIN_FHIR_BASE_URL="+server.FHIRURL(),
		"ERS_LOGIN_DIRECTORY_URL="+server.DirectoryURL())
	for id, state := range map[string]string{
		"settings": "failed", "client": "skipped", "redirect": "skipped", "dns": "ok", "proxy": "ok", "tls": "ok", "oauth": "ok", "ers": "ok", "directory": "ok",
	} {
		assert.Equal(t, state, found.states[id], id)
	}
	assert.NotContains(t, found.stdout, "does not know")
}

// Where NHS Care Identity is used, doctor asks for nothing that only the Identity Agent needs, and
// reads no secret aloud.
func TestTheDoctorOfNHSCareIdentity(t *testing.T) {
	const planted = "planted-client-secret"
	server := cis2test.NewUnstartedServer()
	folder := t.TempDir()
	require.NoError(t, server.StartIn(folder))
	defer server.Close()
	file := filepath.Join(folder, "secret")
	require.NoError(t, os.WriteFile(file, []byte(planted+"\n"), 0o600))
	settings := []string{
		"ERS_LOGIN_CLIENT_ID=" + cis2test.ClientID, "ERS_LOGIN_CA_BUNDLE=" + filepath.Join(folder, testserver.CAFile), "ERS_LOGIN_PROXY=none",
		"ERS_LOGIN_OAUTH_URL=" + server.OAuthURL(), "ERS_LOGIN_FHIR_BASE_URL=" + server.FHIRURL(),
		"ERS_LOGIN_DIRECTORY_URL=" + server.DirectoryURL(), "ERS_LOGIN_REDIRECT_URI=http://localhost:" + freePort(t) + "/callback",
	}
	found := examine(t, doctor{json: true}, append(settings, "ERS_LOGIN_CLIENT_SECRET_FILE="+file)...)
	for id, state := range map[string]string{
		"platform": "ok", "client": "ok", "redirect": "ok", "clock": "ok", "dns": "ok", "proxy": "ok", "tls": "ok", "oauth": "ok", "ers": "ok",
		"directory": "ok", "keyring": "ok", "audit": "ok", "settings": "ok",
	} {
		assert.Equal(t, state, found.states[id], id)
	}
	assert.NotContains(t, found.states, "certificate")
	assert.NotContains(t, found.states, "asid")
	assert.NotContains(t, found.stdout+found.stderr, planted)
	assert.Contains(t, found.stdout, "NHS Care Identity (CIS2)")
	assert.Empty(t, server.Sessions(), "no one was signed in")

	found = examine(t, doctor{json: true}, settings...)
	assert.Equal(t, "failed", found.states["client"], "no secret is stored")
	assert.Contains(t, found.stdout, "CIS2-NO_SECRET")
	assert.NotContains(t, found.stdout, "There is no session")
}

// freePort returns a port of the loopback interface that is free.
func freePort(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	_, port, err := net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	return port
}

// With the organisation's settings doctor checks each step of a sign-in as far as e-RS.
func TestTheDoctorOfARealSetUp(t *testing.T) {
	server := erstest.NewServer()
	defer server.Close()
	files, err := server.WriteFiles(t.TempDir())
	require.NoError(t, err)
	found := examine(t, doctor{json: true}, "ERS_LOGIN_BASE_URL="+server.URL, "ERS_LOGIN_ASID="+erstest.ASID,
		"ERS_LOGIN_CERTIFICATE="+files.Certificate, "ERS_LOGIN_KEY="+files.Key, "ERS_LOGIN_CA_BUNDLE="+files.CA,
		"ERS_LOGIN_PROXY=none", "ERS_LOGIN_AGENT=command", `ERS_LOGIN_AGENT_COMMAND=["/bin/false"]`)
	for id, state := range map[string]string{
		"settings": "ok", "asid": "ok", "ers": "ok", "tls": "ok", "proxy": "ok", "clock": "ok", "keyring": "ok", "audit": "ok", "agent": "ok",
	} {
		assert.Equal(t, state, found.states[id], id)
	}
	assert.Empty(t, server.Sessions())
}

// TestTheDoctorKnowsTheWindowsLastProblem: a service desk that runs doctor beside the window sees what
// the user saw. The checks run without an answer, too.
func TestTheDoctorKnowsTheWindowsLastProblem(t *testing.T) {
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+filepath.Join(t.TempDir(), "none"))
	at := time.Date(2026, 11, 28, 19, 22, 5, 0, time.UTC)
	for name, c := range map[string]struct {
		answer instance.Answer
		want   diagnose.Incident
	}{
		"one": {instance.Answer{OK: true, Shown: &instance.Shown{Code: "ERS-A001-403", Title: "Not\naccepted", At: at}},
			diagnose.Incident{Problem: &problem.Problem{Code: "ERS-A001-403", Title: "Not accepted"}, At: at}},
		"none":             {instance.Answer{OK: true}, diagnose.Incident{}},
		"an older version": {instance.Answer{Code: instance.Outdated.Code}, diagnose.Incident{}},
	} {
		t.Run(name, func(t *testing.T) {
			folder, err := os.MkdirTemp("/tmp", "doctor") // sockets have short paths
			require.NoError(t, err)
			t.Cleanup(func() { assert.NoError(t, os.RemoveAll(folder)) })
			path := filepath.Join(folder, "ers-login.lock")
			require.Zero(t, lastProblem(t.Context(), path), "no window")
			lock, err := instance.Take(path)
			require.NoError(t, err)
			defer func() { assert.NoError(t, lock.Release()) }()
			require.NoError(t, lock.Listen(func(_ context.Context, request instance.Request) instance.Answer {
				assert.Equal(t, instance.LastProblem, request.Action)
				return c.answer
			}, func(error) {}))
			assert.Equal(t, c.want, lastProblem(t.Context(), path))
		})
	}
}

// Integrators ask which readers work, and the text output has the answer.
func TestTheDoctorTriesTheReaders(t *testing.T) {
	found := examine(t, doctor{handoff: true})
	assert.Zero(t, found.status, found.stdout)
	assert.Regexp(t, `OK +Shell \(secret-tool\) +It reads the session`, found.stdout)
	assert.Regexp(t, `OK +Removing the test entry`, found.stdout)
}

// Several runs at once must not report working readers as broken.
func TestDoctorsAtOnce(t *testing.T) {
	w := newWorkplace(t, dallies, keyringtest.Options{})
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			printed, err := w.command("doctor", "--handoff", "--demo").CombinedOutput()
			assert.NoError(t, err, string(printed))
			assert.Regexp(t, `OK +Shell \(secret-tool\) +It reads the session`, string(printed))
		})
	}
	all.Wait()
}

// A script that checks readers must not take an untested keyring for one that works, and the
// terminal's text must not mention a button.
func TestTheDoctorProvesNothing(t *testing.T) {
	for name, test := range map[string]struct {
		state  keyringtest.State
		status int
		says   []string
	}{
		"locked": {keyringtest.Locked, statusNotDone, []string{
			"Needs attention  Writing a test entry", "KEYRING-LOCKED", "Unlock the keyring", "Not checked      Node (@napi-rs/keyring)",
		}},
		"no service": {keyringtest.NoService, 1, []string{"KEYRING-NO_SERVICE", "Failed       Writing a test entry", "run the command again"}},
		"no bus":     {keyringtest.NoBus, 1, []string{"KEYRING-NO_BUS", "Failed       Writing a test entry"}},
		"no keyring": {keyringtest.NoCollection, 1, []string{"KEYRING-NO_COLLECTION", "Failed       Writing a test entry"}},
	} {
		t.Run(name, func(t *testing.T) {
			found := examineWith(t, keyringtest.Options{State: test.state}, doctor{handoff: true})
			assert.Equal(t, test.status, found.status, found.stderr)
			for _, says := range test.says {
				assert.Contains(t, found.stdout, says)
			}
			assert.NotRegexp(t, `(?i)press |reference below`, found.stdout)
			assert.Equal(t, test.status == statusNotDone, strings.Contains(found.stderr, "no reader was tried"), found.stderr)
		})
	}
}

// A bundle is shown before it is saved, saved only with the user's consent, and never over another
// file.
func TestTheDoctorsBundle(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bundle.zip")
	found := examine(t, doctor{demo: config.PlatformHSCN, bundle: path})
	assert.Equal(t, app.StatusUsage, found.status, "there is no terminal to ask on")
	assert.NoFileExists(t, path)

	found = examine(t, doctor{demo: config.PlatformHSCN, bundle: path, yes: true})
	assert.Zero(t, found.status, found.stderr)
	assert.Contains(t, found.stderr, "settings.toml")
	assert.Contains(t, found.stderr, "asid = ", "the content is shown")
	archive, err := zip.OpenReader(path)
	require.NoError(t, err)
	assert.GreaterOrEqual(t, len(archive.File), 4)
	require.NoError(t, archive.Close())
	before, err := os.ReadFile(path)
	require.NoError(t, err)

	found = examine(t, doctor{demo: config.PlatformHSCN, bundle: path, yes: true})
	assert.Equal(t, statusNotDone, found.status)
	assert.Contains(t, found.stderr, "DIAG-BUNDLE_EXISTS")
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, before, after)
}

// The flags work as described, and those of the settings count too.
func TestTheDoctorsCommandLine(t *testing.T) {
	session := keyringtest.ForTest(t, keyringtest.Options{})
	var out strings.Builder
	p := testProgram(t, append(os.Environ(), session.Env()...)...)
	p.Stdout = &out
	root := &cobra.Command{SilenceUsage: true, SilenceErrors: true}
	root.PersistentFlags().String("config", "", "settings file")
	root.AddCommand(doctorCommand(p))
	root.SetArgs([]string{"doctor", "--asid", erstest.ASID, "--audit-dir", filepath.Join(t.TempDir(), "audit")})
	require.Error(t, root.ExecuteContext(t.Context()), "the rest of the settings is missing")
	assert.Regexp(t, `OK +Accredited system ID \(ASID\) +The accredited system ID is `+erstest.ASID+` \(flag --asid\)`, out.String())
	assert.Regexp(t, `Failed +Settings +2 settings are missing or not valid`, out.String())
}

// The question is asked on a terminal, and answered there.
func TestTheDoctorAsks(t *testing.T) {
	for answer, want := range map[string]bool{"y\n": true, "YES\n": true, "n\n": false, "\n": false, "": false, "yesterday": false} {
		e := doctorRun{CheckRun: app.CheckRun{Program: testProgram(t)}}
		e.Program.Stdin = strings.NewReader(answer)
		agreed, err := e.agreed()
		require.NoError(t, err)
		assert.Equal(t, want, agreed, "%q", answer)
	}
}

// brokenPipe is a standard output whose reader is gone.
type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

// A script without results must not take that for success.
func TestADoctorWhoCannotSpeak(t *testing.T) {
	// Without a bus there is no keyring.
	p := testProgram(t, "XDG_RUNTIME_DIR="+t.TempDir())
	p.Stdout = brokenPipe{}
	assert.Equal(t, statusNotDone, p.Report(doctor{handoff: true}.run(t.Context(), p, config.Sources{})))
}

// TestERR000APastedSecretIsNotReported: a secret pasted in place of a file's name would be mailed
// to a service desk.
func TestERR000APastedSecretIsNotReported(t *testing.T) {
	const pasted = "correct-horse/battery.staple"
	container := filepath.Join(t.TempDir(), "a.p12")
	require.NoError(t, os.WriteFile(container, []byte("x"), 0o600))
	for _, pasting := range [][]string{
		{"ERS_LOGIN_CERTIFICATE=" + pasted, "ERS_LOGIN_KEY=" + pasted, "ERS_LOGIN_CA_BUNDLE=" + pasted, "ERS_LOGIN_PROXY_USER=" + pasted},
		{"ERS_LOGIN_CERTIFICATE=" + container, "ERS_LOGIN_PASSPHRASE_FILE=" + pasted},
		{"ERS_LOGIN_CERTIFICATE=" + pasted + ".p12", "ERS_LOGIN_PASSPHRASE_FILE=/" + pasted},
	} {
		pasting = append(pasting, "ERS_LOGIN_BASE_URL=https://localhost:9", "ERS_LOGIN_ASID="+erstest.ASID, "ERS_LOGIN_PROXY=none")
		bundle := filepath.Join(t.TempDir(), "bundle.zip")
		found := examine(t, doctor{json: true, bundle: bundle, yes: true}, pasting...)
		_, shown, complaints := showConfig(t, configShow{origin: true}, config.Sources{Environ: pasting})
		archive, err := zip.OpenReader(bundle)
		require.NoError(t, err)
		var saved strings.Builder
		for _, entry := range archive.File {
			file, err := entry.Open()
			require.NoError(t, err)
			_, err = io.Copy(&saved, file)
			require.NoError(t, errors.Join(err, file.Close()))
		}
		require.NoError(t, archive.Close())
		for _, text := range []string{found.stdout, found.stderr, shown, complaints, saved.String()} {
			assert.NotContains(t, text, "correct-horse")
			assert.NotContains(t, text, "battery")
		}
		assert.Contains(t, shown, "[secret]")
	}
}
