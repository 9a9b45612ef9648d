//go:build !windows

package commands

import (
	"fyne.io/fyne/v2"
	"github.com/sirupsen/logrus"

	"github.com/ers-login/ers-login/ui"
)

// restore is what showing a window does by itself here.
func restore(fyne.Window) {}

// notifier leaves notifications to Fyne: D-Bus on Linux, the notification centre on macOS.
func notifier(logrus.FieldLogger, func() *ui.Window) func(title, text string) { return nil }
