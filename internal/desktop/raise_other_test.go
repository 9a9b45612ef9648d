//go:build !windows

package desktop

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"github.com/sirupsen/logrus"
)

// The window calls it on a goroutine of its own, where a missing one would end the program.
func TestNotificationsAreFynes(t *testing.T) {
	test.NewTempApp(t)
	test.AssertNotificationSent(t, fyne.NewNotification("e-RS Login", "You are signed out."), func() {
		Notifier(logrus.New(), nil)("e-RS Login", "You are signed out.")
	})
}
