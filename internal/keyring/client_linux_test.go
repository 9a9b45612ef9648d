package keyring_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/helper"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
	"github.com/ers-login/ers-login/internal/testing/races"
)

// The test program is its own worker: started again with this in its environment, it serves, or fails as the value says.
const workerVariable = "ERS_LOGIN_TEST_WORKER"

// dyingOf begins the value of a worker that dies of a call, once: the call's name and a file that
// marks it as done follow.
const dyingOf = "dying:"

// mortal is the input of such a worker.
type mortal struct {
	io.Reader
	call, mark string
}

// Read ends the process if what it reads is the call.
func (m mortal) Read(p []byte) (int, error) {
	n, err := m.Reader.Read(p)
	if _, gone := os.Stat(m.mark); gone != nil && bytes.Contains(p[:n], []byte(`"`+m.call+`"`)) {
		if os.WriteFile(m.mark, nil, 0o600) == nil {
			os.Exit(9)
		}
	}
	return n, err
}

func TestMain(m *testing.M) {
	how, dies := strings.CutPrefix(os.Getenv(workerVariable), dyingOf)
	var input io.Reader = os.Stdin
	if dies {
		call, mark, _ := strings.Cut(how, ":")
		input, how = mortal{os.Stdin, call, mark}, "serve"
	}
	switch how {
	case "":
		goleak.VerifyTestMain(races.Watch(m))
	case "serve":
		if err := keyring.Serve(context.Background(), input, os.Stdout, "1.0"); err != nil {
			_, _ = fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	default:
		os.Exit(9)
	}
}

const madeUpKey = "pro-xapi-session_222c42c7-820f-4f9b-92fb-3add4b1db9f7"

func madeUp() handoff.Session {
	return handoff.Session{
		Version: handoff.Version, Generation: 7, SessionKey: handoff.NewSessionKey(madeUpKey),
		BaseURL: "https://api.dev1.ers.ncrs.nhs.uk/ers-api", ASID: "123456789012", UserIdentifier: "021600556514",
		UserName: "Ann Example", OrgIdentifier: "R01", OrgName: "Meddygfa Tŷ Elli", BusinessFunction: "REFERRING_CLINICIAN",
		IssuedAt: time.Date(2026, 3, 2, 8, 42, 0, 0, time.UTC), ExpiresAt: time.Date(2026, 3, 2, 18, 42, 0, 0, time.UTC),
		Publisher: "e-RS Login 1.0.0",
	}
}

const madeUpToken = "qXnl0uYQW4bLmRk7dOa3TtGvJ5cP"

func madeUpFHIR() handoff.FHIRSession {
	now := time.Now().UTC().Truncate(time.Second)
	return handoff.FHIRSession{
		Version: handoff.Version, Generation: 8, Revision: 3, AccessToken: handoff.NewAccessToken(madeUpToken),
		BaseURL: "https://int.api.service.nhs.uk/referrals/FHIR", UserIdentifier: "021600556514", UserName: "Ann Example",
		OrgIdentifier: "R01", OrgName: "Meddygfa Tŷ Elli <North>", BusinessFunction: "SERVICE_PROVIDER_CLINICIAN_ADMIN",
		OnBehalfOf: "021600556515", IssuedAt: now, TokenExpiresAt: now.Add(599 * time.Second), ExpiresAt: now.Add(12 * time.Hour),
		Publisher: "e-RS Login 1.0.0", Owner: "/run/lock",
	}
}

func settings(t testing.TB, session *keyringtest.Session) keyring.Settings {
	t.Helper()
	program, err := os.Executable()
	require.NoError(t, err)
	return keyring.Settings{
		Command: []string{program}, Version: "1.0", Timeout: time.Minute,
		Env: append(append(os.Environ(), session.Env()...), workerVariable+"=serve"),
	}
}

func connect(t testing.TB, settings keyring.Settings) *keyring.Client {
	t.Helper()
	client := keyring.New(settings)
	t.Cleanup(func() { assert.NoError(t, client.Close()) })
	return client
}

// lookUp is what a shell script finds.
func lookUp(t testing.TB, session *keyringtest.Session, service, account string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "secret-tool", "lookup", "service", service, "username", account)
	command.Env = append(os.Environ(), session.Env()...)
	printed, err := command.Output()
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	return string(printed)
}

