//go:build !windows && !darwin

package desktop

import (
	"context"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/ers-login/ers-login/internal/sessionbus"
)

const (
	// trayWithin bounds the query for the tray, which delays the window.
	trayWithin = 500 * time.Millisecond
	// trayComesWithin bounds the wait for the tray at log-in, when the desktop starts its panel and
	// this program side by side.
	trayComesWithin = 20 * time.Second
	// trayAgain is the pause before it is looked for again.
	trayAgain = 200 * time.Millisecond
)

// The name, object and interface for icons in freedesktop's StatusNotifierItem specification.
const (
	trayName   = "org.kde.StatusNotifierWatcher"
	trayObject = "/StatusNotifierWatcher"
)

// HasTray reports whether the desktop shows programs' icons: whether org.kde.StatusNotifierWatcher
// has an owner on the session bus, and a panel has registered with it. Plain GNOME has none.
func HasTray(ctx context.Context) bool {
	limited, cancel := context.WithTimeout(ctx, trayWithin)
	defer cancel()
	bus, err := sessionbus.Connect(limited, sessionbus.Address)
	if err != nil {
		return false
	}
	defer func() { _ = bus.Close() }() // only queried
	return showsIcons(limited, bus)
}

// AwaitTray waits until the desktop shows icons, for as long as a panel takes to start, or until
// the context ends. It reports whether the desktop does. Fyne accepts an icon only before its loop
// runs.
func AwaitTray(ctx context.Context) bool {
	limited, cancel := context.WithTimeout(ctx, trayComesWithin)
	defer cancel()
	bus, err := sessionbus.Connect(limited, sessionbus.Address)
	if err != nil {
		return false
	}
	defer func() { _ = bus.Close() }() // only queried
	for !showsIcons(limited, bus) {
		select {
		case <-time.After(trayAgain):
		case <-bus.Context().Done(): // the bus has ended
			return false
		case <-limited.Done():
			return false
		}
	}
	return true
}

// showsIcons reports whether there is a watcher, with a panel that shows icons.
func showsIcons(ctx context.Context, bus *dbus.Conn) bool {
	limited, cancel := context.WithTimeout(ctx, trayWithin)
	defer cancel()
	var owned bool
	if err := bus.BusObject().CallWithContext(limited, "org.freedesktop.DBus.NameHasOwner", 0, trayName).Store(&owned); err != nil || !owned {
		return false
	}
	var shows dbus.Variant
	err := bus.Object(trayName, trayObject).CallWithContext(limited, "org.freedesktop.DBus.Properties.Get", 0,
		trayName, "IsStatusNotifierHostRegistered").Store(&shows)
	registered, is := shows.Value().(bool)
	return err == nil && is && registered
}
