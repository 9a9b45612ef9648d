// Package assets holds what the program carries with it: its icon, and the pictures of its screens.
//
// All pictures are our own, drawn as SVG in the colours of the window. Neither the NHS logo nor its typeface is among them:
// both are reserved.
package assets

import (
	_ "embed"

	"fyne.io/fyne/v2"
)

//go:embed icons/app.svg
var appIcon []byte

//go:embed icons/smartcard.svg
var smartcard []byte

//go:embed icons/reader.svg
var reader []byte

//go:embed icons/passcode.svg
var passcode []byte

//go:embed icons/agent.svg
var agent []byte

//go:embed icons/browser.svg
var browser []byte

//go:embed icons/status-good.svg
var statusGood []byte

//go:embed icons/status-attention.svg
var statusAttention []byte

//go:embed icons/status-bad.svg
var statusBad []byte

//go:embed icons/status-unknown.svg
var statusUnknown []byte

//go:embed icons/warning.svg
var warning []byte

//go:embed icons/star.svg
var star []byte

//go:embed icons/star-empty.svg
var starEmpty []byte

//go:embed icons/tray-out.svg
var trayOut []byte

//go:embed icons/tray-signed-in.svg
var traySignedIn []byte

//go:embed icons/tray-problem.svg
var trayProblem []byte

// AppIcon is the program's icon.
var AppIcon fyne.Resource = fyne.NewStaticResource("app.svg", appIcon)

// The illustrations, 134 by 98 units each.
var (
	// Smartcard is a card in its reader.
	Smartcard fyne.Resource = fyne.NewStaticResource("smartcard.svg", smartcard)
	// Reader is a reader without a card.
	Reader fyne.Resource = fyne.NewStaticResource("reader.svg", reader)
	// Passcode is a window that asks for one.
	Passcode fyne.Resource = fyne.NewStaticResource("passcode.svg", passcode)
	// Agent is a window with a warning in it.
	Agent fyne.Resource = fyne.NewStaticResource("agent.svg", agent)
	// Browser is a sign-in page.
	Browser fyne.Resource = fyne.NewStaticResource("browser.svg", browser)
)

// The states of a link, each with a shape of its own: a disc with a tick, a triangle, an octagon with a cross, a ring. They and the stars
// are in the colours of the light appearance, by which the window knows what to paint in those of another.
var (
	StatusGood      fyne.Resource = fyne.NewStaticResource("status-good.svg", statusGood)
	StatusAttention fyne.Resource = fyne.NewStaticResource("status-attention.svg", statusAttention)
	StatusBad       fyne.Resource = fyne.NewStaticResource("status-bad.svg", statusBad)
	StatusUnknown   fyne.Resource = fyne.NewStaticResource("status-unknown.svg", statusUnknown)
)

// Warning is the mark of a notice: a dark triangle, for an amber ground.
var Warning fyne.Resource = fyne.NewStaticResource("warning.svg", warning)

// The star of a favourite, and that of a card that is none.
var (
	Star      fyne.Resource = fyne.NewStaticResource("star.svg", star)
	StarEmpty fyne.Resource = fyne.NewStaticResource("star-empty.svg", starEmpty)
)

// The states of the icon beside the desktop's clock, each with a shape of its own: an empty reader, a card in it with a tick, a
// triangle.
var (
	TrayOut      fyne.Resource = fyne.NewStaticResource("tray-out.svg", trayOut)
	TraySignedIn fyne.Resource = fyne.NewStaticResource("tray-signed-in.svg", traySignedIn)
	TrayProblem  fyne.Resource = fyne.NewStaticResource("tray-problem.svg", trayProblem)
)
