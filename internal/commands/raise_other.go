//go:build !windows

package commands

import (
	"fyne.io/fyne/v2"
	"github.com/sirupsen/logrus"

	"github.com/ers-login/ers-login/ui"
)

// restore does nothing: showing a window restores it here.
func restore(fyne.Window) {}

// notifier returns nil, which leaves notifications to Fyne: D-Bus on Linux, the notification centre
// on macOS.
func notifier(logrus.FieldLogger, func() *ui.Window) func(title, text string) { return nil }
