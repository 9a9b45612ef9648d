package workstation

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// nowhere is a bus that is not there.
const nowhere = "unix:path=/nonexistent/bus"

// quick are settings of a test that does not wait for retries, and holds for as long as it likes.
var quick = times{hold: time.Hour, retryMin: time.Millisecond, retryMax: 10 * time.Millisecond}

// watch starts a watcher on these buses, which ends with the test.
func watch(t *testing.T, system, session string, settings times) *Watcher {
	t.Helper()
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", system)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", session)
	ctx, end := context.WithCancel(t.Context())
	w := watchFor(ctx, settings)
	t.Cleanup(func() { finish(t, w, end) })
	return w
}

// unseenHas waits until these are among what cannot be seen, or with a minus sign before them are not.
func unseenHas(t *testing.T, w *Watcher, texts ...string) {
	t.Helper()
	text := func() string {
		if err := w.MissingEvents(); err != nil {
			return err.Error()
		}
		return ""
	}
	require.Eventually(t, func() bool {
		said := text()
		for _, wanted := range texts {
			without, negated := strings.CutPrefix(wanted, "-")
			if strings.Contains(said, without) == negated {
				return false
			}
		}
		return true
	}, guard, 5*time.Millisecond, "%q is wanted of what is said: %s", texts, text())
}

// A session must not be left to the next passer-by after the user has locked the screen or switched
// users.
func TestAUT003WhatLogindTells(t *testing.T) {
	cases := map[string]struct {
		before func(*fakeLogind)
		// happens once the watcher watches.
		happens func(*testing.T, *fakeLogind)
		want    []Event
	}{
		"locked and unlocked": {happens: func(t *testing.T, f *fakeLogind) {
			f.change(t, ourSession, "LockedHint", true)
			f.change(t, ourSession, "LockedHint", false)
		}, want: []Event{Locked, CameBack}},
		"locked by request, twice": {happens: func(t *testing.T, f *fakeLogind) {
			emit(t, f.conn, ourSession, loginSession+".Lock")
			emit(t, f.conn, ourSession, loginSession+".Lock")
			emit(t, f.conn, ourSession, loginSession+".Unlock")
		}, want: []Event{Locked, Locked, CameBack}},
		"locked before": {
			before: func(f *fakeLogind) { f.set(ourSession, "LockedHint", true) },
			want:   []Event{Locked},
		},
		"a change without its value": {happens: func(t *testing.T, f *fakeLogind) {
			f.set(ourSession, "LockedHint", true)
			emit(t, f.conn, ourSession, properties+".PropertiesChanged", loginSession,
				map[string]dbus.Variant{}, []string{"LockedHint"})
		}, want: []Event{Locked}},
		"another user takes over, and leaves": {happens: func(t *testing.T, f *fakeLogind) {
			f.change(t, ourSession, "Active", false)
			f.change(t, ourSession, "Active", true)
		}, want: []Event{UserSwitchedAway, CameBack}},
		"another user was there before": {
			before: func(f *fakeLogind) { f.set(ourSession, "Active", false) },
			want:   []Event{UserSwitchedAway},
		},
		"sleep": {happens: func(t *testing.T, f *fakeLogind) {
			f.prepare(t, "Sleep", true)
			f.prepare(t, "Sleep", false)
		}, want: []Event{Sleeping, Woke}},
		"shutdown": {happens: func(t *testing.T, f *fakeLogind) { f.prepare(t, "Shutdown", true) }, want: []Event{SessionEnding}},
		"shutdown, called off and decided again": {happens: func(t *testing.T, f *fakeLogind) {
			f.prepare(t, "Shutdown", true)
			f.prepare(t, "Shutdown", false)
			f.prepare(t, "Shutdown", true)
		}, want: []Event{SessionEnding, SessionEnding}},
		"shutdown that has begun before": {
			before: func(f *fakeLogind) { f.set(loginPath, "PreparingForShutdown", true) },
			want:   []Event{SessionEnding},
		},
		"log-off": {happens: func(t *testing.T, f *fakeLogind) {
			emit(t, f.conn, loginPath, loginManager+".SessionRemoved", "1", ourSession)
		}, want: []Event{SessionEnding}},
		"another user's session": {happens: func(t *testing.T, f *fakeLogind) {
			emit(t, f.conn, otherSession, loginSession+".Lock")
			f.change(t, otherSession, "LockedHint", true)
			emit(t, f.conn, loginPath, loginManager+".SessionRemoved", "2", otherSession)
		}},
		"nonsense": {happens: func(t *testing.T, f *fakeLogind) {
			emit(t, f.conn, loginPath, loginManager+".PrepareForShutdown", "yes")
			emit(t, f.conn, loginPath, loginManager+".SessionRemoved")
			emit(t, f.conn, ourSession, properties+".PropertiesChanged", uint32(7))
		}},
		"another property": {happens: func(t *testing.T, f *fakeLogind) { f.change(t, ourSession, "IdleHint", true) }},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			bus := newBus(t)
			bus.start(t)
			logind := newLogind(t, bus)
			if c.before != nil {
				c.before(logind)
			}
			logind.start(t)
			w := watch(t, bus.address, nowhere, quick)
			logind.taken(t)
			if c.happens != nil {
				c.happens(t, logind)
			}
			// That there is no other event shows in the one that comes after it.
			emit(t, logind.conn, ourSession, loginSession+".Lock")
			expect(t, w, append(c.want, Locked)...)
		})
	}
}

