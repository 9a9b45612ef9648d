package workstation

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fakeSaver is a screen saver.
type fakeSaver struct {
	name   string
	path   dbus.ObjectPath
	conn   *dbus.Conn
	active atomic.Bool
	asked  chan struct{}
}

// startSaver starts a screen saver.
func startSaver(t *testing.T, bus *realBus, name string, path dbus.ObjectPath, active bool) *fakeSaver {
	t.Helper()
	s := &fakeSaver{name: name, path: path, conn: bus.service(t), asked: make(chan struct{}, 100)}
	s.active.Store(active)
	methods := map[string]any{"GetActive": func() (bool, *dbus.Error) {
		s.asked <- struct{}{}
		return s.active.Load(), nil
	}}
	require.NoError(t, s.conn.ExportMethodTable(methods, path, name))
	own(t, s.conn, name)
	return s
}

// change makes it come on, or go.
func (s *fakeSaver) change(t *testing.T, active bool) {
	t.Helper()
	s.active.Store(active)
	emit(t, s.conn, s.path, s.name+".ActiveChanged", active)
}

// A desktop that does not signal logind signals its screen saver. If one is not understood, its
// users stay signed in.
func TestAUT003ScreenSavers(t *testing.T) {
	cases := map[string]struct{ name, path string }{
		"KDE":      {"org.freedesktop.ScreenSaver", "/ScreenSaver"},
		"common":   {"org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver"},
		"GNOME":    {"org.gnome.ScreenSaver", "/org/gnome/ScreenSaver"},
		"Cinnamon": {"org.cinnamon.ScreenSaver", "/org/cinnamon/ScreenSaver"},
		"MATE":     {"org.mate.ScreenSaver", "/"},
		"Xfce":     {"org.xfce.ScreenSaver", "/org/xfce/ScreenSaver"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			bus := newBus(t)
			bus.start(t)
			saver := startSaver(t, bus, c.name, dbus.ObjectPath(c.path), false)
			w := watch(t, nowhere, bus.address, quick)
			unseenHas(t, w, "-no screen saver")
			saver.change(t, true)
			saver.change(t, false)
			expect(t, w, Locked, CameBack)
		})
	}
}

func TestAUT003ScreenSaversComeAndGo(t *testing.T) {
	bus := newBus(t)
	bus.start(t)
	w := watch(t, nowhere, bus.address, quick)
	unseenHas(t, w, "there is no screen saver on the session bus")
	// One that is started for the lock is on when it comes.
	saver := startSaver(t, bus, "org.gnome.ScreenSaver", "/org/gnome/ScreenSaver", true)
	expect(t, w, Locked)
	unseenHas(t, w, "-no screen saver")
	// One that has crashed locks nothing.
	require.NoError(t, saver.conn.Close())
	expect(t, w, CameBack)
	unseenHas(t, w, "there is no screen saver on the session bus")
}

// The screen saver that was on when the session bus was killed is still on for all that is known.
func TestAUT003TheSessionBusIsKilledAndReturns(t *testing.T) {
	bus := newBus(t)
	bus.start(t)
	w := watch(t, nowhere, bus.address, quick)
	saver := startSaver(t, bus, "org.gnome.ScreenSaver", "/org/gnome/ScreenSaver", true)
	expect(t, w, Locked)
	bus.kill(t)
	unseenHas(t, w, "could not connect to the session bus")
	bus.start(t)
	saver = startSaver(t, bus, saver.name, saver.path, false)
	expect(t, w, CameBack)
	unseenHas(t, w, "-no screen saver")
	saver.change(t, true)
	expect(t, w, Locked)
}

