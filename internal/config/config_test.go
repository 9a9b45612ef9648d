package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/problem"
)

// absolute is a full path on every system that the tests run on.
func absolute(t *testing.T, parts ...string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(append([]string{string(filepath.Separator)}, parts...)...))
	require.NoError(t, err)
	return path
}

// settingsFile writes a settings file and returns its path.
func settingsFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.toml")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// commandLine parses arguments as main does.
func commandLine(t *testing.T, arguments ...string) *pflag.FlagSet {
	t.Helper()
	flags := pflag.NewFlagSet("ers-login", pflag.ContinueOnError)
	config.AddFlags(flags)
	require.NoError(t, flags.Parse(arguments))
	return flags
}

// problems returns the Problems of a Load.
func problems(t *testing.T, err error) []*problem.Problem {
	t.Helper()
	if err == nil {
		return nil
	}
	var invalid *config.Invalid
	require.ErrorAs(t, err, &invalid)
	return invalid.Problems
}

// allText returns all that a Problem shows and logs.
func allText(p *problem.Problem) string {
	lines := slices.Concat([]string{p.Error(), p.Title, p.Happened}, p.WhatToDo(), p.ServiceDesk)
	return p.Expand(strings.Join(lines, "\n"))
}

// Without any source a user gets what the documentation promises, and the demonstration can start.
func TestDefaults(t *testing.T) {
	c, err := config.Load(config.Sources{})
	require.NoError(t, err)
	assert.Equal(t, config.AgentAuto, c.Agent)
	assert.Equal(t, time.Second, c.AgentPollInterval)
	assert.Equal(t, 15*time.Second, c.RequestTimeout)
	assert.Equal(t, 5*time.Second, c.KeyringTimeout)
	assert.Equal(t, time.Minute, c.KeyringPromptTimeout)
	assert.Equal(t, 12*time.Hour, c.SessionMaxAge, "Spine's ten hours are package hscn's")
	assert.False(t, c.SendFQDN)
	assert.Equal(t, "info", c.LogLevel)
	assert.Equal(t, config.LockKeeps, c.ScreenLock)
	assert.Equal(t, 2*time.Second, c.ClosingGrace)
	assert.Equal(t, config.ProxyFromEnvironment, c.Proxy)
	assert.Equal(t, 92*24*time.Hour, c.AuditKeep, "three months at the least")
	assert.Equal(t, config.AuditDigest, c.AuditSessionID, "no key in a log unless it is wanted there")
	assert.False(t, c.AuditRequired || c.AuditSystemLog || c.MinimiseOnSignIn)
	assert.True(t, c.WindowsAliases)
	assert.Equal(t, config.LanguageAuto, c.Language)
	assert.Equal(t, config.ThemeSystem, c.Theme)
	assert.Equal(t, 100, c.TextSize)
	assert.Empty(t, c.CertificateThumbprint+c.ProxyUser+c.AuditDir)
	assert.Empty(t, c.BaseURL+c.ASID+c.Certificate+c.Key+c.PassphraseFile+c.CABundle)
	assert.Empty(t, c.AgentCommand)
	for _, setting := range config.Settings() {
		assert.Equal(t, setting.Default, c.Value(setting.Key), setting.Key)
		from := c.Origin(setting.Key)
		assert.Equal(t, config.LayerDefault, from.Layer, setting.Key)
		assert.Equal(t, "built-in default", from.String(), setting.Key)
		assert.False(t, c.Locked(setting.Key))
	}
	assert.Empty(t, c.Value("no_such_setting"))
	assert.Zero(t, c.Origin("no_such_setting"))
}

// If an upper layer did not win, an administrator's override would be ignored without a word.
func TestEachLayerOverridesTheOnesBefore(t *testing.T) {
	file := settingsFile(t, "# our practice\n\nasid = '111111111111'\nrequest_timeout = \"20s\"\nsend_fqdn = true\nlog_level = 'debug'\n")
	c, err := config.Load(config.Sources{
		UserFile: file,
		Environ: []string{"PATH=/bin", "ERS_LOGIN_REQUEST_TIMEOUT=30s", "ERS_LOGIN_LOG_LEVEL=error", "ERS_LOGIN_ASID=",
			"ERS_LOGIN_SEND_FQDN=FALSE"},
		Flags: commandLine(t, "--log-level", "warning"),
	})
	require.NoError(t, err)
	assert.Empty(t, c.Warnings)

	assert.Equal(t, "111111111111", c.ASID, "an empty variable is one that is not set")
	assert.Equal(t, config.LayerFile, c.Origin("asid").Layer)
	assert.Equal(t, "line 3 of "+file, c.Origin("asid").String())
	assert.Equal(t, 30*time.Second, c.RequestTimeout)
	assert.Equal(t, "environment variable ERS_LOGIN_REQUEST_TIMEOUT", c.Origin("request_timeout").String())
	assert.False(t, c.SendFQDN)
	assert.Equal(t, "environment", c.Origin("send_fqdn").Layer.String())
	assert.Equal(t, "warning", c.LogLevel)
	assert.Equal(t, "flag --log-level", c.Origin("log_level").String())
	assert.Equal(t, "flag", c.Origin("log_level").Layer.String())
	assert.Equal(t, "file", c.Origin("asid").Layer.String())
	assert.Equal(t, "default", c.Origin("base_url").Layer.String())
}

// A broken value in the file must not block a start that overrides it.
func TestAnOverriddenValueIsNotLookedAt(t *testing.T) {
	sources := config.Sources{UserFile: settingsFile(t, "request_timeout = 15\n[asid]\nx = 1\n"),
		Environ: []string{"ERS_LOGIN_REQUEST_TIMEOUT=2s", "ERS_LOGIN_ASID=123456789012"}}
	c, err := config.Load(sources)
	require.NoError(t, err)
	assert.Equal(t, 2*time.Second, c.RequestTimeout)
	assert.Equal(t, "123456789012", c.ASID)
}

