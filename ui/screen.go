package ui

import (
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/ui/widgets"
)

// screen is the content between header and status bar. It is kept while it can show the following
// states.
type screen interface {
	// object is the content.
	object() fyne.CanvasObject
	// update shows a newer state, or returns false if that needs another screen. The help has it already.
	update(signin.State) bool
	// appear is called when the screen is in the window: give the focus here.
	appear()
	// disappear is called when it is removed.
	disappear()
	// tick updates live texts, and returns how soon it is to be called again, 0 for never.
	tick(now time.Time) time.Duration
	// room is called with the visible size, before the screen is placed in it.
	room(fyne.Size)
	// helps returns the help of the screen, or nil.
	helps() *help
	// moved is called with the visible part of the screen.
	moved(top, bottom float32)
	// key and rune handle input that no control has used; key reports whether it used the key.
	key(*fyne.KeyEvent) bool
	rune(rune)
	// find gives the focus to the screen's search field, if it has one.
	find()
}

// revealer is a screen that brings more into view than the focused control.
type revealer interface {
	reveal(control fyne.CanvasObject)
}

// newScreen returns the screen for a state.
func newScreen(w *Window, state signin.State) screen {
	switch state.Phase {
	case signin.Waiting:
		return newWaiting(w, state)
	case signin.Choosing:
		if state.Problem != nil {
			return newChoiceFailed(w, state)
		}
		return newChoosing(w, state)
	case signin.ChoosingClinician:
		return newClinicians(w, state)
	case signin.Prompting:
		if len(state.Words.InBrowser) > 0 {
			return newBrowsing(w, state)
		}
		return newWorking(w, state)
	case signin.SignedIn:
		return newSignedIn(w, state)
	case signin.Failed:
		return newFailed(w, state)
	default:
		return newWorking(w, state)
	}
}

// still is a static screen. The others embed it.
type still struct {
	w       *Window
	content fyne.CanvasObject
	// help is the screen's, and escape what the Escape key does; nil if there is none.
	help   *help
	escape func()
	// next gets the focus, if it is not nil. fromTop: in a small window the beginning is shown first, and
	// not that control.
	next    fyne.Focusable
	fromTop bool
}

func (s *still) object() fyne.CanvasObject  { return s.content }
func (*still) update(signin.State) bool     { return true }
func (*still) disappear()                   {}
func (*still) tick(time.Time) time.Duration { return 0 }
func (*still) room(fyne.Size)               {}
func (s *still) helps() *help               { return s.help }
func (*still) moved(_, _ float32)           {}
func (*still) rune(rune)                    {}
func (*still) find()                        {}

func (s *still) appear() {
	if s.next != nil {
		s.w.focus(s.next)
	}
	if s.fromTop {
		s.w.viewport.ScrollToTop()
	}
}

func (s *still) key(key *fyne.KeyEvent) bool {
	if key.Name != fyne.KeyEscape || s.escape == nil {
		return false
	}
	s.escape()
	return true
}

// The styles of text.
var (
	titleStyle    = widgets.Style{Size: widgets.SizeTitle, Color: widgets.ColorText, Bold: true}
	bodyStyle     = widgets.Style{Size: widgets.SizeBody, Color: widgets.ColorText}
	boldStyle     = widgets.Style{Size: widgets.SizeBody, Color: widgets.ColorText, Bold: true}
	leadStyle     = widgets.Style{Size: widgets.SizeBody, Color: widgets.ColorSecondary}
	detailStyle   = widgets.Style{Size: widgets.SizeDetail, Color: widgets.ColorSecondary}
	headingStyle  = widgets.Style{Size: widgets.SizeBanner, Color: widgets.ColorText, Bold: true}
	onWarning     = widgets.Style{Size: widgets.SizeDetail, Color: widgets.ColorOnWarning}
	onWarningBold = widgets.Style{Size: widgets.SizeName, Color: widgets.ColorOnWarning, Bold: true}
	nameStyle     = widgets.Style{Size: widgets.SizeName, Color: widgets.ColorSecondary}
	nameBoldStyle = widgets.Style{Size: widgets.SizeName, Color: widgets.ColorText, Bold: true}
)

func centred(text *widgets.Text) *widgets.Text {
	text.Alignment = fyne.TextAlignCenter
	return text
}

// unbounded is more than the height of any page.
const unbounded = 1 << 20

var pageMargins = widgets.Margins{Left: 32, Top: 28, Right: 32, Bottom: 32}

// page puts a page's margins around its content, which keeps its height in a taller window, and is
// a column in the middle of a wider one.
func page(content fyne.CanvasObject) fyne.CanvasObject {
	return widgets.Sheet(pageMargins, column, unbounded, content)
}

// middlePage is a page whose content is in the middle of the height, too, if the page is higher
// than from.
func middlePage(from float32, content fyne.CanvasObject) fyne.CanvasObject {
	return widgets.Sheet(pageMargins, column, from, content)
}

// initialPage is the height of a page in a new window. A problem is where other panels are in it.
const initialPage = initialHeight - headerLeast - statusLeast

// marked returns the runs of a text in which **two stars** mark a button's name.
func marked(text string, plain, bold widgets.Style) []widgets.Run {
	parts := strings.Split(text, "**")
	if len(parts)%2 == 0 {
		parts = []string{text} // a mark without its partner is text
	}
	var runs []widgets.Run
	for i, part := range parts {
		style := plain
		if i%2 == 1 {
			style = bold
		}
		if part != "" {
			runs = append(runs, widgets.Run{Text: part, Style: style})
		}
	}
	if len(runs) == 0 {
		runs = append(runs, widgets.Run{Style: plain})
	}
	return runs
}
