//go:build !windows

package desktop

import (
	"fyne.io/fyne/v2"
	"github.com/sirupsen/logrus"

	"github.com/ers-login/ers-login/ui"
)

// Restore does nothing: showing a window restores it here.
func Restore(fyne.Window) {}

// Notifier shows a notification as Fyne does: by D-Bus on Linux, in the notification centre on macOS.
func Notifier(logrus.FieldLogger, func() *ui.Window) func(title, text string) {
	return func(title, text string) { fyne.CurrentApp().SendNotification(fyne.NewNotification(title, text)) }
}
