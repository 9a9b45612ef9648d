package ui

import (
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/ui/widgets"
)

// closeAgain is how long after an attempt to close the window the next one is an answer to the
// question. Sooner, it is the other half of a double click, or the repeat of a key held down. After
// closeForgotten the user no longer thinks of the question.
const (
	closeAgain     = time.Second
	closeForgotten = time.Minute
)

// askToClose asks a signed-in user who closes the window whether to sign out, and reports whether
// that keeps the window open. So it does if a sign-in in the web browser may outlast the window.
// Closing it again while the question is in view answers yes.
func (w *Window) askToClose() bool {
	if !handedOver(w.last) && (w.last.Words.Leaving == "" || !leavable(w.last.Phase)) {
		return false
	}
	now, before := w.settings.Now(), w.closeAsked
	w.closeAsked = now
	var asked *question
	switch page := w.over.(type) {
	case nil:
		if s, is := w.screen.(*signedIn); is {
			asked = s.asked
		}
	case *leaving:
		asked = page.question
	}
	if asked != nil && asked.closes && w.viewport.Shows(asked.box.Objects[0]) && now.Sub(before) < closeForgotten {
		return now.Sub(before) < closeAgain
	}
	w.closeOver()
	w.settings.Raise() // the user may have closed it from the taskbar, or from the icon's menu
	if s, is := w.screen.(*signedIn); is {
		s.ask(askClosing(w, s.dismiss)) // an Enter meant for another window keeps working
	} else {
		w.putOver(newLeaving(w, askClosing(w, w.closeOver)))
	}
	return true
}

// handedOver reports whether other applications have a session of the user, who may be choosing
// another role meanwhile.
func handedOver(state signin.State) bool {
	return state.Phase == signin.SignedIn || goesOnMeanwhile(state)
}

// goesOnMeanwhile reports whether a session goes on while its user chooses another role.
func goesOnMeanwhile(state signin.State) bool {
	switch state.Phase {
	case signin.Choosing, signin.ChoosingClinician, signin.Selecting:
		return state.Switching
	default:
		return false
	}
}

// leaving asks a user who is choosing a role whether to sign out, or also to close the window.
type leaving struct {
	cover
	*question
}

func newLeaving(w *Window, q *question) *leaving {
	l := &leaving{newCover(w), q}
	l.next = q.first
	l.content = page(widgets.NewPanel(widgets.Caution, q.box))
	return l
}

// outlives reports whether there is still a session to be left.
func (l *leaving) outlives(before, after signin.State) bool {
	return leavable(after.Phase) && handedOver(before) == handedOver(after)
}

// leavable reports whether there is a session that is not being ended yet.
func leavable(phase signin.Phase) bool { return inSession(phase) && phase != signin.Ending }

// question is about the session: what is asked, what follows from a yes, and the answers. Escape answers no.
type question struct {
	box *fyne.Container
	// first is the answer that gets the focus.
	first *widgets.Button
	// closes: a yes closes the window.
	closes bool
}

func newQuestion(asked, effect string, first *widgets.Button, answers ...fyne.CanvasObject) *question {
	return &question{first: first, box: widgets.Column(
		widgets.Row{Object: widgets.NewText(asked, boldStyle)},
		widgets.Row{Object: widgets.NewText(effect, leadStyle), Above: 4},
		widgets.Row{Object: widgets.Flow(12, 12, answers...), Above: 16, Align: widgets.Leading},
	)}
}

// askClosing asks whether to close the window, and askSigningOut whether to sign out.
func askClosing(w *Window, dismiss func()) *question {
	effect := fromPlatform(w.last.Words.Leaving)
	if handedOver(w.last) || effect == "" {
		effect = strings.TrimSpace(stopUsing() + " " + effect)
	}
	keep := w.button(lang.L("Keep working"), widgets.Secondary, dismiss)
	minimise := w.button(lang.L("Minimise"), widgets.Secondary, func() {
		dismiss()
		w.minimise()
	})
	minimise.Hidden = !w.canMinimise()
	asked := newQuestion(lang.L("Close e-RS Login and sign out?"), effect, keep,
		w.button(lang.L("Sign out and close"), widgets.Danger, w.end), keep, minimise)
	asked.closes = true
	return asked
}

func askSigningOut(w *Window, dismiss func()) *question {
	yes := w.button(lang.L("Sign out"), widgets.Danger, w.intent(signin.SignOut{}))
	return newQuestion(lang.L("Sign out of e-RS?"), stopUsing(), yes, yes, w.button(lang.L("Cancel"), widgets.Secondary, dismiss))
}

// stopUsing says what signing out does to other applications.
func stopUsing() string {
	return lang.L("Save your work in other e-RS applications first. They stop using e-RS when you sign out.")
}

// closingEffect says what closing the window of a session does.
func (w *Window) closingEffect() string {
	switch {
	case w.tray != nil && w.minimises():
		return lang.L("Closing this window keeps you signed in. Open it again from the icon next to the clock.")
	case w.canMinimise():
		return lang.L("Closing this window signs you out. You can minimise it.")
	default:
		return lang.L("Closing this window signs you out.")
	}
}

// canMinimise reports whether there is a place for the window from which it comes back.
func (w *Window) canMinimise() bool { return w.tray != nil || w.settings.CanMinimise() }

// minimise does what the desktop's own button does. Where no program can ask for that, the window
// goes into the icon.
func (w *Window) minimise() {
	if w.settings.CanMinimise() {
		w.settings.Minimise()
		return
	}
	w.outOfTheWay()
}
