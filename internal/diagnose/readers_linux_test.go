package diagnose_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/diagnose"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
)

// connect runs the keyring's worker in a private session.
func connect(t *testing.T, session *keyringtest.Session) (*keyring.Client, []string) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	env := append(os.Environ(), session.Env()...)
	client := keyring.New(keyring.Settings{
		Command: []string{self}, Version: "1.0", Env: append(env, workerVariable+"=serve"),
	})
	t.Cleanup(func() { assert.NoError(t, client.Close()) })
	return client, env
}

const madeUpKey = "pro-xapi-session_222c42c7-820f-4f9b-92fb-3add4b1db9f7"

func madeUp() handoff.Session {
	return handoff.Session{
		Version: handoff.Version, Generation: 7, SessionKey: handoff.NewSessionKey(madeUpKey),
		BaseURL: "https://api.dev1.ers.ncrs.nhs.uk/ers-api", ASID: "123456789012", UserIdentifier: "021600556514",
		UserName: "Ann Example", OrgIdentifier: "R01", OrgName: "Elli", BusinessFunction: "REFERRING_CLINICIAN",
		IssuedAt: time.Date(2026, 3, 2, 8, 42, 0, 0, time.UTC), ExpiresAt: time.Date(2026, 3, 2, 18, 42, 0, 0, time.UTC),
		Publisher: "e-RS Login 1.0.0",
	}
}

func statesOf(results []diagnose.Result) map[string]string {
	states := map[string]string{}
	for _, result := range results {
		states[result.ID] = result.State.String()
	}
	return states
}

// A false "this reader works" costs an integrator an afternoon; and a test entry that stays, or
// that touches the session, would do the harm that it looks for.
func TestTheReadersOfThisComputer(t *testing.T) {
	session := keyringtest.ForTest(t, keyringtest.Options{})
	client, env := connect(t, session)
	require.NoError(t, client.Publish(t.Context(), madeUp()))

	var progress []string
	results := diagnose.Handoff(t.Context(), diagnose.HandoffSettings{Keyring: client, Env: env},
		func(i int, _ diagnose.Finding) { progress = append(progress, string(rune('0'+i))) })
	assert.Equal(t, map[string]string{
		"write": "ok", "go": "ok", "libsecret": "ok", "secret-tool": "ok", "python": "ok", "napi": "ok", "keytar": "skipped",
		"remove": "ok",
	}, statesOf(results))
	assert.ElementsMatch(t, []string{"0", "1", "2", "3", "4", "5", "6", "7"}, progress)

	_, err := client.ReadTrial(t.Context())
	require.ErrorIs(t, err, keyring.NotFound, "it is removed")
	read, err := client.Read(t.Context())
	require.NoError(t, err)
	kept, ofHSCN := read.(handoff.Session)
	require.True(t, ofHSCN)
	assert.True(t, kept.SessionKey.Equal(handoff.NewSessionKey(madeUpKey).Text), "the session is as it was")
}

// On KDE, a reader that does not work must not be reported as working.
func TestTheReadersOfOtherKeyrings(t *testing.T) {
	for name, test := range map[string]struct {
		options keyringtest.Options
		python  string
	}{
		"KWallet":                        {keyringtest.Options{Daemon: keyringtest.KWallet}, "ok"},
		"KeePassXC":                      {keyringtest.Options{Daemon: keyringtest.KeePassXC}, "ok"},
		"GNOME's, login not the default": {keyringtest.Options{OtherDefault: true}, "failed"},
	} {
		t.Run(name, func(t *testing.T) {
			client, env := connect(t, keyringtest.ForTest(t, test.options))
			results := diagnose.Handoff(t.Context(), diagnose.HandoffSettings{Keyring: client, Env: env}, nil)
			assert.Equal(t, map[string]string{
				"write": "ok", "go": "ok", "libsecret": "ok", "secret-tool": "ok", "python": test.python, "napi": "ok", "keytar": "skipped",
				"remove": "ok",
			}, statesOf(results), "%v", results)
			for _, result := range results {
				if result.State == diagnose.Failed {
					require.ErrorContains(t, result.Problem, "default collection alone")
				}
			}
		})
	}
}

