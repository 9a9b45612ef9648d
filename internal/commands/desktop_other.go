//go:build windows || darwin

package commands

import (
	"context"

	"github.com/sirupsen/logrus"
)

// hasDisplay: on Windows and macOS every process of a logged-in user has the desktop.
func hasDisplay([]string) bool { return true }

// settleSessionBus: there is no session bus to be started by mistake.
func settleSessionBus() error { return nil }

// displaysOf names no display, as there is but one.
func displaysOf([]string) string { return "" }

// settleDisplay: there is one display.
func settleDisplay(context.Context, logrus.FieldLogger) error { return nil }

// deadDisplays: and it is there.
func deadDisplays(context.Context) string { return "" }
