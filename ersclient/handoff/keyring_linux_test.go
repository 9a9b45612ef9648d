package handoff_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/zalando/go-keyring"
	"go.uber.org/goleak"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/keyring/entry"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// within runs this process in a private session with the real keyring, or with what options put in
// its place.
func within(t *testing.T, options keyringtest.Options) *keyringtest.Session {
	t.Helper()
	// go-keyring keeps one connection per process: that of the previous test ends with its bus.
	t.Cleanup(func() {
		if options.State != keyringtest.NoBus {
			shared, err := dbus.SessionBus()
			if err == nil {
				<-shared.Context().Done()
			}
		}
	})
	session := keyringtest.ForTest(t, options)
	for _, pair := range session.Env() {
		name, value, _ := strings.Cut(pair, "=")
		t.Setenv(name, value)
	}
	if options.State != keyringtest.NoBus {
		_, err := dbus.SessionBus()
		require.NoError(t, err)
	}
	return session
}

// soon returns a context with a limit, for calls that must not hang.
func soon(t *testing.T, limit time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	return ctx
}

// output runs another program and returns its output. It runs again if it fails: see
// [keyringtest.Session.Tries].
func output(t *testing.T, stdin, name string, arguments ...string) (string, error) {
	t.Helper()
	for again := 1; ; again++ {
		command := exec.CommandContext(soon(t, time.Minute), name, arguments...)
		command.Stdin = strings.NewReader(stdin)
		var complaint strings.Builder
		command.Stderr = &complaint
		printed, err := command.Output()
		if err != nil && again < keyringtest.MostTries {
			continue
		}
		if err != nil {
			err = fmt.Errorf("%w: %s", err, complaint.String())
		}
		return string(printed), err
	}
}

const (
	pythonRead = `import keyring, sys; sys.stdout.write(keyring.get_password("ers-login", sys.argv[1]) or "")`
	python     = "/usr/bin/python3"
)

// The keyrings in use. If login is not the default collection, programs differ in which one they
// read.
var keyrings = map[string]keyringtest.Options{
	"GNOME's":                        {},
	"GNOME's, login not the default": {OtherDefault: true},
	"KWallet":                        {Daemon: keyringtest.KWallet},
	"KeePassXC":                      {Daemon: keyringtest.KeePassXC},
}

// The purpose of the program: another program, in another language, gets the open session's key,
// byte for byte, and nothing once it is closed.
func TestOtherProgramsReadWhatIsPublished(t *testing.T) {
	for name, options := range keyrings {
		t.Run(name, func(t *testing.T) {
			session := within(t, options)
			testOtherPrograms(t, session, options)
		})
	}
}

// requireReads asserts what a program reads, as often as the keyring may fail it: see
// [keyringtest.Session.Tries].
func requireReads(t *testing.T, ring *keyringtest.Session, want string, read func(account string) string, account, name string) {
	t.Helper()
	found := read(account)
	for tries := ring.Tries(); found != want && tries > 1; tries-- {
		found = read(account)
	}
	require.Equal(t, want, found, "%s: %s", name, account)
}

// programsThatRead returns what other programs read of an account, empty for none.
func programsThatRead(t *testing.T, options keyringtest.Options) map[string]func(account string) string {
	t.Helper()
	readers := map[string]func(account string) string{
		"secret-tool": func(account string) string {
			printed, _ := output(t, "", "secret-tool", "lookup", "service", handoff.Service, "username", account)
			return printed
		},
		"go-keyring": func(account string) string {
			text, err := keyring.Get(handoff.Service, account)
			if err != nil {
				assert.ErrorIs(t, err, keyring.ErrNotFound)
			}
			return text
		},
	}
	if !options.OtherDefault {
		// By default it reads only the default collection.
		readers["Python's keyring"] = func(account string) string {
			printed, err := output(t, "", python, "-c", pythonRead, account)
			if options.Daemon != keyringtest.KWallet { // which refuses one in 128
				assert.NoError(t, err)
			}
			return printed
		}
	}
	return readers
}