// Each value is tried in all three places, with what comes of it or the reason for which it is refused.
func TestValues(t *testing.T) {
	const asid, dir = "123456789012", "settings-dir"
	long := strings.Repeat("x", 5000)
	tests := []struct {
		name, key string
		toml      string // the value in the file; empty: not tried there
		text      string // the value in the environment and the flag
		want      string // what Value returns
		refused   string // the reason, empty if the value is good
	}{
		{name: "asid", key: "asid", toml: `"` + asid + `"`, text: asid, want: asid},
		{name: "asid with white space", key: "asid", toml: `" ` + asid + `\n"`, text: " " + asid + "\n", want: asid},
		{name: "asid as a number", key: "asid", toml: asid, refused: "not a text"},
		{name: "asid as a table", key: "asid", toml: `{ a = 1 }`, refused: "not a text"},
		{name: "asid too short", key: "asid", toml: `"12345678901"`, text: "12345678901", refused: "not 12 digits"},
		{name: "asid with letters", key: "asid", toml: `"12345678901x"`, text: "12345678901x", refused: "not 12 digits"},
		{name: "asid in other digits", key: "asid", text: "١٢٣٤٥٦", refused: "not 12 digits"},
		{name: "asid with a newline", key: "asid", toml: `"123456\n789012"`, text: "123456\n789012", refused: "control character"},
		{name: "address", key: "base_url", toml: `"https://e.nhs.uk/ers-api"`, text: "https://e.nhs.uk/ers-api", want: "https://e.nhs.uk/ers-api"},
		{name: "address with slashes", key: "base_url", text: "https://e.nhs.uk:8443/a/b//", want: "https://e.nhs.uk:8443/a/b"},
		{name: "address IPv6", key: "base_url", text: "https://[::1]:8443", want: "https://[::1]:8443"},
		{name: "address not encrypted", key: "base_url", text: "http://e.nhs.uk/ers-api", refused: "https://"},
		{name: "address without scheme", key: "base_url", text: "e.nhs.uk/ers-api", refused: "https://"},
		{name: "address of a host and a port", key: "base_url", text: "10.0.0.1:8443", refused: "https://"},
		{name: "address with an @ in its path", key: "base_url", text: "https://e.nhs.uk/a@b", want: "https://e.nhs.uk/a@b"},
		{name: "address without host", key: "base_url", text: "https:///ers-api", refused: "no host"},
		{name: "address with a port alone", key: "base_url", text: "https://:443/", refused: "no host"},
		{name: "address with a user", key: "base_url", text: "https://ann:hunter2@e.nhs.uk/", refused: "user name"},
		{name: "address with a query", key: "base_url", text: "https://e.nhs.uk/?a=hunter2", refused: "query"},
		{name: "address with an empty query", key: "base_url", text: "https://e.nhs.uk/?", refused: "query"},
		{name: "address with a fragment", key: "base_url", text: "https://e.nhs.uk/#a", refused: "fragment"},
		{name: "address with a bad port", key: "base_url", text: "https://e.nhs.uk:99999/", refused: "port"},
		{name: "address with no port after the colon", key: "base_url", text: "https://e.nhs.uk:/", refused: "port"},
		{name: "address as long as can be handed over", key: "base_url", text: longestURL, want: longestURL},
		{name: "address one longer", key: "base_url", text: longestURL + "x", refused: "longer than 200 bytes"},
		{name: "address that readers of the keyring could not read", key: "base_url", text: "https://e.nhs.uk/ä", refused: "ASCII"},
		{name: "address that is none", key: "base_url", text: "https://e.nhs.uk/%zz", refused: "not an address"},
		{name: "environment", key: "environment_name", text: "Hyfforddiant 2", want: "Hyfforddiant 2"},
		{name: "environment, live", key: "environment_name", text: "Live", want: "live"},
		{name: "environment with a long name", key: "environment_name", text: "nineteen characters", refused: "longer than 18"},
		{name: "environment turned round", key: "environment_name", text: "a\u202eb", refused: "cannot be shown"},
		{name: "address far too long", key: "base_url", text: "https://" + long, refused: "longer than"},
		{name: "time", key: "request_timeout", toml: `"1m30s"`, text: "1m30s", want: "1m30s"},
		{name: "time without unit", key: "request_timeout", toml: `"15"`, text: "15", refused: "number with a unit"},
		{name: "time as a number", key: "request_timeout", toml: `15`, refused: "not a text"},
		{name: "time too short", key: "request_timeout", text: "999ms", refused: "shorter than 1s"},
		{name: "time too long", key: "request_timeout", text: "2m1s", refused: "longer than 2m"},
		{name: "time negative", key: "request_timeout", text: "-5s", refused: "shorter"},
		{name: "poll lowest", key: "agent_poll_interval", text: "200ms", want: "200ms"},
		{name: "poll too fast", key: "agent_poll_interval", text: "199ms", refused: "shorter than 200ms"},
		{name: "age lowest", key: "session_max_age", text: "1m", want: "1m"},
		{name: "age over the gateway's", key: "session_max_age", text: "12h1s", refused: "longer than 12h"},
		{name: "client id", key: "client_id", toml: `"Stand-In_0"`, text: "Stand-In_0", want: "Stand-In_0"},
		{name: "client id with a blank", key: "client_id", text: "a b", refused: "blank"},
		{name: "client id too long", key: "client_id", text: strings.Repeat("x", 257), refused: "longer than 256 bytes"},
		{name: "redirect unchanged", key: "redirect_uri", text: "http://LocalHost:8149/a/", refused: "not an address of this computer"},
		{name: "redirect", key: "redirect_uri", toml: `"http://localhost:8149/a/"`, text: "http://localhost:8149/a/", want: "http://localhost:8149/a/"},
		{name: "redirect to any port", key: "redirect_uri", text: "http://127.0.0.1:0/cb", want: "http://127.0.0.1:0/cb"},
		{name: "redirect with TLS", key: "redirect_uri", text: "https://localhost:8149/", refused: "http://"},
		{name: "redirect elsewhere", key: "redirect_uri", text: "http://e.nhs.uk:8149/", refused: "this computer itself"},
		{name: "redirect without port", key: "redirect_uri", text: "http://localhost/callback", refused: "no port"},
		{name: "redirect with a bad port", key: "redirect_uri", text: "http://localhost:70000/", refused: "port"},
		{name: "redirect with a query", key: "redirect_uri", text: "http://localhost:8149/?hunter2", refused: "more in it"},
		{name: "OAuth server", key: "oauth_url", text: "https://int.api.service.nhs.uk/oauth2/", want: "https://int.api.service.nhs.uk/oauth2"},
		{name: "OAuth server on this computer", key: "oauth_url", text: "http://127.0.0.1:4711/oauth2", want: "http://127.0.0.1:4711/oauth2"},
		{name: "OAuth server not encrypted", key: "oauth_url", text: "http://e.nhs.uk/oauth2", refused: "https://"},
		{name: "FHIR API with a user", key: "fhir_base_url", text: "https://ann:hunter2@e.nhs.uk/", refused: "user name"},
		{name: "FHIR API here with a user", key: "fhir_base_url", text: "http://ann:hunter2@localhost/", refused: "user name"},
		{name: "endpoints", key: "oauth_endpoints", text: " auth  token me ", want: "auth token me"},
		{name: "two endpoints", key: "oauth_endpoints", text: "auth token", refused: "3 words"},
		{name: "endpoints elsewhere", key: "oauth_endpoints", text: "auth ../token me", refused: "other characters"},
		{name: "scope", key: "oauth_scope", text: "openid  offline_access", want: "openid offline_access"},
		{name: "level that is none", key: "acr_values", text: "AALä", refused: "ASCII"},
		{name: "no directory", key: "directory_url", text: "none", want: "none"},
		{name: "directory not encrypted", key: "directory_url", text: "http://e.nhs.uk/ORD", refused: "https://"},
		{name: "never idle", key: "idle_timeout", text: "0s", want: "0s"},
		{name: "browser for too short", key: "sign_in_timeout", text: "29s", refused: "shorter than 30s"},
		{name: "time empty", key: "request_timeout", toml: `""`, refused: "number with a unit"},
		{name: "bool", key: "send_fqdn", toml: "true", text: "True", want: "true"},
		{name: "bool as a text in the file", key: "send_fqdn", toml: `"true"`, refused: "neither true nor false"},
		{name: "bool another word", key: "send_fqdn", toml: "1", text: "yes", refused: "neither true nor false"},
		{name: "word", key: "log_level", toml: `"debug"`, text: "debug", want: "debug"},
		{name: "word not in the list", key: "log_level", toml: `"loud"`, text: "loud", refused: "not one of the allowed words"},
		{name: "the simulator is no agent", key: "agent", toml: `"simulator"`, text: "simulator", refused: "not one of the allowed words"},
		{name: "full path", key: "key", toml: "'" + absolute(t, "a", "b.key") + "'", text: absolute(t, "a", "b.key"), want: absolute(t, "a", "b.key")},
		{name: "home", key: "key", toml: `"~/b.key"`, text: "~/b.key", want: filepath.Join(absolute(t, "home", "ann"), "b.key")},
		{name: "path not a text", key: "key", toml: `["b.key"]`, refused: "not a text"},
		{name: "path with NUL", key: "key", toml: `"a\u0000b"`, refused: "control character"},
		{name: "a lock that ends", key: "screen_lock", toml: `"end"`, text: "end", want: "end"},
		{name: "no grace", key: "closing_grace", toml: `"0s"`, text: "0s", want: "0s"},
		{name: "grace below nothing", key: "closing_grace", text: "-1s", refused: "shorter than 0s"},
		{name: "too much grace", key: "closing_grace", text: "10001ms", refused: "longer than 10s"},
		{name: "audit records for ten years", key: "audit_keep", text: "87600h", want: "87600h"},
		{name: "audit records for too short", key: "audit_keep", text: "2207h", refused: "shorter than 2208h"},
		{name: "proxy of the environment", key: "proxy", toml: `"environment"`, text: "environment", want: "environment"},
		{name: "no proxy", key: "proxy", text: "none", want: "none"},
		{name: "proxy", key: "proxy", toml: `"http://proxy.nhs.uk:8080/"`, text: "http://proxy.nhs.uk:8080", want: "http://proxy.nhs.uk:8080"},
		{name: "proxy with TLS", key: "proxy", text: "https://[::1]:8443", want: "https://[::1]:8443"},
		{name: "proxy with a password", key: "proxy", toml: `"http://ann:hunter2@p:80"`, text: "http://ann:hunter2@p:80", refused: "user name"},
		{name: "proxy with a broken password", key: "proxy", text: "http://ann:hun/ter2@p:80", refused: "user name"},
		{name: "proxy with a user", key: "proxy", text: "http://ann@p:80", refused: "user name"},
		{name: "proxy without scheme", key: "proxy", text: "proxy.nhs.uk:8080", refused: "http:// or https://"},
		{name: "proxy by its number, without scheme", key: "proxy", text: "10.0.0.1:3128", refused: "neither one of the words nor an address that"},
		{name: "word misspelt", key: "proxy", toml: `"enviroment"`, text: "enviroment", refused: "neither one of the words nor an address that"},
		{name: "proxy of another kind", key: "proxy", text: "socks5://p:1080", refused: "http:// or https://"},
		{name: "proxy without port", key: "proxy", text: "http://proxy.nhs.uk", refused: "no port"},
		{name: "proxy with half a port", key: "proxy", text: "http://proxy.nhs.uk:", refused: "no port"},
		{name: "proxy with a bad port", key: "proxy", text: "http://proxy.nhs.uk:70000", refused: "port"},
		{name: "proxy without host", key: "proxy", text: "http://:8080", refused: "no host"},
		{name: "proxy with a path", key: "proxy", text: "http://p:80/proxy.pac", refused: "more in it"},
		{name: "proxy with a query", key: "proxy", text: "http://p:80?", refused: "more in it"},
		{name: "proxy that is none", key: "proxy", text: "http://p:8o", refused: "not an address"},
		{name: "proxy far too long", key: "proxy", text: "http://" + long + ":80", refused: "longer than"},
		{name: "proxy empty", key: "proxy", toml: `""`, refused: "empty"},
		{name: "user of the proxy", key: "proxy_user", toml: `'TRUST\ann'`, text: `TRUST\ann`, want: `TRUST\ann`},
		{name: "user and password", key: "proxy_user", text: "ann:hunter2", refused: "colon"},
		{name: "user too long", key: "proxy_user", text: strings.Repeat("x", 257), refused: "longer than"},
		{name: "size of texts", key: "text_size", toml: "125", text: "125%", want: "125"},
		{name: "size lowest", key: "text_size", toml: "80", text: "80", want: "80"},
		{name: "size too small", key: "text_size", toml: "79", text: "79", refused: "less than 80"},
		{name: "size too large", key: "text_size", toml: "201", text: "201", refused: "more than 200"},
		{name: "size not whole", key: "text_size", toml: "100.5", text: "100.5", refused: "whole number"},
		{name: "size as a text", key: "text_size", toml: `"125"`, text: "large", refused: "whole number"},
		{name: "size beyond all", key: "text_size", text: "99999999999999999999", refused: "whole number"},
		{name: "thumbprint", key: "certificate_thumbprint", toml: `"` + thumbprint + `"`, text: thumbprint, want: thumbprint},
		{name: "thumbprint as Windows shows it", key: "certificate_thumbprint", toml: `"\u200ea9 99 3e 36 47 06 81 6a ba 3e 25 71 78 50 c2 6c 9c d0 d8 9d"`,
			text: "\u200ea9 99 3e 36 47 06 81 6a ba 3e 25 71 78 50 c2 6c 9c d0 d8 9d", want: thumbprint},
		{name: "thumbprint with colons", key: "certificate_thumbprint", text: "A9:99:3E:36:47:06:81:6A:BA:3E:25:71:78:50:C2:6C:9C:D0:D8:9D", want: thumbprint},
		{name: "thumbprint of SHA-256", key: "certificate_thumbprint", text: thumbprint + thumbprint[:24], refused: "40 hexadecimal"},
		{name: "thumbprint too short", key: "certificate_thumbprint", toml: `"a999"`, text: thumbprint[1:], refused: "40 hexadecimal"},
		{name: "thumbprint with other letters", key: "certificate_thumbprint", text: "G" + thumbprint[1:], refused: "40 hexadecimal"},
		{name: "name in the place of a thumbprint", key: "certificate_thumbprint", text: "clinic.nhs.uk", refused: "40 hexadecimal"},
		{name: "language", key: "language", toml: `"cy"`, text: "cy", want: "cy"},
		{name: "theme", key: "theme", toml: `"high-contrast"`, text: "high-contrast", want: "high-contrast"},
		{name: "command", key: "agent_command", toml: `['` + absolute(t, "bin", "a") + `', "-x", "$HOME; <>"]`,
			text: jsonList(absolute(t, "bin", "a"), "-x", "$HOME; <>"), want: jsonList(absolute(t, "bin", "a"), "-x", "$HOME; <>")},
		{name: "command alone", key: "agent_command", toml: `'` + absolute(t, "bin", "a b") + `'`, text: absolute(t, "bin", "a b"), want: jsonList(absolute(t, "bin", "a b"))},
		{name: "command below home", key: "agent_command", text: "~/a", want: jsonList(filepath.Join(absolute(t, "home", "ann"), "a"))},
		{name: "command by name", key: "agent_command", toml: `["print-ticket"]`, text: "print-ticket", refused: "full path"},
		{name: "command by name, in use", key: "agent_command", toml: `["print-ticket"]` + "\nagent = 'command'", refused: "full path"},
		{name: "command of numbers", key: "agent_command", toml: `[1, 2]`, text: `[1]`, refused: "text"},
		{name: "command of tables", key: "agent_command", toml: `[{ a = 1 }]`, refused: "list of texts"},
		{name: "command with broken JSON", key: "agent_command", text: `["/bin/a"`, refused: "JSON array"},
		{name: "command with an empty program", key: "agent_command", toml: `["", "a"]`, text: `[""]`, refused: "full path"},
		{name: "command with NUL", key: "agent_command", toml: `['` + absolute(t, "a") + `', "\u0000"]`, refused: "NUL"},
		{name: "command too long", key: "agent_command", text: jsonList(make([]string, 65)...), refused: "more than 64"},
		{name: "command with a long word", key: "agent_command", text: jsonList(long), refused: "longer than"},
	}
	for _, test := range tests {
		setting := find(t, test.key)
		check := func(t *testing.T, sources config.Sources, origin string) {
			t.Helper()
			sources.Home, sources.Dir, sources.OS = absolute(t, "home", "ann"), absolute(t, dir), "windows"
			c, err := config.Load(sources)
			if test.refused == "" {
				require.NoError(t, err)
				assert.Equal(t, test.want, c.Value(test.key))
				return
			}
			all := problems(t, err)
			require.Len(t, all, 1)
			text := allText(all[0])
			assert.Equal(t, "SETTING-"+strings.ToUpper(test.key), all[0].Code)
			assert.Contains(t, all[0].Expand(all[0].Happened), test.refused, "the reason is shown, not only logged")
			assert.Contains(t, text, test.key)
			assert.Contains(t, text, origin)
			assert.Contains(t, all[0].ServiceDesk, setting.Remedy)
			assert.NotContains(t, text, "hunter2", "a value is never repeated")
			assert.Equal(t, setting.Default, c.Value(test.key), "the default stands in its place")
		}
		if test.toml != "" {
			t.Run(test.name+" in the file", func(t *testing.T) {
				file := settingsFile(t, test.key+" = "+test.toml+"\n")
				check(t, config.Sources{File: file}, "line 1 of "+file)
			})
		}
		if test.text != "" {
			t.Run(test.name+" in the environment", func(t *testing.T) {
				check(t, config.Sources{Environ: []string{setting.Environment + "=" + test.text}}, "environment variable "+setting.Environment)
			})
			t.Run(test.name+" as a flag", func(t *testing.T) {
				check(t, config.Sources{Flags: commandLine(t, "--"+setting.Flag+"="+test.text)}, "flag --"+setting.Flag)
			})
		}
	}
}

