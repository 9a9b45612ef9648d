package desktop

import "fyne.io/systray"

// Tooltip sets the tooltip of the notification area icon, of less than 128 characters, for which
// Fyne has no call. It is called on Fyne's goroutine, once its loop runs.
func Tooltip(text string) { systray.SetTooltip(text) }
