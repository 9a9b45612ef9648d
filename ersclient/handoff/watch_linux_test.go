package handoff_test

import (
	"context"
	"errors"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/zalando/go-keyring"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/keyring/entry"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
)

// signedInUntil returns a session with this end.
func signedInUntil(end time.Time) handoff.Session {
	session := madeUp()
	session.IssuedAt, session.ExpiresAt = end.Add(-10*time.Hour), end
	return session
}

// change is one change that a watch yields.
type change[S handoff.Entry] struct {
	session S
	err     error
}

// watching starts a watch of HSCN, see following.
func watching(t *testing.T) <-chan change[handoff.Session] {
	t.Helper()
	return following(t, handoff.Watch)
}

// following starts a watch and returns its changes. It ends before the test.
func following[S handoff.Entry](t *testing.T, watch func(context.Context) iter.Seq2[S, error]) <-chan change[S] {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	changes := make(chan change[S])
	go func() {
		defer close(changes)
		for session, err := range watch(ctx) {
			select {
			case changes <- change[S]{session, err}:
			case <-ctx.Done():
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		for range changes {
			// Remaining changes are discarded.
		}
	})
	return changes
}

// An application that follows the session must learn of each sign-in, switch and sign-out, or it
// goes on with an expired key.
func TestAWatchYieldsEachChange(t *testing.T) {
	within(t, keyringtest.Options{})
	changes := watching(t)
	require.ErrorIs(t, (<-changes).err, handoff.ErrNotFound)

	session := signedInUntil(time.Now().Add(time.Hour).Truncate(time.Second).UTC())
	for generation := range int64(3) {
		session.Generation = generation
		session.SessionKey = handoff.NewSessionKey("made-up-" + string(rune('a'+generation)))
		require.NoError(t, handoff.Write(t.Context(), session))
		change := <-changes
		require.NoError(t, change.err)
		requireSame(t, session, change.session)
	}
	require.NoError(t, handoff.Clear(t.Context()))
	require.ErrorIs(t, (<-changes).err, handoff.ErrNotFound)
	require.NoError(t, handoff.Write(t.Context(), session), "the same once more")
	require.NoError(t, (<-changes).err)
}

// A keyring that is locked, broken or back again must be reported as that, and must not end the
// watch: the application would never see the next session.
func TestAWatchOutlivesTheKeyringsTroubles(t *testing.T) {
	keyringSession := within(t, keyringtest.Options{})
	session := signedInUntil(time.Now().Add(time.Hour).Truncate(time.Second).UTC())
	require.NoError(t, handoff.Write(t.Context(), session))
	changes := watching(t)
	require.NoError(t, (<-changes).err)

	require.NoError(t, keyringSession.Lock())
	require.ErrorIs(t, (<-changes).err, handoff.ErrLocked)
	require.NoError(t, keyringSession.Unlock())
	change := <-changes
	require.NoError(t, change.err)
	requireSame(t, session, change.session)

	require.NoError(t, keyring.Set(handoff.Service, handoff.AccountSession, `{"version":2}`))
	require.ErrorIs(t, (<-changes).err, handoff.ErrVersion)
	require.NoError(t, keyring.Set(handoff.Service, handoff.AccountSession, `{`))
	require.ErrorIs(t, (<-changes).err, handoff.ErrMalformed)

	require.NoError(t, keyringSession.KillDaemon())
	for {
		// A read at the moment of the end may fail in more than one way.
		change := <-changes
		require.Error(t, change.err)
		if errors.Is(change.err, handoff.ErrNoService) {
			break
		}
	}
}

// A session not cleared at its end, as after a power cut, must not be taken for an open one.
func TestAnExpiredSessionIsNone(t *testing.T) {
	within(t, keyringtest.Options{})
	require.NoError(t, handoff.Write(t.Context(), signedInUntil(time.Now().Add(-time.Second))))
	changes := watching(t)
	require.ErrorIs(t, (<-changes).err, handoff.ErrNotFound)

	// A session that expires while watched. On a computer too slow for its two seconds, it was
	// never seen.
	require.NoError(t, handoff.Write(t.Context(), signedInUntil(time.Now().Add(2*time.Second))))
	for change := range changes {
		if change.err != nil {
			require.ErrorIs(t, change.err, handoff.ErrNotFound)
			break
		}
	}
	_, err := handoff.Read(t.Context())
	require.NoError(t, err, "the entry itself is still there")
}

// A program that waits for a sign-in must get the session, or an error at once if waiting is of no
// use.
func TestWait(t *testing.T) {
	t.Run("until a user signs in", func(t *testing.T) {
		within(t, keyringtest.Options{})
		session := signedInUntil(time.Now().Add(time.Hour).Truncate(time.Second).UTC())
		waited := make(chan change[handoff.Session], 1)
		go func() {
			session, err := handoff.Wait(t.Context())
			waited <- change[handoff.Session]{session, err}
		}()
		require.NoError(t, handoff.Write(t.Context(), session))
		got := <-waited
		require.NoError(t, got.err)
		requireSame(t, session, got.session)

		again, err := handoff.Wait(t.Context())
		require.NoError(t, err, "it is there already")
		requireSame(t, session, again)
	})
	t.Run("until a locked keyring is unlocked", func(t *testing.T) {
		keyringSession := within(t, keyringtest.Options{})
		session := signedInUntil(time.Now().Add(time.Hour).Truncate(time.Second).UTC())
		require.NoError(t, handoff.Write(t.Context(), session))
		require.NoError(t, keyringSession.Lock())
		waited := make(chan error, 1)
		go func() {
			_, err := handoff.Wait(t.Context())
			waited <- err
		}()
		require.NoError(t, keyringSession.Unlock())
		require.NoError(t, <-waited)
		require.Empty(t, keyringSession.Prompted(), "no prompt was shown")
	})
	t.Run("until the context ends", func(t *testing.T) {
		within(t, keyringtest.Options{})
		_, err := handoff.Wait(soon(t, 50*time.Millisecond))
		require.ErrorIs(t, err, handoff.ErrNotFound)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
	t.Run("while a keyring hangs", func(t *testing.T) {
		within(t, keyringtest.Options{Fake: &keyringtest.Fake{Hang: "SearchItems"}})
		_, err := handoff.Wait(soon(t, 50*time.Millisecond))
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
	t.Run("without a bus", func(t *testing.T) {
		within(t, keyringtest.Options{State: keyringtest.NoBus})
		_, err := handoff.Wait(t.Context())
		require.ErrorIs(t, err, handoff.ErrNoBus)
	})
	t.Run("without a keyring", func(t *testing.T) {
		within(t, keyringtest.Options{State: keyringtest.NoService})
		_, err := handoff.Wait(t.Context())
		require.ErrorIs(t, err, handoff.ErrNoService)
	})
	t.Run("with another version's entry", func(t *testing.T) {
		within(t, keyringtest.Options{})
		require.NoError(t, keyring.Set(handoff.Service, handoff.AccountSession, `{"version":2}`))
		_, err := handoff.Wait(t.Context())
		require.ErrorIs(t, err, handoff.ErrVersion)
	})
}

// Without signals of the Secret Service, every application would learn of a sign-out a second late.
func TestTheKeyringSignalsChanges(t *testing.T) {
	within(t, keyringtest.Options{})
	bell, err := entry.Listen(t.Context())
	require.NoError(t, err)
	defer bell.Close()
	silence := func() {
		for {
			select {
			case <-bell.Rung():
			default:
				return
			}
		}
	}
	for name, change := range map[string]func() error{
		"written":  func() error { return handoff.Write(t.Context(), madeUp()) },
		"replaced": func() error { return handoff.Write(t.Context(), madeUp()) },
		"cleared": func() error {
			return errors.Join(handoff.Write(t.Context(), madeUp()), handoff.Clear(t.Context()))
		},
	} {
		silence()
		require.NoError(t, change())
		select {
		case <-bell.Rung():
		case <-soon(t, time.Minute).Done():
			require.Fail(t, "not reported", name)
		}
	}
}