// thumbprint is that of the text abc.
const thumbprint = "A9993E364706816ABA3E25717850C26C9CD0D89D"

// trustAll trusts every file, so that a test's files count.
func trustAll(*os.File) error { return nil }

// longestURL is the longest base URL.
var longestURL = "https://e.nhs.uk/" + strings.Repeat("x", 200-len("https://e.nhs.uk/"))

// A base URL that is accepted here and not by the keyring's entry would end every sign-in at its last step.
func TestTheLongestBaseURLCanBeHandedOver(t *testing.T) {
	session := handoff.Session{
		SessionKey: handoff.NewSessionKey("a-session"), BaseURL: longestURL, IssuedAt: time.Now(), ExpiresAt: time.Now(),
	}
	_, err := handoff.Encode(session)
	require.NoError(t, err)
	session.BaseURL += "x"
	_, err = handoff.Encode(session)
	require.ErrorIs(t, err, handoff.ErrInvalid, "package handoff has more room: so can config")
}

func find(t *testing.T, key string) config.Setting {
	t.Helper()
	for _, setting := range config.Settings() {
		if setting.Key == key {
			return setting
		}
	}
	require.Fail(t, "no such setting", key)
	return config.Setting{}
}

// A certificate named next to its settings file is found whatever folder the program was started in.
func TestRelativePathsStartWhereTheyAreWritten(t *testing.T) {
	file := settingsFile(t, "certificate = 'a.pem'\nkey = '../b.key'\n")
	here := absolute(t, "work")
	c, err := config.Load(config.Sources{File: file, Dir: here, Environ: []string{"ERS_LOGIN_CA_BUNDLE=c.pem"},
		Flags: commandLine(t, "--passphrase-file=d/e")})
	require.NoError(t, err)
	assert.Equal(t, filepath.Join(filepath.Dir(file), "a.pem"), c.Certificate)
	assert.Equal(t, filepath.Join(filepath.Dir(filepath.Dir(file)), "b.key"), c.Key)
	assert.Equal(t, filepath.Join(here, "c.pem"), c.CABundle)
	assert.Equal(t, filepath.Join(here, "d", "e"), c.PassphraseFile)

	_, err = config.Load(config.Sources{Environ: []string{"ERS_LOGIN_KEY=~/b.key"}})
	assert.Contains(t, problems(t, err)[0].Error(), "home folder is not known")
}

