package desktop

import "fyne.io/fyne/v2"

// Minimise hides the window: macOS always has an icon that brings it back.
func Minimise(window fyne.Window) { window.Hide() }

// CanMinimise returns true.
func CanMinimise(fyne.Window) bool { return true }
