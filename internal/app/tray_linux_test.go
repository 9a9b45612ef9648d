package app

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"github.com/godbus/dbus/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ers-login/ers-login/internal/desktop"
	"github.com/ers-login/ers-login/internal/instance"
	"github.com/ers-login/ers-login/internal/sessionbus"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
)

// The name and object by which a panel shows icons, of the freedesktop StatusNotifierItem
// specification.
const (
	panelName   = "org.kde.StatusNotifierWatcher"
	panelObject = "/StatusNotifierWatcher"
)

// panel is a desktop's StatusNotifierWatcher, with or without a panel that shows icons.
type panel struct{ shows bool }

// Get returns the properties, of which one matters.
func (p panel) Get(_, name string) (dbus.Variant, *dbus.Error) {
	if name == "IsStatusNotifierHostRegistered" {
		return dbus.MakeVariant(p.shows), nil
	}
	return dbus.Variant{}, dbus.MakeFailedError(dbus.ErrClosed)
}

// trayBus starts a session bus, and returns a desktop's connection to it.
func trayBus(t *testing.T) *dbus.Conn {
	t.Helper()
	session := keyringtest.ForTest(t, keyringtest.Options{Fake: &keyringtest.Fake{}})
	var address string
	for _, variable := range session.Env() {
		if value, is := strings.CutPrefix(variable, sessionbus.Variable+"="); is {
			address = value
		}
	}
	t.Setenv(sessionbus.Variable, address)
	bus, err := dbus.Connect(address)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, bus.Close()) })
	return bus
}

func putPanel(t *testing.T, bus *dbus.Conn, shows bool) {
	t.Helper()
	require.NoError(t, bus.Export(panel{shows}, panelObject, "org.freedesktop.DBus.Properties"))
	reply, err := bus.RequestName(panelName, dbus.NameFlagDoNotQueue)
	require.NoError(t, err)
	require.Contains(t, []dbus.RequestNameReply{dbus.RequestNameReplyPrimaryOwner, dbus.RequestNameReplyAlreadyOwner}, reply)
}

// Started by the desktop side by side with its panel, the program was the faster one, and had no
// icon for the whole day.
func TestTheTrayIsWaitedForAtLogIn(t *testing.T) {
	for name, comes := range map[string]func(*testing.T, *dbus.Conn){
		"it is there":     nil,
		"the whole comes": func(t *testing.T, bus *dbus.Conn) { putPanel(t, bus, true) },
		"the panel comes": func(t *testing.T, bus *dbus.Conn) {
			putPanel(t, bus, false)
			require.NoError(t, bus.Export(panel{true}, panelObject, "org.freedesktop.DBus.Properties"))
			require.NoError(t, bus.Emit(panelObject, panelName+".StatusNotifierHostRegistered"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			bus := trayBus(t)
			still := goleak.IgnoreCurrent()
			if comes == nil {
				putPanel(t, bus, true)
				require.True(t, desktop.HasTray(t.Context()))
				require.True(t, desktop.AwaitTray(t.Context()))
				goleak.VerifyNone(t, still)
				return
			}
			require.False(t, desktop.HasTray(t.Context()))
			come := make(chan bool, 1)
			go func() { come <- desktop.AwaitTray(t.Context()) }()
			comes(t, bus)
			require.True(t, <-come)
			goleak.VerifyNone(t, still)
		})
	}
}

// A desktop without icons delays only a start in the background, and a bus that ends delays none.
func TestTheTrayIsNotWaitedForForEver(t *testing.T) {
	t.Run("the window is wanted", func(t *testing.T) {
		trayBus(t)
		still := goleak.IgnoreCurrent()
		ctx, want := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer want()
		require.False(t, desktop.AwaitTray(ctx))
		require.Error(t, ctx.Err(), "it has not waited")
		goleak.VerifyNone(t, still)
	})
	t.Run("no bus", func(t *testing.T) {
		atDesktop(t)
		require.False(t, desktop.AwaitTray(t.Context()))
	})
	t.Run("the bus ends", func(t *testing.T) {
		session := keyringtest.ForTest(t, keyringtest.Options{Fake: &keyringtest.Fake{}})
		for _, variable := range session.Env() {
			name, value, _ := strings.Cut(variable, "=")
			t.Setenv(name, value)
		}
		come := make(chan bool, 1)
		go func() { come <- desktop.AwaitTray(t.Context()) }()
		require.NoError(t, session.KillBus())
		require.False(t, <-come)
	})
}

// A start from the menu during the wait must open the window, instead of ending after ten seconds
// without an answer.
func TestAWantedWindowDoesNotWaitForTheTray(t *testing.T) {
	atDesktop(t)
	trayBus(t)
	fakeDialogue(t)
	waits, end := make(chan struct{}), make(chan struct{})
	p := testProgram(t, "DISPLAY=:99")
	p.NewApp = func(fyne.AppMetadata) fyne.App {
		return &brokenApp{App: test.NewTempApp(t), starts: true, panics: end}
	}
	log := testLog(t)
	drawable := &graphics{record: filepath.Join(t.TempDir(), "graphics"), log: log, look: func(context.Context) error {
		close(waits)
		return nil
	}}
	opened := make(chan error, 1)
	go func() {
		opened <- p.openWindow(t.Context(), log, signin.NewBoard(), windowOptions{background: true, graphics: drawable, fingerprint: "a",
			find: func(ctx context.Context) (Services, error) {
				<-ctx.Done()
				return Services{}, ctx.Err()
			}})
	}()
	<-waits
	second := NewOneInstance(instance.DefaultFile(), log, nil, "a", nil)
	require.ErrorIs(t, second.Join(t.Context()), ErrRaised)
	close(end)
	require.ErrorIs(t, <-opened, broke)
}