// Signing in hands the session over, signing out takes it back: through the worker as without it.
func TestPublishReadClear(t *testing.T) {
	session := keyringtest.ForTest(t, keyringtest.Options{})
	client := connect(t, settings(t, session))
	require.NoError(t, client.Check(t.Context()))
	_, err := client.Read(t.Context())
	require.ErrorIs(t, err, handoff.ErrNotFound)
	require.ErrorIs(t, err, keyring.NotFound)

	for _, handover := range []struct {
		published             handoff.Entry
		main, alone, secret   string
		otherMain, otherAlone string
	}{
		{madeUp(), "session", "session-key", madeUpKey, "fhir-session", "access-token"},
		{madeUpFHIR(), "fhir-session", "access-token", madeUpToken, "session", "session-key"},
		{madeUp(), "session", "session-key", madeUpKey, "fhir-session", "access-token"},
	} {
		// It replaces that of the other platform.
		require.NoError(t, client.Publish(t.Context(), handover.published))
		require.Equal(t, handover.secret, lookUp(t, session, "ers-login", handover.alone))
		encoded, err := handoff.Encode(handover.published)
		require.NoError(t, err)
		require.Equal(t, string(encoded), lookUp(t, session, "ers-login", handover.main))
		require.Empty(t, lookUp(t, session, "ers-login", handover.otherMain))
		require.Empty(t, lookUp(t, session, "ers-login", handover.otherAlone))
		got, err := client.Read(t.Context())
		require.NoError(t, err)
		again, err := handoff.Encode(got)
		require.NoError(t, err)
		require.True(t, string(encoded) == string(again), "the same session comes back")
	}
	require.NoError(t, client.Publish(t.Context(), madeUpFHIR()))
	require.NoError(t, client.Clear(t.Context()))
	for _, account := range []string{"session", "session-key", "fhir-session", "access-token"} {
		require.Empty(t, lookUp(t, session, "ers-login", account))
	}
	require.NoError(t, client.Clear(t.Context()))
}

// The certificate's passphrase and the proxy's password have to outlive every sign-out, or the next
// sign-in fails.
func TestWhatIsKeptForTheProgramItself(t *testing.T) {
	session := keyringtest.ForTest(t, keyringtest.Options{})
	client := connect(t, settings(t, session))
	for name, one := range map[string]struct {
		kept             keyring.Kept
		service, account string
	}{
		"the passphrase":       {keyring.Passphrase, "ers-login-certificate", "passphrase"},
		"the proxy's password": {keyring.ProxyPassword, "ers-login-proxy", "password"},
		"the client secret":    {keyring.ClientSecret, "ers-login-cis2", "client-secret"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client.Secret(t.Context(), one.kept)
			require.ErrorIs(t, err, handoff.ErrNotFound)
			text := "Tŷ \"Elli\" \\ 🏥\n" + name
			require.NoError(t, client.SetSecret(t.Context(), one.kept, secret.New(text)))
			require.NoError(t, client.Publish(t.Context(), madeUp()))
			require.NoError(t, client.Clear(t.Context()))
			got, err := client.Secret(t.Context(), one.kept)
			require.NoError(t, err)
			require.True(t, got.Equal(secret.New(text)))
			require.Equal(t, text, lookUp(t, session, one.service, one.account))
			require.NoError(t, client.SetSecret(t.Context(), one.kept, secret.Text{}))
			_, err = client.Secret(t.Context(), one.kept)
			require.ErrorIs(t, err, keyring.NotFound)
		})
	}
}

