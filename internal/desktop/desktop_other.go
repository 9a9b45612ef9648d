//go:build windows || darwin

package desktop

import (
	"context"

	"fyne.io/fyne/v2"
	"github.com/sirupsen/logrus"
)

// HasDisplay returns true: on Windows and macOS every process of a logged-in user has the desktop.
func HasDisplay([]string) bool { return true }

// SettleSessionBus does nothing: there is no session bus that could be started by mistake.
func SettleSessionBus() error { return nil }

// DisplaysOf returns "": there is only one display.
func DisplaysOf([]string) string { return "" }

// SettleDisplay does nothing: there is only one display.
func SettleDisplay(context.Context, logrus.FieldLogger) error { return nil }

// DeadDisplays returns "": the display works.
func DeadDisplays(context.Context) string { return "" }

// HasTray returns true: Windows and macOS always have a place for icons.
func HasTray(context.Context) bool { return true }

// AwaitTray returns true without waiting.
func AwaitTray(context.Context) bool { return true }

// CanMinimise returns true.
func CanMinimise(fyne.Window) bool { return true }