func testOtherPrograms(t *testing.T, ring *keyringtest.Session, options keyringtest.Options) {
	t.Helper()
	readers := programsThatRead(t, options)
	encoded, err := handoff.Encode(madeUp())
	require.NoError(t, err)
	require.NoError(t, handoff.Write(t.Context(), madeUp()))
	requireRead := func() {
		t.Helper()
		for name, read := range readers {
			requireReads(t, ring, madeUpKey, read, handoff.AccountSessionKey, name)
			requireReads(t, ring, string(encoded), read, handoff.AccountSession, name)
		}
		session, err := handoff.Read(t.Context())
		require.NoError(t, err)
		requireSame(t, madeUp(), session)
		key, err := handoff.ReadKey(t.Context())
		require.NoError(t, err)
		require.True(t, key.Equal(madeUp().SessionKey.Text))
	}
	requireRead()
	require.NoError(t, ring.Lock())
	_, err = handoff.Read(t.Context())
	require.ErrorIs(t, err, handoff.ErrLocked)
	require.NoError(t, ring.Unlock())
	requireRead()

	changed := madeUp()
	changed.Generation, changed.SessionKey = 8, handoff.NewSessionKey("another")
	require.NoError(t, handoff.Write(t.Context(), changed), "a new session takes the place of the old one")
	requireReads(t, ring, "another", readers["secret-tool"], handoff.AccountSessionKey, "secret-tool")

	require.NoError(t, handoff.Clear(t.Context()))
	for name, read := range readers {
		require.Empty(t, read(handoff.AccountSessionKey), name)
		require.Empty(t, read(handoff.AccountSession), name)
	}
	_, err = handoff.Read(t.Context())
	require.ErrorIs(t, err, handoff.ErrNotFound)
	_, err = handoff.ReadKey(t.Context())
	require.ErrorIs(t, err, handoff.ErrNotFound)
	require.NoError(t, handoff.Clear(t.Context()), "there is nothing to clear")
}

// KeePassXC asks before a program reads an entry that it has not written. A program that reads
// every second must not make it ask.
func TestReadingNeverAsksAboutAnEntry(t *testing.T) {
	within(t, keyringtest.Options{Daemon: keyringtest.KeePassXC, Asks: true})
	_, err := handoff.Read(soon(t, time.Minute))
	require.ErrorIs(t, err, handoff.ErrNotFound)
	another := exec.CommandContext(soon(t, time.Minute), "secret-tool", "store", "--label=x", "service", handoff.Service, "username",
		handoff.AccountSession)
	another.Stdin = strings.NewReader("text")
	require.NoError(t, another.Run())
	_, err = handoff.Read(soon(t, time.Minute))
	require.ErrorIs(t, err, handoff.ErrItemLocked)
	require.ErrorIs(t, err, handoff.ErrLocked)
	require.ErrorContains(t, err, "asks before")

	_, err = handoff.Read(entry.As(soon(t, time.Second), entry.MayPrompt))
	require.ErrorIs(t, err, handoff.ErrItemLocked, "where asking is allowed, the prompt is not answered here")
	require.ErrorIs(t, handoff.Clear(soon(t, time.Second)), handoff.ErrItemLocked)
	require.NoError(t, handoff.Probe(soon(t, time.Minute)))
}

