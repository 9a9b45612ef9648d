package workstation

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	xvfb "github.com/ers-login/ers-login/internal/testing/desktop"
)

// idling are settings of a test that reads the time without input at once, and again and again.
var idling = func() times {
	s := quick
	s.idleLimit, s.idleEvery = 15*time.Minute, time.Millisecond
	return s
}()

// withoutDisplay keeps this computer's X server out of a test.
func withoutDisplay(t *testing.T) {
	t.Helper()
	for _, name := range []string{"DISPLAY", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE"} {
		t.Setenv(name, "")
	}
}

// fakeMonitor is a window manager's idle monitor.
type fakeMonitor struct {
	conn *dbus.Conn
	// idle is the time without input in milliseconds.
	idle  atomic.Uint64
	asked chan struct{}
}

func startMonitor(t *testing.T, bus *realBus, name string, path dbus.ObjectPath) *fakeMonitor {
	t.Helper()
	m := &fakeMonitor{conn: bus.service(t), asked: make(chan struct{})}
	methods := map[string]any{"GetIdletime": func() (uint64, *dbus.Error) {
		select {
		case m.asked <- struct{}{}:
		default:
		}
		return m.idle.Load(), nil
	}}
	require.NoError(t, m.conn.ExportMethodTable(methods, path, name))
	own(t, m.conn, name)
	return m
}

// read waits until a time has been read that was set before.
func (m *fakeMonitor) read(t *testing.T) {
	t.Helper()
	for range 2 { // The first question may have been asked before.
		select {
		case <-m.asked:
		case <-time.After(guard):
			require.FailNow(t, "it is not asked")
		}
	}
}

// A session at a computer that is left unlocked must end, whatever the desktop.
func TestAUT003IdleMonitors(t *testing.T) {
	for _, monitor := range idleMonitors {
		t.Run(monitor.name, func(t *testing.T) {
			withoutDisplay(t)
			bus := newBus(t)
			bus.start(t)
			fake := startMonitor(t, bus, monitor.name, monitor.path)
			w := watch(t, nowhere, bus.address, idling)
			unseenHas(t, w, "-"+ErrIdleUnseen.Error())
			fake.read(t)
			saver := startSaver(t, bus, "org.gnome.ScreenSaver", "/org/gnome/ScreenSaver", true)
			expect(t, w, Locked) // and nothing before
			fake.idle.Store(15 * 60 * 1000)
			expect(t, w, WentIdle)
			fake.read(t)
			saver.change(t, false)
			expect(t, w, CameBack) // and WentIdle once
		})
	}
}

// The desktop may start after this program, and its window manager may be restarted.
func TestAUT003AnIdleMonitorComesAndGoes(t *testing.T) {
	withoutDisplay(t)
	bus := newBus(t)
	bus.start(t)
	w := watch(t, nowhere, bus.address, idling)
	unseenHas(t, w, ErrIdleUnseen.Error(), "org.gnome.Mutter.IdleMonitor", "org.cinnamon.Muffin.IdleMonitor", "X server",
		"logind")
	fake := startMonitor(t, bus, idleMonitors[0].name, idleMonitors[0].path)
	unseenHas(t, w, "-"+ErrIdleUnseen.Error())
	fake.idle.Store(^uint64(0))
	expect(t, w, WentIdle)
	require.NoError(t, fake.conn.Close())
	unseenHas(t, w, ErrIdleUnseen.Error())
	bus.kill(t)
	unseenHas(t, w, ErrIdleUnseen.Error(), "could not connect to the session bus")
}

// Some desktops report to logind alone, and only once their own limit has passed.
func TestAUT003LogindsIdleHint(t *testing.T) {
	ago := func(d time.Duration) uint64 { return uint64(time.Now().Add(-d).UnixMicro()) }
	cases := map[string]struct {
		hint    bool
		since   uint64
		missing bool
		want    []Event
	}{
		"never set":        {missing: true},
		"at work":          {since: ago(time.Hour)},
		"idle for a while": {hint: true, since: ago(time.Minute)},
		"idle for long":    {hint: true, since: ago(16 * time.Minute), want: []Event{WentIdle}},
		"idle from later":  {hint: true, since: ago(-time.Hour)},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			withoutDisplay(t)
			bus := newBus(t)
			bus.start(t)
			logind := newLogind(t, bus)
			logind.set(ourSession, "IdleHint", c.hint)
			logind.set(ourSession, "IdleSinceHint", c.since)
			logind.start(t)
			w := watch(t, bus.address, nowhere, idling)
			if c.missing {
				unseenHas(t, w, ErrIdleUnseen.Error(), "has not reported to logind")
			} else {
				unseenHas(t, w, "-"+ErrIdleUnseen.Error())
			}
			logind.taken(t)
			emit(t, logind.conn, ourSession, loginSession+".Lock")
			expect(t, w, append(c.want, Locked)...)
		})
	}
}