// An empty value in an upper layer removes the setting.
func TestAnEmptyTextTakesASettingBack(t *testing.T) {
	sources := config.Sources{File: settingsFile(t, "key = 'a'\nagent_command = ['"+absolute(t, "a")+"']\n"),
		Flags: commandLine(t, "--key=", "--agent-command=")}
	c, err := config.Load(sources)
	require.NoError(t, err)
	assert.Empty(t, c.Key)
	assert.Empty(t, c.AgentCommand)
}

// Three mistakes must not take three starts of the program.
func TestAllProblemsAreReportedAtOnce(t *testing.T) {
	c, err := config.Load(config.Sources{
		File:    settingsFile(t, "asid = 1\nbase_ulr = 'https://e'\npassword = 'hunter2'\n"),
		Environ: []string{"ERS_LOGIN_REQUEST_TIMEOUT=1"},
		Flags:   commandLine(t, "--agent-command=print-ticket"),
	})
	all := problems(t, err)
	codes := make([]string, len(all))
	for i, p := range all {
		codes[i] = p.Code
		assert.Contains(t, err.Error(), p.Error())
		assert.ErrorIs(t, err, p)
	}
	assert.Equal(t, []string{"SETTING-UNKNOWN", "SETTING-SECRET", "SETTING-ASID", "SETTING-AGENT_COMMAND", "SETTING-REQUEST_TIMEOUT"}, codes)
	assert.NotContains(t, err.Error(), "hunter2")

	shown := problem.Of(err)
	assert.Equal(t, "SETTING-SEVERAL", shown.Code)
	text := allText(shown)
	assert.NotContains(t, text, "{{")
	assert.NotContains(t, text, "hunter2")
	for i, says := range [][]string{
		{"base_ulr", "line 2 of", "Did you mean base_url?"},
		{"password", "line 3 of", "Remove it there."},
		{"asid", "line 1 of", "it is not a text in quotation marks", "12 digits"},
		{"agent_command", "flag --agent-command", "full path"},
		{"request_timeout", "environment variable ERS_LOGIN_REQUEST_TIMEOUT", "it is not a number with a unit"},
	} {
		for _, part := range says {
			assert.Contains(t, shown.Expand(shown.ServiceDesk[i]), part)
		}
	}
	assert.Equal(t, 15*time.Second, c.RequestTimeout, "the default stands in the place of a bad value")
}

