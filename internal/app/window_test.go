package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/desktop"
	"github.com/ers-login/ers-login/internal/instance"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/signin"
)

// brokenApp is Fyne on a desktop with a fault: its loop starts, or does not, and panics.
type brokenApp struct {
	fyne.App
	lifecycle
	starts bool
	// panics is closed when it is time to panic.
	panics <-chan struct{}
}

type lifecycle struct {
	fyne.Lifecycle
	started func()
}

func (l *lifecycle) SetOnStarted(started func())   { l.started = started }
func (l *lifecycle) SetOnEnteredForeground(func()) {}
func (l *lifecycle) SetOnExitedForeground(func())  {}

func (a *brokenApp) Lifecycle() fyne.Lifecycle { return &a.lifecycle }

func (a *brokenApp) Run() {
	if a.starts {
		a.started()
	}
	<-a.panics
	panic("glfw: NotInitialized: The GLFW library is not initialized")
}

// atDesktop prepares the environment for a window: with the name of a display and the test's
// folders.
func atDesktop(t *testing.T) {
	t.Helper()
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+filepath.Join(t.TempDir(), "none"))
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
}

// A window that cannot be opened must end the program with a message, not with Go's stack trace.
func TestAWindowThatCannotBeOpened(t *testing.T) {
	atDesktop(t)
	now := make(chan struct{})
	close(now)
	p := testProgram(t, "DISPLAY=:99")
	p.NewApp = func(fyne.AppMetadata) fyne.App { return &brokenApp{App: test.NewTempApp(t), panics: now} }
	err := p.openWindow(t.Context(), testLog(t), signin.NewBoard(), windowOptions{find: func(context.Context) (Services, error) {
		require.FailNow(t, "the keyring is checked, although the result is not needed")
		return Services{}, nil
	}})
	require.ErrorIs(t, err, NotOpened)
	assert.ErrorContains(t, err, "GLFW")
	assert.Equal(t, StatusFailed, p.Report(err))
}

// The keyring belongs to the first window. A second start raises it, and must not touch the
// keyring: it would clear the session.
func TestASecondInstanceTouchesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	raised := make(chan instance.Request, 1)
	first := NewOneInstance(path, testLog(t), nil, "a", func(_ context.Context, request instance.Request) instance.Answer {
		raised <- request
		return instance.Answer{OK: true}
	})
	require.NoError(t, first.Join(t.Context()))
	require.NoError(t, first.Join(t.Context()), "trying again after a wrong setting, it is still the one")

	t.Setenv("XDG_ACTIVATION_TOKEN", "made-up")
	second := NewOneInstance(path, testLog(t), os.Environ(), "a", nil)
	assert.Empty(t, os.Getenv("XDG_ACTIVATION_TOKEN"), "no program that is started from here uses it up")
	find := after(second.Join, func(context.Context) (Services, error) {
		require.FailNow(t, "the keyring is looked at")
		return Services{}, nil
	})
	_, err := find(t.Context())
	require.ErrorIs(t, err, ErrRaised)
	assert.Equal(t, instance.Request{Action: instance.Raise, ActivationToken: "made-up", Wanted: "a"}, <-raised)
	second.Leave()

	first.Leave()
	require.NoError(t, second.Join(t.Context()), "the first one is gone")
	second.Leave()
}

// A window raised on another display is not visible to this user.
func TestAWindowOnAnotherDisplay(t *testing.T) {
	e := &Controller{Log: testLog(t), Board: signin.NewBoard(), Displays: desktop.DisplaysOf([]string{"DISPLAY=:0", "WAYLAND_DISPLAY=wayland-0"})}
	life := e.Open(t.Context())
	e.Shown.Store(true)
	first := NewOneInstance(filepath.Join(t.TempDir(), "lock"), testLog(t), nil, "", e.RequestHandler(life, func() {}))
	require.NoError(t, first.Join(t.Context()))
	defer first.Leave()
	for name, test := range map[string]struct {
		environ []string
		err     error
	}{
		"the same":              {[]string{"DISPLAY=:0", "WAYLAND_DISPLAY=wayland-0"}, ErrRaised},
		"by X alone":            {[]string{"DISPLAY=:0"}, ErrRaised},
		"another screen of it":  {[]string{"DISPLAY=:0.1"}, ErrRaised},
		"by another way":        {[]string{"DISPLAY=unix:0"}, ErrRaised},
		"by Wayland alone":      {[]string{"WAYLAND_DISPLAY=wayland-0"}, ErrRaised},
		"none":                  {[]string{"DISPLAY="}, ErrRaised},
		"another":               {[]string{"DISPLAY=:10.0"}, OtherDisplay},
		"a forwarded one":       {[]string{"DISPLAY=localhost:10.0"}, OtherDisplay},
		"another of both kinds": {[]string{"DISPLAY=:1", "WAYLAND_DISPLAY=wayland-1"}, OtherDisplay},
	} {
		t.Run(name, func(t *testing.T) {
			if desktop.DisplaysOf([]string{"DISPLAY=:0"}) == "" {
				test.err = ErrRaised // this system has only one display
			}
			second := NewOneInstance(first.path, testLog(t), test.environ, "", nil)
			require.ErrorIs(t, second.Join(t.Context()), test.err)
		})
	}
}

