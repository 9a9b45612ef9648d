//go:build !windows && !darwin

package workstation

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/godbus/dbus/v5"

	"github.com/ers-login/ers-login/internal/sessionbus"
)

// A screen saver is a service and an interface of the same name.
type saver struct {
	name string
	// paths are where it may answer.
	paths []dbus.ObjectPath
}

// savers are the interfaces that report when the screen saver comes on: the common one, which KDE
// has, and those of the desktops that derive their own from it.
var savers = []saver{
	{"org.freedesktop.ScreenSaver", []dbus.ObjectPath{"/org/freedesktop/ScreenSaver", "/ScreenSaver"}},
	{"org.gnome.ScreenSaver", []dbus.ObjectPath{"/org/gnome/ScreenSaver"}},
	{"org.cinnamon.ScreenSaver", []dbus.ObjectPath{"/org/cinnamon/ScreenSaver"}},
	{"org.mate.ScreenSaver", []dbus.ObjectPath{"/org/mate/ScreenSaver", "/"}},
	{"org.xfce.ScreenSaver", []dbus.ObjectPath{"/org/xfce/ScreenSaver", "/"}},
}

// The session manager of GNOME, which Cinnamon, MATE and Budgie have too. It waits up to ten
// seconds for its clients' answers before it ends their session. logind reports a log-off only once
// it is done.
const (
	managerName   = "org.gnome.SessionManager"
	managerPath   = dbus.ObjectPath("/org/gnome/SessionManager")
	managerClient = "org.gnome.SessionManager.ClientPrivate"

	// clientID is this program's name for the session manager.
	clientID = "ers-login"
)

// desktop serves one connection to the session bus.
type desktop struct {
	*Watcher
	line *line
	// client is this program's object of the session manager, empty if there is none.
	client dbus.ObjectPath
}

func (d *desktop) serve(ctx context.Context) error {
	if err := d.attachSavers(ctx); err != nil {
		return err
	}
	if err := d.attachManager(ctx); err != nil {
		return err
	}
	return d.line.serve(ctx, d.take, d.agree)
}

// attachSavers asks the screen savers for their signals, and then whether they are on.
func (d *desktop) attachSavers(ctx context.Context) error {
	silent := errors.New("locking: there is no screen saver on the session bus")
	for _, saver := range savers {
		if err := d.line.listenForOwner(ctx, saver.name); err != nil {
			return err
		}
		err := d.line.listen(ctx, dbus.WithMatchSender(saver.name), dbus.WithMatchInterface(saver.name),
			dbus.WithMatchMember("ActiveChanged"))
		if err != nil {
			return err
		}
		owner, err := d.line.owner(ctx, saver.name)
		if err != nil {
			return err
		}
		if owner != "" {
			silent = nil
		}
		switch active, err := d.active(ctx, saver); {
		case err == nil:
			d.presence.lock(saver.name, active)
		case !errors.Is(err, context.DeadlineExceeded):
			return err
		default:
			// It hangs. Its last report stands until the next.
		}
	}
	d.unseen.note(saverNote, silent)
	return nil
}

// active reports whether a screen saver is on. It is false for one that does not run or has no
// answer.
func (d *desktop) active(ctx context.Context, saver saver) (bool, error) {
	for _, path := range saver.paths {
		var active bool
		err := d.line.call(ctx, saver.name, path, saver.name+".GetActive", nil, &active)
		switch {
		case err == nil:
			return active, nil
		case !sessionbus.IsAnswer(err):
			return false, err
		}
	}
	return false, nil
}

// attachManager registers this program as a client of the session manager, which is asked before
// the session ends.
func (d *desktop) attachManager(ctx context.Context) error {
	if err := d.line.listenForOwner(ctx, managerName); err != nil {
		return err
	}
	if err := d.line.listen(ctx, dbus.WithMatchSender(managerName), dbus.WithMatchInterface(managerClient)); err != nil {
		return err
	}
	err := d.line.call(ctx, managerName, managerPath, managerName+".RegisterClient",
		[]any{clientID, os.Getenv("DESKTOP_AUTOSTART_ID")}, &d.client)
	switch {
	case sessionbus.IsAnswer(err):
		err = fmt.Errorf("sign-out: the session manager does not report it: %w", err)
	case err != nil:
		return err
	}
	d.unseen.note(managerNote, err)
	return nil
}

func (d *desktop) take(ctx context.Context, signal *dbus.Signal) error {
	if service, _, ok := newOwner(signal); ok && (service == managerName || isSaver(service)) {
		return errNewOwner
	}
	if d.client != "" && signal.Path == d.client {
		return d.takeOrder(ctx, signal)
	}
	for _, saver := range savers {
		var active bool
		if signal.Name == saver.name+".ActiveChanged" && dbus.Store(signal.Body, &active) == nil {
			d.presence.lock(saver.name, active)
		}
	}
	return nil
}

func isSaver(service string) bool {
	return slices.ContainsFunc(savers, func(s saver) bool { return s.name == service })
}

// takeOrder handles a signal of the session manager to its client.
func (d *desktop) takeOrder(ctx context.Context, signal *dbus.Signal) error {
	switch signal.Name {
	case managerClient + ".QueryEndSession":
		// The user may yet decide otherwise.
		return d.agree(ctx)
	case managerClient + ".EndSession":
		d.line.held = d.hold(ctx, SessionEnding).Done()
	case managerClient + ".Stop":
		d.emit(ctx, SessionEnding)
	}
	return nil
}

// agree answers that the session may end.
func (d *desktop) agree(ctx context.Context) error {
	err := d.line.call(ctx, managerName, d.client, managerClient+".EndSessionResponse", []any{true, ""})
	if sessionbus.IsAnswer(err) {
		// It has not waited, or it has been called off.
		return nil
	}
	return err
}