// Each way in which a keyring fails needs other help, and none may freeze the window.
func TestEachTrapHasItsOwnProblem(t *testing.T) {
	type outcome = *problem.Problem
	tests := []struct {
		name                        string
		options                     keyringtest.Options
		check, read, publish, clear outcome
	}{
		{"locked, and the password is typed", keyringtest.Options{State: keyringtest.Locked, Prompts: keyringtest.Answered},
			keyring.Locked, keyring.Locked, nil, nil},
		{"locked, and no answer", keyringtest.Options{State: keyringtest.Locked, Prompts: keyringtest.Unanswered},
			keyring.Locked, keyring.Locked, keyring.Locked, keyring.Locked},
		{"locked, and the prompt is dismissed", keyringtest.Options{State: keyringtest.Locked, Prompts: keyringtest.Dismissed},
			keyring.Locked, keyring.Locked, keyring.Dismissed, keyring.Dismissed},
		{"locked, and there is no display", keyringtest.Options{State: keyringtest.Locked},
			keyring.Locked, keyring.Locked, keyring.Locked, keyring.Locked},
		{"no collection", keyringtest.Options{State: keyringtest.NoCollection},
			keyring.NoCollection, keyring.NotFound, keyring.NoCollection, nil},
		{"a service that was not started yet", keyringtest.Options{State: keyringtest.NotStarted},
			keyring.NoCollection, keyring.NotFound, keyring.NoCollection, nil},
		{"no service", keyringtest.Options{State: keyringtest.NoService},
			keyring.NoService, keyring.NoService, keyring.NoService, keyring.NoService},
		{"no bus", keyringtest.Options{State: keyringtest.NoBus}, keyring.NoBus, keyring.NoBus, keyring.NoBus, keyring.NoBus},
		{"hangs when asked", keyringtest.Options{Fake: &keyringtest.Fake{Hang: "Collections"}},
			keyring.TimedOut, keyring.TimedOut, keyring.TimedOut, keyring.TimedOut},
		{"hangs on writing", keyringtest.Options{Fake: &keyringtest.Fake{Hang: "CreateItem"}},
			nil, keyring.NotFound, keyring.TimedOut, nil},
		{"hangs on reading", keyringtest.Options{Fake: &keyringtest.Fake{Hang: "GetSecret"}},
			nil, keyring.NotFound, keyring.TimedOut, nil},
		{"dies during its prompt", keyringtest.Options{Fake: &keyringtest.Fake{Locked: true, Die: "Prompt"}},
			keyring.Locked, keyring.Locked, keyring.Crashed, keyring.NoService},
		{"a dismissed prompt on writing", keyringtest.Options{Fake: &keyringtest.Fake{Dismiss: "CreateItem"}},
			nil, keyring.NotFound, keyring.Dismissed, nil},
		{"a dismissed prompt on unlocking", keyringtest.Options{Fake: &keyringtest.Fake{Locked: true, Dismiss: "Unlock"}},
			keyring.Locked, keyring.Locked, keyring.Dismissed, keyring.Dismissed},
		{"a dismissed prompt on deleting", keyringtest.Options{Fake: &keyringtest.Fake{Dismiss: "Delete"}},
			nil, keyring.NotFound, nil, keyring.Leftover},
		{"asks before an entry is read, as KeePassXC does", keyringtest.Options{Fake: &keyringtest.Fake{LockItems: true}},
			nil, keyring.NotFound, nil, nil},
		{"returns something else", keyringtest.Options{Fake: &keyringtest.Fake{Garble: true}},
			nil, keyring.NotFound, keyring.ReadBack, nil},
		{"does not delete", keyringtest.Options{Fake: &keyringtest.Fake{Keep: true}}, nil, keyring.NotFound, nil, keyring.Leftover},
		{"a full disk", keyringtest.Options{Fake: &keyringtest.Fake{Fail: 1}}, nil, keyring.NotFound, keyring.Failed, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			// What hangs must not hold up the test, and what works must not be cut short by a slow computer.
			session := keyringtest.ForTest(t, test.options)
			patient := settings(t, session)
			if test.options.Prompts == keyringtest.Unanswered {
				patient.PromptTimeout = 200 * time.Millisecond
			}
			hasty := patient
			hasty.Timeout = 200 * time.Millisecond
			clients := map[bool]*keyring.Client{false: connect(t, patient), true: connect(t, hasty)}
			client := func(want outcome) *keyring.Client { return clients[want == keyring.TimedOut] }

			requireProblem(t, test.check, client(test.check).Check(t.Context()))
			_, err := client(test.read).Read(t.Context())
			requireProblem(t, test.read, err)
			requireProblem(t, test.publish, client(test.publish).Publish(t.Context(), madeUp()))
			requireProblem(t, test.clear, client(test.clear).Clear(t.Context()))
		})
	}
}