// With both sources, a lock is one lock.
func TestAUT003LogindTogetherWithAScreenSaver(t *testing.T) {
	system, session := newBus(t), newBus(t)
	system.start(t)
	session.start(t)
	logind := newLogind(t, system)
	logind.start(t)
	saver := startSaver(t, session, "org.gnome.ScreenSaver", "/org/gnome/ScreenSaver", false)
	manager := startManager(t, session)
	w := watch(t, system.address, session.address, quick)
	logind.taken(t)
	manager.registered(t)
	unseenHas(t, w, "-logind", "-screen saver", "-session manager")
	require.NoError(t, w.MissingEvents())
	saver.change(t, true)
	expect(t, w, Locked)
	logind.change(t, ourSession, "LockedHint", true)
	saver.change(t, false)
	logind.change(t, ourSession, "LockedHint", false)
	expect(t, w, CameBack)
}

// fakeManager is GNOME's session manager.
type fakeManager struct {
	conn    *dbus.Conn
	clients chan string
	answers chan bool
}

const managerClientPath = dbus.ObjectPath("/org/gnome/SessionManager/Client7")

func startManager(t *testing.T, bus *realBus) *fakeManager {
	t.Helper()
	m := &fakeManager{conn: bus.service(t), clients: make(chan string, 10), answers: make(chan bool, 10)}
	register := map[string]any{"RegisterClient": func(id, startup string) (dbus.ObjectPath, *dbus.Error) {
		m.clients <- id + " " + startup
		return managerClientPath, nil
	}}
	require.NoError(t, m.conn.ExportMethodTable(register, managerPath, managerName))
	respond := map[string]any{"EndSessionResponse": func(agreed bool, reason string) *dbus.Error {
		m.answers <- agreed && reason == ""
		return nil
	}}
	require.NoError(t, m.conn.ExportMethodTable(respond, managerClientPath, managerClient))
	own(t, m.conn, managerName)
	return m
}

func (m *fakeManager) registered(t *testing.T) string {
	t.Helper()
	select {
	case client := <-m.clients:
		return client
	case <-time.After(guard):
		require.FailNow(t, "it does not register")
		return ""
	}
}

// answered waits for the answer that the session may end.
func (m *fakeManager) answered(t *testing.T) {
	t.Helper()
	select {
	case agreed := <-m.answers:
		require.True(t, agreed)
	case <-time.After(guard):
		require.FailNow(t, "it does not answer, and the user waits to log off")
	}
}

// A log-off without a sign-out must not leave a key in the keyring for the next log-on.
func TestAUT003LogOff(t *testing.T) {
	t.Setenv("DESKTOP_AUTOSTART_ID", "107")
	bus := newBus(t)
	bus.start(t)
	manager := startManager(t, bus)
	w := watch(t, nowhere, bus.address, quick)
	assert.Equal(t, "ers-login 107", manager.registered(t))
	unseenHas(t, w, "-no session manager")

	// The answer to whether the user may log off is yes, without an event: the log-off may be
	// cancelled.
	emit(t, manager.conn, managerClientPath, managerClient+".QueryEndSession", uint32(0))
	manager.answered(t)
	emit(t, manager.conn, managerClientPath, managerClient+".CancelEndSession", uint32(0))

	emit(t, manager.conn, managerClientPath, managerClient+".QueryEndSession", uint32(0))
	manager.answered(t)
	emit(t, manager.conn, managerClientPath, managerClient+".EndSession", uint32(0))
	expect(t, w, SessionEnding)
	require.Empty(t, manager.answers, "the session manager does not wait")
	w.Release()
	manager.answered(t)

	// A signal to another client is ignored.
	emit(t, manager.conn, managerClientPath+"7", managerClient+".Stop")
	emit(t, manager.conn, managerClientPath, managerClient+".QueryEndSession", uint32(0))
	manager.answered(t)
	emit(t, manager.conn, managerClientPath, managerClient+".Stop")
	expect(t, w, SessionEnding)
}

func TestTheSessionManagerComesLater(t *testing.T) {
	bus := newBus(t)
	bus.start(t)
	w := watch(t, nowhere, bus.address, quick)
	unseenHas(t, w, "the session manager does not report it", "RegisterClient")
	manager := startManager(t, bus)
	manager.registered(t)
	emit(t, manager.conn, managerClientPath, managerClient+".EndSession", uint32(0))
	expect(t, w, SessionEnding)
	unseenHas(t, w, "-no session manager")
}