// A misspelt key that is ignored without a word costs an administrator an afternoon.
func TestUnknownKeys(t *testing.T) {
	tests := map[string]struct{ content, nearest, line string }{
		"misspelt":          {"request_timout = '1s'", "request_timeout", "line 1 of"},
		"swapped letters":   {"\nbase_ulr = 'https://e'", "base_url", "line 2 of"},
		"as the flag":       {"ca-bundle = 'a'", "ca_bundle", "line 1 of"},
		"upper case":        {"ASID = '1'", "asid", "line 1 of"},
		"another style":     {"passphraseFile = 'a'", "passphrase_file", "line 1 of"},
		"a flag's name":     {"passphrase-file = 'a'", "passphrase_file", "line 1 of"},
		"a table":           {"asid = '123456789012'\n[agents]\na = 1", "agent", "line 2 of"},
		"an empty table":    {"[logs]", "", "line 1 of"},
		"nothing like it":   {"foo = 1", "", "line 1 of"},
		"short and like it": {"kye = 'a'", "key", "line 1 of"},
		"a list of tables":  {"[[keys]]\na = 1\n[[keys]]\n", "key", "line 1 of"},
		"dotted":            {"base.url = 'https://e'", "", "line 1 of"},
		"a quoted name":     {`"send fqdn" = true`, "send_fqdn", "line 1 of"},
		"a name of letters": {strings.Repeat("a", 5000) + " = 1", "", "line 1 of"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := config.Load(config.Sources{File: settingsFile(t, test.content)})
			all := problems(t, err)
			require.Len(t, all, 1)
			assert.Equal(t, "SETTING-UNKNOWN", all[0].Code)
			assert.Contains(t, allText(all[0]), test.line)
			if test.nearest == "" {
				assert.NotContains(t, allText(all[0]), "Did you mean")
			} else {
				assert.Contains(t, allText(all[0]), "Did you mean "+test.nearest+"?")
			}
			assert.Contains(t, allText(all[0]), "docs/settings.md")
		})
	}
}

