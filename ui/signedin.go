package ui

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/ui/widgets"
)

// signedIn is the screen of a session that other applications can use. In its last minutes it
// offers to renew it. Nothing has the focus when it appears: one Enter too many must neither sign
// out nor switch the role. The button that renews takes it in an active window, unless another
// control has it.
type signedIn struct {
	still
	state signin.State
	ends  *widgets.Text
	// buttons give way to a question: asked is in place, nil if there is none.
	buttons, place *fyne.Container
	asked          *question
	// effect says what closing the window does.
	effect *widgets.Text
	// first is what comes first: the title, and whose session it is. use says what it is for. In a small
	// window short and useBelow take the places of title and use, and useBelow is below the facts.
	first                       *fyne.Container
	title, short, use, useBelow *widgets.Text
	// ending is the warning before the end, with the gap below it.
	ending     *fyne.Container
	when, left *widgets.Text
	renew      *widgets.Button
	// before is the control that had the focus before a question, or nil.
	before fyne.Focusable
}

func newSignedIn(w *Window, state signin.State) *signedIn {
	s := &signedIn{still: still{w: w, help: newHelp(w, sessionAdvice(*state.Words, w.tray != nil && w.minimises()))}, state: state,
		ends: widgets.NewText("", boldStyle), when: widgets.NewText("", headingStyle), left: widgets.NewText("", bodyStyle),
		effect: widgets.NewText("", detailStyle), place: widgets.Inset(widgets.Margins{}, widgets.Column())}
	s.buttons = widgets.Flow(12, 12, w.button(lang.L("Switch role"), widgets.Secondary, s.switchRole),
		w.button(lang.L("Sign out"), widgets.Danger, s.askToSignOut), s.help.button)
	s.place.Hide()
	s.ending = s.warning()
	s.tick(w.settings.Now())
	s.content = page(widgets.Column(
		widgets.Row{Object: s.ending},
		widgets.Row{Object: s.session()},
		widgets.Row{Object: s.help.box, Above: 16},
	))
	s.refresh(state)
	return s
}

// session is the panel with the session.
func (s *signedIn) session() fyne.CanvasObject {
	chosen := s.state.Chosen
	facts := []fyne.CanvasObject{
		widgets.NewText(lang.L("Organisation"), leadStyle), widgets.NewText(organisation(chosen), boldStyle),
		widgets.NewText(lang.L("Working as"), leadStyle), widgets.NewText(RoleName(chosen.BusinessFunction), boldStyle),
	}
	if chosen.OnBehalfOf != "" {
		facts = append(facts, widgets.NewText(lang.L("Working for"), leadStyle), widgets.NewText(clinician(chosen.OnBehalfOf), boldStyle))
	}
	facts = append(facts,
		widgets.NewText(lang.L("Signed in"), leadStyle), widgets.NewText(s.w.clockTime(s.state.SignedInAt), boldStyle),
		widgets.NewText(lang.L("Session ends"), leadStyle), s.ends)
	if test := testEnvironment(s.state.Environment); test != "" {
		facts = append([]fyne.CanvasObject{widgets.NewText(lang.L("e-RS platform"), leadStyle), widgets.NewText(test, boldStyle)}, facts...)
	}
	s.title, s.short = widgets.NewText(lang.L("You are signed in to e-RS"), titleStyle), widgets.NewText(lang.L("You are signed in"), titleStyle)
	s.use, s.useBelow = widgets.NewText("", leadStyle), widgets.NewText("", leadStyle)
	s.first = widgets.Column(
		widgets.Row{Object: s.title},
		widgets.Row{Object: s.short},
		widgets.Row{Object: s.use, Above: 5},
		widgets.Row{Object: widgets.Pairs(10.5, facts...), Above: 18})
	s.short.Hide()
	s.useBelow.Hide()
	return widgets.NewPanel(widgets.Good, widgets.Column(
		widgets.Row{Object: s.first},
		widgets.Row{Object: s.useBelow, Above: 18},
		widgets.Row{Object: s.buttons, Above: 26, Align: widgets.Leading},
		widgets.Row{Object: s.place, Above: 26},
		widgets.Row{Object: s.effect, Above: 14},
	))
}

// warning is the panel shown before the session's end.
func (s *signedIn) warning() *fyne.Container {
	s.renew = s.w.button(lang.L("Stay signed in"), widgets.Primary, s.w.intent(signin.Renew{}))
	box := widgets.Inset(widgets.Margins{Bottom: 16}, widgets.NewPanel(widgets.Caution, widgets.Column(
		widgets.Row{Object: widgets.Beside(widgets.NewPicture(iconAttention, fyne.Size{}), widgets.SizeBanner, 1.3,
			s.when)},
		widgets.Row{Object: s.left, Above: 4},
		widgets.Row{Object: s.renew, Above: 14, Align: widgets.Leading},
	)))
	box.Hide()
	return box
}

func (s *signedIn) update(state signin.State) bool {
	same := state.Phase == signin.SignedIn && state.Chosen == s.state.Chosen && state.User == s.state.User &&
		state.IdleAfter == s.state.IdleAfter && state.SignedInAt.Equal(s.state.SignedInAt) && state.ExpiresAt.Equal(s.state.ExpiresAt)
	if !same {
		return false
	}
	appeared := state.EndsSoon && !s.ending.Visible()
	s.refresh(state)
	s.w.viewport.Relayout()
	if appeared {
		s.offerRenewal()
	}
	return true
}

