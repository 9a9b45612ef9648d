//go:build !windows && !darwin

package commands

import (
	"context"
	"time"

	"github.com/godbus/dbus/v5"
)

// trayWithin bounds the question for the tray: the window waits for the answer.
const trayWithin = 500 * time.Millisecond

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
	const watcher = "org.kde.StatusNotifierWatcher"
	var owned bool
	if err := bus.BusObject().CallWithContext(limited, "org.freedesktop.DBus.NameHasOwner", 0, watcher).Store(&owned); err != nil || !owned {
		return false
	}
	var shows dbus.Variant
	err = bus.Object(watcher, "/StatusNotifierWatcher").CallWithContext(limited, "org.freedesktop.DBus.Properties.Get", 0,
		watcher, "IsStatusNotifierHostRegistered").Store(&shows)
	registered, is := shows.Value().(bool)
	return err == nil && is && registered
}
