package ui

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"github.com/ers-login/ers-login/internal/login"
	"github.com/ers-login/ers-login/ui/widgets"
)

// signedIn is the screen of a session that other applications can use.
//
// Nothing has the focus when it appears: an Enter too many must neither sign out nor switch the role.
type signedIn struct {
	still
	w                *Window
	state            login.State
	ends             *widgets.Text
	buttons, confirm *fyne.Container
	signOut, yes     *widgets.Button
}

func newSignedIn(w *Window, state login.State) *signedIn {
	s := &signedIn{w: w, state: state, ends: widgets.NewText("", boldStyle)}
	s.signOut = w.button(lang.L("Sign out"), widgets.Danger, s.ask)
	s.buttons = widgets.Flow(12, 12,
		w.button(lang.L("Switch role"), widgets.Secondary, w.intent(login.SwitchRole{})), s.signOut)
	s.yes = w.button(lang.L("Yes, sign out"), widgets.Danger, w.intent(login.SignOut{}))
	s.confirm = widgets.Column(
		widgets.Row{Object: widgets.NewText(lang.L("Sign out of e-RS?"), boldStyle)},
		widgets.Row{Object: widgets.NewText(lang.L("Your other e-RS applications stop working with this session at once. "+
			"What is not saved in them may be lost."), leadStyle), Above: 4},
		widgets.Row{Object: widgets.Flow(12, 12, s.yes,
			w.button(lang.L("Stay signed in"), widgets.Secondary, s.dismiss)), Above: 16, Align: widgets.Leading},
	)
	s.confirm.Hide()
	s.tick(w.settings.Now())
	s.content = page(widgets.NewPanel(widgets.Good, widgets.Column(
		widgets.Row{Object: widgets.NewText(lang.L("You are signed in to e-RS"), titleStyle)},
		widgets.Row{Object: widgets.NewText(lang.L("Your other e-RS applications on this computer can use this session now. "+
			"Keep your smartcard inserted."), leadStyle), Above: 5},
		widgets.Row{Object: widgets.Pairs(10.5,
			widgets.NewText(lang.L("Organisation"), leadStyle), widgets.NewText(organisation(state.Chosen), boldStyle),
			widgets.NewText(lang.L("Working as"), leadStyle), widgets.NewText(roleName(state.Chosen.BusinessFunction), boldStyle),
			widgets.NewText(lang.L("Signed in"), leadStyle), widgets.NewText(clockTime(state.SignedInAt), boldStyle),
			widgets.NewText(lang.L("Session ends"), leadStyle), s.ends,
		), Above: 18},
		widgets.Row{Object: s.buttons, Above: 26, Align: widgets.Leading},
		widgets.Row{Object: s.confirm, Above: 26},
	)))
	return s
}

func (s *signedIn) update(state login.State) bool {
	return state.Phase == login.SignedIn && state.Chosen == s.state.Chosen && state.User == s.state.User &&
		state.SignedInAt.Equal(s.state.SignedInAt) && state.ExpiresAt.Equal(s.state.ExpiresAt)
}

// interval is short enough for a minute not to be late, and right again soon after a laptop has slept.
func (s *signedIn) interval() time.Duration { return 5 * time.Second }

func (s *signedIn) tick(now time.Time) {
	left := lang.L("{{.Remaining}}, or when you remove your smartcard", map[string]any{"Remaining": remaining(now, s.state.ExpiresAt)})
	before := s.ends.String()
	runs := []widgets.Run{{Text: clockTime(s.state.ExpiresAt) + "  ", Style: boldStyle}, {Text: left, Style: leadStyle}}
	if before != runs[0].Text+left {
		s.ends.SetRuns(runs...)
		s.w.viewport.Relayout() // It may need another line now.
	}
}

// ask asks once, in place of the buttons.
func (s *signedIn) ask() {
	s.buttons.Hide()
	s.confirm.Show()
	s.w.viewport.Relayout()
	s.w.viewport.RevealObject(s.confirm)
	s.w.focus(s.yes)
}

// dismiss goes back to the buttons. The focus goes to where it was, and an Enter there only asks again.
func (s *signedIn) dismiss() {
	s.confirm.Hide()
	s.buttons.Show()
	s.w.viewport.Relayout()
	s.w.focus(s.signOut)
}

func (s *signedIn) key(key *fyne.KeyEvent) bool {
	if key.Name != fyne.KeyEscape || !s.confirm.Visible() {
		return false
	}
	s.dismiss()
	return true
}
