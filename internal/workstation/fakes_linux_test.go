package workstation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/stretchr/testify/require"
)

// A real bus, with services of our own on it.

// busConfig is a bus that starts no services, least of all those of the computer that it runs on.
const busConfig = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>%s</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`

type realBus struct {
	folder, address string
	process         *exec.Cmd
	ended           chan struct{}
}

// newBus is a bus that has yet to be started.
func newBus(t *testing.T) *realBus {
	// Not the test's own folder, whose name may be too long for a socket.
	folder, err := os.MkdirTemp("", "workstation")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(folder)) })
	return &realBus{folder: folder, address: "unix:path=" + filepath.Join(folder, "bus")}
}

// start starts the bus, at the same address each time, and returns when it answers.
func (b *realBus) start(t *testing.T) {
	t.Helper()
	config := filepath.Join(b.folder, "bus.conf")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, busConfig, b.address), 0o600))
	life := context.WithoutCancel(t.Context()) // it is killed when the test is cleaned up
	b.process = exec.CommandContext(life, "dbus-daemon", "--config-file="+config, "--nofork", "--nosyslog")
	b.process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	b.ended = make(chan struct{})
	started := make(chan error, 1)
	go func() {
		// The signal that ends the bus with this program comes at the end of the thread that has started it.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(b.ended)
		err := b.process.Start()
		started <- err
		if err == nil {
			_ = b.process.Wait() // it is killed
		}
	}()
	require.NoError(t, <-started)
	t.Cleanup(func() { b.kill(t) })
	require.Eventually(t, func() bool {
		conn, err := dbus.Connect(b.address)
		return err == nil && conn.Close() == nil
	}, guard, 5*time.Millisecond)
}

// kill ends the bus at once.
func (b *realBus) kill(t *testing.T) {
	t.Helper()
	if err := b.process.Process.Kill(); err != nil {
		require.ErrorIs(t, err, os.ErrProcessDone)
	}
	<-b.ended
}

// service is a connection that owns names.
func (b *realBus) service(t *testing.T, names ...string) *dbus.Conn {
	t.Helper()
	conn, err := dbus.Connect(b.address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() }) // the bus may have been killed
	for _, name := range names {
		own(t, conn, name)
	}
	return conn
}

func own(t *testing.T, conn *dbus.Conn, name string) {
	t.Helper()
	reply, err := conn.RequestName(name, dbus.NameFlagDoNotQueue)
	require.NoError(t, err)
	require.Equal(t, dbus.RequestNameReplyPrimaryOwner, reply)
}

func emit(t *testing.T, conn *dbus.Conn, path dbus.ObjectPath, signal string, body ...any) {
	t.Helper()
	require.NoError(t, conn.Emit(path, signal, body...))
}

// The sessions of the fake logind.
const (
	ourSession     = dbus.ObjectPath("/org/freedesktop/login1/session/_31")
	otherSession   = dbus.ObjectPath("/org/freedesktop/login1/session/_32")
	managerSession = dbus.ObjectPath("/org/freedesktop/login1/session/_33")
	userObject     = dbus.ObjectPath("/org/freedesktop/login1/user/_1000")
)

// fakeLogind is logind as far as it is described in org.freedesktop.login1(5).
type fakeLogind struct {
	conn *dbus.Conn
	// What the calls that find a session return; none is an error. They are set before the watcher starts.
	byProcess, byName, display dbus.ObjectPath
	// noInhibitors makes Inhibit fail, as polkit can.
	noInhibitors bool
	// inhibitors are those that were taken.
	inhibitors chan *inhibitor

	mutex      sync.Mutex
	properties map[dbus.ObjectPath]map[string]any
}

// inhibitor is logind's end of a lock.
type inhibitor struct {
	what, who, why, mode string
	client               string
	end, theirs          *os.File
}

func newLogind(t *testing.T, bus *realBus) *fakeLogind {
	f := &fakeLogind{
		byProcess: ourSession, inhibitors: make(chan *inhibitor, 20),
		properties: map[dbus.ObjectPath]map[string]any{
			loginPath:      {"PreparingForShutdown": false},
			ourSession:     {"Class": "user", "LockedHint": false, "Active": true},
			otherSession:   {"Class": "user", "LockedHint": false, "Active": false},
			managerSession: {"Class": "manager", "LockedHint": false, "Active": true},
		},
	}
	f.conn = bus.service(t)
	return f
}

// start makes logind known to others.
func (f *fakeLogind) start(t *testing.T) {
	t.Helper()
	f.set(userObject, "Display", struct {
		ID   string
		Path dbus.ObjectPath
	}{map[bool]string{true: "1"}[f.display != ""], map[bool]dbus.ObjectPath{true: f.display, false: "/"}[f.display != ""]})
	session := func(path dbus.ObjectPath) (dbus.ObjectPath, *dbus.Error) {
		if path == "" {
			return "/", dbus.NewError(loginName+".NoSessionForPID", []any{"there is none"})
		}
		return path, nil
	}
	manager := map[string]any{
		"GetSessionByPID": func(pid uint32) (dbus.ObjectPath, *dbus.Error) {
			if int(pid) != os.Getpid() {
				return session("")
			}
			return session(f.byProcess)
		},
		"GetSession": func(id string) (dbus.ObjectPath, *dbus.Error) {
			if id != "1" {
				return session("")
			}
			return session(f.byName)
		},
		"GetUser": func(uid uint32) (dbus.ObjectPath, *dbus.Error) {
			if int(uid) != os.Getuid() {
				return session("")
			}
			return userObject, nil
		},
		"Inhibit": f.inhibit,
	}
	require.NoError(t, f.conn.ExportMethodTable(manager, loginPath, loginManager))
	for _, path := range []dbus.ObjectPath{loginPath, ourSession, otherSession, managerSession, userObject} {
		get := map[string]any{"Get": func(_, name string) (dbus.Variant, *dbus.Error) { return f.get(path, name) }}
		require.NoError(t, f.conn.ExportMethodTable(get, path, properties))
	}
	own(t, f.conn, loginName)
}

func (f *fakeLogind) inhibit(sender dbus.Sender, what, who, why, mode string) (dbus.UnixFD, *dbus.Error) {
	if f.noInhibitors {
		return 0, dbus.NewError("org.freedesktop.DBus.Error.AccessDenied", []any{"not you"})
	}
	end, theirs, err := os.Pipe()
	if err != nil {
		return 0, dbus.MakeFailedError(err)
	}
	lock := dbus.UnixFD(theirs.Fd())
	f.inhibitors <- &inhibitor{what, who, why, mode, string(sender), end, theirs}
	return lock, nil
}

func (f *fakeLogind) get(path dbus.ObjectPath, name string) (dbus.Variant, *dbus.Error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	value, ok := f.properties[path][name]
	if !ok {
		return dbus.Variant{}, dbus.NewError("org.freedesktop.DBus.Error.UnknownProperty", []any{name})
	}
	return dbus.MakeVariant(value), nil
}

// set changes a property without telling.
func (f *fakeLogind) set(path dbus.ObjectPath, name string, value any) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.properties[path] == nil {
		f.properties[path] = map[string]any{}
	}
	f.properties[path][name] = value
}

// change changes a property of a session and sends the signal.
func (f *fakeLogind) change(t *testing.T, path dbus.ObjectPath, name string, value any) {
	t.Helper()
	f.set(path, name, value)
	emit(t, f.conn, path, properties+".PropertiesChanged", loginSession,
		map[string]dbus.Variant{name: dbus.MakeVariant(value)}, []string{})
}

func (f *fakeLogind) prepare(t *testing.T, what string, begins bool) {
	t.Helper()
	emit(t, f.conn, loginPath, loginManager+".PrepareFor"+what, begins)
}

// taken waits for the watcher to take a lock, the last thing that it does when it connects.
func (f *fakeLogind) taken(t *testing.T) *inhibitor {
	t.Helper()
	select {
	case i := <-f.inhibitors:
		t.Cleanup(func() {
			_ = i.theirs.Close() // it may be closed already
			require.NoError(t, i.end.Close())
		})
		return i
	case <-time.After(guard):
		require.FailNow(t, "the watcher takes no inhibitor")
		return nil
	}
}

// settle closes the end that was sent to the watcher, which by now has it.
func (i *inhibitor) settle(t *testing.T) {
	t.Helper()
	if err := i.theirs.Close(); err != nil {
		require.ErrorIs(t, err, os.ErrClosed)
	}
}

// held reports whether the watcher has the lock, after settle.
func (i *inhibitor) held(t *testing.T) bool {
	t.Helper()
	raw, err := i.end.SyscallConn()
	require.NoError(t, err)
	var n int
	var read error
	require.NoError(t, raw.Read(func(fd uintptr) bool {
		n, read = syscall.Read(int(fd), make([]byte, 1))
		return true
	}))
	if read != nil {
		require.ErrorIs(t, read, syscall.EAGAIN)
		return true
	}
	require.Zero(t, n)
	return false
}

// released waits until the watcher has given the lock back, after settle.
func (i *inhibitor) released(t *testing.T) {
	t.Helper()
	require.NoError(t, i.end.SetReadDeadline(time.Now().Add(guard)))
	_, err := i.end.Read(make([]byte, 1))
	require.True(t, errors.Is(err, io.EOF), "the lock is still held: %v", err)
}
