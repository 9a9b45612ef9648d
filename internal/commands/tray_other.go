//go:build windows || darwin

package commands

import "context"

// hasTray returns true: Windows and macOS always have a place for icons.
func hasTray(context.Context) bool { return true }

// awaitTray returns true without waiting.
func awaitTray(context.Context) bool { return true }
