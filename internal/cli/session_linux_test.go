package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/app"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
)

// madeUpKey has every character that a shell could interpret.
const madeUpKey = `a-made-up$(touch/planted)'"\` + "`id`;key"

func madeUpSession(generation int64) handoff.Session {
	now := time.Now().Truncate(time.Second)
	return handoff.Session{
		Version: handoff.Version, Generation: generation, SessionKey: handoff.NewSessionKey(madeUpKey),
		BaseURL: "https://ers.example/ers-api", ASID: "123456789012", UserIdentifier: "021600556514", UserName: "Ann \x1b[31mExample",
		OrgIdentifier: "R01", OrgName: "Meddygfa Tŷ Elli", BusinessFunction: "REFERRING_CLINICIAN",
		IssuedAt: now.Add(-time.Minute), ExpiresAt: now.Add(time.Hour), Publisher: "ers-login test",
	}
}

// madeUpToken has every character that a shell could interpret.
const madeUpToken = `a-made-up$(touch/token)'"\` + "`id`;token"

func madeUpFHIRSession(revision int64) handoff.FHIRSession {
	now := time.Now().Truncate(time.Second)
	return handoff.FHIRSession{
		Version: handoff.Version, Generation: 9, Revision: revision, AccessToken: handoff.NewAccessToken(madeUpToken),
		BaseURL: "https://ers.example/FHIR", UserIdentifier: "021600556514", UserName: "Ann \x1b[31mExample",
		OrgIdentifier: "R01", OrgName: "Meddygfa Tŷ Elli", BusinessFunction: "SERVICE_PROVIDER_CLINICIAN_ADMIN", OnBehalfOf: "021600556515",
		IssuedAt: now.Add(-time.Minute), TokenExpiresAt: now.Add(9 * time.Minute), ExpiresAt: now.Add(time.Hour), Publisher: "ers-login test",
	}
}

func entryOf(t *testing.T, session handoff.Entry) string {
	t.Helper()
	entry, err := handoff.Encode(session)
	require.NoError(t, err)
	return string(entry)
}

