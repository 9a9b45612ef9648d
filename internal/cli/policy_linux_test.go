package cli

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/internal/app"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/diagnose"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
)

// asNobodyVariable is set while a test runs as the system's user nobody.
const asNobodyVariable = "ERSLOGIN_TEST_AS_NOBODY"

// asNobody runs a test of this program again as the system's user nobody, beside the calling test.
// The returned function waits for its end.
func asNobody(t *testing.T, test string) (wait func()) {
	t.Helper()
	const nobody = 65534
	folder, err := os.MkdirTemp("", "as-nobody")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(folder)) })
	require.NoError(t, os.Chmod(folder, 0o755))
	there := filepath.Join(folder, "internal", "cli")
	require.NoError(t, os.MkdirAll(there, 0o755))
	home := filepath.Join(folder, "home")
	require.NoError(t, os.Mkdir(home, 0o700))
	require.NoError(t, os.Chown(home, nobody, nobody))
	for from, to := range map[string]string{os.Args[0]: filepath.Join(there, "other"), fyneAppFile: filepath.Join(folder, "FyneApp.toml")} {
		content, err := os.ReadFile(from)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(to, content, 0o755))
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(there, "other"), "-test.run=^"+test+"$", "-test.v", "-test.parallel=8")
	cmd.Dir, cmd.Env = there, append(os.Environ(), "HOME="+home, "TMPDIR="+home, asNobodyVariable+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	require.NoError(t, cmd.Start())
	return func() {
		t.Helper()
		require.NoError(t, cmd.Wait(), "%s", output.String())
		assert.Contains(t, output.String(), "--- PASS: "+test)
		assert.NotContains(t, output.String(), "SKIP")
	}
}

// temptation holds a user's settings, each of which records its use.
type temptation struct {
	environ []string
	mark    string
	ers     *erstest.Server
	proxied *atomic.Int32
}

func newTemptation(t *testing.T) temptation {
	t.Helper()
	made := temptation{mark: filepath.Join(t.TempDir(), "was-run"), ers: erstest.NewServer(), proxied: new(atomic.Int32)}
	t.Cleanup(made.ers.Close)
	files, err := made.ers.WriteFiles(t.TempDir())
	require.NoError(t, err)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		made.proxied.Add(1)
		w.Header().Set("Proxy-Authenticate", `Basic realm="x"`)
		w.WriteHeader(http.StatusProxyAuthRequired)
	}))
	t.Cleanup(proxy.Close)
	program := filepath.Join(t.TempDir(), "program")
	require.NoError(t, os.WriteFile(program, []byte("#!/bin/sh\necho >'"+made.mark+"'\n"), 0o700))
	made.environ = []string{
		"ERS_LOGIN_BASE_URL=" + made.ers.URL, "ERS_LOGIN_ASID=" + erstest.ASID, "ERS_LOGIN_CERTIFICATE=" + files.Certificate,
		"ERS_LOGIN_KEY=" + files.Key, "ERS_LOGIN_CA_BUNDLE=" + files.CA, "ERS_LOGIN_PROXY=" + proxy.URL, "ERS_LOGIN_PROXY_USER=ann",
		"ERS_LOGIN_AGENT_COMMAND=" + program, "ERS_LOGIN_AUDIT_DIR=" + filepath.Join(t.TempDir(), "audit"),
	}
	return made
}

func (e temptation) resisted(t *testing.T) {
	t.Helper()
	assert.NoFileExists(t, e.mark, "the user's program was run")
	assert.Zero(t, e.proxied.Load(), "the user's proxy was asked")
	assert.Empty(t, e.ers.Requests(), "the user's server was asked")
}

func writeIn(t *testing.T, name, content string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(content), mode))
	require.NoError(t, os.Chmod(path, mode))
	return path
}

// brokenPolicies are policies and system settings that prevent a sign-in. None is the user's.
func brokenPolicies(t *testing.T) map[string]config.Sources {
	writable := writeIn(t, "writable", "#!/bin/sh\n", 0o777)
	believed := func(*os.File) error { return nil }
	policy := func(values map[string]any) config.Sources {
		return config.Sources{Policy: func() []config.Policy { return []config.Policy{{Where: "test", Values: values}} }}
	}
	return map[string]config.Sources{
		"not TOML":               {PolicyFile: writeIn(t, "policy.toml", "agent = [", 0o644), Trust: believed},
		"all users can write it": {PolicyFile: writeIn(t, "policy.toml", "agent = 'identity-agent'", 0o666)},
		"a folder":               {PolicyFile: t.TempDir(), Trust: believed},
		"a dangling link":        {PolicyFile: dangling(t), Trust: believed},
		"an unknown setting":     {PolicyFile: writeIn(t, "policy.toml", "agnet = 'auto'", 0o644), Trust: believed},
		"a wrong value":          {PolicyFile: writeIn(t, "policy.toml", "proxy = 1", 0o644), Trust: believed},
		"a place that cannot be read": {Policy: func() []config.Policy {
			return []config.Policy{{Where: "test", Err: os.ErrPermission}}
		}},
		"a program all can write": policy(map[string]any{"agent_command": []any{writable}}),
		"a bundle all can write":  policy(map[string]any{"ca_bundle": writable}),
		"the computer's settings": {MachineFile: writeIn(t, "config.toml", "x = [", 0o644), Trust: believed},
		"system file, writable":   {MachineFile: writeIn(t, "config.toml", "proxy = 'none'", 0o666)},
	}
}