// requireProblem checks that err is want's Problem, with steps for the user, and without the key.
func requireProblem(t *testing.T, want *problem.Problem, err error) {
	t.Helper()
	if want == nil {
		require.NoError(t, err)
		return
	}
	require.ErrorIs(t, err, want)
	var got *problem.Problem
	require.ErrorAs(t, err, &got)
	require.Equal(t, want.Code, got.Code)
	require.Error(t, got.Cause, "the log gets to know why")
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), madeUpKey)
}

// go-keyring waits for ever for a prompt whose service has died, and panics if the bus dies: only
// the worker may end.
func TestGoKeyringHangsAndPanics(t *testing.T) {
	t.Run("hangs", func(t *testing.T) {
		session := keyringtest.ForTest(t, keyringtest.Options{Fake: &keyringtest.Fake{Dismiss: "CreateItem", Die: "Prompt"}})
		requireProblem(t, keyring.Crashed, connect(t, settings(t, session)).Publish(t.Context(), madeUp()))
	})
	t.Run("asks although nothing is locked", func(t *testing.T) {
		session := keyringtest.ForTest(t, keyringtest.Options{Fake: &keyringtest.Fake{Dismiss: "CreateItem", Silent: true}})
		changed := settings(t, session)
		changed.PromptTimeout = 200 * time.Millisecond
		err := connect(t, changed).Publish(t.Context(), madeUp())
		requireProblem(t, keyring.ItemLocked, err)
		require.ErrorIs(t, err, handoff.ErrItemLocked)
	})
	t.Run("panics", func(t *testing.T) {
		session := keyringtest.ForTest(t, keyringtest.Options{Fake: &keyringtest.Fake{Dismiss: "CreateItem", Silent: true}})
		client := connect(t, settings(t, session))
		done := make(chan error, 1)
		go func() { done <- client.Publish(t.Context(), madeUp()) }()
		<-session.Prompted()
		require.NoError(t, session.KillBus())
		requireProblem(t, keyring.Crashed, <-done)
		requireProblem(t, keyring.NoBus, client.Check(t.Context()))
	})
}

// The bus dies while the user types.
func TestTheBusDies(t *testing.T) {
	session := keyringtest.ForTest(t, keyringtest.Options{State: keyringtest.Locked, Prompts: keyringtest.Unanswered})
	client := connect(t, settings(t, session))
	done := make(chan error, 1)
	go func() { done <- client.Publish(t.Context(), madeUp()) }()
	<-session.Prompted()
	require.NoError(t, session.KillBus())
	requireProblem(t, keyring.Crashed, <-done)
	requireProblem(t, keyring.NoBus, client.Check(t.Context()))
}

// The keyring dies while the user types: go-keyring waits for ever.
func TestTheKeyringDies(t *testing.T) {
	session := keyringtest.ForTest(t, keyringtest.Options{State: keyringtest.Locked, Prompts: keyringtest.Unanswered})
	client := connect(t, settings(t, session))
	done := make(chan error, 1)
	go func() { done <- client.Publish(t.Context(), madeUp()) }()
	<-session.Prompted()
	require.NoError(t, session.KillDaemon())
	requireProblem(t, keyring.Crashed, <-done)
	requireProblem(t, keyring.NoService, client.Check(t.Context()))
}

