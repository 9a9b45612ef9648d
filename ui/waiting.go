package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"github.com/ers-login/ers-login/assets"
	"github.com/ers-login/ers-login/internal/login"
	"github.com/ers-login/ers-login/ui/widgets"
)

var pictureSize = fyne.NewSize(134, 98)

// waiting is the screen of somebody who has no session: what they have to do next, and why the last session ended.
type waiting struct {
	still
	w           *Window
	picture     *widgets.Picture
	title, text *widgets.Text
	signIn      *widgets.Button
	trouble     *widgets.Button
	help        *fyne.Container
}

func newWaiting(w *Window, state login.State) *waiting {
	s := &waiting{
		w:       w,
		picture: widgets.NewPicture(assets.Smartcard, pictureSize),
		title:   centred(widgets.NewText("", titleStyle)),
		text:    centred(widgets.NewText("", leadStyle)),
		signIn:  w.button(lang.L("Sign in"), widgets.Primary, w.intent(login.SignIn{})),
	}
	s.trouble = w.button(lang.L("Having trouble?"), widgets.Secondary, s.toggleHelp)
	s.help = widgets.NewPanel(widgets.Plain, trouble())
	s.help.Hide()
	s.content = page(widgets.Column(
		widgets.Row{Object: s.picture, Above: 48, Align: widgets.Centre},
		widgets.Row{Object: s.title, Above: 24},
		widgets.Row{Object: s.text, Above: 5},
		widgets.Row{Object: widgets.Flow(13, 12, s.signIn, s.trouble), Above: 19, Align: widgets.Centre},
		widgets.Row{Object: s.help, Above: 32},
	))
	s.update(state)
	return s
}

func (s *waiting) update(state login.State) bool {
	if state.Phase != login.Waiting {
		return false
	}
	said := waitingFor(state)
	s.picture.Set(said.picture)
	s.title.SetText(said.title)
	s.text.SetRuns(marked(said.text, leadStyle, widgets.Style{Size: leadStyle.Size, Color: leadStyle.Color, Bold: true})...)
	s.w.viewport.Relayout()
	return true
}

func (s *waiting) appear() { s.w.focus(s.signIn) }

// toggleHelp shows the first things to try, or hides them again.
func (s *waiting) toggleHelp() {
	if s.help.Visible() {
		s.help.Hide()
		s.trouble.SetText(lang.L("Having trouble?"))
	} else {
		s.help.Show()
		s.trouble.SetText(lang.L("Hide help"))
	}
	s.w.viewport.Relayout()
	if s.help.Visible() {
		s.w.viewport.RevealObject(s.help)
	}
}

// trouble is what helps most often.
func trouble() fyne.CanvasObject {
	return steps(lang.L("If nothing happens"), []string{
		lang.L("Check that the card is pushed into the reader as far as it goes, chip first, and that the reader's light is on."),
		lang.L("Look for the Identity Agent window. It may be behind this one."),
		lang.L("Remove the card, wait a few seconds, insert it again, then press **Sign in**."),
		lang.L("If your passcode is blocked or forgotten, ask your Registration Authority."),
		lang.L("With anything else, ask your local service desk."),
	})
}

// steps is a heading and numbered steps.
func steps(heading string, texts []string) *fyne.Container {
	rows := []widgets.Row{{Object: widgets.NewText(heading, boldStyle)}}
	for i, text := range texts {
		rows = append(rows, widgets.Row{Object: step(i+1, text), Above: 3.5})
	}
	return widgets.Column(rows...)
}

// said is what a screen says in picture and words.
type said struct {
	picture     fyne.Resource
	title, text string
}

// waitingFor says what a user has to do next. Why the last session ended comes first, unless nothing can be done before the
// Identity Agent is there.
func waitingFor(state login.State) said {
	next := nextStep(state.Missing)
	if state.Missing == login.MissingAgent {
		return next
	}
	switch state.Reason {
	case login.SignedOut:
		return said{assets.SignedOut, lang.L("You are signed out"), lang.L("Press **Sign in** to start again.")}
	case login.CardRemoved:
		return said{next.picture, lang.L("Your smartcard was removed, so you were signed out"), startAgain(state.Missing)}
	case login.TicketChanged:
		return said{assets.Smartcard, lang.L("A new smartcard sign-in closed your session"), startAgain(state.Missing)}
	case login.Expired:
		return said{assets.Smartcard, lang.L("Your session has reached its time limit"), startAgain(state.Missing)}
	case login.Cancelled:
		return said{next.picture, lang.L("Sign-in cancelled"), lang.L("Press **Sign in** when you are ready.")}
	case login.NotEnded, login.RoleSwitched, login.Quitting, login.Abandoned:
	}
	return next
}

// nextStep says what is missing.
func nextStep(missing login.Missing) said {
	switch missing {
	case login.MissingReader:
		return said{assets.Reader, lang.L("Connect your smartcard reader"),
			lang.L("Then insert your smartcard. This screen moves on by itself.")}
	case login.MissingAgent:
		return said{assets.Agent, lang.L("The NHS Identity Agent is not installed or not running"),
			lang.L("Start it from the Start menu. If it is not there, ask your local service desk to install it.")}
	case login.MissingIntent:
		return said{assets.SignedOut, lang.L("You are signed out"), startAgain(missing)}
	case login.MissingCard:
		return said{assets.Smartcard, lang.L("Insert your smartcard"),
			lang.L("Then enter your passcode in the Identity Agent window. This screen moves on by itself.")}
	default:
		return said{assets.Smartcard, lang.L("Looking for your smartcard…"),
			lang.L("If it is not in the reader yet, insert it now. This screen moves on by itself.")}
	}
}

// startAgain says in one line how to sign in again, where the title tells why the last session ended.
func startAgain(missing login.Missing) string {
	switch missing {
	case login.MissingReader:
		return lang.L("Connect your reader and insert your smartcard to sign in again. This screen moves on by itself.")
	case login.MissingCard:
		return lang.L("Insert your smartcard and enter your passcode to sign in again. This screen moves on by itself.")
	default:
		return lang.L("Press **Sign in** to start again.")
	}
}