// A closed KeePassXC database still has the session: it is neither removed nor cleared.
func TestAClosedDatabaseIsNoEnd(t *testing.T) {
	session := within(t, keyringtest.Options{Daemon: keyringtest.KeePassXC})
	require.NoError(t, handoff.Write(t.Context(), madeUp()))
	require.NoError(t, session.CloseDatabases(soon(t, time.Minute)))
	_, err := handoff.Read(t.Context())
	require.ErrorIs(t, err, handoff.ErrNoCollection)
	require.NotErrorIs(t, err, handoff.ErrNotFound, "it is not removed")
	_, err = handoff.Wait(soon(t, 3*time.Second))
	require.ErrorIs(t, err, context.DeadlineExceeded, "it can be opened again")
	require.ErrorIs(t, handoff.Clear(t.Context()), handoff.ErrNoCollection, "it is not cleared")
	require.NoError(t, session.Unlock())
	_, err = handoff.Read(t.Context())
	require.NoError(t, err)
	require.NoError(t, handoff.Clear(t.Context()))
	_, err = handoff.Read(t.Context())
	require.ErrorIs(t, err, handoff.ErrNotFound)
}

// A second item with the same address must neither hide a new session nor restore an old key after
// sign-out.
func TestForeignItemsAreRemoved(t *testing.T) {
	within(t, keyringtest.Options{})
	foreign := func(account, extra string) {
		_, err := output(t, "an old key", "secret-tool", "store", "--label=foreign", "service", handoff.Service, "username", account,
			"extra", extra)
		require.NoError(t, err)
	}
	left := func() string {
		printed, err := output(t, "", "secret-tool", "search", "--all", "--unlock", "service", handoff.Service)
		require.NoError(t, err)
		return printed
	}
	for _, account := range []string{handoff.AccountSession, handoff.AccountSessionKey} {
		for _, extra := range []string{"1", "2", "3"} {
			foreign(account, extra)
		}
	}
	require.NoError(t, handoff.Write(t.Context(), madeUp()))
	session, err := handoff.Read(t.Context())
	require.NoError(t, err)
	requireSame(t, madeUp(), session)
	for _, account := range []string{handoff.AccountSession, handoff.AccountSessionKey} {
		foreign(account, "4")
	}
	_, err = output(t, "", python, "-c", `import keyring; keyring.set_password("ers-login", "session", "an old key")`)
	require.NoError(t, err)
	require.NotEmpty(t, left())
	require.NoError(t, handoff.Clear(t.Context()))
	require.Empty(t, left())

	// Other accounts and services must not lose anything: a delete by prefix would take other data.
	_, err = output(t, "x", "secret-tool", "store", "--label=other", "service", handoff.Service, "username", "other")
	require.NoError(t, err)
	_, err = output(t, "x", "secret-tool", "store", "--label=other", "service", handoff.Service+":x", "username", handoff.AccountSession)
	require.NoError(t, err)
	require.NoError(t, handoff.Clear(t.Context()))
	require.NotEmpty(t, left())
	_, err = output(t, "", "secret-tool", "lookup", "service", handoff.Service+":x", "username", handoff.AccountSession)
	require.NoError(t, err)
}

