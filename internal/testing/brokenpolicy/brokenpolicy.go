// Package brokenpolicy is for tests of what is done, and left undone, while an organisation's policy cannot be used: it has
// such policies, settings of a user's that record their use, and a way to run a test as a user who is not root, since root can
// write every file.
package brokenpolicy

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/internal/config"
)

// Temptation holds a user's settings, each of which records its use.
type Temptation struct {
	// Environ has the settings as environment variables.
	Environ []string
	mark    string
	ers     *erstest.Server
	proxied *atomic.Int32
}

// NewTemptation makes settings with a program, a proxy and a server of their own.
func NewTemptation(t *testing.T) Temptation {
	t.Helper()
	made := Temptation{mark: filepath.Join(t.TempDir(), "was-run"), ers: erstest.NewServer(), proxied: new(atomic.Int32)}
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
	require.NoError(t, os.WriteFile(program, []byte("#!/bin/sh\necho >'"+made.mark+"'\n"), 0o700)) //nolint:gosec // G306: it is a program
	made.Environ = []string{
		"ERS_LOGIN_BASE_URL=" + made.ers.URL, "ERS_LOGIN_ASID=" + erstest.ASID, "ERS_LOGIN_CERTIFICATE=" + files.Certificate,
		"ERS_LOGIN_KEY=" + files.Key, "ERS_LOGIN_CA_BUNDLE=" + files.CA, "ERS_LOGIN_PROXY=" + proxy.URL, "ERS_LOGIN_PROXY_USER=ann",
		"ERS_LOGIN_AGENT_COMMAND=" + program, "ERS_LOGIN_AUDIT_DIR=" + filepath.Join(t.TempDir(), "audit"),
	}
	return made
}

// Resisted asserts that none of the settings was used.
func (e Temptation) Resisted(t *testing.T) {
	t.Helper()
	assert.NoFileExists(t, e.mark, "the user's program was run")
	assert.Zero(t, e.proxied.Load(), "the user's proxy was asked")
	assert.Empty(t, e.ers.Requests(), "the user's server was asked")
}

// Works asserts that program and proxy were used.
func (e Temptation) Works(t *testing.T) {
	t.Helper()
	assert.FileExists(t, e.mark)
	assert.NotZero(t, e.proxied.Load())
}

func writeIn(t *testing.T, name, content string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(content), mode))
	require.NoError(t, os.Chmod(path, mode))
	return path
}

// Sources are policies and system settings that prevent a sign-in. None is the user's.
func Sources(t *testing.T) map[string]config.Sources {
	t.Helper()
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
