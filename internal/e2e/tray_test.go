//go:build linux

package e2e_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/testing/keyringtest"
	"github.com/ers-login/ers-login/internal/testing/stage"
)

// panel is a desktop's StatusNotifierWatcher: the one name and object that programs look for.
type panel struct {
	bus *dbus.Conn
	mu  sync.Mutex
	// owners are the bus names of the programs with an icon.
	owners []string
}

const watcherName, watcherPath = "org.kde.StatusNotifierWatcher", "/StatusNotifierWatcher"

// RegisterStatusNotifierItem registers an icon (freedesktop's StatusNotifierItem specification).
// The argument may be the path of an object alone, so the sender is kept.
func (p *panel) RegisterStatusNotifierItem(sender dbus.Sender, _ string) *dbus.Error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.owners = append(p.owners, string(sender))
	return nil
}

func (p *panel) registered() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.owners)
}

// Get returns the properties, of which one matters.
func (p *panel) Get(_, name string) (dbus.Variant, *dbus.Error) {
	if name == "IsStatusNotifierHostRegistered" {
		return dbus.MakeVariant(true), nil
	}
	return dbus.Variant{}, dbus.MakeFailedError(dbus.ErrClosed)
}

// tooltip returns the tooltip of the only icon.
func (p *panel) tooltip() (string, error) {
	p.mu.Lock()
	owner := p.owners[0]
	p.mu.Unlock()
	var shown struct {
		Icon  string
		Icons []struct {
			Width, Height int32
			Pixels        []byte
		}
		Title, Text string
	}
	err := p.bus.Object(owner, "/StatusNotifierItem").StoreProperty("org.kde.StatusNotifierItem.ToolTip", &shown)
	return shown.Title, err
}

// withPanel gives the scene's desktop a place for icons.
func (s *scene) withPanel() *panel {
	s.t.Helper()
	var address string
	for _, variable := range s.Keyring.Env() {
		if value, is := strings.CutPrefix(variable, "DBUS_SESSION_BUS_ADDRESS="); is {
			address = value
		}
	}
	bus, err := dbus.Connect(address)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { assert.NoError(s.t, bus.Close()) })
	p := &panel{bus: bus}
	require.NoError(s.t, bus.Export(p, watcherPath, watcherName))
	require.NoError(s.t, bus.Export(p, watcherPath, "org.freedesktop.DBus.Properties"))
	reply, err := bus.RequestName(watcherName, dbus.NameFlagDoNotQueue)
	require.NoError(s.t, err)
	require.Equal(s.t, dbus.RequestNameReplyPrimaryOwner, reply)
	return p
}

// Started at log-in, the program is an icon without a window. A start from the menu shows its
// window, and quitting signs out as usual.
func TestInTheBackgroundThereIsAnIconAndNoWindow(t *testing.T) {
	s := open(t, keyringtest.Options{}, `environment_name = "Training"`)
	icons := s.withPanel()
	program, err := s.Run(s.ctx, programs.login, "--background")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, program.Kill()) })
	s.see(program, "waiting")
	require.Eventually(t, func() bool { return icons.registered() == 1 }, time.Minute, 20*time.Millisecond, "no icon: %s", program.Output())
	require.Eventually(t, func() bool {
		tooltip, err := icons.tooltip()
		return err == nil && tooltip == "e-RS Login (TEST: Training)"
	}, time.Minute, 20*time.Millisecond, "the icon does not say which e-RS it is")
	visible, err := s.Desktop.HasWindow(s.ctx, stage.Title)
	require.NoError(t, err)
	require.False(t, visible, "the window is in the way")

	second, err := s.Run(s.ctx, programs.login)
	require.NoError(t, err)
	require.NoError(t, second.Wait(s.ctx))
	require.NoError(t, s.Desktop.WaitWindow(s.ctx, stage.Title))
	s.signIn(program)
	require.Len(t, s.sessions(), 1)
	s.closeUntilGone(program)
	require.Empty(t, s.sessions(), "the user has not chosen to have it minimised, so that closing it signs out")
	s.keyringEmpty()
}

