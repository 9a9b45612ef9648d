package instance_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/instance"
)

var raise = instance.Request{Action: instance.Raise}

// guard ends a test that hangs.
const guard = 30 * time.Second

// soon is a context for what has to happen.
func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), guard)
	t.Cleanup(cancel)
	return ctx
}

// receive returns what comes out of a channel.
func receive[T any](t *testing.T, from <-chan T) (got T) {
	t.Helper()
	select {
	case got = <-from:
	case <-time.After(guard):
		require.FailNow(t, "this never came")
	}
	return got
}

// first is an instance in this process. What it reports is the test's to look at.
type first struct {
	*instance.Lock
	path    string
	reports chan error
}

// listening returns an instance that listens until the end of the test.
func listening(t *testing.T, handler instance.Handler) first {
	t.Helper()
	path := filepath.Join(folder(t), "ers-login.lock")
	held, err := instance.Take(path)
	require.NoError(t, err)
	made := first{held, path, make(chan error, 100)}
	require.NoError(t, held.Listen(handler, func(err error) { made.reports <- err }))
	t.Cleanup(func() { require.NoError(t, held.Release()) })
	return made
}

func agreeing(context.Context, instance.Request) instance.Answer { return instance.Answer{OK: true} }

// If this fails, a second start does nothing that the user can see, and what it was started for is lost.
func TestASecondStartIsHeard(t *testing.T) {
	path := filepath.Join(folder(t), "ers-login.lock")
	other := start(t, listens, path)
	require.Equal(t, "held", other.says(t))

	for name, asked := range map[string]instance.Request{
		"to raise":                       {Action: instance.Raise, ActivationToken: "gnome-shell/e-RS/1-2-host_TIME3"},
		"to sign in for another program": {Action: instance.SignIn, For: "Vendor App (Praxis «Süd»)"},
		"to sign out":                    {Action: instance.SignOut},
	} {
		t.Run(name, func(t *testing.T) {
			answer, err := instance.Ask(soon(t), path, asked)
			require.NoError(t, err)
			assert.Equal(t, instance.Answer{OK: true, PID: answer.PID}, answer)
			assert.NotEqual(t, os.Getpid(), answer.PID)
			var heard instance.Request
			require.NoError(t, json.Unmarshal([]byte(other.says(t)), &heard))
			assert.Equal(t, asked, heard)
		})
	}
	another := start(t, asks, path)
	assert.Equal(t, "true", another.says(t), "a process like the first one is not heard")
	another.leave(t)
	other.says(t)
	other.leave(t)
}

// If this fails, a crash leaves something behind by which the next start takes itself for the second one, or cannot be reached.
func TestAKilledListenerIsReplaced(t *testing.T) {
	path := filepath.Join(folder(t), "ers-login.lock")
	for range 2 {
		other := start(t, listens, path)
		require.Equal(t, "held", other.says(t), "what the one before has left behind is in the way")
		_, err := instance.Ask(soon(t), path, raise)
		require.NoError(t, err)
		other.kill(t)
		_, err = instance.Ask(soon(t), path, raise)
		require.ErrorIs(t, err, instance.Unreachable)
		require.ErrorIs(t, err, instance.ErrNoListener)
	}
	held, _, err := instance.Join(soon(t), path, raise)
	require.NoError(t, err)
	require.NotNil(t, held)
	require.NoError(t, held.Listen(agreeing, func(error) {}))
	answer, err := instance.Ask(soon(t), path, raise)
	require.NoError(t, err)
	assert.Equal(t, instance.Answer{OK: true, PID: os.Getpid()}, answer)
	require.NoError(t, held.Release())
}

// If this fails, a double click is a message about a program that is running already.
func TestJoin(t *testing.T) {
	path := filepath.Join(folder(t), "ers-login.lock")
	held, answer, err := instance.Join(soon(t), path, raise)
	require.NoError(t, err)
	require.NotNil(t, held, "no other instance is there")
	assert.Zero(t, answer)

	// The first one does not listen yet.
	type joined struct {
		held   *instance.Lock
		answer instance.Answer
		err    error
	}
	second := make(chan joined)
	go func() {
		held, answer, err := instance.Join(t.Context(), path, raise)
		second <- joined{held, answer, err}
	}()
	_, err = instance.Ask(soon(t), path, raise)
	require.ErrorIs(t, err, instance.ErrNoListener)
	require.NoError(t, held.Listen(agreeing, func(error) {}))
	require.Error(t, held.Listen(agreeing, func(error) {}), "one of two handlers would never be asked")
	got := receive(t, second)
	require.NoError(t, got.err)
	assert.Nil(t, got.held)
	assert.True(t, got.answer.OK)
	require.NoError(t, held.Release())
}