// refresh updates what can change during a session.
func (s *signedIn) refresh(state signin.State) {
	s.effect.SetText(s.w.closingEffect())
	working := fromPlatform(state.Words.Working)
	if unusable(state) != nil {
		working = lang.L("Your other e-RS applications cannot use this session at the moment.")
	}
	s.use.SetText(working)
	s.useBelow.SetText(working)
	if s.state.RenewAsks != state.RenewAsks {
		s.state.RenewAsks = state.RenewAsks
		s.left.SetText(s.offer(s.w.settings.Now()))
	}
	if state.EndsSoon == s.ending.Visible() {
		return
	}
	if state.EndsSoon {
		s.ending.Show()
		return
	}
	if s.renew.Focused() {
		s.w.win.Canvas().Unfocus()
	}
	s.ending.Hide()
}

func (s *signedIn) appear() {
	if s.ending.Visible() {
		s.offerRenewal()
	}
}

// offerRenewal brings the warning into view and gives its button the focus, unless another control
// has it. A window in the background does not: the next key may be meant for another one.
func (s *signedIn) offerRenewal() {
	if s.w.win.Canvas().Focused() == nil {
		if s.w.active {
			s.w.focus(s.renew)
		}
		s.w.viewport.ScrollToTop()
		s.w.viewport.RevealObject(s.renew)
	}
}

// room leaves a small window to the facts of the session: what it is for comes below them.
func (s *signedIn) room(size fyne.Size) {
	s.cramp(false)
	s.cramp(widgets.HeightFor(page(s.first), size.Width) > size.Height)
}

func (s *signedIn) cramp(small bool) {
	s.title.Hidden, s.use.Hidden = small, small
	s.short.Hidden, s.useBelow.Hidden = !small, !small
}

// tick keeps the minutes correct, also soon after a laptop has slept.
func (s *signedIn) tick(now time.Time) time.Duration {
	at := s.w.timeAhead(now, s.state.ExpiresAt)
	left := ", " + s.end(now)
	if s.ends.String() != at+left {
		s.ends.SetRuns(widgets.Run{Text: at, Style: boldStyle}, widgets.Run{Text: left, Style: leadStyle})
		s.when.SetText(lang.L("Your session ends at {{.Time}}", map[string]any{"Time": at}))
		s.left.SetText(s.offer(now))
		s.w.viewport.Relayout() // it may need another line now
	}
	return 5 * time.Second
}

// end says when the session ends, and by what else.
func (s *signedIn) end(now time.Time) string {
	left := remaining(now, s.state.ExpiresAt)
	said := map[string]any{"Remaining": left, "Away": inMinutes(s.state.IdleAfter)}
	switch card, idle := s.state.Words.CardEnds, s.state.IdleAfter > 0; {
	case card && idle:
		return lang.L("{{.Remaining}}, after {{.Away}} away, or when you remove your smartcard", said)
	case card:
		return lang.L("{{.Remaining}}, or when you remove your smartcard", said)
	case idle:
		return lang.L("{{.Remaining}}, or after {{.Away}} away", said)
	default:
		return left
	}
}

// offer describes what renewing does, and what it takes.
func (s *signedIn) offer(now time.Time) string {
	offer := lang.L("You will be signed out {{.Remaining}}. Stay signed in to keep working in the same role. "+
		"Save your work first: your other e-RS applications must connect again.",
		map[string]any{"Remaining": remaining(now, s.state.ExpiresAt)})
	if asks := fromPlatform(s.state.Words.Renewing); s.state.RenewAsks && asks != "" {
		return offer + " " + asks
	}
	return offer
}

func (s *signedIn) askToSignOut() { s.ask(askSigningOut(s.w, s.dismiss)) }

// switchRole shows the roles, and asks first if other applications stop meanwhile.
func (s *signedIn) switchRole() {
	effect := fromPlatform(s.state.Words.Switching)
	if effect == "" {
		s.w.send(signin.SwitchRole{})
		return
	}
	switches := s.w.button(lang.L("Switch role"), widgets.Primary, s.w.intent(signin.SwitchRole{}))
	s.ask(newQuestion(lang.L("Switch role?"), effect, switches, switches, s.w.button(lang.L("Cancel"), widgets.Secondary, s.dismiss)))
}

// ask asks in place of the buttons, and of another question.
func (s *signedIn) ask(q *question) {
	s.w.scenes++
	if s.asked == nil {
		s.before = s.w.win.Canvas().Focused()
	}
	s.asked = q
	s.place.Objects = []fyne.CanvasObject{q.box}
	s.place.Show()
	s.buttons.Hide()
	s.effect.Hidden = q.closes // the question says it
	s.w.viewport.Relayout()
	s.w.focus(q.first)
	s.w.viewport.RevealObject(q.box) // above all what is asked
}

// dismiss shows the buttons again and restores the focus: where there was none, as when the window was
// to be closed, Enter does nothing again.
func (s *signedIn) dismiss() {
	s.w.scenes++
	s.asked = nil
	s.place.Hide()
	s.effect.Show()
	s.buttons.Show()
	s.w.viewport.Relayout()
	if s.before == nil {
		s.w.win.Canvas().Unfocus()
		return
	}
	s.w.focus(s.before)
}

// key handles Escape, and Enter without a focus: that may be meant for another window, so it does
// not renew.
func (s *signedIn) key(key *fyne.KeyEvent) bool {
	if enters(key) {
		return true
	}
	if key.Name != fyne.KeyEscape || s.asked == nil {
		return false
	}
	s.dismiss()
	return true
}
