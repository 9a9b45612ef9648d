package cli

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/app"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/instance"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
)

// elsewhere returns the environments of one user's terminals and remote desktops, which share one
// keyring (microsoft/vscode#95384, canonical/checkbox#2220).
func (w workplace) elsewhere() map[string]workplace {
	w.t.Helper()
	bus := "DBUS_SESSION_BUS_ADDRESS=unix:path=" + filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "bus")
	diary := w.t.TempDir()
	w.t.Setenv(diaryVariable, diary)
	made := map[string]workplace{}
	for name, changes := range map[string][]string{
		"the desktop's own":        nil,
		"no runtime folder":        {"XDG_RUNTIME_DIR="},
		"another runtime folder":   {"XDG_RUNTIME_DIR=" + w.t.TempDir()},
		"a folder that is gone":    {"XDG_RUNTIME_DIR=" + filepath.Join(w.t.TempDir(), "gone")},
		"an unwritable folder":     {"XDG_RUNTIME_DIR=/proc/self"},
		"another state folder":     {"XDG_RUNTIME_DIR=", "XDG_STATE_HOME=" + w.t.TempDir()},
		"no folder can be used":    {"XDG_RUNTIME_DIR=/proc/self", "XDG_STATE_HOME=/proc/self"},
		"a file in a folder's way": {"XDG_RUNTIME_DIR=/proc/version", "XDG_STATE_HOME=/proc/version"},
	} {
		other := w
		other.environ = append(append(append([]string{}, w.environ...), bus, diaryVariable+"="+diary), changes...)
		made[name] = other
	}
	return made
}

// owner returns the window's process id, 0 if there is none.
func (w workplace) owner() int {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), guardTime)
	defer cancel()
	lock, answer, err := instance.Join(ctx, instance.DefaultFile(), instance.Request{Action: instance.Raise})
	require.NoError(w.t, err)
	if lock != nil {
		require.NoError(w.t, lock.Release())
	}
	return answer.PID
}

// killOwner kills the window's process, and waits until the system has released its resources.
func (w workplace) killOwner() {
	w.t.Helper()
	pid := w.owner()
	require.NotZero(w.t, pid)
	require.NoError(w.t, syscall.Kill(pid, syscall.SIGKILL))
	require.Eventually(w.t, func() bool { return w.owner() != pid }, guardTime, lookPause)
}

// ledger records whose session should be in the keyring, and checks that continually.
type ledger struct {
	t    *testing.T
	dead map[int64]bool
	live int64
}

// check compares the keyring with the expected session.
func (l *ledger) check(after string) {
	l.t.Helper()
	session, err := readSession(l.t.Context(), handoff.ReadAny)
	if l.live == 0 {
		require.ErrorIs(l.t, err, errSignedOut, after)
		return
	}
	require.NoError(l.t, err, after)
	require.False(l.t, l.dead[session.Details().Generation], "a session that has ended is there again: %s", after)
	require.Equal(l.t, l.live, session.Details().Generation, "a live session was replaced: %s", after)
}

func (l *ledger) ended() {
	l.dead[l.live] = true
	l.live = 0
}

func (l *ledger) begun(after string) {
	l.t.Helper()
	session, err := readSession(l.t.Context(), handoff.ReadAny)
	require.NoError(l.t, err, after)
	require.False(l.t, l.dead[session.Details().Generation], after)
	l.live = session.Details().Generation
}

