package desktop

import "fyne.io/fyne/v2"

// Minimise hides the window: macOS always has an icon that brings it back.
func Minimise(window fyne.Window) { window.Hide() }

// browser returns the command that opens an address.
func browser(address string) ([]string, error) { return []string{"/usr/bin/open", address}, nil }
