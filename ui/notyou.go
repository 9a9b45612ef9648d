package ui

import (
	"fyne.io/fyne/v2/lang"

	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/ui/widgets"
)

// notYou is the page for a user who sees another person's name in the header.
type notYou struct {
	cover
	user signin.User
}

// openNotYou opens the page, while it is known who has signed in.
func (w *Window) openNotYou() {
	if w.closing || w.last.User == (signin.User{}) {
		return
	}
	first := lang.L("Press **Sign out**.")
	if handedOver(w.last) {
		first = lang.L("Save your work in other e-RS applications, then press **Sign out**.")
	}
	others := []string{first}
	for _, text := range w.last.Words.NotYou {
		others = append(others, fromPlatform(text))
	}
	n, back := &notYou{cover: newCover(w), user: w.last.User}, w.button(lang.L("Back"), widgets.Secondary, w.closeOver)
	n.next, n.fromTop = back, true
	n.content = page(widgets.NewPanel(widgets.Caution, widgets.Column(
		widgets.Row{Object: widgets.NewText(lang.L("If this is not you"), titleStyle)},
		widgets.Row{Object: widgets.NewText(fromPlatform(w.last.Words.Named), bodyStyle), Above: 9},
		widgets.Row{Object: steps(lang.L("What you can do"), others), Above: 20},
		widgets.Row{Object: widgets.Flow(13, 12, w.button(lang.L("Sign out"), widgets.Danger, n.signOut), back),
			Above: 18, Align: widgets.Leading},
	)))
	w.putOver(n)
}

// signOut signs out. The page is the question.
func (n *notYou) signOut() {
	n.w.closeOver()
	n.w.send(signin.SignOut{})
}

// outlives reports whether the same person is still signed in, and has not to decide on more.
func (n *notYou) outlives(before, after signin.State) bool {
	return before.Phase == after.Phase && before.Switching == after.Switching && before.EndsSoon == after.EndsSoon && after.User == n.user
}