// Many wrong keys, such as another program's file named by mistake, do not become a flood.
func TestAForeignFile(t *testing.T) {
	_, err := config.Load(config.Sources{File: settingsFile(t, strings.Repeat("[x]\n", 1)+manyKeys(500))})
	assert.Len(t, problems(t, err), 1, "all keys stand below one table")
	_, err = config.Load(config.Sources{File: settingsFile(t, manyKeys(500))})
	assert.Len(t, problems(t, err), 20)
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("k" + strings.Repeat("y", i+1) + " = 1\n")
	}
	return b.String()
}

// A variable of another version of the program is reported and does no harm.
func TestUnknownVariables(t *testing.T) {
	c, err := config.Load(config.Sources{Environ: []string{"ERS_LOGIN_BASEURL=x", "ERS_LOGIN_ASIDS", "OTHER_PASSWORD=x", "ERS_LOGINX=y", "=C:=C"}})
	require.NoError(t, err)
	require.Len(t, c.Warnings, 1)
	assert.Equal(t, "SETTING-UNKNOWN", c.Warnings[0].Code)
	assert.Contains(t, allText(c.Warnings[0]), "ERS_LOGIN_BASEURL")
	assert.Contains(t, allText(c.Warnings[0]), "Did you mean ERS_LOGIN_BASE_URL?")
}

// Settings files are copied, mailed and backed up: a secret in one is no secret any more.
func TestSecretsAreRefused(t *testing.T) {
	files := map[string]string{
		"passphrase":     "passphrase = 'hunter2'",
		"password":       "certificate_password = 'hunter2'",
		"client secret":  "client_secret = 'hunter2'",
		"access token":   "access_token = 'hunter2'",
		"ticket":         "ticket = 'hunter2'",
		"token":          "Token = 'hunter2'",
		"session key":    "session_key = 'hunter2'",
		"pin":            "card-pin = 'hunter2'",
		"in a table":     "[tls]\nverify = true\npassword = 'hunter2'",
		"in a dotted":    "tls.password = 'hunter2'",
		"as a table":     "[secrets]\na = 'hunter2'",
		"empty":          "password = ''",
		"with a number":  "pin = 1234567",
		"with a comment": "# the passphrase\npwd = 'hunter2' # hunter2",
	}
	for name, content := range files {
		t.Run("file: "+name, func(t *testing.T) {
			_, err := config.Load(config.Sources{File: settingsFile(t, content)})
			all := problems(t, err)
			require.Len(t, all, 1)
			assert.Equal(t, "SETTING-SECRET", all[0].Code)
			assert.NotContains(t, allText(all[0]), "hunter2")
			assert.NotContains(t, allText(all[0]), "1234567")
		})
	}
	for _, name := range []string{"PASSPHRASE", "PKCS12_PASSWORD", "TICKET", "TOKEN", "SESSION_KEY"} {
		t.Run("environment: "+name, func(t *testing.T) {
			_, err := config.Load(config.Sources{Environ: []string{"ERS_LOGIN_" + name + "=hunter2"}})
			all := problems(t, err)
			require.Len(t, all, 1)
			assert.Equal(t, "SETTING-SECRET", all[0].Code)
			assert.Contains(t, allText(all[0]), "ERS_LOGIN_"+name)
			assert.NotContains(t, allText(all[0]), "hunter2")
		})
	}
	commands := map[string]struct{ argument, code, says string }{
		"secret":         {"--passphrase=hunter2", "SETTING-SECRET", "--passphrase"},
		"bare secret":    {"--password", "SETTING-SECRET", "--password"},
		"misspelt":       {"--asdi=hunter2", "SETTING-FLAG", "Did you mean --asid?"},
		"near a secret":  {"--pasphrase-file=hunter2", "SETTING-FLAG", "Did you mean --passphrase-file?"},
		"letters":        {"-phunter2", "SETTING-FLAG", "The flag -p is not known."},
		"a letter":       {"-j", "SETTING-FLAG", "The flag -j is not known."},
		"a hyphen lost":  {"-asid=200000000205", "SETTING-FLAG", "Did you mean --asid?"},
		"no letter":      {"-\xff", "SETTING-FLAG", "--help"},
		"without value":  {"--asid", "SETTING-FLAG", "The flag --asid needs a value."},
		"very long name": {"--" + strings.Repeat("x", 9000), "SETTING-FLAG", "--help"},
	}
	for name, test := range commands {
		t.Run("flag: "+name, func(t *testing.T) {
			flags := pflag.NewFlagSet("ers-login", pflag.ContinueOnError)
			config.AddFlags(flags)
			p := problem.Of(config.FlagError("ers-login", flags, flags.Parse([]string{test.argument})))
			require.NotNil(t, p)
			assert.Equal(t, test.code, p.Code)
			assert.Contains(t, allText(p), test.says)
			assert.NotContains(t, allText(p), "hunter2")
			assert.Less(t, len(allText(p)), 2000)
		})
	}
	require.NoError(t, config.FlagError("ers-login", pflag.NewFlagSet("ers-login", pflag.ContinueOnError), nil))
}

