//go:build windows || darwin

package desktop

import "context"

// HasTray returns true: Windows and macOS always have a place for icons.
func HasTray(context.Context) bool { return true }

// AwaitTray returns true without waiting.
func AwaitTray(context.Context) bool { return true }
