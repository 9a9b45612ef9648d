package commands

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/instance"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/smartcard/simulator"
	"github.com/ers-login/ers-login/ui"
)

// brokenApp is Fyne on a desktop where something goes wrong: its loop starts, or does not, and panics.
type brokenApp struct {
	fyne.App
	lifecycle
	starts bool
	// panics is closed when it is time to.
	panics <-chan struct{}
}

type lifecycle struct {
	fyne.Lifecycle
	started func()
}

func (l *lifecycle) SetOnStarted(started func()) { l.started = started }

func (a *brokenApp) Lifecycle() fyne.Lifecycle { return &a.lifecycle }

func (a *brokenApp) Run() {
	if a.starts {
		a.started()
	}
	<-a.panics
	panic("glfw: NotInitialized: The GLFW library is not initialized")
}

// desktop makes the environment one in which a window can be tried: with a display, by its name, and places of its own.
func desktop(t *testing.T) {
	t.Helper()
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+filepath.Join(t.TempDir(), "none"))
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
}

// A window that cannot be opened must end the program with a word, and not with a page of Go.
func TestAWindowThatCannotBeOpened(t *testing.T) {
	desktop(t)
	now := make(chan struct{})
	close(now)
	p := testProgram(t, "DISPLAY=:99")
	p.newApp = func(fyne.AppMetadata) fyne.App { return &brokenApp{App: test.NewTempApp(t), panics: now} }
	err := p.openWindow(t.Context(), testLog(t), ui.Settings{}, func(context.Context) (neighbours, error) {
		require.FailNow(t, "the keyring is looked for, and nobody is there to read what becomes of it")
		return neighbours{}, nil
	})
	require.ErrorIs(t, err, notOpened)
	assert.ErrorContains(t, err, "GLFW")
	assert.Equal(t, statusFailed, p.report(err))
}

// A window that dies must not leave a session behind that nobody can see.
func TestAWindowThatBreaks(t *testing.T) {
	desktop(t)
	card := simulator.New(simulator.Settings{})
	defer card.Close()
	found, closed := make(chan struct{}), false
	p := testProgram(t, "DISPLAY=:99")
	p.newApp = func(fyne.AppMetadata) fyne.App {
		return &brokenApp{App: test.NewTempApp(t), starts: true, panics: found}
	}
	err := p.openWindow(t.Context(), testLog(t), ui.Settings{}, func(context.Context) (neighbours, error) {
		defer close(found)
		return neighbours{agent: card, ers: unreachedERS{}, keyring: emptyKeyring{}, close: func() { closed = true }}, nil
	})
	require.ErrorIs(t, err, broke)
	assert.True(t, closed, "the neighbours are left open")
	lock, err := instance.Take(instance.DefaultFile())
	require.NoError(t, err, "the lock is left")
	require.NoError(t, lock.Release())
}

// The keyring belongs to the first window. A second one that only looked at it would already clear it.
func TestASecondInstanceTouchesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	searches, closed := 0, 0
	var fails error
	find := onlyOnce(path, testLog(t), func(context.Context) (neighbours, error) {
		searches++
		return neighbours{close: func() { closed++ }}, fails
	})
	first, err := find(t.Context())
	require.NoError(t, err)

	_, err = find(t.Context())
	require.ErrorIs(t, err, instance.Running)
	assert.Equal(t, 1, searches)
	assert.True(t, problem.Of(err).Retry, "the user can go on here after closing the other window")

	first.close()
	assert.Equal(t, 1, closed)
	fails = errors.New("a wrong setting")
	for range 2 {
		_, err = find(t.Context())
		require.ErrorIs(t, err, fails, "a start that failed is in the next one's way")
	}
	fails = nil
	again, err := find(t.Context())
	require.NoError(t, err)
	again.close()
}
