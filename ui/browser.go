package ui

import (
	"context"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/ui/widgets"
)

// browseWithin bounds opening a page: the user can do without it.
const browseWithin = 15 * time.Second

// browsing is the screen while the user signs in in the web browser: the steps there, the time left,
// and what to do if no page has opened. Nothing has the focus, since the Enter key that opened the
// browser must not cancel, until the user has to copy the address.
type browsing struct {
	still
	state signin.State
	lead  *widgets.Text
	// hint is for a user who sees no page; failed is in its place if none could be opened.
	hint       *widgets.Text
	failed     *fyne.Container
	open, copy *widgets.Button
	// triedAgain and opening: the user has had it opened again, or that is under way. notOpened is how
	// the last of these ended.
	triedAgain, notOpened, opening bool
}

func newBrowsing(w *Window, state signin.State) *browsing {
	s := &browsing{state: state, lead: widgets.NewText("", leadStyle),
		still: still{w: w, help: newHelp(w, generalAdvice(*state.Words)), escape: w.intent(signin.Cancel{})},
		hint:  widgets.NewText(lang.L("No page, or one with an error? Open it again, or copy the address into a browser on this computer. If the error stays, contact your local service desk."), leadStyle)}
	s.failed = widgets.Beside(widgets.NewPicture(iconAttention, fyne.Size{}), widgets.SizeBody, 1.3,
		widgets.NewText(lang.L("Your web browser did not open. Copy the address into a browser on this computer."), boldStyle))
	s.open = w.button(lang.L("Open the page again"), widgets.Secondary, s.openAgain)
	s.copy = w.copyButton(lang.L("Copy the address"), lang.L("Address copied"), func() string { return s.state.Browser.Address })
	rows := make([]widgets.Row, 0, len(state.Words.InBrowser)+3)
	for i, text := range state.Words.InBrowser {
		rows = append(rows, widgets.Row{Object: step(i+1, fromPlatform(text)), Above: 3.5})
	}
	rows = append(rows,
		widgets.Row{Object: s.hint, Above: 14},
		widgets.Row{Object: s.failed, Above: 14},
		widgets.Row{Object: widgets.Flow(13, 12,
			w.button(lang.L("Cancel"), widgets.Secondary, w.intent(signin.Cancel{})), s.open, s.copy), Above: 18, Align: widgets.Leading})
	s.content = page(widgets.Column(
		widgets.Row{Object: widgets.NewText(fromPlatform(state.Missing.Title), titleStyle)},
		widgets.Row{Object: s.lead, Above: 5},
		widgets.Row{Object: widgets.NewPanel(widgets.Plain, widgets.Column(rows...)), Above: 16},
		widgets.Row{Object: s.help.box, Above: 16},
	))
	s.refresh(state)
	return s
}

func (s *browsing) update(state signin.State) bool {
	if state.Phase != signin.Prompting || !state.Since.Equal(s.state.Since) {
		return false
	}
	s.refresh(state)
	s.w.viewport.Relayout()
	return true
}

// refresh shows what there is: the page has no address at first.
func (s *browsing) refresh(state signin.State) {
	s.state = state
	page := state.Browser
	failed := page != nil && (s.notOpened || page.NotOpened && !s.triedAgain)
	appeared := failed && s.failed.Hidden
	s.open.Hidden, s.copy.Hidden = page == nil || s.w.settings.Browse == nil, page == nil
	s.hint.Hidden, s.failed.Hidden = page == nil || failed, !failed
	s.tick(s.w.settings.Now())
	if appeared && s.w.screen == s {
		s.w.viewport.Relayout()
		s.appear()
	}
}

func (s *browsing) appear() {
	if s.failed.Visible() && s.w.over == nil && s.w.win.Canvas().Focused() == nil {
		s.w.focus(s.copy)
	}
}

// openAgain opens the page once more, beside the window.
func (s *browsing) openAgain() {
	if s.opening || s.state.Browser == nil {
		return
	}
	s.opening = true
	address, browse := s.state.Browser.Address, s.w.settings.Browse
	s.w.aside(func() {
		ctx, cancel := context.WithTimeout(context.Background(), browseWithin)
		defer cancel()
		err := browse(ctx, address)
		s.w.do(func() {
			s.opening, s.triedAgain, s.notOpened = false, true, err != nil
			if s.w.screen == s {
				s.refresh(s.state)
				s.w.viewport.Relayout()
			}
		})
	})
}

func (s *browsing) tick(now time.Time) time.Duration {
	text := fromPlatform(s.state.Missing.Text)
	if s.state.Browser != nil {
		if left := timeLeft(now, s.state.Browser.Until); left != "" {
			text += " " + left
		}
	}
	if s.lead.String() != text {
		s.lead.SetText(text)
		s.w.viewport.Relayout() // it may need another line now
	}
	return time.Second
}
