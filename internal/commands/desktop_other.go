//go:build windows || darwin

package commands

import (
	"context"

	"github.com/sirupsen/logrus"
)

// hasDisplay returns true: on Windows and macOS every process of a logged-in user has the desktop.
func hasDisplay([]string) bool { return true }

// settleSessionBus does nothing: there is no session bus that could be started by mistake.
func settleSessionBus() error { return nil }

// displaysOf returns "": there is only one display.
func displaysOf([]string) string { return "" }

// settleDisplay does nothing: there is only one display.
func settleDisplay(context.Context, logrus.FieldLogger) error { return nil }

// deadDisplays returns "": the display works.
func deadDisplays(context.Context) string { return "" }