// Each state of a keyring that prevents publishing has its own error: each needs other help.
func TestWhyAKeyringCannotBeUsed(t *testing.T) {
	tests := []struct {
		name    string
		options keyringtest.Options
		// The results of Probe and Read, then Write and Clear.
		probe, read, write, clear error
	}{
		{"unlocked", keyringtest.Options{}, nil, handoff.ErrNotFound, nil, nil},
		{"locked, and the password is typed", keyringtest.Options{State: keyringtest.Locked, Prompts: keyringtest.Answered},
			handoff.ErrLocked, handoff.ErrLocked, nil, nil},
		{"locked, and the prompt is dismissed", keyringtest.Options{State: keyringtest.Locked, Prompts: keyringtest.Dismissed},
			handoff.ErrLocked, handoff.ErrLocked, handoff.ErrDismissed, handoff.ErrDismissed},
		{"locked, and there is no display", keyringtest.Options{State: keyringtest.Locked},
			handoff.ErrLocked, handoff.ErrLocked, handoff.ErrLocked, handoff.ErrLocked},
		{"no collection", keyringtest.Options{State: keyringtest.NoCollection},
			handoff.ErrNoCollection, handoff.ErrNotFound, handoff.ErrNoCollection, nil},
		{"KWallet without a wallet", keyringtest.Options{State: keyringtest.NoCollection, Daemon: keyringtest.KWallet},
			entry.ErrNoWallet, handoff.ErrNotFound, handoff.ErrNoCollection, nil},
		{"KeePassXC without a database", keyringtest.Options{State: keyringtest.NoCollection, Daemon: keyringtest.KeePassXC},
			entry.ErrNoDatabase, handoff.ErrNoCollection, handoff.ErrNoCollection, handoff.ErrNoCollection},
		{"no service", keyringtest.Options{State: keyringtest.NoService},
			handoff.ErrNoService, handoff.ErrNoService, handoff.ErrNoService, handoff.ErrNoService},
		{"no bus", keyringtest.Options{State: keyringtest.NoBus},
			handoff.ErrNoBus, handoff.ErrNoBus, handoff.ErrNoBus, handoff.ErrNoBus},
		{"a service that hangs when asked", keyringtest.Options{Fake: &keyringtest.Fake{Hang: "Collections"}},
			handoff.ErrTimeout, handoff.ErrTimeout, handoff.ErrTimeout, handoff.ErrTimeout},
		{"a service that dies when asked", keyringtest.Options{Fake: &keyringtest.Fake{Die: "Locked"}},
			handoff.ErrStopped, handoff.ErrNoService, handoff.ErrNoService, handoff.ErrNoService},
		{"a write that hangs", keyringtest.Options{Fake: &keyringtest.Fake{Hang: "CreateItem"}},
			nil, handoff.ErrNotFound, handoff.ErrTimeout, handoff.ErrTimeout},
		{"a service that dies during a write", keyringtest.Options{Fake: &keyringtest.Fake{Die: "CreateItem"}},
			nil, handoff.ErrNotFound, handoff.ErrStopped, handoff.ErrNoService},
		{"a service that dies during its prompt", keyringtest.Options{Fake: &keyringtest.Fake{Locked: true, Die: "Prompt"}},
			handoff.ErrLocked, handoff.ErrLocked, handoff.ErrStopped, handoff.ErrNoService},
		{"a dismissed prompt on writing, which go-keyring takes for success",
			keyringtest.Options{Fake: &keyringtest.Fake{Dismiss: "CreateItem"}},
			nil, handoff.ErrNotFound, handoff.ErrDismissed, nil},
		{"a keyring that returns something else", keyringtest.Options{Fake: &keyringtest.Fake{Garble: true}},
			nil, handoff.ErrNotFound, handoff.ErrReadBack, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			within(t, test.options)
			// A hanging call must not hold up the test, and a slow computer must not cut a working
			// one short.
			limited := func(want error) context.Context {
				if want == handoff.ErrTimeout { //nolint:errorlint // It is the wanted error itself.
					return soon(t, 100*time.Millisecond)
				}
				return soon(t, time.Minute)
			}
			require.ErrorIs(t, handoff.Probe(limited(test.probe)), test.probe)
			_, err := handoff.Read(limited(test.read))
			require.ErrorIs(t, err, test.read)
			err = handoff.Write(limited(test.write), madeUp())
			require.ErrorIs(t, err, test.write)
			if err != nil {
				require.NotContains(t, err.Error(), madeUpKey)
			}
			require.ErrorIs(t, handoff.Clear(limited(test.clear)), test.clear)
		})
	}
}

// A deletion that did not happen must not pass for a sign-out, and a service that prompts for each
// must prompt once.
func TestWhatCannotBeDeletedIsReported(t *testing.T) {
	for name, faults := range map[string]keyringtest.Fake{
		"kept": {Keep: true}, "the prompt is dismissed, which go-keyring takes for success": {Dismiss: "Delete"},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, keyringtest.Options{Fake: &faults})
			require.NoError(t, handoff.Write(t.Context(), madeUp()))
			err := handoff.Clear(t.Context())
			require.ErrorIs(t, err, handoff.ErrLeftover)
			require.Contains(t, err.Error(), handoff.AccountSessionKey)
		})
	}
}

