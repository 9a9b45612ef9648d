//go:build windows || darwin

package commands

import "context"

// hasTray: Windows and macOS have a place for icons always.
func hasTray(context.Context) bool { return true }

// awaitTray: nobody waits for it.
func awaitTray(context.Context) bool { return true }