// A setting given to a sub-command is answered with its place, not with a similar name.
func TestFlagsOfACommandWithoutSettings(t *testing.T) {
	tests := map[string]struct{ argument, says string }{
		"a setting":                 {"--asid", "belongs to ers-login itself"},
		"like one of the command's": {"--persone", "Did you mean --persona?"},
		"like a setting":            {"--asdi", "for all flags"},
		"hidden":                    {"--sicret-dor", "for all flags"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			flags := pflag.NewFlagSet("demo", pflag.ContinueOnError)
			flags.String("persona", "", "")
			flags.String("sicret-door", "", "")
			require.NoError(t, flags.MarkHidden("sicret-door"))
			p := problem.Of(config.FlagError("ers-login", flags, flags.Parse([]string{test.argument, "1"})))
			assert.Contains(t, allText(p), test.says)
			assert.Equal(t, strings.Contains(test.says, "Did you mean"), strings.Contains(allText(p), "Did you mean"))
		})
	}
}

// A missing unit is named, rather than similar words.
func TestFlagsWithAWrongValue(t *testing.T) {
	tests := map[string]struct{ argument, says, nearest string }{
		"no unit":       {"--timeout=5", "The flag --timeout needs a time with its unit, such as 5s, 2m or 1h30m.", "Did you mean --timeout 5s?"},
		"no time":       {"--timeout=soon", "The flag --timeout needs a time with its unit", ""},
		"zero":          {"--timeout=00", "The flag --timeout needs a time with its unit", ""},
		"a huge number": {"--timeout=99999999999999999999", "The flag --timeout needs a time with its unit", ""},
		"a switch":      {"--json=5", "The flag --json is a switch", ""},
		"a number":      {"--count=many", "A flag on the command line cannot be used", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			flags := pflag.NewFlagSet("session", pflag.ContinueOnError)
			flags.Duration("timeout", 0, "")
			flags.Bool("json", false, "")
			flags.Int("count", 0, "")
			p := problem.Of(config.FlagError("ers-login session", flags, flags.Parse([]string{test.argument})))
			assert.Equal(t, "SETTING-FLAG", p.Code)
			assert.Contains(t, allText(p), test.says)
			assert.Contains(t, allText(p), "See ers-login session --help")
			assert.Equal(t, test.nearest != "", strings.Contains(allText(p), "Did you mean"))
			assert.Contains(t, allText(p), test.nearest)
		})
	}
}

// Hundreds of mistakes, as in a file that is another program's, still fit a window.
func TestManyProblemsAreShownInPart(t *testing.T) {
	_, err := config.Load(config.Sources{File: settingsFile(t, manyKeys(500))})
	shown := problem.Of(err)
	assert.Equal(t, "SETTING-SEVERAL", shown.Code)
	assert.Len(t, shown.ServiceDesk, 12+2)
	assert.Contains(t, allText(shown), "8 more are not shown here. Correct these first.", "doctor writes no log")
	assert.Equal(t, "Then start e-RS Login again.", shown.ServiceDesk[13])
	further := (&config.Invalid{Problems: problems(t, err), Discarded: problems(t, err)[:2]}).Problem()
	assert.Len(t, further.ServiceDesk, 16)
	assert.Equal(t, "Then start e-RS Login again.", further.ServiceDesk[15], "not before all is corrected")
	assert.Equal(t, shown.ServiceDesk[:13], further.ServiceDesk[:13])
	assert.Len(t, shown.ServiceDesk, 14, "the first one stays as it is")
	_, err = config.Load(config.Sources{File: settingsFile(t, "foo = 1")})
	assert.Same(t, problems(t, err)[0], problem.Of(err), "a single one is shown as it is")
	require.NotErrorIs(t, err, os.ErrNotExist)
}