// Quitting with a locked keyring must not wait for a password, nor Cancel for anything. GNOME's
// prompt stays on the screen, since its keyring would crash if it were dismissed: it can still be
// answered.
func TestTheCallerDecidesHowLong(t *testing.T) {
	for name, operation := range map[string]func(context.Context, *keyring.Client) error{
		"clear":   func(ctx context.Context, client *keyring.Client) error { return client.Clear(ctx) },
		"publish": func(ctx context.Context, client *keyring.Client) error { return client.Publish(ctx, madeUp()) },
		"passphrase": func(ctx context.Context, client *keyring.Client) error {
			_, err := client.Secret(ctx, keyring.Passphrase)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			session := keyringtest.ForTest(t, keyringtest.Options{State: keyringtest.Locked, Prompts: keyringtest.Unanswered})
			client := connect(t, settings(t, session))
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- operation(ctx, client) }()
			<-session.Prompted()
			cancel()
			err := <-done
			requireProblem(t, keyring.Locked, err)
			require.ErrorIs(t, err, context.Canceled)
			requireProblem(t, keyring.TimedOut, client.Clear(ctx))
			require.NoError(t, session.SetPrompts(keyringtest.Answered))
			require.Eventually(t, func() bool {
				locked, err := session.Locked()
				return err == nil && !locked
			}, time.Minute, time.Millisecond)
			require.NoError(t, client.Publish(t.Context(), madeUp()))
		})
	}
}

// An operation must not wait behind another one for longer than its caller wants, nor start in the middle of it.
func TestOneOperationAtATime(t *testing.T) {
	session := keyringtest.ForTest(t, keyringtest.Options{State: keyringtest.Locked, Prompts: keyringtest.Unanswered})
	client := connect(t, settings(t, session))
	done := make(chan error, 1)
	go func() { done <- client.Publish(t.Context(), madeUp()) }()
	<-session.Prompted()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	requireProblem(t, keyring.TimedOut, client.Check(ctx))
	require.NoError(t, session.SetPrompts(keyringtest.Answered))
	require.NoError(t, <-done)

	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			assert.NoError(t, client.Publish(t.Context(), madeUp()))
			_, err := client.Read(t.Context())
			assert.NoError(t, err)
		})
	}
	group.Wait()
}

// A worker that is killed in the middle, as by the system when memory is short, must leave no half session behind.
func TestAKilledWorkerLeavesNothingMixed(t *testing.T) {
	// The second write is the session key's: the session is there already.
	session := keyringtest.ForTest(t, keyringtest.Options{Fake: &keyringtest.Fake{HangAt: 2, Hang: "CreateItem"}})
	changed := settings(t, session)
	changed.Timeout = 2 * time.Second
	client := connect(t, changed)
	requireProblem(t, keyring.TimedOut, client.Publish(t.Context(), madeUp()))
	_, err := client.Read(t.Context())
	requireProblem(t, keyring.NotFound, err)
	require.NoError(t, client.Publish(t.Context(), madeUp()))
}

// A worker that dies during a sign-out must not leave the session behind, nor bother the user.
func TestAWorkerThatDiesIsReplaced(t *testing.T) {
	for name, do := range map[string]func(*keyring.Client) error{
		"clear-asking": func(client *keyring.Client) error { return client.Clear(t.Context()) },
		"probe":        func(client *keyring.Client) error { return client.Check(t.Context()) },
		"read": func(client *keyring.Client) error {
			_, err := client.Read(t.Context())
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			session := keyringtest.ForTest(t, keyringtest.Options{})
			mark := filepath.Join(t.TempDir(), "died")
			mortal := settings(t, session)
			mortal.Env = append(mortal.Env, workerVariable+"="+dyingOf+name+":"+mark)
			client := connect(t, mortal)
			require.NoError(t, client.Publish(t.Context(), madeUp()))
			require.NoError(t, do(client))
			require.FileExists(t, mark)
			if name == "clear-asking" {
				require.Empty(t, lookUp(t, session, "ers-login", "session")+lookUp(t, session, "ers-login", "session-key"))
			}
		})
	}
}

