// Package assets holds what the program carries with it: its icon, and the pictures of its screens.
//
// All pictures are our own, drawn as SVG in the colours of the window. Neither the NHS logo nor its typeface is among them:
// both are reserved.
package assets

import (
	"embed"

	"fyne.io/fyne/v2"
)

//go:embed icons/*.svg
var icons embed.FS

func icon(name string) fyne.Resource {
	content, err := icons.ReadFile("icons/" + name)
	if err != nil {
		panic(err) // a picture that is not compiled in
	}
	return fyne.NewStaticResource(name, content)
}

// AppIcon is the program's icon.
var AppIcon = icon("app.svg")

// The illustrations, 134 by 98 units each: a card in its reader, a reader without a card, a window
// that asks for a passcode, a window with a warning in it, and a sign-in page.
var (
	Smartcard = icon("smartcard.svg")
	Reader    = icon("reader.svg")
	Passcode  = icon("passcode.svg")
	Agent     = icon("agent.svg")
	Browser   = icon("browser.svg")
)

// The states of a link, each with a shape of its own: a disc with a tick, a triangle, an octagon with a cross, a ring. They and the stars
// are in the colours of the light appearance, by which the window knows what to paint in those of another.
var (
	StatusGood      = icon("status-good.svg")
	StatusAttention = icon("status-attention.svg")
	StatusBad       = icon("status-bad.svg")
	StatusUnknown   = icon("status-unknown.svg")
)

// Warning is the mark of a notice: a dark triangle, for an amber ground.
var Warning = icon("warning.svg")

// The star of a favourite, and that of a card that is none.
var (
	Star      = icon("star.svg")
	StarEmpty = icon("star-empty.svg")
)

// The states of the icon beside the desktop's clock, each with a shape of its own: an empty reader, a card in it with a tick, a
// triangle.
var (
	TrayOut      = icon("tray-out.svg")
	TraySignedIn = icon("tray-signed-in.svg")
	TrayProblem  = icon("tray-problem.svg")
)