// A user who closes the window and starts the program at once again wants a window. If this fails,
// the instance that is about to end takes the request, or the lock.
func TestJoinTakesOverFromOneThatLeaves(t *testing.T) {
	path := filepath.Join(folder(t), "ers-login.lock")
	leaving, err := instance.Take(path)
	require.NoError(t, err)
	asked := make(chan struct{}, 1000)
	require.NoError(t, leaving.Listen(func(context.Context, instance.Request) instance.Answer {
		asked <- struct{}{}
		return instance.Answer{Code: instance.Leaving.Code}
	}, func(error) {}))
	_, err = instance.Ask(soon(t), path, raise)
	require.ErrorIs(t, err, instance.Leaving)
	receive(t, asked)

	second := make(chan *instance.Lock)
	go func() {
		held, _, err := instance.Join(t.Context(), path, raise)
		assert.NoError(t, err)
		second <- held
	}()
	receive(t, asked)
	require.NoError(t, leaving.Release())
	held := receive(t, second)
	require.NotNil(t, held)
	require.NoError(t, held.Listen(agreeing, func(error) {}), "the one that has left is in the way")
	answer, err := instance.Ask(soon(t), path, raise)
	require.NoError(t, err)
	assert.True(t, answer.OK)
	require.NoError(t, held.Release())
}

// If this fails, a program that waits for a sign-in gives up while the user looks for the card, or
// gets no outcome.
func TestWaiting(t *testing.T) {
	begun, signedIn := make(chan bool), make(chan struct{})
	first := listening(t, func(ctx context.Context, request instance.Request) instance.Answer {
		_, bounded := ctx.Deadline()
		if !request.Wait {
			return instance.Answer{OK: bounded}
		}
		begun <- bounded
		<-signedIn
		return instance.Answer{OK: true}
	})
	answers := make(chan instance.Answer)
	go func() {
		answer, err := instance.Ask(t.Context(), first.path, instance.Request{Action: instance.SignIn, Wait: true})
		assert.NoError(t, err)
		answers <- answer
	}()
	assert.False(t, receive(t, begun), "the user is given a time limit")

	answer, err := instance.Ask(soon(t), first.path, raise)
	require.NoError(t, err, "one that waits is in the others' way")
	assert.True(t, answer.OK, "a handler that hangs has all the time in the world")

	close(signedIn)
	assert.Equal(t, instance.Answer{OK: true, PID: os.Getpid()}, receive(t, answers))
}

// If this fails, a request goes on after its client is gone: a sign-in without a purpose.
func TestTheContextEndsWithTheClient(t *testing.T) {
	begun, ended := make(chan struct{}), make(chan error)
	first := listening(t, func(ctx context.Context, _ instance.Request) instance.Answer {
		begun <- struct{}{}
		<-ctx.Done()
		ended <- ctx.Err()
		return instance.Answer{Code: "TEST-GONE"}
	})
	t.Run("that gives up", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		asked := make(chan error)
		go func() {
			_, err := instance.Ask(ctx, first.path, instance.Request{Action: instance.SignIn, Wait: true})
			asked <- err
		}()
		receive(t, begun)
		cancel()
		require.ErrorIs(t, receive(t, ended), context.Canceled)
		err := receive(t, asked)
		require.ErrorIs(t, err, instance.Unreachable)
		require.ErrorIs(t, err, context.Canceled)
	})
	t.Run("that is killed", func(t *testing.T) {
		other := start(t, waits, first.path)
		receive(t, begun)
		other.kill(t)
		require.ErrorIs(t, receive(t, ended), context.Canceled)
	})
	t.Run("that did not mean to wait", func(t *testing.T) {
		answers := make(chan instance.Answer)
		go func() {
			answer, err := instance.Ask(t.Context(), first.path, raise)
			assert.NoError(t, err)
			answers <- answer
		}()
		receive(t, begun)
		require.ErrorIs(t, receive(t, ended), context.DeadlineExceeded)
		assert.Equal(t, "TEST-GONE", receive(t, answers).Code)
	})
}

// If this fails, a program that waits for a sign-in hangs when the user quits, or the program that quits does.
func TestReleaseAnswersThoseWhoWait(t *testing.T) {
	path := filepath.Join(folder(t), "ers-login.lock")
	held, err := instance.Take(path)
	require.NoError(t, err)
	begun := make(chan struct{})
	require.NoError(t, held.Listen(func(ctx context.Context, _ instance.Request) instance.Answer {
		begun <- struct{}{}
		<-ctx.Done()
		return instance.Answer{Code: "TEST-QUIT"}
	}, func(err error) { assert.NoError(t, err) }))
	const waiting = 3
	answers := make(chan instance.Answer)
	for range waiting {
		go func() {
			answer, err := instance.Ask(t.Context(), path, instance.Request{Action: instance.SignIn, Wait: true})
			assert.NoError(t, err)
			answers <- answer
		}()
		receive(t, begun)
	}
	require.NoError(t, held.Release())
	for range waiting {
		assert.Equal(t, instance.Answer{PID: os.Getpid(), Code: "TEST-QUIT"}, receive(t, answers))
	}
	again, err := instance.Take(path)
	require.NoError(t, err)
	require.NoError(t, again.Release())
}