// A foreign entry must not count as signed out, and must be removable.
func TestAnEntryOfAnotherVersion(t *testing.T) {
	session := keyringtest.ForTest(t, keyringtest.Options{})
	client := connect(t, settings(t, session))
	for name, text := range map[string]string{"another version": `{"version":2}`, "incomplete": `{"version":1,"sessionKey":"k"}`} {
		t.Run(name, func(t *testing.T) {
			command := exec.CommandContext(t.Context(), "secret-tool", "store", "--label=x", "service", "ers-login", "username", "session")
			command.Env = append(os.Environ(), session.Env()...)
			command.Stdin = strings.NewReader(text)
			require.NoError(t, command.Run())
			_, err := client.Read(t.Context())
			requireProblem(t, keyring.Unreadable, err)
			require.NoError(t, client.Clear(t.Context()))
			_, err = client.Read(t.Context())
			requireProblem(t, keyring.NotFound, err)
		})
	}
}

// A worker that does not start, or is of another version after an update, is a message and not a crash.
func TestAWorkerThatCannotBeUsed(t *testing.T) {
	session := keyringtest.ForTest(t, keyringtest.Options{State: keyringtest.NoBus})
	for name, test := range map[string]struct {
		change func(*keyring.Settings)
		want   *problem.Problem
	}{
		"ends at once":    {func(s *keyring.Settings) { s.Env = append(s.Env, workerVariable+"=fail") }, keyring.Crashed},
		"another version": {func(s *keyring.Settings) { s.Version = "2.0" }, helper.Upgraded},
		"not there":       {func(s *keyring.Settings) { s.Command = []string{"/nowhere/ers-login"} }, keyring.Crashed},
	} {
		t.Run(name, func(t *testing.T) {
			changed := settings(t, session)
			test.change(&changed)
			requireProblem(t, test.want, connect(t, changed).Check(t.Context()))
		})
	}
	t.Run("closed", func(t *testing.T) {
		client := keyring.New(settings(t, session))
		require.NoError(t, client.Close())
		requireProblem(t, keyring.Failed, client.Check(t.Context()))
	})
	t.Run("a session that cannot be published", func(t *testing.T) {
		requireProblem(t, keyring.Failed, connect(t, settings(t, session)).Publish(t.Context(), handoff.Session{}))
		requireProblem(t, keyring.Failed, connect(t, settings(t, session)).Publish(t.Context(), handoff.FHIRSession{}))
	})
}

// At a log-off the system signals every program of a session. The worker has to clear up after
// that.
func TestTheWorkerOutlivesASignal(t *testing.T) {
	session := keyringtest.ForTest(t, keyringtest.Options{})
	made := settings(t, session)
	command := exec.CommandContext(t.Context(), made.Command[0])
	command.Env = made.Env
	stdin, err := command.StdinPipe()
	require.NoError(t, err)
	stdout, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	buffer := make([]byte, 4096)
	read, err := stdout.Read(buffer)
	require.NoError(t, err)
	require.Contains(t, string(buffer[:read]), `"hello":"keyring"`)
	for _, signal := range []os.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP} {
		require.NoError(t, command.Process.Signal(signal))
	}
	_, err = stdin.Write([]byte(`{"id":1,"call":"clear"}` + "\n"))
	require.NoError(t, err)
	read, err = stdout.Read(buffer)
	require.NoError(t, err)
	require.Equal(t, `{"id":1,"result":null}`+"\n", string(buffer[:read]))
	require.NoError(t, stdin.Close())
	require.NoError(t, command.Wait(), "and it ends with its parent")
}

// Nothing that the worker is given may show up in the log, whatever goes wrong.
func TestNoSecretInTheLog(t *testing.T) {
	var log strings.Builder
	logger := logrus.New()
	logger.SetOutput(&log)
	logger.SetLevel(logrus.TraceLevel)
	for _, faults := range []keyringtest.Fake{{Hang: "CreateItem"}, {Die: "CreateItem"}, {Garble: true}, {Fail: 2}} {
		changed := settings(t, keyringtest.ForTest(t, keyringtest.Options{Fake: &faults}))
		changed.Log = logger
		if faults.Hang != "" {
			changed.Timeout = 200 * time.Millisecond
		}
		client := keyring.New(changed)
		require.Error(t, client.Publish(t.Context(), madeUp()))
		_ = client.SetSecret(t.Context(), keyring.Passphrase, secret.New("a made-up passphrase"))
		require.NoError(t, client.Close())
	}
	require.NotContains(t, log.String(), madeUpKey)
	require.NotContains(t, log.String(), "a made-up passphrase")
	require.Contains(t, log.String(), "keyring could not be cleared", "the log is not empty, or this would prove nothing")
}