// store plants an entry under the handoff's service, as another program might.
func store(t *testing.T, env []string, account string, more ...string) {
	t.Helper()
	arguments := append([]string{"store", "--label=planted", "service", handoff.Service, "username", account}, more...)
	command := exec.CommandContext(t.Context(), "secret-tool", arguments...)
	command.Env, command.Stdin = env, strings.NewReader("planted")
	require.NoError(t, command.Run())
}

// node reads the session with the real @napi-rs/keyring, and returns what it refuses with.
func node(t *testing.T, env []string) error {
	t.Helper()
	modules, err := filepath.Abs("../../build/readers-node/node_modules")
	require.NoError(t, err)
	require.DirExists(t, modules, ".ci/setup test fetches what Node needs")
	folder := t.TempDir()
	require.NoError(t, os.Symlink(modules, filepath.Join(folder, "node_modules")))
	script := filepath.Join(folder, "read.mjs")
	require.NoError(t, os.WriteFile(script, []byte(`import { AsyncEntry } from '@napi-rs/keyring'
const entry = new AsyncEntry('ers-login', 'session', { linux: { store: 'secret-service' } })
if (await entry.getPassword() === null) process.exit(3)
`), 0o600))
	command := exec.CommandContext(t.Context(), "node", script)
	command.Env = env
	said, err := command.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, said)
	}
	return err
}

// An integrator who uses Node learns beforehand that a second entry, which other readers ignore,
// stops their program, as the real module does.
func TestNodeDoesNotChoose(t *testing.T) {
	for _, account := range []string{handoff.AccountSession, handoff.AccountSessionKey} {
		t.Run(account, func(t *testing.T) {
			session := keyringtest.ForTest(t, keyringtest.Options{})
			client, env := connect(t, session)
			require.NoError(t, client.Publish(t.Context(), madeUp()))
			row := func() diagnose.Result {
				results := diagnose.Handoff(t.Context(), diagnose.HandoffSettings{Keyring: client, Env: env}, nil)
				assert.Equal(t, "ok", statesOf(results)["libsecret"])
				i := slices.IndexFunc(results, func(result diagnose.Result) bool { return result.ID == "napi" })
				return results[i]
			}
			assert.Equal(t, diagnose.OK, row().State)
			require.NoError(t, node(t, env))

			store(t, env, account, "planted-by", "another")
			found := row()
			assert.Equal(t, diagnose.Failed, found.State)
			require.NotNil(t, found.Problem)
			assert.Equal(t, "DIAG-READER_SEVERAL", found.Problem.Code)
			require.ErrorContains(t, found.Problem, "2 with the account "+account)
			if account == handoff.AccountSession {
				require.ErrorContains(t, node(t, env), "matched by 2 credentials")
			}

			// The first step of the remedy.
			require.NoError(t, client.Clear(t.Context()))
			assert.Equal(t, diagnose.OK, row().State)
		})
	}
}

// A locked keyring is no failure, and no result about the readers either: a script must be able to
// distinguish it from a proof.
func TestProved(t *testing.T) {
	result := func(id string, state diagnose.State) diagnose.Result {
		return diagnose.Result{ID: id, Finding: diagnose.Finding{State: state}}
	}
	for name, test := range map[string]struct {
		results []diagnose.Result
		proved  bool
	}{
		"nothing":        {nil, false},
		"locked":         {[]diagnose.Result{result("write", diagnose.Attention), result("go", diagnose.Skipped), result("remove", diagnose.Skipped)}, false},
		"only written":   {[]diagnose.Result{result("write", diagnose.OK), result("go", diagnose.Skipped), result("remove", diagnose.OK)}, false},
		"one reader":     {[]diagnose.Result{result("write", diagnose.OK), result("go", diagnose.OK), result("remove", diagnose.OK)}, true},
		"one that fails": {[]diagnose.Result{result("write", diagnose.OK), result("go", diagnose.Failed)}, true},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, test.proved, diagnose.Proved(test.results)) })
	}
}