// Requests of other starts reach the window while it is open.
func TestWhatOtherStartsAskFor(t *testing.T) {
	raised := 0
	e := &Controller{Log: testLog(t)}
	life := e.Open(t.Context())
	answer := e.RequestHandler(life, func() { raised++ })
	assert.Equal(t, instance.Leaving.Code, answer(t.Context(), instance.Request{Action: instance.Raise}).Code, "it is not there yet")
	e.Shown.Store(true)
	assert.True(t, answer(t.Context(), instance.Request{Action: instance.Raise}).OK)
	assert.Equal(t, 1, raised)
	assert.True(t, answer(t.Context(), instance.Request{Action: instance.SignIn}).OK)
	assert.Equal(t, 2, raised)
	assert.Equal(t, signin.SignIn{}, <-e.early)
	assert.True(t, answer(t.Context(), instance.Request{Action: instance.SignOut}).OK)
	assert.Equal(t, signin.SignOut{}, <-e.early)
	e.quit()
	assert.Equal(t, instance.Leaving.Code, answer(t.Context(), instance.Request{Action: instance.Raise}).Code, "it is on its way out")
}

// A second start with other settings must not use the open window: the clinician would work under
// another ASID.
func TestAWindowWithOtherSettings(t *testing.T) {
	e := &Controller{Log: testLog(t), Board: signin.NewBoard(), fingerprint: requestFingerprint("sign-in", "", nil, nil)}
	life := e.Open(t.Context())
	e.Shown.Store(true)
	first := NewOneInstance(filepath.Join(t.TempDir(), "lock"), testLog(t), nil, e.fingerprint, e.RequestHandler(life, func() {}))
	require.NoError(t, first.Join(t.Context()))
	defer first.Leave()
	for name, test := range map[string]struct {
		fingerprint string
		err         error
		notice      *problem.Problem
	}{
		"the same":                     {requestFingerprint("sign-in", "", nil, []string{"HOME=/"}), ErrRaised, nil},
		"another file":                 {requestFingerprint("sign-in", "other.toml", nil, nil), otherWindow, startedOtherwise},
		"a setting in the environment": {requestFingerprint("sign-in", "", nil, []string{"ERS_LOGIN_ASID=1"}), otherWindow, startedOtherwise},
		"the demonstration":            {demoRequestFingerprint(config.PlatformHSCN, "gp"), otherWindow, startedAsDemonstration},
	} {
		t.Run(name, func(t *testing.T) {
			second := NewOneInstance(first.path, testLog(t), nil, test.fingerprint, nil)
			require.ErrorIs(t, second.Join(t.Context()), test.err)
			if errors.Is(test.err, otherWindow) {
				assert.Equal(t, []signin.Notice{{Problem: test.notice}}, <-e.Board.Changes(), "the window says so, of itself")
			}
		})
	}
	assert.Equal(t, startedForReal, noticeOf(demoRequestFingerprint(config.PlatformFHIR, "gp"), e.fingerprint))
	assert.Equal(t, startedOtherwise,
		noticeOf(demoRequestFingerprint(config.PlatformHSCN, "gp"), demoRequestFingerprint(config.PlatformHSCN, "consultant")))
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	flags.String("asid", "", "")
	flags.Bool("background", false, "")
	require.NoError(t, flags.Parse([]string{"--background"}))
	assert.Equal(t, e.fingerprint, requestFingerprint("sign-in", "", flags, nil), "where it starts makes no difference")
	require.NoError(t, flags.Parse([]string{"--asid", "1"}))
	assert.NotEqual(t, e.fingerprint, requestFingerprint("sign-in", "", flags, nil))
}

// A process that stays although its window is closed would be taken for the one instance.
func TestALoopThatDoesNotEnd(t *testing.T) {
	r := windowRun{log: testLog(t)}
	left := false
	r.awaitLoop(make(chan struct{}), time.Millisecond, func() { left = true })
	assert.True(t, left)
	ended := make(chan struct{})
	close(ended)
	r.awaitLoop(ended, time.Hour, func() { assert.Fail(t, "it has ended") })
}