// The life of a session with the keyrings that people have: signed in, another role, killed, started again, signed out. After a kill
// another process has to find what was left, and KeePassXC asks about it where it is set to.
func TestAKilledProgramOnEveryKeyring(t *testing.T) {
	for name, options := range map[string]keyringtest.Options{
		"GNOME's":                        {},
		"GNOME's, login not the default": {OtherDefault: true},
		"KWallet":                        {Daemon: keyringtest.KWallet},
		"KeePassXC":                      {Daemon: keyringtest.KeePassXC},
		"KeePassXC that asks":            {Daemon: keyringtest.KeePassXC, Asks: true},
	} {
		t.Run(name, func(t *testing.T) {
			session := keyringtest.ForTest(t, options)
			client := connect(t, settings(t, session))
			require.NoError(t, client.Publish(t.Context(), madeUp()))
			changed := madeUp()
			changed.Generation = 8
			require.NoError(t, client.Publish(t.Context(), changed))
			read, err := client.Read(t.Context())
			require.NoError(t, err)
			require.Equal(t, int64(8), read.Details().Generation)
			require.NoError(t, client.Close())

			hasty := settings(t, session)
			hasty.PromptTimeout = 500 * time.Millisecond
			again := connect(t, hasty)
			read, err = again.Read(t.Context())
			if options.Asks {
				requireProblem(t, keyring.ItemLocked, err)
				require.Contains(t, err.Error(), "asks before")
				_, err = again.ReadUnlocking(t.Context())
				requireProblem(t, keyring.ItemLocked, err)
				require.ErrorIs(t, err, handoff.ErrItemLocked)
				requireProblem(t, keyring.ItemLocked, again.Clear(t.Context()))
				require.NoError(t, again.Check(t.Context()))
				return
			}
			require.NoError(t, err)
			require.Equal(t, int64(8), read.Details().Generation)
			require.NoError(t, session.Lock())
			_, err = again.Read(t.Context())
			requireProblem(t, keyring.Locked, err)
			require.NoError(t, session.Unlock())
			require.NoError(t, again.Clear(t.Context()))
			_, err = again.Read(t.Context())
			requireProblem(t, keyring.NotFound, err)
			require.Empty(t, lookUp(t, session, "ers-login", "session")+lookUp(t, session, "ers-login", "session-key"))
		})
	}
}

// Another process gets the code alone, and must not read of a program that this computer may not
// have.
func TestACodeHasTheGeneralProblem(t *testing.T) {
	for _, general := range []*problem.Problem{keyring.Locked, keyring.NoCollection, keyring.NoService} {
		got, known := keyring.OfCode(general.Code)
		require.True(t, known)
		require.Same(t, general, got)
	}
}

// What a database of KeePassXC that is not open has is not known, and a passphrase in it is not missing.
func TestASecretInAClosedDatabase(t *testing.T) {
	session := keyringtest.ForTest(t, keyringtest.Options{Daemon: keyringtest.KeePassXC})
	client := connect(t, settings(t, session))
	require.NoError(t, client.SetSecret(t.Context(), keyring.Passphrase, secret.New("a made-up passphrase")))
	require.NoError(t, session.CloseDatabases(t.Context()))
	_, err := client.Secret(t.Context(), keyring.Passphrase)
	require.Equal(t, keyring.NoCollection.Code, problem.Of(err).Code)
	require.NoError(t, session.Unlock())
	_, err = client.Secret(t.Context(), keyring.Passphrase)
	require.NoError(t, err)
}