// The Problem of an unusable file has the place of the mistake.
func TestBrokenFiles(t *testing.T) {
	tests := map[string]struct{ content, says string }{
		"no quotation marks":  {"\nasid = hunter2\n", "line 2, column"},
		"not TOML":            {"asid: 123456789012\n", "line 1, column 5"},
		"unfinished text":     {"asid = \"123\n", "line 1, column"},
		"twice":               {"asid = '1'\n\n# again\nasid = 'hunter2'\n", "line 4, column 1"},
		"value and table":     {"asid = '1'\n[asid]\n", "line 2, column"},
		"number too large":    {"pin = 99999999999999999999\n", "line 1, column 7"},
		"not UTF-8":           {"asid = '\xff'\n", "line 1, column"},
		"UTF-16":              {"\xff\xfea\x00s\x00i\x00d\x00", "line 1, column 1"},
		"no end of brackets":  {"agent_command = " + strings.Repeat("[", 900), "line 1, column"},
		"bottomless brackets": {"agent_command = " + strings.Repeat("[", 1<<20-100), "brackets"},
		"bottomless braces":   {"agent_command = " + strings.Repeat("{a=", 1<<18), "brackets"},
		"too large":           {"#" + strings.Repeat("x", 1<<20), "too large"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			file := settingsFile(t, test.content)
			check := func(t *testing.T, code string, sources config.Sources) {
				t.Helper()
				sources.Environ, sources.Trust = []string{"ERS_LOGIN_ASID=123456789012"}, trustAll
				c, err := config.Load(sources)
				all := append(problems(t, err), c.Warnings...)
				require.Len(t, all, 1)
				assert.Equal(t, code, all[0].Code)
				assert.Contains(t, allText(all[0]), test.says)
				assert.Contains(t, allText(all[0]), filepath.Base(file))
				assert.NotContains(t, allText(all[0]), "hunter2")
				assert.NotContains(t, allText(all[0]), "99999999")
				assert.NotContains(t, allText(all[0]), "{{")
				assert.Equal(t, "123456789012", c.ASID, "the other layers still count")
				assert.Equal(t, sources.UserFile != "", err == nil, "only the user's own file is forgiven")
				content, err := os.ReadFile(file)
				require.NoError(t, err)
				require.True(t, test.content == string(content), "nothing is lost")
			}
			t.Run("named", func(t *testing.T) { check(t, "SETTING-FILE", config.Sources{File: file}) })
			t.Run("of the computer", func(t *testing.T) { check(t, "SETTING-FILE", config.Sources{MachineFile: file}) })
			t.Run("policy", func(t *testing.T) { check(t, "SETTING-POLICY", config.Sources{PolicyFile: file}) })
			t.Run("the user's", func(t *testing.T) { check(t, "SETTING-FILE", config.Sources{UserFile: file}) })
		})
	}
}

// Notepad's byte order mark and Windows' line ends are no mistake of the user.
func TestAFileSavedOnWindows(t *testing.T) {
	file := settingsFile(t, "\ufeff# ours\r\nasid = \"123456789012\"\r\nlog_level = \"debug\"\r\n")
	c, err := config.Load(config.Sources{File: file})
	require.NoError(t, err)
	assert.Equal(t, "123456789012", c.ASID)
	assert.Equal(t, "line 3 of "+file, c.Origin("log_level").String())
}

// A line number must be right also behind texts and lists of several lines.
func TestLineNumbers(t *testing.T) {
	file := settingsFile(t, "base_url = \"\"\"\\\n  https://e.nhs.uk/\n  \"\"\"\nagent_command = [\n  '"+absolute(t, "a")+"', # asid =\n]\n# asid = 1\nasid = '123456789012'\n")
	c, err := config.Load(config.Sources{File: file})
	require.NoError(t, err)
	assert.Equal(t, "https://e.nhs.uk", c.BaseURL)
	assert.Equal(t, "line 1 of "+file, c.Origin("base_url").String())
	assert.Equal(t, "line 4 of "+file, c.Origin("agent_command").String())
	assert.Equal(t, "line 8 of "+file, c.Origin("asid").String())
}

// Keys of many thousand dots, or a list of deep tables, are refused like any other mistake and do not hang the start.
func TestDeepKeys(t *testing.T) {
	for name, content := range map[string]string{
		"known":   "asid" + strings.Repeat(".a", 1<<16) + " = 1",
		"unknown": strings.Repeat("a.", 1<<16) + "a = 1",
		"inside":  "agent_command = [{ " + strings.Repeat("a.", 1<<16) + "a = 1 }]",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := config.Load(config.Sources{File: settingsFile(t, content)})
			assert.Len(t, problems(t, err), 1)
		})
	}
}

// A missing file is a first start; a missing file that was named is a mistake.
func TestMissingFile(t *testing.T) {
	gone := filepath.Join(t.TempDir(), "none.toml")
	_, err := config.Load(config.Sources{UserFile: gone})
	require.NoError(t, err)
	_, err = config.Load(config.Sources{File: gone, UserFile: settingsFile(t, "")})
	all := problems(t, err)
	require.Len(t, all, 1)
	assert.Equal(t, "SETTING-FILE", all[0].Code)
	assert.True(t, errors.Is(err, os.ErrNotExist))

	folder := t.TempDir()
	_, err = config.Load(config.Sources{File: folder})
	assert.Equal(t, "SETTING-FILE", problems(t, err)[0].Code, "a folder is no settings file")
	c, err := config.Load(config.Sources{UserFile: folder})
	require.NoError(t, err)
	require.Len(t, c.Warnings, 1)
	assert.Equal(t, "SETTING-FILE", c.Warnings[0].Code)
	assert.Contains(t, allText(c.Warnings[0]), "does not use it")
	assert.DirExists(t, folder, "what is not a broken file is not moved")
}

// The running system's sources are the ones that main uses.
func TestSystem(t *testing.T) {
	t.Setenv("ERS_LOGIN_LOG_LEVEL", "debug")
	sources := config.System("named.toml", nil)
	assert.Equal(t, "named.toml", sources.File)
	assert.Equal(t, "config.toml", filepath.Base(sources.MachineFile))
	assert.True(t, filepath.IsAbs(sources.MachineFile))
	assert.True(t, sources.PolicyFile == "" || filepath.IsAbs(sources.PolicyFile))
	assert.NotNil(t, sources.Trust, "files for all users are not read unseen")
	assert.NotNil(t, sources.Policy)
	assert.Equal(t, config.DefaultFile(), sources.UserFile)
	assert.True(t, strings.HasSuffix(filepath.ToSlash(config.DefaultFile()), "/ers-login/config.toml"))
	assert.Contains(t, sources.Environ, "ERS_LOGIN_LOG_LEVEL=debug")
	assert.True(t, filepath.IsAbs(sources.Dir))
}