// The death of bus or keyring during a prompt must be reported at once, not after the minute for
// typing.
func TestTheKeyringDiesDuringAPrompt(t *testing.T) {
	for name, kill := range map[string]func(*keyringtest.Session) error{
		"the bus": (*keyringtest.Session).KillBus, "the keyring": (*keyringtest.Session).KillDaemon,
	} {
		t.Run(name, func(t *testing.T) {
			session := within(t, keyringtest.Options{State: keyringtest.Locked, Prompts: keyringtest.Unanswered})
			done := make(chan error, 1)
			go func() { done <- handoff.Write(t.Context(), madeUp()) }()
			<-session.Prompted()
			require.NoError(t, kill(session))
			require.ErrorIs(t, <-done, handoff.ErrStopped)
		})
	}
}

// The death of bus or keyring during the prompt for an entry must neither crash the program nor
// make it wait for ever, as go-keyring's own prompts do.
func TestTheKeyringDiesDuringAPromptForAnEntry(t *testing.T) {
	t.Run("the bus", func(t *testing.T) {
		session := within(t, keyringtest.Options{Fake: &keyringtest.Fake{Dismiss: "CreateItem", Silent: true}})
		done := make(chan error, 1)
		go func() { done <- handoff.Write(t.Context(), madeUp()) }()
		<-session.Prompted()
		require.NoError(t, session.KillBus())
		require.ErrorIs(t, <-done, handoff.ErrStopped)
		require.ErrorIs(t, handoff.Probe(soon(t, time.Minute)), handoff.ErrNoBus, "what hung has ended with its panic")
	})
	t.Run("the keyring", func(t *testing.T) {
		within(t, keyringtest.Options{Fake: &keyringtest.Fake{Dismiss: "CreateItem", Die: "Prompt"}})
		require.ErrorIs(t, handoff.Write(t.Context(), madeUp()), handoff.ErrStopped)
		require.ErrorIs(t, handoff.Probe(soon(t, time.Minute)), handoff.ErrNoService, "nothing is left that waits")
	})
}

// Giving up must close the prompt where the keyring allows that, and must not crash GNOME's, which
// does not: everything that other programs keep in it would be gone.
func TestAPromptIsGivenUp(t *testing.T) {
	for name, test := range map[string]struct {
		options keyringtest.Options
		showing int
	}{
		"GNOME's":   {keyringtest.Options{State: keyringtest.Locked, Prompts: keyringtest.Unanswered}, 1},
		"any other": {keyringtest.Options{Fake: &keyringtest.Fake{Locked: true, Silent: true}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			session := within(t, test.options)
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- handoff.Write(ctx, madeUp()) }()
			<-session.Prompted()
			require.Equal(t, 1, session.Showing())
			cancel()
			err := <-done
			require.ErrorIs(t, err, handoff.ErrLocked)
			require.ErrorIs(t, err, context.Canceled)
			require.Equal(t, test.showing, session.Showing())
			require.ErrorIs(t, handoff.Probe(t.Context()), handoff.ErrLocked, "the keyring lives, and can be used by this process")
		})
	}
}