// IdleHint stays set where a desktop forgets it: a user who works must not be signed out for that.
func TestAUT003LogindIsAskedLast(t *testing.T) {
	for name, other := range map[string]func(*testing.T, *realBus) (end func()){
		"after the window manager": func(t *testing.T, bus *realBus) func() {
			withoutDisplay(t)
			monitor := startMonitor(t, bus, idleMonitors[0].name, idleMonitors[0].path)
			return func() { require.NoError(t, monitor.conn.Close()) }
		},
		"after the X server": func(t *testing.T, _ *realBus) func() {
			startDisplay(t)
			return func() { t.Setenv("DISPLAY", "") }
		},
	} {
		t.Run(name, func(t *testing.T) {
			bus := newBus(t)
			bus.start(t)
			end := other(t, bus)
			logind := newLogind(t, bus)
			logind.set(ourSession, "IdleHint", true)
			logind.set(ourSession, "IdleSinceHint", uint64(time.Now().Add(-time.Hour).UnixMicro()))
			logind.start(t)
			w := watch(t, bus.address, bus.address, idling)
			unseenHas(t, w, "-"+ErrIdleUnseen.Error())
			logind.taken(t)
			emit(t, logind.conn, ourSession, loginSession+".Lock")
			expect(t, w, Locked) // and nothing before
			end()
			expect(t, w, WentIdle)
		})
	}
}

// An old logind, or one without a session, does not make the watcher connect for ever.
func TestALogindWithoutIdleHint(t *testing.T) {
	cases := map[string]struct {
		change func(*fakeLogind)
		says   string
	}{
		"no property": {func(*fakeLogind) {}, "IdleHint"},
		"no session":  {func(f *fakeLogind) { f.byProcess = "" }, "logind knows no session of e-RS Login"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			withoutDisplay(t)
			t.Setenv("XDG_SESSION_ID", "")
			bus := newBus(t)
			bus.start(t)
			logind := newLogind(t, bus)
			c.change(logind)
			logind.start(t)
			w := watch(t, bus.address, nowhere, idling)
			logind.taken(t)
			unseenHas(t, w, ErrIdleUnseen.Error(), c.says)
			logind.prepare(t, "Sleep", true)
			expect(t, w, Sleeping)
		})
	}
}

// A computer that slept for longer than the limit is not the user's any more, whichever person wakes it.
func TestAUT003AsleepForLongerThanTheLimit(t *testing.T) {
	withoutDisplay(t)
	bus := newBus(t)
	bus.start(t)
	logind := newLogind(t, bus)
	logind.start(t)
	settings := idling
	settings.idleEvery = time.Hour
	w := watch(t, bus.address, nowhere, settings)
	logind.taken(t)
	unseenHas(t, w, "IdleHint", "could not connect to the session bus")
	w.idle.report(wallClock().Add(-time.Hour), 0, nil)
	logind.prepare(t, "Sleep", false)
	expect(t, w, WentIdle, Woke)
}

// startDisplay starts an X server, and makes it this program's.
func startDisplay(t *testing.T) *xvfb.Desktop {
	t.Helper()
	withoutDisplay(t)
	ctx := context.WithoutCancel(t.Context()) // it is closed when the test is cleaned up
	screen, err := xvfb.Start(ctx, 100, 100)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, screen.Close()) })
	for _, setting := range screen.Env() {
		name, value, _ := strings.Cut(setting, "=")
		t.Setenv(name, value)
	}
	return screen
}

// Desktops without an idle monitor that run on X11, such as Xfce's and MATE's.
func TestAUT003TheXServersTimeWithoutInput(t *testing.T) {
	screen := startDisplay(t)
	const enough = 100 * time.Millisecond
	require.Eventually(t, func() bool {
		idle, err := new(display).idleTime(t.Context())
		return assert.NoError(t, err) && idle >= enough
	}, guard, 5*time.Millisecond, "there is input")
	before := time.Now()
	require.NoError(t, screen.Press(t.Context(), "a"))
	idle, err := new(display).idleTime(t.Context())
	require.NoError(t, err)
	// The X server counts whole milliseconds.
	require.LessOrEqual(t, idle, time.Since(before)+time.Millisecond, "the key did not count")

	bus := newBus(t)
	bus.start(t)
	settings := idling
	settings.idleLimit = enough
	w := watch(t, nowhere, bus.address, settings)
	unseenHas(t, w, "-"+ErrIdleUnseen.Error())
	expect(t, w, WentIdle, WentIdle) // again after each further limit
}

// Xwayland sees the input to its own windows alone: a user who works in others would be signed out.
func TestTheXServerIsNotAskedOnWayland(t *testing.T) {
	for name, value := range map[string]string{"WAYLAND_DISPLAY": "wayland-0", "XDG_SESSION_TYPE": "wayland"} {
		t.Run(name, func(t *testing.T) {
			startDisplay(t)
			t.Setenv(name, value)
			_, err := new(display).idleTime(t.Context())
			require.ErrorContains(t, err, "on Wayland")
		})
	}
}

func TestNoXServer(t *testing.T) {
	withoutDisplay(t)
	_, err := new(display).idleTime(t.Context())
	require.ErrorContains(t, err, "could not connect to the X server")
}

// An X server that hangs must not hold up the other events, nor collect questions.
func TestAnXServerThatHangs(t *testing.T) {
	screen := startDisplay(t)
	require.NoError(t, screen.Freeze())
	x := &display{}
	ended, end := context.WithCancel(t.Context())
	end()
	for range 3 {
		_, err := x.idleTime(ended)
		require.True(t, errors.Is(err, context.Canceled), "%v", err)
	}
	asked := x.asked
	require.NotNil(t, asked)
	require.NoError(t, screen.Thaw())
	_, err := x.idleTime(t.Context())
	require.NoError(t, err)
	require.Nil(t, x.asked)
}