// The output matches docs/commands.md byte for byte, for integrators' scripts.
func TestSessionForms(t *testing.T) {
	w := newWorkplace(t, dallies, keyringtest.Options{})
	session := madeUpSession(7)
	w.publish(session)
	for name, test := range map[string]struct {
		arguments []string
		want      string
	}{
		"json":   {[]string{"--json"}, entryOf(t, session) + "\n"},
		"waited": {[]string{"--wait", "--timeout", "1m", "--json"}, entryOf(t, session) + "\n"},
		"key":    {[]string{"--key"}, madeUpKey},
		"header": {[]string{"--header"}, "HTTP_X_SESSION_KEY: " + madeUpKey + "\nXAPI_ASID: 123456789012\n"},
		"env for fish": {[]string{"--env", "--shell", "fish"}, `set -gx ERS_SESSION_KEY 'a-made-up$(touch/planted)\'"\\` + "`id`;key'" + `;
set -gx ERS_BASE_URL 'https://ers.example/ers-api';
set -gx ERS_ASID '123456789012';
set -gx ERS_PLATFORM 'hscn';
set -e ERS_ACCESS_TOKEN;
set -gx ERS_ORG_IDENTIFIER 'R01';
set -gx ERS_BUSINESS_FUNCTION 'REFERRING_CLINICIAN';
set -e ERS_ON_BEHALF_OF;
`},
		"env for PowerShell": {[]string{"--env", "--shell", "powershell"}, `$env:ERS_SESSION_KEY = 'a-made-up$(touch/planted)''"\` + "`id`;key'" + `;
$env:ERS_BASE_URL = 'https://ers.example/ers-api';
$env:ERS_ASID = '123456789012';
$env:ERS_PLATFORM = 'hscn';
$env:ERS_ACCESS_TOKEN = $null;
$env:ERS_ORG_IDENTIFIER = 'R01';
$env:ERS_BUSINESS_FUNCTION = 'REFERRING_CLINICIAN';
$env:ERS_ON_BEHALF_OF = $null;
`},
	} {
		t.Run(name, func(t *testing.T) {
			status, stdout, stderr := run(t, "", append([]string{"session"}, test.arguments...)...)
			assert.Equal(t, app.StatusDone, status)
			assert.True(t, stdout == test.want, "it prints something else")
			assert.Empty(t, stderr)
		})
	}

	t.Run("json of a later program", func(t *testing.T) {
		later := strings.TrimSuffix(entryOf(t, session), "}") + `,"colour":"red"}`
		store := exec.CommandContext(t.Context(), "secret-tool", "store", "--label=x", "service", "ers-login", "username", "session")
		store.Stdin = strings.NewReader(later)
		require.NoError(t, store.Run())
		t.Cleanup(func() {
			require.NoError(t, handoff.Clear(context.WithoutCancel(t.Context())))
			require.NoError(t, handoff.Write(context.WithoutCancel(t.Context()), session))
		})
		status, stdout, stderr := run(t, "", "session", "--json")
		assert.Equal(t, app.StatusDone, status, stderr)
		assert.True(t, stdout == later+"\n", "a member is lost that this version does not know")
		status, stdout, _ = run(t, "", "session", "--json", "--without-key")
		assert.Equal(t, app.StatusDone, status)
		assert.Contains(t, stdout, `,"colour":"red"}`)
		assert.NotContains(t, stdout, "made-up$")
	})

	t.Run("env for shells that understand the same", func(t *testing.T) {
		for also, shell := range map[string]string{"bash": "sh", "zsh": "sh", "pwsh": "powershell"} {
			_, want, _ := run(t, "", "session", "--env", "--shell", shell)
			status, stdout, stderr := run(t, "", "session", "--env", "--shell", also)
			assert.Equal(t, app.StatusDone, status, stderr)
			assert.True(t, stdout != "" && stdout == want, "%s gets something else than %s", also, shell)
		}
	})

	t.Run("for people", func(t *testing.T) {
		status, stdout, stderr := run(t, "", "session")
		assert.Equal(t, app.StatusDone, status)
		assert.Empty(t, stderr)
		for _, part := range []string{"Ann [31mExample (021600556514)", "Meddygfa Tŷ Elli (R01)", "Referring clinician (REFERRING_CLINICIAN)"} {
			assert.Contains(t, stdout, part)
		}
		assert.NotContains(t, stdout, "\x1b", "what a name is made of must not reach the terminal")
		assert.NotContains(t, stdout, "made-up", "a key on the screen is in the next screenshot")
	})

	t.Run("json without the key", func(t *testing.T) {
		status, stdout, _ := run(t, "", "session", "--json", "--without-key")
		assert.Equal(t, app.StatusDone, status)
		assert.NotContains(t, stdout, "made-up")
		var members map[string]any
		require.NoError(t, json.Unmarshal([]byte(stdout), &members))
		assert.Equal(t, "Meddygfa Tŷ Elli", members["orgName"])
		assert.NotContains(t, members, "sessionKey")
	})

	for path, shell := range map[string]string{"/bin/sh": "sh", "/bin/bash": "bash"} {
		t.Run("env, evaluated by a real "+shell, func(t *testing.T) {
			t.Chdir(t.TempDir())
			script := `eval "$("$0" session --env --shell ` + shell + `)"; printf '%s|%s|%s' "$ERS_SESSION_KEY" "$ERS_BASE_URL" "$ERS_ASID"; ls`
			cmd := exec.CommandContext(t.Context(), path, "-c", script, os.Args[0])
			cmd.Env = w.environ
			output, err := cmd.Output()
			require.NoError(t, err)
			assert.True(t, string(output) == madeUpKey+"|https://ers.example/ers-api|123456789012", "the shell has made something else of it")
		})
	}
}

// TestADemonstrationsSession: a form without a place for it says on standard error that the session is
// not real; what programs read stays the same.
func TestADemonstrationsSession(t *testing.T) {
	w := newWorkplace(t, dallies, keyringtest.Options{})
	session := madeUpSession(7)
	session.Kind = handoff.KindDemonstration
	w.publish(session)
	const said = "This is the session of a demonstration. The real e-RS does not know it.\n"
	for name, test := range map[string]struct {
		arguments []string
		stderr    string
	}{
		"for people": {nil, said},
		"key":        {[]string{"--key"}, said},
		"header":     {[]string{"--header"}, said},
		"env":        {[]string{"--env"}, said},
		"json":       {[]string{"--json"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			status, stdout, stderr := run(t, "", append([]string{"session"}, test.arguments...)...)
			assert.Equal(t, app.StatusDone, status)
			assert.Equal(t, test.stderr, stderr)
			assert.Equal(t, name == "json", strings.Contains(stdout, "demonstration"))
		})
	}
}

// The same for a session of the FHIR platform. A script made for HSCN must find no user signed in,
// rather than send an access token as a session key.
func TestSessionFormsOfFHIR(t *testing.T) {
	w := newWorkplace(t, dallies, keyringtest.Options{})
	session := madeUpFHIRSession(2)
	w.publish(session)
	const headers = "Authorization: Bearer " + madeUpToken + "\nNHSD-End-User-Organisation-ODS: R01\n" +
		"NHSD-eRS-Business-Function: SERVICE_PROVIDER_CLINICIAN_ADMIN\n"
	for name, test := range map[string]struct {
		arguments []string
		want      string
	}{
		"json":               {[]string{"--json"}, entryOf(t, session) + "\n"},
		"waited":             {[]string{"--wait", "--timeout", "1m", "--json"}, entryOf(t, session) + "\n"},
		"token":              {[]string{"--token"}, madeUpToken},
		"waited for a token": {[]string{"--wait", "--timeout", "1m", "--token"}, madeUpToken},
		"header":             {[]string{"--header"}, headers + "NHSD-eRS-On-Behalf-Of-User-ID: 021600556515\n"},
		"env for fish": {[]string{"--env", "--shell", "fish"}, `set -e ERS_SESSION_KEY;
set -gx ERS_BASE_URL 'https://ers.example/FHIR';
set -e ERS_ASID;
set -gx ERS_PLATFORM 'fhir';
set -gx ERS_ACCESS_TOKEN 'a-made-up$(touch/token)\'"\\` + "`id`;token'" + `;
set -gx ERS_ORG_IDENTIFIER 'R01';
set -gx ERS_BUSINESS_FUNCTION 'SERVICE_PROVIDER_CLINICIAN_ADMIN';
set -gx ERS_ON_BEHALF_OF '021600556515';
`},
	} {
		t.Run(name, func(t *testing.T) {
			status, stdout, stderr := run(t, "", append([]string{"session"}, test.arguments...)...)
			assert.Equal(t, app.StatusDone, status, stderr)
			assert.True(t, stdout == test.want, "it prints something else")
			assert.Empty(t, stderr)
		})
	}
	for name, form := range map[string]struct {
		arguments []string
		status    int
	}{
		"key": {[]string{"--key"}, app.StatusFailed}, "waited for a key": {[]string{"--wait", "--timeout", "100ms", "--key"}, app.StatusLate},
	} {
		t.Run(name, func(t *testing.T) {
			status, stdout, stderr := run(t, "", append([]string{"session"}, form.arguments...)...)
			assert.Equal(t, form.status, status)
			assert.Empty(t, stdout)
			assert.NotContains(t, stderr, "made-up")
		})
	}
	t.Run("for people and for logs", func(t *testing.T) {
		_, people, _ := run(t, "", "session")
		for _, part := range []string{"Ann [31mExample (021600556514)", "Meddygfa Tŷ Elli (R01)", "Acting for:   021600556515", "Platform:     FHIR"} {
			assert.Contains(t, people, part)
		}
		_, bare, _ := run(t, "", "session", "--json", "--without-key")
		assert.Contains(t, bare, `"revision":2`)
		assert.NotContains(t, people+bare, "made-up", "a token on the screen is in the next screenshot")
	})
	t.Run("the user acts for no clinician", func(t *testing.T) {
		session.OnBehalfOf = ""
		w.publish(session)
		_, stdout, _ := run(t, "", "session", "--header")
		assert.True(t, stdout == headers, "e-RS refuses the header unless the user acts for a clinician")
		_, stdout, _ = run(t, "", "session", "--env", "--shell", "sh")
		assert.Contains(t, stdout, "unset ERS_ON_BEHALF_OF;\n")
	})
	t.Run("a token of a session key's platform", func(t *testing.T) {
		w.publish(madeUpSession(7))
		status, stdout, stderr := run(t, "", "session", "--token")
		assert.Equal(t, app.StatusFailed, status)
		assert.Empty(t, stdout)
		assert.Contains(t, stderr, "no user is signed in to e-RS with an access token")
	})
	t.Run("env, evaluated by a real shell", func(t *testing.T) {
		w.publish(session)
		t.Chdir(t.TempDir())
		script := `ERS_SESSION_KEY=old; eval "$("$0" session --env --shell sh)"; printf '%s|%s|%s' "$ERS_SESSION_KEY" "$ERS_BASE_URL" "$ERS_ACCESS_TOKEN"; ls`
		cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", script, os.Args[0])
		cmd.Env = w.environ
		output, err := cmd.Output()
		require.NoError(t, err)
		assert.True(t, string(output) == "|https://ers.example/FHIR|"+madeUpToken, "the shell has made something else of it")
	})
}

// Signed out must not be taken for signed in, nor a failing keyring for either.
func TestSessionWithoutASession(t *testing.T) {
	const unset = "unset ERS_SESSION_KEY;\nunset ERS_BASE_URL;\nunset ERS_ASID;\nunset ERS_PLATFORM;\nunset ERS_ACCESS_TOKEN;\n" +
		"unset ERS_ORG_IDENTIFIER;\nunset ERS_BUSINESS_FUNCTION;\nunset ERS_ON_BEHALF_OF;\n"
	expired, tokenExpired := madeUpSession(7), madeUpFHIRSession(7)
	expired.ExpiresAt, tokenExpired.TokenExpiresAt = time.Now().Add(-time.Second), time.Now().Add(-time.Second)
	for name, test := range map[string]struct {
		options keyringtest.Options
		session handoff.Entry
		lock    bool
		raw     string
		status  int
		says    string
	}{
		"no user":       {keyringtest.Options{}, nil, false, "", app.StatusFailed, "no user is signed in"},
		"token expired": {keyringtest.Options{}, tokenExpired, false, "", app.StatusFailed, "no user is signed in"},
		"expired":       {keyringtest.Options{}, expired, false, "", app.StatusFailed, "no user is signed in"},
		"no collection": {keyringtest.Options{State: keyringtest.NoCollection}, nil, false, "", app.StatusFailed, "no user is signed in"},
		"locked":        {keyringtest.Options{}, expired, true, "", app.StatusKeyring, "KEYRING-LOCKED"},
		"no service":    {keyringtest.Options{State: keyringtest.NoService}, nil, false, "", app.StatusKeyring, "KEYRING-NO_SERVICE"},
		"no bus":        {keyringtest.Options{State: keyringtest.NoBus}, nil, false, "", app.StatusKeyring, "KEYRING-NO_BUS"},
		"another version": {
			keyringtest.Options{}, nil, false, `{"version":2,"sessionKey":"a-made-up-key"}`, app.StatusKeyring, "KEYRING-UNREADABLE",
		},
		"planted": {
			keyringtest.Options{}, nil, false, `{"version":1,"sessionKey":"a-made-up-key","asid":"1\nX: y","expiresAt":"2999-01-01T00:00:00Z"}`,
			app.StatusKeyring, "KEYRING-UNREADABLE",
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorkplace(t, dallies, test.options)
			if test.session != nil {
				w.publish(test.session)
			}
			if test.raw != "" {
				store := exec.CommandContext(t.Context(), "secret-tool", "store", "--label=x", "service", "ers-login", "username", "session")
				store.Stdin = strings.NewReader(test.raw)
				require.NoError(t, store.Run())
			}
			if test.lock {
				require.NoError(t, w.keyring.Lock())
			}
			for _, form := range [][]string{nil, {"--json"}, {"--key"}, {"--header"}} {
				status, stdout, stderr := run(t, "", append([]string{"session"}, form...)...)
				assert.Equal(t, test.status, status)
				assert.Empty(t, stdout)
				assert.Contains(t, stderr, test.says)
				assert.NotContains(t, stderr, "made-up")
				assert.NotRegexp(t, `(?i)press|below|when your computer asks`, stderr, "there is no window and no prompt")
			}
			status, stdout, _ := run(t, "", "session", "--env", "--shell", "sh")
			assert.Equal(t, test.status, status)
			assert.Equal(t, unset, stdout, "a shell goes on with the session of before")
		})
	}
}

// A keyring that stays locked is a fault of the keyring, however long the wait.
func TestSessionWaitsNoLongerThanItIsTold(t *testing.T) {
	for name, test := range map[string]struct {
		state  keyringtest.State
		status int
	}{
		"no user":    {keyringtest.Unlocked, app.StatusLate},
		"locked":     {keyringtest.Locked, app.StatusKeyring},
		"no service": {keyringtest.NoService, app.StatusKeyring},
	} {
		t.Run(name, func(t *testing.T) {
			newWorkplace(t, dallies, keyringtest.Options{State: test.state})
			status, stdout, stderr := run(t, "", "session", "--wait", "--timeout", "2s", "--json")
			assert.Equal(t, test.status, status, stderr)
			assert.Empty(t, stdout)
		})
	}
}

// Invalid combinations are refused before anything is printed: a script would take one form for
// another.
func TestSessionUsage(t *testing.T) {
	for _, arguments := range []string{
		"--json --key", "--env --header", "--follow --json", "--follow --wait", "--without-key", "--key --without-key", "--shell fish",
		"--env --shell cmd", "--key --token", "--token --json", "--timeout 5s", "--wait --timeout 0s", "--wait --timeout -1s", "--wait --timeout soon", "somebody",
	} {
		t.Run(arguments, func(t *testing.T) {
			status, stdout, stderr := run(t, "", append([]string{"session"}, strings.Fields(arguments)...)...)
			assert.Equal(t, app.StatusUsage, status)
			assert.Empty(t, stdout)
			assert.NotEmpty(t, stderr)
		})
	}
}

// A vendor's program that waits for its user continues once they have signed in, in another
// process.
func TestSessionWaitsForASignIn(t *testing.T) {
	w := newWorkplace(t, dallies, keyringtest.Options{})
	waiting := w.command("session", "--wait", "--json")
	output, err := waiting.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, waiting.Start())
	session := madeUpSession(7)
	w.publish(session)
	printed, err := io.ReadAll(output)
	require.NoError(t, err)
	require.NoError(t, waiting.Wait())
	assert.True(t, string(printed) == entryOf(t, session)+"\n")
}

// follower is a process that follows the session.
type follower struct {
	t     *testing.T
	cmd   *exec.Cmd
	pipe  io.Closer
	lines *bufio.Scanner
}

func (w workplace) follow(arguments ...string) follower {
	w.t.Helper()
	cmd := w.command(append([]string{"session", "--follow"}, arguments...)...)
	output, err := cmd.StdoutPipe()
	require.NoError(w.t, err)
	require.NoError(w.t, cmd.Start())
	return follower{w.t, cmd, output, bufio.NewScanner(output)}
}

func (f follower) next() string {
	f.t.Helper()
	require.True(f.t, f.lines.Scan(), "no further line has come")
	return f.lines.Text()
}

// A program that follows the session gets each change, and ends silently with its reader.
func TestSessionFollow(t *testing.T) {
	w := newWorkplace(t, dallies, keyringtest.Options{})
	first, second := madeUpSession(7), madeUpSession(8)
	whole, bare := w.follow(), w.follow("--without-key")
	both := func(want, withoutKey string) {
		t.Helper()
		assert.True(t, whole.next() == want, "another line was expected than has come")
		line := bare.next()
		assert.NotContains(t, line, "made-up")
		assert.Contains(t, line, withoutKey)
	}
	both(`{"signedIn":false}`, `{"signedIn":false}`)
	w.publish(first)
	both(`{"signedIn":true,"session":`+compactJSON(t, entryOf(t, first))+`}`, `"generation":7`)
	w.publish(second)
	both(`{"signedIn":true,"session":`+compactJSON(t, entryOf(t, second))+`}`, `"generation":8`)
	require.NoError(t, handoff.Clear(t.Context()))
	both(`{"signedIn":false}`, `{"signedIn":false}`)
	for revision := range int64(2) {
		token := madeUpFHIRSession(revision)
		w.publish(token)
		both(`{"signedIn":true,"session":`+compactJSON(t, entryOf(t, token))+`}`, fmt.Sprintf(`"platform":"fhir","generation":9,"revision":%d`, revision))
	}
	require.NoError(t, handoff.Clear(t.Context()))
	both(`{"signedIn":false}`, `{"signedIn":false}`)
	require.NoError(t, w.keyring.KillDaemon())
	for _, f := range []follower{whole, bare} {
		line := f.next()
		if strings.Contains(line, "KEYRING-CRASHED") { // It was looking when the keyring was killed.
			line = f.next()
		}
		assert.Equal(t, `{"signedIn":false,"problem":"KEYRING-NO_SERVICE"}`, line)
	}

	require.NoError(t, whole.cmd.Process.Signal(syscall.SIGTERM))
	assert.False(t, whole.lines.Scan())
	require.NoError(t, whole.cmd.Wait(), "asked to end, it ends with 0")
	require.NoError(t, bare.pipe.Close())
	require.NoError(t, bare.cmd.Wait(), "its reader is gone, and nothing has changed: it must not stay")
}

// unreadOutput gives a command an output whose reader is gone.
func unreadOutput(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	output, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	require.NoError(t, output.Close())
}

// A waiting program that goes away, or is asked to end, must not leave its helper behind for the
// rest of the day; and its end must not be taken for a sign-in.
func TestSessionStopsWaiting(t *testing.T) {
	for name, stop := range map[string]func(t *testing.T, waiting *exec.Cmd){
		"no reader":   unreadOutput,
		"interrupted": func(t *testing.T, waiting *exec.Cmd) { signalled(t, waiting, os.Interrupt) },
		"ended":       func(t *testing.T, waiting *exec.Cmd) { signalled(t, waiting, syscall.SIGTERM) },
		"its terminal is gone": func(t *testing.T, waiting *exec.Cmd) {
			// Under nohup the tests' own children would ignore it, too.
			caught := make(chan os.Signal, 1)
			signal.Notify(caught, syscall.SIGHUP)
			defer signal.Stop(caught)
			signalled(t, waiting, syscall.SIGHUP)
		},
	} {
		for _, form := range []string{"--json", "--env"} {
			t.Run(name+" "+form, func(t *testing.T) {
				w := newWorkplace(t, dallies, keyringtest.Options{})
				waiting := w.command("session", "--wait", form)
				stop(t, waiting)
				require.Error(t, waiting.Wait())
				assert.Equal(t, app.StatusFailed, waiting.ProcessState.ExitCode())
			})
		}
	}
}

// signalled starts a waiting command, and signals it once it waits.
func signalled(t *testing.T, cmd *exec.Cmd, kind os.Signal) {
	t.Helper()
	require.NoError(t, cmd.Start())
	// It handles signals long before it contacts the keyring.
	require.Eventually(t, func() bool {
		open, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", cmd.Process.Pid))
		return err == nil && slices.ContainsFunc(open, func(file string) bool {
			leads, err := os.Readlink(file)
			return err == nil && strings.HasPrefix(leads, "socket:")
		})
	}, guardTime, lookPause)
	require.NoError(t, cmd.Process.Signal(kind))
}

// curlLines find the lines that call e-RS from a shell, in each document.
var curlLines = regexp.MustCompile(`(?m)^ *headers=.*\n.* curl .*$`)

// The lines that integrators copy from the document, or from --help, call e-RS with the session's
// headers; without a session they make no call, rather than one without a session.
func TestTheDocumentedCallWithCurl(t *testing.T) {
	handoffDocument, err := os.ReadFile("../../docs/handoff.md")
	require.NoError(t, err)
	commandsDocument, err := os.ReadFile("../../docs/commands.md")
	require.NoError(t, err)
	_, help, _ := run(t, "", "session", "--help")

	ers := erstest.NewServer()
	defer ers.Close()
	files, err := ers.WriteFiles(t.TempDir())
	require.NoError(t, err)
	calls := make(chan http.Header, 10)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { calls <- r.Header }))
	server.TLS = ers.TLSConfig()
	server.StartTLS()
	defer server.Close()

	bin := t.TempDir()
	require.NoError(t, os.Symlink(os.Args[0], filepath.Join(bin, "ers-login")))
	w := newWorkplace(t, dallies, keyringtest.Options{})
	shell := func(t *testing.T, text string) (status int, stderr string) {
		lines := curlLines.FindString(text)
		require.NotEmpty(t, lines, "it does not say how to call e-RS")
		lines = strings.NewReplacer("endpoint.pem", files.Certificate, "endpoint.key", files.Key, "https://…",
			"--silent --show-error --cacert "+files.CA+" "+server.URL+"/made-up").Replace(lines)
		ctx, cancel := context.WithTimeout(t.Context(), guardTime)
		defer cancel()
		cmd := exec.CommandContext(ctx, "/bin/sh", "-c", lines)
		cmd.Env = append(w.environ, "PATH="+bin+":"+os.Getenv("PATH"))
		var complaints strings.Builder
		cmd.Stderr = &complaints
		if err := cmd.Run(); err != nil {
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit)
		}
		return cmd.ProcessState.ExitCode(), complaints.String()
	}
	for name, text := range map[string]string{
		"handoff.md": string(handoffDocument), "commands.md": string(commandsDocument), "--help": help,
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, handoff.Clear(t.Context()))
			status, stderr := shell(t, text)
			assert.Equal(t, app.StatusFailed, status)
			assert.Contains(t, stderr, "no user is signed in")
			assert.Empty(t, calls, "e-RS was called without a session")

			session := madeUpSession(7)
			w.publish(session)
			status, stderr = shell(t, text)
			assert.Zero(t, status, stderr)
			require.Len(t, calls, 1)
			header := <-calls
			// Go canonicalises header names; the readers' tests prove that curl sends them
			// unchanged.
			assert.True(t, header.Get("Http_x_session_key") == session.SessionKey.Reveal(), "another session key")
			assert.Equal(t, session.ASID, header.Get("Xapi_asid"))
			assert.Empty(t, header.Get("Authorization"))

			token := madeUpFHIRSession(0)
			w.publish(token)
			status, stderr = shell(t, text)
			assert.Zero(t, status, stderr)
			require.Len(t, calls, 1)
			header = <-calls
			assert.True(t, header.Get("Authorization") == "Bearer "+token.AccessToken.Reveal(), "another access token")
			assert.Equal(t, []string{token.OrgIdentifier, token.BusinessFunction, token.OnBehalfOf, ""}, []string{
				header.Get("NHSD-End-User-Organisation-ODS"), header.Get("NHSD-eRS-Business-Function"),
				header.Get("NHSD-eRS-On-Behalf-Of-User-ID"), header.Get("Http_x_session_key"),
			})
		})
	}
}

// compactJSON returns JSON as encoding/json writes it on one line.
func compactJSON(t *testing.T, text string) string {
	t.Helper()
	line, err := json.Marshal(json.RawMessage(text))
	require.NoError(t, err)
	return string(line)
}