// A keyring that recovers long after the program has given up must not publish a session that is
// never cleared.
func TestAWriteThatComesTooLateIsTakenBack(t *testing.T) {
	for name, test := range map[string]struct {
		fake    keyringtest.Fake
		options []handoff.WriteOption
	}{
		"no entry is written":            {keyringtest.Fake{Hang: "CreateItem"}, nil},
		"both are written":               {keyringtest.Fake{Hang: "GetSecret", HangAt: 2}, nil},
		"both are written, and an alias": {keyringtest.Fake{Hang: "GetSecret", HangAt: 2}, []handoff.WriteOption{handoff.WithAliases()}},
	} {
		t.Run(name, func(t *testing.T) {
			session := within(t, keyringtest.Options{Fake: &test.fake})
			require.ErrorIs(t, handoff.Write(soon(t, 200*time.Millisecond), madeUp(), test.options...), handoff.ErrTimeout)
			session.Release()
			require.NoError(t, handoff.Probe(soon(t, time.Minute)), "it waits for what was left behind")
			_, err := handoff.Read(t.Context())
			require.ErrorIs(t, err, handoff.ErrNotFound)
			_, err = handoff.ReadKey(t.Context())
			require.ErrorIs(t, err, handoff.ErrNotFound)
		})
	}
}

// Reading must never prompt: a program that looks for a session every second would bury the user in
// prompts.
func TestReadingNeverPrompts(t *testing.T) {
	session := within(t, keyringtest.Options{Prompts: keyringtest.Dismissed})
	require.NoError(t, handoff.Write(t.Context(), madeUp()))
	require.NoError(t, session.Lock())
	_, err := handoff.Read(t.Context())
	require.ErrorIs(t, err, handoff.ErrLocked)
	_, err = handoff.ReadKey(t.Context())
	require.ErrorIs(t, err, handoff.ErrLocked)
	require.ErrorIs(t, handoff.Probe(t.Context()), handoff.ErrLocked)
	require.Empty(t, session.Prompted())
	require.NoError(t, session.Unlock())
	_, err = handoff.Read(t.Context())
	require.NoError(t, err)
}

// A program that reads every second must not start a keyring that the user has stopped. If one
// could be started the result is ErrNotFound, for which waiting may help, unlike without any.
func TestReadingStartsNothing(t *testing.T) {
	session := within(t, keyringtest.Options{State: keyringtest.NotStarted})
	requireStarted := func(want bool) {
		t.Helper()
		started, err := session.Started()
		require.NoError(t, err)
		require.Equal(t, want, started)
	}
	_, err := handoff.Read(t.Context())
	require.ErrorIs(t, err, handoff.ErrNotFound)
	require.NotErrorIs(t, err, handoff.ErrNoService)
	_, err = handoff.ReadKey(t.Context())
	require.ErrorIs(t, err, handoff.ErrNotFound)
	_, err = handoff.Wait(soon(t, 50*time.Millisecond))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	requireStarted(false)

	_, err = handoff.Read(entry.As(t.Context(), entry.NeverPrompt))
	require.ErrorIs(t, err, handoff.ErrNoCollection, "the writer's own process has to see what there is")
	requireStarted(true)
	_, err = handoff.Read(t.Context())
	require.ErrorIs(t, err, handoff.ErrNoCollection, "and then all do")
}

// One entry that cannot be deleted must not keep the others, whose readers would go on after the
// sign-out. Most programs read AccountSession.
func TestWhatStaysDoesNotKeepTheRest(t *testing.T) {
	for _, stays := range []string{handoff.AccountSession, handoff.AccountSessionKey} {
		t.Run(stays, func(t *testing.T) {
			within(t, keyringtest.Options{Fake: &keyringtest.Fake{KeepAccount: stays}})
			require.NoError(t, handoff.Write(t.Context(), madeUp()))
			require.ErrorIs(t, handoff.Clear(t.Context()), handoff.ErrLeftover)
			_, sessionErr := handoff.Read(t.Context())
			_, keyErr := handoff.ReadKey(t.Context())
			if stays == handoff.AccountSession {
				require.NoError(t, sessionErr)
				require.ErrorIs(t, keyErr, handoff.ErrNotFound)
			} else {
				require.ErrorIs(t, sessionErr, handoff.ErrNotFound)
				require.NoError(t, keyErr)
			}
		})
	}
}