func dangling(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "policy.toml")
	require.NoError(t, os.Symlink(filepath.Join(t.TempDir(), "none"), path))
	return path
}

// An unusable policy may forbid the user's settings: neither doctor nor the window's diagnostics
// may act on them.
func TestABrokenPolicyFailsClosedInDiagnostics(t *testing.T) {
	if os.Geteuid() == 0 {
		defer asNobody(t, t.Name())()
	}
	session := keyringtest.ForTest(t, keyringtest.Options{Fake: &keyringtest.Fake{}})
	program := testProgram(t, append(os.Environ(), session.Env()...)...)
	needless := []string{"reader", "card", "keyring", "settings", "workstation"}
	for name, sources := range brokenPolicies(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tempting := newTemptation(t)
			sources.Environ = tempting.environ
			p := program

			var out strings.Builder
			p.Stdout = &out
			assert.NotZero(t, p.Report(doctor{json: true}.run(t.Context(), p, sources)))
			var report struct {
				Checks []struct{ ID, State, Said string }
			}
			require.NoError(t, json.Unmarshal([]byte(out.String()), &report))
			require.Len(t, report.Checks, 16)
			for _, check := range report.Checks {
				if !slices.Contains(needless, check.ID) {
					assert.Equal(t, "skipped", check.State, check.ID)
					assert.Regexp(t, `^The (policy|settings of this computer) cannot be used\.$`, check.Said, check.ID)
				}
			}
			tempting.resisted(t)

			// A window opened before the policy broke still has the user's program.
			e := app.RealServices{Program: p, Log: testLog(t), Board: signin.NewBoard(), Sources: sources, CardSide: &app.CurrentCardSide{}}
			loaded, err := config.Load(config.Sources{Environ: tempting.environ})
			require.NoError(t, err)
			side, err := e.OpenCardSide(loaded)
			require.NoError(t, err)
			e.CardSide.Set(&side)
			app.NewWindowDiagnostics(func() string { return config.PlatformHSCN }, e.Examine).Run(t.Context(), diagnose.Incident{}, func(int, diagnose.Finding) {})
			require.NoError(t, side.Close())
			tempting.resisted(t)
		})
	}
	t.Run("the bait is good", func(t *testing.T) {
		tempting := newTemptation(t)
		e := app.RealServices{
			Program: program, Log: testLog(t), Board: signin.NewBoard(),
			Sources: config.Sources{Environ: tempting.environ}, CardSide: &app.CurrentCardSide{},
		}
		app.NewWindowDiagnostics(func() string { return config.PlatformHSCN }, e.Examine).Run(t.Context(), diagnose.Incident{}, func(int, diagnose.Finding) {})
		assert.FileExists(t, tempting.mark)
		assert.NotZero(t, tempting.proxied.Load())
	})
}

// Commands other than doctor do nothing that a policy could forbid.
func TestABrokenPolicyFailsClosedInCommands(t *testing.T) {
	if os.Geteuid() == 0 {
		defer asNobody(t, t.Name())()
	}
	session := keyringtest.ForTest(t, keyringtest.Options{Fake: &keyringtest.Fake{}})
	program := testProgram(t, append(os.Environ(), session.Env()...)...)
	for name, sources := range brokenPolicies(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tempting := newTemptation(t)
			sources.Environ = tempting.environ
			p := program
			r := app.RealServices{Program: p, Log: testLog(t), Board: signin.NewBoard(), Sources: sources, CardSide: &app.CurrentCardSide{}, Leftover: &app.Leftover{}}
			_, err := r.PrepareOrClear(t.Context())
			require.Error(t, err, "a sign-in")
			require.Error(t, r.Unusable())
			var discarded strings.Builder
			p.Stdout, p.Stderr = &discarded, &discarded
			require.NoError(t, p.EndLeftover(t.Context(), sources), "sign-out")
			require.NoError(t, forgetAll(t.Context(), p, sources), "forget")
			_ = configShow{}.run(sources, &discarded, &discarded)
			bundle := filepath.Join(t.TempDir(), "bundle.zip")
			assert.NotZero(t, p.Report(doctor{bundle: bundle, yes: true}.run(t.Context(), p, sources)))
			assert.FileExists(t, bundle)
			tempting.resisted(t)
		})
	}
}