// Desktops start programs in several ways, and none of them must leave this one without a session to watch.
func TestAUT003TheSessionIsFound(t *testing.T) {
	cases := map[string]struct {
		byProcess, byName, display dbus.ObjectPath
		id                         string
	}{
		"of the process":     {byProcess: ourSession, byName: otherSession, display: otherSession, id: "1"},
		"of the environment": {byName: ourSession, display: otherSession, id: "1"},
		"of the user":        {display: ourSession},
		"of the user, with another's number around": {display: ourSession, byName: otherSession, id: "77"},
		"not the user's service manager":            {byProcess: managerSession, byName: managerSession, display: ourSession, id: "1"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Setenv("XDG_SESSION_ID", c.id)
			bus := newBus(t)
			bus.start(t)
			logind := newLogind(t, bus)
			logind.byProcess, logind.byName, logind.display = c.byProcess, c.byName, c.display
			logind.start(t)
			w := watch(t, bus.address, nowhere, quick)
			logind.taken(t)
			emit(t, logind.conn, otherSession, loginSession+".Unlock")
			emit(t, logind.conn, managerSession, loginSession+".Unlock")
			emit(t, logind.conn, ourSession, loginSession+".Lock")
			expect(t, w, Locked)
			unseenHas(t, w, "-logind")
		})
	}
}

// Without a session there is still a shutdown to report, and the diagnostics name what is missing.
func TestNoSession(t *testing.T) {
	t.Setenv("XDG_SESSION_ID", "")
	bus := newBus(t)
	bus.start(t)
	logind := newLogind(t, bus)
	logind.byProcess = ""
	logind.start(t)
	w := watch(t, bus.address, nowhere, quick)
	logind.taken(t)
	unseenHas(t, w, "logind knows no session of e-RS Login", "the user has no session with a screen", "XDG_SESSION_ID is not set")
	logind.prepare(t, "Shutdown", true)
	expect(t, w, SessionEnding)
}

// An old logind without the property does not make the watcher connect for ever.
func TestALogindWithoutLocks(t *testing.T) {
	bus := newBus(t)
	bus.start(t)
	logind := newLogind(t, bus)
	delete(logind.properties[ourSession], "LockedHint")
	logind.start(t)
	w := watch(t, bus.address, nowhere, quick)
	logind.taken(t)
	unseenHas(t, w, "locking and switching users: logind does not report them", "LockedHint")
	logind.prepare(t, "Sleep", true)
	expect(t, w, Sleeping)
}

// If the computer did not wait, the key would be in the keyring of a computer that is off; if it waited for ever, the lid
// would be closed over a computer that runs.
func TestTheInhibitorIsHeldUntilRelease(t *testing.T) {
	cases := map[string]struct {
		what  string
		event Event
	}{
		"sleep":    {"Sleep", Sleeping},
		"shutdown": {"Shutdown", SessionEnding},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			bus := newBus(t)
			bus.start(t)
			logind := newLogind(t, bus)
			logind.start(t)
			w := watch(t, bus.address, nowhere, quick)
			lock := logind.taken(t)
			assert.Equal(t, []string{"sleep:shutdown", "e-RS Login", "Signing out of e-RS", "delay"},
				[]string{lock.what, lock.who, lock.why, lock.mode})
			logind.prepare(t, c.what, true)
			expect(t, w, c.event)
			lock.settle(t)
			require.True(t, lock.held(t), "it is not waited for what has to be done")
			w.Release()
			lock.released(t)

			logind.prepare(t, c.what, false)
			if c.event == Sleeping {
				expect(t, w, Woke)
			}
			next := logind.taken(t)
			logind.prepare(t, c.what, true)
			expect(t, w, c.event)
			next.settle(t)
			require.True(t, next.held(t), "the second time is not waited for")
			w.Release()
			next.released(t)
		})
	}
}