// A session that could be written only in part must not stay: a script would use its key after the
// sign-out.
func TestNothingMixedStaysBehind(t *testing.T) {
	within(t, keyringtest.Options{Fake: &keyringtest.Fake{Fail: 2}})
	require.Error(t, handoff.Write(t.Context(), madeUp()))
	_, err := handoff.Read(t.Context())
	require.ErrorIs(t, err, handoff.ErrNotFound)
	_, err = handoff.ReadKey(t.Context())
	require.ErrorIs(t, err, handoff.ErrNotFound)
}

// An entry of another version must be distinguishable from being signed out.
func TestAnEntryThatCannotBeRead(t *testing.T) {
	within(t, keyringtest.Options{})
	require.NoError(t, keyring.Set(handoff.Service, handoff.AccountSession, `{"version":2}`))
	_, err := handoff.Read(t.Context())
	require.ErrorIs(t, err, handoff.ErrVersion)
	require.NoError(t, keyring.Set(handoff.Service, handoff.AccountSessionKey, "two\nlines"))
	_, err = handoff.ReadKey(t.Context())
	require.ErrorIs(t, err, handoff.ErrMalformed)
	require.NoError(t, keyring.Set(handoff.Service, handoff.AccountSessionKey, madeUpKey+"\n"))
	key, err := handoff.ReadKey(t.Context())
	require.NoError(t, err)
	require.True(t, key.Equal(madeUp().SessionKey.Text), "a newline at the end, as a script leaves it")
}

// Without a bus, godbus would run dbus-launch, and leave a bus daemon behind each time.
func TestNoBusIsStarted(t *testing.T) {
	within(t, keyringtest.Options{State: keyringtest.NoBus})
	folder := t.TempDir()
	launched := filepath.Join(folder, "launched")
	require.NoError(t, os.WriteFile(filepath.Join(folder, "dbus-launch"), []byte("#!/bin/sh\ntouch "+launched+"\n"), 0o700))
	t.Setenv("PATH", folder+":"+os.Getenv("PATH"))
	for _, address := range []string{"", "autolaunch:", "autolaunch:scope=*user"} {
		t.Setenv("DBUS_SESSION_BUS_ADDRESS", address)
		require.ErrorIs(t, handoff.Write(t.Context(), madeUp()), handoff.ErrNoBus)
		require.ErrorIs(t, handoff.Clear(t.Context()), handoff.ErrNoBus)
	}
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+filepath.Join(folder, "stale"))
	require.ErrorIs(t, handoff.Write(t.Context(), madeUp()), handoff.ErrNoBus, "a bus that is no more")
	require.NoFileExists(t, launched)
}

// Some systems set no address: the bus's socket is in the user's runtime folder.
func TestTheBusInTheRuntimeFolder(t *testing.T) {
	within(t, keyringtest.Options{})
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
	require.NoError(t, handoff.Write(t.Context(), madeUp()))
	require.NoError(t, handoff.Clear(t.Context()))
}

// A read at the moment in which a session ends must return ErrNotFound, not an error about a
// vanished object. secret-tool is the writer, in its own process.
func TestAReaderSeesASessionOrNone(t *testing.T) {
	within(t, keyringtest.Options{})
	const writer = `for i in $(seq 150); do
		printf key | secret-tool store --label=x service ers-login username session-key
		secret-tool clear service ers-login username session-key
	done`
	command := exec.CommandContext(t.Context(), "sh", "-c", writer)
	require.NoError(t, command.Start())
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	var found, none int
	for {
		_, err := handoff.ReadKey(soon(t, time.Minute))
		switch {
		case err == nil:
			found++
		case errors.Is(err, handoff.ErrNotFound):
			none++
		default:
			require.NoError(t, err, "after %d sessions and %d times none", found, none)
		}
		select {
		case err := <-ended:
			require.NoError(t, err)
			require.NotZero(t, found)
			require.NotZero(t, none)
			return
		default:
		}
	}
}
