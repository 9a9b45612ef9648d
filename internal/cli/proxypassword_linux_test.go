package cli

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/app"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
)

// TestTheProxysPasswordGoesToItsProxyAlone: it is sent with the first CONNECT, so neither setting
// an environment variable nor answering for the name in one may redirect it.
func TestTheProxysPasswordGoesToItsProxyAlone(t *testing.T) {
	newWorkplace(t, dallies, keyringtest.Options{})
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"} {
		t.Setenv(name, "")
	}
	folder := t.TempDir()
	load := func(content string, environ ...string) config.Config {
		path := folder + "/config.toml"
		require.NoError(t, os.WriteFile(path, []byte("proxy_user = 'clerk'\n"+content), 0o600))
		settings, err := config.Load(config.Sources{File: path, Environ: environ})
		require.NoError(t, err)
		return settings
	}
	sent := func(settings config.Config, proxy string) string {
		ring := keyring.New(keyring.Settings{Command: []string{os.Args[0], app.WorkerCommand}})
		defer func() { assert.NoError(t, ring.Close()) }()
		given := app.RealServices{Log: testLog(t)}.ProxyCredentials(settings, ring.Source(keyring.ProxyPassword))
		user, password, ok := given(context.WithoutCancel(t.Context()), proxy)
		if !ok {
			return ""
		}
		assert.Equal(t, "clerk", user)
		return password.Reveal()
	}
	store := func(environ string, arguments ...string) (stderr string) {
		t.Setenv("HTTPS_PROXY", environ)
		status, _, stderr := run(t, "hunter2\n", append([]string{"proxy-password"}, arguments...)...)
		require.Equal(t, app.StatusDone, status, stderr)
		require.NotContains(t, stderr, "hunter2")
		return stderr
	}

	require.Contains(t, store("http://proxy.example"), "It is only sent to the proxy proxy.example:80.")
	assert.Equal(t, "hunter2", sent(load(""), "proxy.example:80"))
	assert.Equal(t, "hunter2", sent(load("proxy = 'http://Proxy.example:80'\n"), "Proxy.example:80"))
	for _, other := range []string{"evil.example:80", "proxy.example:8080", "proxy.example", "xproxy.example:80", ""} {
		assert.Empty(t, sent(load(""), other), other)
		assert.Empty(t, sent(load("proxy = 'http://evil.example:80'\n"), other), "a setting leads to another proxy, too")
	}

	load("proxy = 'http://named.example:3128'\n")
	require.Contains(t, store("http://evil.example:1", "--config", folder+"/config.toml"), "It is only sent to the proxy named.example:3128.")
	assert.Equal(t, "hunter2", sent(load(""), "named.example:3128"))
	assert.Empty(t, sent(load(""), "evil.example:1"))

	// As stored by an earlier version, or without a proxy.
	require.Contains(t, store(""), "No proxy is set up now.")
	assert.Equal(t, "hunter2", sent(load("proxy = 'http://named.example:3128'\n"), "named.example:3128"))
	assert.Empty(t, sent(load(""), "evil.example:1"), "the proxy of HTTPS_PROXY")
	assert.Empty(t, sent(load("", "ERS_LOGIN_PROXY=http://evil.example:1"), "evil.example:1"), "the proxy of a variable of ours")

	t.Setenv("HTTPS_PROXY", "'http://proxy.example'")
	status, _, stderr := run(t, "hunter2\n", "proxy-password")
	assert.Equal(t, app.StatusFailed, status)
	assert.Contains(t, stderr, "HTTPS_PROXY cannot be used.")
	assert.NotContains(t, stderr, "hunter2")
}
