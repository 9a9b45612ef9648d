package ui

import (
	"context"
	"time"

	"github.com/ers-login/ers-login/internal/signin"
)

// Settings are the window's parameters besides the state.
type Settings struct {
	// Version is the program's version, for the status bar and for copied details.
	Version string
	// Demonstration marks title and header as a demonstration, and adds the Simulator menu.
	Demonstration bool
	// Environment is the e-RS to sign in to, and Words are the platform's, for states without them: the
	// first ones have none.
	Environment signin.Environment
	Words       *signin.Words
	// Browse opens a page in the user's web browser. It is not called on Fyne's goroutine. Without it
	// the address can only be copied.
	Browse func(ctx context.Context, address string) error
	// Simulator is that menu.
	Simulator []SimulatorItem
	// Appearance is light, dark, high contrast, or as the system says.
	Appearance Appearance
	// Language is "en", "cy", or empty for that of the system.
	Language string
	// TextScale enlarges the text: 1 (or 0) is the ordinary size, 2 twice that.
	TextScale float32
	// Favourites keeps the pairs that a user marks with a star. Without it there are no stars.
	Favourites Favourites
	// Diagnostics checks each link between the smartcard and e-RS. Without it there is no such
	// page.
	Diagnostics Diagnostics
	// Preferences keeps what the user may change in the window; its values replace Language,
	// Appearance and TextScale. Without it, nothing can be changed.
	Preferences Preferences
	// Tray puts an icon into the notification area. The desktop must have one: the window may be
	// hidden for good otherwise.
	Tray bool
	// Raise brings the window to the front, also if hidden or minimised. Minimise minimises it, if
	// CanMinimise reports that it can. Tooltip sets the tooltip of the icon in the notification area. All
	// are required, and called on Fyne's goroutine.
	Raise, Minimise func()
	CanMinimise     func() bool
	Tooltip         func(text string)
	// Notify shows a notification. It is required, and called on another goroutine.
	Notify func(title, text string)
	// Drawn is called on Fyne's goroutine after the window was first drawn.
	Drawn func()
	// Now returns the time; nil means time.Now.
	Now func() time.Time
	// Shown is called on Fyne's goroutine for each new screen, with its state.
	Shown func(signin.State)
	// Redact masks the secrets in a technical cause, for copied details. Without it, no cause is copied.
	Redact func(string) string
}