// A handler that does not return is a mistake of ours. If this fails, the user pays for it: the program does not end, or none can be
// started after it.
func TestAHandlerThatHangsKeepsNoLock(t *testing.T) {
	path := filepath.Join(folder(t), "ers-login.lock")
	held, err := instance.Take(path)
	require.NoError(t, err)
	begun, end := make(chan struct{}), make(chan struct{})
	require.NoError(t, held.Listen(func(context.Context, instance.Request) instance.Answer {
		close(begun)
		<-end
		return instance.Answer{OK: true}
	}, func(error) {}))
	answers := make(chan instance.Answer)
	go func() {
		answer, err := instance.Ask(t.Context(), path, instance.Request{Action: instance.Raise, Wait: true})
		assert.NoError(t, err)
		answers <- answer
	}()
	receive(t, begun)
	require.ErrorContains(t, held.Release(), "still being answered")
	again, err := instance.Take(path)
	require.NoError(t, err)
	require.NoError(t, again.Release())
	close(end)
	assert.True(t, receive(t, answers).OK)
}

// If this fails, the name of an asking program can fill the window, or read as another sentence by
// writing right to left, and a malformed token reaches the window manager.
func TestWhatIsShownIsCleaned(t *testing.T) {
	heard := make(chan instance.Request, 1)
	first := listening(t, func(_ context.Context, request instance.Request) instance.Answer {
		heard <- request
		return instance.Answer{OK: true}
	})
	long := strings.Repeat("x", 200)
	for name, c := range map[string]struct{ name, token, wantName, wantToken string }{
		"as it is":             {"Vendor App", "abc-1_TIME2", "Vendor App", "abc-1_TIME2"},
		"a long name":          {long, "", strings.Repeat("x", 79) + "…", ""},
		"lines":                {" Vendor\r\n\tApp\u2028 ", "", "Vendor App", ""},
		"control characters":   {"Ven\x1b[1mdor\x00\u009f", "", "Ven [1mdor", ""},
		"the other way round":  {"Vendor\u202eppA\u200b", "", "VendorppA", ""},
		"a token with a blank": {"", "abc def", "", ""},
		"a token with a line":  {"", "abc\ndef", "", ""},
		"a token with letters": {"", "abcé", "", ""},
		"a long token":         {"", strings.Repeat("x", 257), "", ""},
		"just fits":            {"", strings.Repeat("x", 256), "", strings.Repeat("x", 256)},
	} {
		t.Run(name, func(t *testing.T) {
			want := instance.Request{Action: instance.SignIn, For: c.wantName, ActivationToken: c.wantToken}
			asked := instance.Request{Action: instance.SignIn, For: c.name, ActivationToken: c.token}
			_, err := instance.Ask(soon(t), first.path, asked)
			require.NoError(t, err)
			assert.Equal(t, want, receive(t, heard))

			// A program that does not clean it.
			arguments, err := json.Marshal(asked)
			require.NoError(t, err)
			assert.Equal(t, "", speak(t, first.path, `{"version":1,"arguments":`+string(arguments)+`}`+"\n").Code)
			assert.Equal(t, want, receive(t, heard))
		})
	}
}

// A problem that a hostile or broken instance reports is printed on a terminal.
func TestWhatWasShownIsCleaned(t *testing.T) {
	at := time.Date(2026, 11, 28, 19, 22, 5, 0, time.UTC)
	first := listening(t, func(context.Context, instance.Request) instance.Answer {
		return instance.Answer{OK: true, Shown: &instance.Shown{Code: strings.Repeat("C", 99), Title: "Not\x1b[1m\naccepted", At: at}}
	})
	answer, err := instance.Ask(soon(t), first.path, instance.Request{Action: instance.LastProblem})
	require.NoError(t, err)
	assert.Equal(t, &instance.Shown{Code: strings.Repeat("C", 59) + "…", Title: "Not [1m accepted", At: at}, answer.Shown)
}

// If this fails, a raised window stays behind on desktops that require a token.
func TestActivationToken(t *testing.T) {
	for name, c := range map[string]struct {
		environ []string
		want    string
	}{
		"Wayland":        {[]string{"XDG_ACTIVATION_TOKEN=w", "HOME=/"}, "w"},
		"X11":            {[]string{"HOME=/", "DESKTOP_STARTUP_ID=x"}, "x"},
		"both":           {[]string{"DESKTOP_STARTUP_ID=x", "XDG_ACTIVATION_TOKEN=w"}, "w"},
		"none":           {[]string{"HOME=/", "NO_XDG_ACTIVATION_TOKEN=no"}, ""},
		"empty":          {[]string{"XDG_ACTIVATION_TOKEN=", "DESKTOP_STARTUP_ID=x"}, "x"},
		"not usable":     {[]string{"XDG_ACTIVATION_TOKEN=a b", "DESKTOP_STARTUP_ID=x"}, "x"},
		"no environment": {nil, ""},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, c.want, instance.ActivationToken(c.environ)) })
	}
}
