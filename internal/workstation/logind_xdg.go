//go:build !windows && !darwin

package workstation

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/godbus/dbus/v5"

	"github.com/ers-login/ers-login/internal/sessionbus"
)

const (
	loginName    = "org.freedesktop.login1"
	loginPath    = dbus.ObjectPath("/org/freedesktop/login1")
	loginManager = loginName + ".Manager"
	loginSession = loginName + ".Session"
	loginUser    = loginName + ".User"
)

// The events that the inhibitor delays: until it is released, or for logind's InhibitDelayMaxSec,
// by default five seconds.
const (
	delayed     = "sleep:shutdown"
	inhibitMode = "delay"
)

// logind serves one connection to the system bus.
type logind struct {
	*Watcher
	line *line
	// owner is logind's connection. Any user of the computer may send a signal with logind's
	// interface.
	owner   string
	session dbus.ObjectPath
	// inhibitor delays logind while it is open.
	inhibitor *os.File
	// holding is the event that logind waits for as long as the line is held.
	holding Event
}

func (l *logind) serve(ctx context.Context) error {
	defer func() { _ = l.letGo(ctx) }()
	if err := l.attach(ctx); err != nil {
		return err
	}
	return l.line.serve(ctx, l.take, l.letGo)
}

// attach subscribes to logind's signals, and then reads the state before them. A missing logind, or
// one without a session for this program, is no error of the connection.
func (l *logind) attach(ctx context.Context) error {
	if err := l.line.listenForOwner(ctx, loginName); err != nil {
		return err
	}
	// This starts a logind that runs on demand, such as elogind. If it fails, the next call finds
	// that out.
	var started uint32
	_ = l.line.callBus(ctx, "StartServiceByName", []any{loginName, uint32(0)}, &started)
	owner, err := l.line.owner(ctx, loginName)
	if err != nil {
		return err
	}
	if owner == "" {
		l.unseen.note(logindNote, errors.New("switching users, sleep and shutdown: there is no logind"))
		return nil
	}
	l.owner = owner
	if err := l.line.listen(ctx, dbus.WithMatchSender(loginName), dbus.WithMatchInterface(loginManager)); err != nil {
		return err
	}
	if err := l.attachSession(ctx); err != nil {
		return err
	}
	l.inhibit(ctx)
	l.unseen.note(logindNote, nil)
	var ending bool
	if err := l.property(ctx, loginPath, loginManager, "PreparingForShutdown", &ending); err == nil && ending {
		l.wait(ctx, SessionEnding)
	}
	return nil
}

func (l *logind) attachSession(ctx context.Context) error {
	session, err := l.findSession(ctx)
	if err != nil {
		l.unseen.note(sessionNote, fmt.Errorf("locking and switching users: logind knows no session of e-RS Login: %w", err))
		return nil
	}
	l.session = session
	if err := l.line.listen(ctx, dbus.WithMatchSender(loginName), dbus.WithMatchObjectPath(session)); err != nil {
		return err
	}
	return l.lookAtSession(ctx)
}

// findSession returns this program's session. A program started by the user's service manager, as
// desktops do, has none itself: then it is the one in its environment, or the user's only one with
// a screen.
func (l *logind) findSession(ctx context.Context) (dbus.ObjectPath, error) {
	var failed []error
	for _, find := range []func(context.Context) (dbus.ObjectPath, error){
		l.sessionOfProcess, l.sessionOfEnvironment, l.sessionOfUser,
	} {
		session, err := find(ctx)
		if err == nil {
			err = l.checkSession(ctx, session)
		}
		if err == nil {
			return session, nil
		}
		failed = append(failed, err)
	}
	return "", errors.Join(failed...)
}

func (l *logind) sessionOfProcess(ctx context.Context) (session dbus.ObjectPath, err error) {
	pid := uint32(os.Getpid()) //nolint:gosec // a process's number is not negative
	return session, l.line.call(ctx, loginName, loginPath, loginManager+".GetSessionByPID", []any{pid}, &session)
}

func (l *logind) sessionOfEnvironment(ctx context.Context) (session dbus.ObjectPath, err error) {
	id := os.Getenv("XDG_SESSION_ID")
	if id == "" {
		return "", errors.New("XDG_SESSION_ID is not set")
	}
	return session, l.line.call(ctx, loginName, loginPath, loginManager+".GetSession", []any{id}, &session)
}

func (l *logind) sessionOfUser(ctx context.Context) (dbus.ObjectPath, error) {
	var user dbus.ObjectPath
	uid := uint32(os.Getuid()) //nolint:gosec // a user's number is not negative where there is logind
	if err := l.line.call(ctx, loginName, loginPath, loginManager+".GetUser", []any{uid}, &user); err != nil {
		return "", err
	}
	var display struct {
		ID   string
		Path dbus.ObjectPath
	}
	if err := l.property(ctx, user, loginUser, "Display", &display); err != nil {
		return "", err
	}
	if display.ID == "" {
		return "", errors.New("the user has no session with a screen")
	}
	return display.Path, nil
}

