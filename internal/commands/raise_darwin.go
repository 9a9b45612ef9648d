package commands

import "fyne.io/fyne/v2"

// minimise hides the window: macOS has a place for the icon by which it comes back, always.
func minimise(window fyne.Window) { window.Hide() }