// What is not installed is no failure, and what finds another entry is one.
func TestReadersThatFindSomethingElse(t *testing.T) {
	session := keyringtest.ForTest(t, keyringtest.Options{})
	client, env := connect(t, session)
	states := statesOf(diagnose.Handoff(t.Context(), diagnose.HandoffSettings{Keyring: shadow{client}, Env: env}, nil))
	assert.Equal(t, "failed", states["secret-tool"])
	assert.Equal(t, "failed", states["libsecret"])
	assert.Equal(t, "ok", states["remove"])

	t.Setenv("PATH", t.TempDir())
	states = statesOf(diagnose.Handoff(t.Context(), diagnose.HandoffSettings{Keyring: client, Env: env}, nil))
	assert.Equal(t, "skipped", states["secret-tool"], "not installed")
	assert.Equal(t, "ok", states["libsecret"])
}

// shadow is a keyring in which another program replaces the test entry once it is written.
type shadow struct{ *keyring.Client }

func (s shadow) WriteTrial(ctx context.Context, text string) error {
	if err := s.Client.WriteTrial(ctx, text); err != nil {
		return err
	}
	return s.Client.WriteTrial(ctx, "something else")
}

// A locked keyring is unlocked with the next sign-in: there is no prompt, and nothing is written.
func TestALockedKeyring(t *testing.T) {
	session := keyringtest.ForTest(t, keyringtest.Options{State: keyringtest.Locked, Prompts: keyringtest.Answered})
	client, env := connect(t, session)
	results := diagnose.Handoff(t.Context(), diagnose.HandoffSettings{Keyring: client, Env: env}, nil)
	assert.Zero(t, diagnose.Failures(results))
	assert.Equal(t, "attention", statesOf(results)["write"])
	assert.Equal(t, "skipped", statesOf(results)["secret-tool"])
	assert.Equal(t, "skipped", statesOf(results)["napi"])
	assert.False(t, diagnose.Proved(results))

	w := newWorld(t)
	w.target.Keyring = client
	assert.Equal(t, diagnose.Attention, w.run(t)["keyring"].State)
	assert.Empty(t, session.Prompted(), "no prompt")
}

// The keyring row does with the real keyring what a sign-in does, and leaves nothing.
func TestTheKeyringsRow(t *testing.T) {
	session := keyringtest.ForTest(t, keyringtest.Options{})
	w := newWorld(t)
	client, env := connect(t, session)
	w.target.Keyring = client
	assert.Equal(t, diagnose.OK, w.run(t)["keyring"].State)
	command := exec.CommandContext(t.Context(), "secret-tool", "search", "--all", "service", handoff.Service)
	command.Env = env
	said, err := command.CombinedOutput()
	require.NoError(t, err)
	assert.Empty(t, string(said))

	require.NoError(t, session.KillDaemon())
	require.NoError(t, session.KillBus())
	found := w.run(t)["keyring"]
	assert.Equal(t, diagnose.Failed, found.State)
	assert.Equal(t, "KEYRING-NO_BUS", found.Problem.Code)
}

// taken is a keyring that another check is busy with.
type taken struct {
	diagnose.TrialKeyring
	t *testing.T
}

func (taken) Check(context.Context) error              { return nil }
func (taken) WriteTrial(context.Context, string) error { return keyring.Checking }
func (k taken) RemoveTrial(context.Context) error {
	assert.Fail(k.t, "the other check's entry is removed")
	return nil
}

// Another check under way is no result about any reader, and no failure.
func TestTheReadersWhileAnotherCheckRuns(t *testing.T) {
	results := diagnose.Handoff(t.Context(), diagnose.HandoffSettings{Keyring: taken{t: t}}, nil)
	assert.Equal(t, diagnose.Attention, results[0].State)
	assert.Equal(t, "KEYRING-CHECKING", results[0].Problem.Code)
	assert.Zero(t, diagnose.Failures(results))
	assert.False(t, diagnose.Proved(results))
}