// checkSession refuses a session of logind without a user at a screen, such as that of the user's
// service manager.
func (l *logind) checkSession(ctx context.Context, session dbus.ObjectPath) error {
	var class string
	if err := l.property(ctx, session, loginSession, "Class", &class); err != nil {
		return err
	}
	if !strings.HasPrefix(class, "user") {
		return fmt.Errorf("%s is of class %s", session, class)
	}
	return nil
}

// lookAtSession asks for the session's state. The error is the connection's.
func (l *logind) lookAtSession(ctx context.Context) error {
	var locked, active bool
	err := l.property(ctx, l.session, loginSession, "LockedHint", &locked)
	if err == nil {
		err = l.property(ctx, l.session, loginSession, "Active", &active)
	}
	switch {
	case sessionbus.IsAnswer(err):
		l.unseen.note(sessionNote, fmt.Errorf("locking and switching users: logind does not report them: %w", err))
		return nil
	case err != nil:
		return err
	}
	l.unseen.note(sessionNote, nil)
	l.presence.lock(loginName, locked)
	l.presence.switchAway(!active)
	return nil
}

func (l *logind) property(ctx context.Context, path dbus.ObjectPath, owner, name string, into any) error {
	var value dbus.Variant
	if err := l.line.call(ctx, loginName, path, properties+".Get", []any{owner, name}, &value); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if err := value.Store(into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func (l *logind) take(ctx context.Context, signal *dbus.Signal) error {
	// The signal of a start that attach has seen already comes late. Connecting anew for it would miss
	// what logind reports meanwhile.
	if service, owner, ok := newOwner(signal); ok && service == loginName && owner != l.owner {
		return errNewOwner
	}
	if l.owner == "" || signal.Sender != l.owner {
		return nil
	}
	switch signal.Name {
	case loginManager + ".PrepareForSleep":
		l.prepare(ctx, signal, Sleeping)
	case loginManager + ".PrepareForShutdown":
		l.prepare(ctx, signal, SessionEnding)
	case loginManager + ".SessionRemoved":
		l.removed(ctx, signal)
	case loginSession + ".Lock", loginSession + ".Unlock":
		if signal.Path == l.session {
			l.presence.askToLock(signal.Name == loginSession+".Lock")
		}
	case properties + ".PropertiesChanged":
		if signal.Path == l.session {
			return l.change(ctx, signal)
		}
	}
	return nil
}

// prepare takes a signal that says whether something begins, or is over.
func (l *logind) prepare(ctx context.Context, signal *dbus.Signal, event Event) {
	var begins bool
	if dbus.Store(signal.Body, &begins) != nil {
		return
	}
	if begins {
		l.wait(ctx, event)
		return
	}
	if l.holding == event {
		l.line.held = nil // the lock is for the next time
	}
	l.inhibit(ctx)
	if event == Sleeping {
		l.wake(ctx)
	}
}

// wait holds an event that logind delays. There is one lock: a shutdown that begins before a sleep
// was released holds both.
func (l *logind) wait(ctx context.Context, event Event) {
	l.line.held, l.holding = l.hold(ctx, event).Done(), event
}

// removed handles the end of a session. It is late: it can hold only for the time that logind
// leaves the user's processes.
func (l *logind) removed(ctx context.Context, signal *dbus.Signal) {
	var id string
	var session dbus.ObjectPath
	if dbus.Store(signal.Body, &id, &session) == nil && session == l.session {
		l.emit(ctx, SessionEnding)
	}
}

func (l *logind) change(ctx context.Context, signal *dbus.Signal) error {
	var owner string
	var changed map[string]dbus.Variant
	var invalidated []string
	if dbus.Store(signal.Body, &owner, &changed, &invalidated) != nil || owner != loginSession {
		return nil
	}
	if locked, ok := changed["LockedHint"].Value().(bool); ok {
		l.presence.lock(loginName, locked)
	}
	if active, ok := changed["Active"].Value().(bool); ok {
		l.presence.switchAway(!active)
	}
	if slices.Contains(invalidated, "LockedHint") || slices.Contains(invalidated, "Active") {
		return l.lookAtSession(ctx)
	}
	return nil
}

// inhibit takes the lock that makes logind wait, unless it is held. Without it, all events still
// come.
func (l *logind) inhibit(ctx context.Context) {
	if l.inhibitor != nil {
		return
	}
	var lock dbus.UnixFD
	err := l.line.call(ctx, loginName, loginPath, loginManager+".Inhibit", []any{delayed, applicant, purpose, inhibitMode}, &lock)
	if err != nil {
		l.unseen.note(delayNote, fmt.Errorf("sleep and shutdown: they do not wait for e-RS Login: %w", err))
		return
	}
	l.inhibitor = os.NewFile(uintptr(lock), "inhibitor") //nolint:gosec // a file's number is not negative
	l.unseen.note(delayNote, nil)
}

func (l *logind) letGo(context.Context) error {
	if l.inhibitor != nil {
		_ = l.inhibitor.Close() // nothing was written
		l.inhibitor = nil
	}
	return nil
}