// In whatever environment a second start runs, it finds the open window: no live session is cleared
// by another process, none that has ended is published again, and a dead owner's is cleared at
// once. With -short it is three pairs, chosen at random.
func TestOneInstanceInAllEnvironments(t *testing.T) {
	w := newWorkplace(t, signsIn, keyringtest.Options{})
	places := w.elsewhere()
	const usual = "the desktop's own"
	pairs := 2*len(places) - 1
	if testing.Short() {
		pairs = 3
	}
	for first, owner := range places {
		for second, other := range places {
			if pairs == 0 || first != usual && second != usual {
				continue // covered by the random rounds
			}
			pairs--
			after := fmt.Sprintf("signed in in %q, and then in %q", first, second)
			books := &ledger{t: t, dead: map[int64]bool{}}
			status, _, stderr := owner.run("sign-in")
			require.Equal(t, app.StatusDone, status, "%s: %s", after, stderr)
			books.begun(after)
			pid := w.owner()

			status, _, stderr = other.run("sign-in", "--for", "Vendor App", "--timeout", "1m")
			require.Equal(t, app.StatusDone, status, "%s: %s", after, stderr)
			books.check(after + ", signing in")
			status, _, stderr = other.run()
			require.Equal(t, app.StatusDone, status, "%s: %s", after, stderr)
			assert.Contains(t, stderr, app.ErrRaised.Error(), after)
			books.check(after + ", starting")
			status, _, stderr = other.run("forget")
			require.Equal(t, app.StatusDone, status, "%s: %s", after, stderr)
			books.check(after + ", forgetting")
			require.Equal(t, pid, w.owner(), after)
			status, _, stderr = other.run("sign-out")
			require.Equal(t, app.StatusDone, status, "%s: %s", after, stderr)
			assert.NotContains(t, stderr, "No window was open", after)
			books.ended()
			books.check(after + ", signing out")

			status, _, stderr = other.run("sign-in")
			require.Equal(t, app.StatusDone, status, "%s: %s", after, stderr)
			books.begun(after)
			w.killOwner()
			books.check(after + ", after the owner's death")
			status, _, stderr = other.run("sign-out")
			require.Equal(t, app.StatusDone, status, "%s: %s", after, stderr)
			books.ended()
			books.check(after + ", cleared from elsewhere")
		}
	}
}

// Fifty rounds, ten with -short, of actions of users, scripts and crashes, in random environments.
func TestOneInstanceAtRandom(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, seed))
	w := newWorkplace(t, signsIn, keyringtest.Options{})
	var places []workplace
	for _, place := range w.elsewhere() {
		places = append(places, place)
	}
	books := &ledger{t: t, dead: map[int64]bool{}}
	crashed, rounds := false, 50
	if testing.Short() {
		rounds = 10
	}
	for round := range rounds {
		place := places[random.IntN(len(places))]
		after := fmt.Sprintf("round %d", round)
		switch random.IntN(4) {
		case 0:
			status, _, stderr := place.run("sign-in")
			require.Equal(t, app.StatusDone, status, "%s: %s", after, stderr)
			if crashed {
				books.ended()
			}
			if books.live == 0 {
				books.begun(after)
			}
			crashed = false
			books.check(after + ", signing in")
		case 1:
			status, _, stderr := place.run("sign-out")
			require.Equal(t, app.StatusDone, status, "%s: %s", after, stderr)
			books.ended()
			crashed = false
			books.check(after + ", signing out")
		case 2:
			if pid := w.owner(); pid != 0 {
				w.killOwner()
				crashed = books.live != 0
			}
			books.check(after + ", after a kill")
		case 3:
			if books.live == 0 || crashed {
				continue
			}
			status, _, stderr := place.run()
			require.Equal(t, app.StatusDone, status, "%s: %s", after, stderr)
			books.check(after + ", starting")
		}
	}
}

// Two desktops of a user can have two buses and one keyring, stored in the same files. The entry
// names its owner, who is asked to sign out.
func TestSigningOutAsksTheOwner(t *testing.T) {
	w := newWorkplace(t, dallies, keyringtest.Options{})
	owner, err := instance.Take(filepath.Join(t.TempDir(), "ers-login.lock"))
	require.NoError(t, err)
	asked := make(chan instance.Request, 1)
	require.NoError(t, owner.Listen(func(ctx context.Context, request instance.Request) instance.Answer {
		asked <- request
		return instance.Answer{OK: errors.Join(ctx.Err(), handoff.Clear(ctx)) == nil}
	}, func(err error) { t.Log(err) }))
	session := madeUpSession(7)
	session.Owner = owner.Mark()
	w.publish(session)
	p := testProgram(t, os.Environ()...)
	p.Lock = &app.HeldLock{}
	require.NoError(t, endSession(t.Context(), p, instance.DefaultFile(), config.Sources{}))
	assert.Equal(t, instance.SignOut, (<-asked).Action)
	require.ErrorIs(t, noSession(t), errSignedOut)

	// Any process may clear a dead owner's session.
	w.publish(session)
	require.NoError(t, owner.Release())
	var complaints strings.Builder
	p.Stderr = &complaints
	require.NoError(t, endSession(t.Context(), p, instance.DefaultFile(), config.Sources{}))
	assert.Contains(t, complaints.String(), "No window was open.")
	require.ErrorIs(t, noSession(t), errSignedOut)
}

func noSession(t *testing.T) error {
	t.Helper()
	_, err := readSession(t.Context(), handoff.ReadAny)
	return err
}
