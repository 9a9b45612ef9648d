//go:build !windows && !darwin

package commands

import (
	"context"
	"time"

	"github.com/godbus/dbus/v5"
)

const (
	// trayWithin bounds the question for the tray: the window waits for the answer.
	trayWithin = 500 * time.Millisecond
	// trayComesWithin bounds the wait for the tray at log-in, when the desktop starts its panel and this program side by side.
	trayComesWithin = 20 * time.Second
)

// The name, object and interface that desktops show icons with, as the StatusNotifierItem specification of the freedesktop has them.
const (
	trayName   = "org.kde.StatusNotifierWatcher"
	trayObject = "/StatusNotifierWatcher"
)

// hasTray tells whether the desktop shows icons of programs: whether something owns the name org.kde.StatusNotifierWatcher on the
// session bus, and a panel has told it that it shows them. GNOME has none of itself. settleSessionBus comes first.
func hasTray(ctx context.Context) bool {
	limited, cancel := context.WithTimeout(ctx, trayWithin)
	defer cancel()
	bus, err := dbus.ConnectSessionBus(dbus.WithContext(limited))
	if err != nil {
		return false
	}
	defer func() { _ = bus.Close() }() // It was only asked.
	return showsIcons(limited, bus)
}

// awaitTray waits until the desktop shows icons, for a while that lets a panel start, or until the context ends. It tells whether the
// desktop does. Fyne can be given an icon only before its loop runs, so that it would have none for as long as it runs.
func awaitTray(ctx context.Context) bool {
	limited, cancel := context.WithTimeout(ctx, trayComesWithin)
	defer cancel()
	bus, err := dbus.ConnectSessionBus(dbus.WithContext(limited))
	if err != nil {
		return false
	}
	defer func() { _ = bus.Close() }() // It was only asked.
	const enough = 8
	changes := make(chan *dbus.Signal, enough)
	bus.Signal(changes)
	for _, match := range [][]dbus.MatchOption{
		{dbus.WithMatchInterface("org.freedesktop.DBus"), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, trayName)},
		{dbus.WithMatchInterface(trayName), dbus.WithMatchMember("StatusNotifierHostRegistered")},
	} {
		if err := bus.AddMatchSignalContext(limited, match...); err != nil {
			return false
		}
	}
	// What has changed before somebody listened is seen at the first look.
	for {
		if showsIcons(limited, bus) {
			return true
		}
		select {
		case _, on := <-changes:
			if !on {
				return false
			}
		case <-limited.Done():
			return false
		}
	}
}

// showsIcons asks whether there is a place for icons, with a panel that shows it.
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
