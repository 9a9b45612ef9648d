//go:build !windows

package desktop

import (
	"fyne.io/fyne/v2"
	"github.com/sirupsen/logrus"

	"github.com/ers-login/ers-login/ui"
)

// Restore does nothing: showing a window restores it here.
func Restore(fyne.Window) {}

// Notifier returns nil, which leaves notifications to Fyne: D-Bus on Linux, the notification centre
// on macOS.
func Notifier(logrus.FieldLogger, func() *ui.Window) func(title, text string) { return nil }