// closeUntilGone closes a window again and again, like a user who does not read: the second time
// answers the question of the first, unless it comes too soon after.
func (s *scene) closeUntilGone(program *stage.Program) {
	s.t.Helper()
	const again = 1500 * time.Millisecond
	for {
		limited, cancel := context.WithTimeout(s.ctx, again)
		err := s.Desktop.CloseWindow(limited, stage.Title) // fails if it has gone meanwhile
		<-limited.Done()
		cancel()
		require.NoError(s.t, s.ctx.Err(), "the window does not close: %v", err)
		if visible, err := s.Desktop.HasWindow(s.ctx, stage.Title); err == nil && !visible {
			require.NoError(s.t, program.Wait(s.ctx))
			return
		}
	}
}

// A user who wants the window out of the way finds it in the icon, and stays signed in.
func TestTheWindowGoesIntoTheIcon(t *testing.T) {
	s := open(t, keyringtest.Options{}, "minimise_on_sign_in = true")
	s.withPanel()
	program := s.start()
	s.signIn(program)
	gone := func() bool {
		visible, err := s.Desktop.HasWindow(s.ctx, stage.Title)
		return err == nil && !visible
	}
	require.Eventually(t, gone, time.Minute, 50*time.Millisecond)
	require.Len(t, s.sessions(), 1)
	second, err := s.Run(s.ctx, programs.login)
	require.NoError(t, err)
	require.NoError(t, second.Wait(s.ctx))
	require.NoError(t, s.Desktop.WaitWindow(s.ctx, stage.Title))
	require.NoError(t, s.Desktop.CloseWindow(s.ctx, stage.Title))
	require.Eventually(t, gone, time.Minute, 50*time.Millisecond)
	require.Len(t, s.sessions(), 1, "closing it takes it out of the way, and no more")
	s.removeCard()
	s.see(program, "waiting")
	s.keyringEmpty()
}

// Without a place for icons the window is minimised, and a second start brings it back.
func TestTheWindowIsMinimised(t *testing.T) {
	s := open(t, keyringtest.Options{}, "minimise_on_sign_in = true", `environment_name = "Training"`)
	require.NoError(t, s.Desktop.Manage(s.ctx))
	const title = "e-RS Login (TEST: Training)"
	is := func(wanted bool) {
		t.Helper()
		require.Eventually(t, func() bool {
			minimised, err := s.Desktop.Minimised(title)
			visible, missing := s.Desktop.HasWindow(s.ctx, stage.Title)
			return err == nil && missing == nil && minimised == wanted && visible != wanted
		}, time.Minute, 50*time.Millisecond)
	}
	program := s.start()
	is(false)
	require.Eventually(t, func() bool {
		icon, err := s.Desktop.HasIcon(title)
		return err == nil && icon
	}, time.Minute, 50*time.Millisecond, "no user finds it among the others without its icon")
	class, err := s.Desktop.Class(title)
	require.NoError(t, err)
	entry, err := os.ReadFile(filepath.Join("..", "..", "assets", "packaging", "linux", "root", "usr", "share",
		"applications", "io.github.ers_login.ErsLogin.desktop"))
	require.NoError(t, err)
	require.Contains(t, string(entry), "\nStartupWMClass="+class+"\n", "the desktop does not know whose window it is: it has no name and no menu there")
	s.signIn(program)
	is(true)
	require.Len(t, s.sessions(), 1)

	second, err := s.Run(s.ctx, programs.login)
	require.NoError(t, err)
	require.NoError(t, second.Wait(s.ctx))
	is(false)
	require.Len(t, s.sessions(), 1)
	// Without an icon, closing it asks, and offers to minimise it instead.
	s.attemptClose()
	s.press("Tab", "Return")
	is(true)
	require.Len(t, s.sessions(), 1)
	second, err = s.Run(s.ctx, programs.login)
	require.NoError(t, err)
	require.NoError(t, second.Wait(s.ctx))
	is(false)
	s.removeCard()
	s.see(program, "waiting")
	s.keyringEmpty()
	require.NoError(t, s.Desktop.CloseWindow(s.ctx, stage.Title))
	require.NoError(t, program.Wait(s.ctx))

	// Started at log-in, it is minimised at once.
	program, err = s.Run(s.ctx, programs.login, "--background")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, program.Kill()) })
	s.see(program, "waiting")
	is(true)
	second, err = s.Run(s.ctx, programs.login)
	require.NoError(t, err)
	require.NoError(t, second.Wait(s.ctx))
	is(false)
}
