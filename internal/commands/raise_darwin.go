package commands

import "fyne.io/fyne/v2"

// minimise hides the window: macOS always has an icon that brings it back.
func minimise(window fyne.Window) { window.Hide() }