func TestTheInhibitorIsReleased(t *testing.T) {
	brief := quick
	brief.hold = time.Millisecond
	cases := map[string]struct {
		settings times
		then     func(*testing.T, *fakeLogind, context.CancelFunc)
	}{
		"after a while":        {brief, func(*testing.T, *fakeLogind, context.CancelFunc) {}},
		"at the watcher's end": {quick, func(_ *testing.T, _ *fakeLogind, end context.CancelFunc) { end() }},
		"when the service is gone": {quick, func(t *testing.T, f *fakeLogind, _ context.CancelFunc) {
			require.NoError(t, f.conn.Close())
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			bus := newBus(t)
			bus.start(t)
			logind := newLogind(t, bus)
			logind.start(t)
			t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", bus.address)
			t.Setenv("DBUS_SESSION_BUS_ADDRESS", nowhere)
			ctx, end := context.WithCancel(t.Context())
			w := watchFor(ctx, c.settings)
			t.Cleanup(func() { finish(t, w, end) })
			lock := logind.taken(t)
			logind.prepare(t, "Sleep", true)
			expect(t, w, Sleeping)
			lock.settle(t)
			c.then(t, logind, end)
			lock.released(t)
		})
	}
}

// A sleep that was called off before it was released leaves the lock for the next one.
func TestTheInhibitorIsKeptWhenSleepIsCalledOff(t *testing.T) {
	bus := newBus(t)
	bus.start(t)
	logind := newLogind(t, bus)
	logind.start(t)
	w := watch(t, bus.address, nowhere, quick)
	lock := logind.taken(t)
	logind.prepare(t, "Sleep", true)
	logind.prepare(t, "Sleep", false)
	expect(t, w, Sleeping, Woke)
	w.Release()
	logind.prepare(t, "Shutdown", true)
	expect(t, w, SessionEnding)
	lock.settle(t)
	require.True(t, lock.held(t))
	w.Release()
	lock.released(t)
	assert.Empty(t, logind.inhibitors, "it took another lock")
}

// Where an administrator forbids inhibitors, the user is signed out all the same, if there is time.
func TestAForbiddenInhibitor(t *testing.T) {
	bus := newBus(t)
	bus.start(t)
	logind := newLogind(t, bus)
	logind.noInhibitors = true
	logind.start(t)
	w := watch(t, bus.address, nowhere, quick)
	unseenHas(t, w, "sleep and shutdown: they do not wait for e-RS Login", "not you", "-logind does not report")
	logind.prepare(t, "Shutdown", true)
	expect(t, w, SessionEnding)
	w.Release()
}

// Otherwise one user of a shared computer could sign the others out.
func TestASignalOfAnotherUserIsIgnored(t *testing.T) {
	bus := newBus(t)
	bus.start(t)
	logind := newLogind(t, bus)
	logind.start(t)
	w := watch(t, bus.address, nowhere, quick)
	client := logind.taken(t).client
	forger := bus.service(t)
	forged := &dbus.Message{
		Type: dbus.TypeSignal,
		Headers: map[dbus.HeaderField]dbus.Variant{
			dbus.FieldDestination: dbus.MakeVariant(client),
			dbus.FieldPath:        dbus.MakeVariant(loginPath),
			dbus.FieldInterface:   dbus.MakeVariant(loginManager),
			dbus.FieldMember:      dbus.MakeVariant("PrepareForShutdown"),
			dbus.FieldSignature:   dbus.MakeVariant(dbus.SignatureOf(true)),
		},
		Body: []any{true},
	}
	require.NoError(t, forger.Send(forged, nil).Err)
	// The bus answers after it has passed on what came before.
	require.NoError(t, forger.BusObject().Call(busName+".GetId", 0).Err)
	emit(t, logind.conn, ourSession, loginSession+".Lock")
	expect(t, w, Locked)
}

// After an update of D-Bus or logind, locks would be missed for the rest of the day.
func TestAUT003TheBusIsKilledAndReturns(t *testing.T) {
	bus := newBus(t)
	bus.start(t)
	logind := newLogind(t, bus)
	logind.start(t)
	w := watch(t, bus.address, nowhere, quick)
	logind.taken(t)
	logind.change(t, ourSession, "Active", false)
	expect(t, w, UserSwitchedAway)

	bus.kill(t)
	unseenHas(t, w, "locking, switching users, sleep and shutdown: logind does not report them", "could not connect to the system bus")

	bus.start(t)
	again := newLogind(t, bus)
	again.set(ourSession, "LockedHint", true)
	again.start(t)
	lock := again.taken(t)
	// Changes in the meantime are reported now.
	expect(t, w, Locked)
	unseenHas(t, w, "-logind")
	again.prepare(t, "Sleep", true)
	expect(t, w, Sleeping)
	lock.settle(t)
	w.Release()
	lock.released(t)
}

func TestAUT003LogindComesLater(t *testing.T) {
	bus := newBus(t)
	bus.start(t)
	w := watch(t, bus.address, nowhere, quick)
	unseenHas(t, w, "there is no logind")
	logind := newLogind(t, bus)
	logind.start(t)
	logind.taken(t)
	unseenHas(t, w, "-logind")

	// And it is restarted.
	require.NoError(t, logind.conn.Close())
	unseenHas(t, w, "there is no logind")
	again := newLogind(t, bus)
	again.start(t)
	again.taken(t)
	emit(t, again.conn, ourSession, loginSession+".Lock")
	expect(t, w, Locked)
}

// The program works in a container, over SSH, and without logind; the diagnostics name what is
// lost.
func TestNoBusAtAll(t *testing.T) {
	const noSystem, noSession = "the system bus: ", "the session bus: "
	empty := t.TempDir()
	cases := map[string]struct {
		system, session string
		says            []string
	}{
		"sockets that are not there": {nowhere, nowhere, []string{noSystem, noSession}},
		"no session bus is started":  {nowhere, "autolaunch:", []string{noSession, "there is no bus at " + filepath.Join(empty, "bus")}},
		"no address":                 {nowhere, "", []string{noSession, "there is no bus at"}},
		"the program's own none":     {nowhere, "disabled:", []string{noSession}},
		"nonsense":                   {"nonsense", "nonsense", []string{noSystem, noSession}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			// godbus would start this, and leave a bus behind.
			tools, launched := t.TempDir(), filepath.Join(t.TempDir(), "launched")
			script := fmt.Sprintf("#!/bin/sh\n: >'%s'\n", launched)
			require.NoError(t, os.WriteFile(filepath.Join(tools, "dbus-launch"), []byte(script), 0o700))
			t.Setenv("PATH", tools)
			t.Setenv("XDG_RUNTIME_DIR", empty)
			w := watch(t, c.system, c.session, quick)
			require.Error(t, w.MissingEvents(), "it says that it sees everything before it has looked")
			unseenHas(t, w, append(c.says, "locking, switching users, sleep and shutdown: logind does not report them",
				"no screen saver reports it", "the session manager does not report it")...)
			require.NoFileExists(t, launched)
		})
	}
}

// A bus that accepts connections and never answers must not keep the program from ending.
func TestABusThatHangs(t *testing.T) {
	bus := newBus(t)
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "unix", filepath.Join(bus.folder, "bus"))
	require.NoError(t, err)
	accepted := make(chan net.Conn, 3)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			accepted <- conn
		}
	}()
	t.Cleanup(func() {
		require.NoError(t, listener.Close())
		<-done
	})
	ctx, end := context.WithCancel(t.Context())
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", bus.address)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", bus.address)
	w := watchFor(ctx, idling)
	for range 3 { // the events of both buses, and the time without input
		conn := <-accepted
		t.Cleanup(func() { require.NoError(t, conn.Close()) })
	}
	unseenHas(t, w, "not asked yet")
	finish(t, w, end)
}

// A flood of signals must not fill the memory, nor make the watcher miss what comes after.
func TestAFloodEndsTheConnection(t *testing.T) {
	l := &listener{signals: make(chan *dbus.Signal, maxSignals)}
	for range maxSignals {
		l.DeliverSignal("", "", &dbus.Signal{})
	}
	require.False(t, l.closed)
	l.DeliverSignal("", "", &dbus.Signal{})
	require.True(t, l.closed, "the watcher does not look again")
	l.Terminate()
	l.Terminate()
	l.DeliverSignal("", "", &dbus.Signal{})
	received := 0
	for range l.signals {
		received++
	}
	require.Equal(t, maxSignals, received, "what came before the end is lost")
}
