package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"github.com/ers-login/ers-login/assets"
	"github.com/ers-login/ers-login/internal/login"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/ui/widgets"
)

var pictureSize = fyne.NewSize(134, 98)

// waiting is the screen without a session: what to do next, and why the last session ended.
type waiting struct {
	still
	w           *Window
	picture     *widgets.Picture
	title, text *widgets.Text
	signIn      *widgets.Button
	help        *help
	// asked names another program that requests the sign-in, and notNow declines.
	asked  *widgets.Text
	notNow *widgets.Button
	// main is everything but the help.
	main fyne.CanvasObject
}

func newWaiting(w *Window, state login.State) *waiting {
	s := &waiting{
		w:       w,
		picture: widgets.NewPicture(assets.Smartcard, pictureSize),
		title:   centred(widgets.NewText("", titleStyle)),
		text:    centred(widgets.NewText("", leadStyle)),
		signIn:  w.button(lang.L("Sign in"), widgets.Primary, w.intent(login.SignIn{})),
		help:    newHelp(w, generalAdvice()),
		asked:   centred(widgets.NewText("", boldStyle)),
		notNow:  w.button(lang.L("Not now"), widgets.Secondary, w.intent(login.Cancel{})),
	}
	s.main = widgets.Column(
		widgets.Row{Object: s.picture, Above: 48, Align: widgets.Centre},
		widgets.Row{Object: s.title, Above: 24},
		widgets.Row{Object: s.text, Above: 5},
		widgets.Row{Object: s.asked, Above: 12},
		widgets.Row{Object: widgets.Flow(13, 12, s.signIn, s.notNow, s.help.button), Above: 19, Align: widgets.Centre},
	)
	s.content = page(widgets.Column(widgets.Row{Object: s.main}, widgets.Row{Object: s.help.box, Above: 32}))
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
	s.help.update(state)
	s.ask(problem.Clean(state.AskedBy, 100))
	s.w.viewport.Relayout()
	return true
}

// ask names a program that requests a sign-in, by its own name for itself.
func (s *waiting) ask(by string) {
	if s.asked.Hidden, s.notNow.Hidden = by == "", by == ""; by != "" {
		s.asked.SetText(lang.L("“{{.Program}}” asks you to sign in to e-RS.", map[string]any{"Program": by}))
	}
}

func (s *waiting) appear() { s.w.focus(s.signIn) }

func (s *waiting) helps() *help { return s.help }

// room hides the picture if it and the buttons do not fit.
func (s *waiting) room(size fyne.Size) {
	s.picture.Hidden = false
	s.picture.Hidden = widgets.HeightFor(page(s.main), size.Width) > size.Height
}

// said is a screen's picture and words.
type said struct {
	picture     fyne.Resource
	title, text string
}

// waitingFor returns the user's next step. Why the last session ended comes first, unless nothing
// can be done without the Identity Agent.
func waitingFor(state login.State) said {
	next := nextStep(state.Missing)
	if state.Missing == login.MissingAgent {
		return next
	}
	again := startAgain(state.Missing)
	switch state.Reason {
	case login.SignedOut:
		return said{iconSignedOut, lang.L("You are signed out"), lang.L("Press **Sign in** to start again.")}
	case login.CardRemoved:
		return said{next.picture, lang.L("Your smartcard was removed, so you were signed out"), again}
	case login.TicketChanged:
		return said{assets.Smartcard, lang.L("A new smartcard sign-in closed your session"), again}
	case login.Expired:
		return said{assets.Smartcard, lang.L("Your session has reached its time limit"), again}
	case login.Cancelled:
		return said{next.picture, lang.L("Sign-in cancelled"), lang.L("Press **Sign in** when you are ready.")}
	case login.ScreenLocked:
		return said{next.picture, lang.L("You were signed out because the screen was locked"), again}
	case login.UserSwitched:
		return said{next.picture, lang.L("You were signed out because somebody else started to use this computer"), again}
	case login.RoleSwitched:
		return said{next.picture, lang.L("Your session ended before you chose another role"), again}
	case login.Renewed:
		return said{next.picture, lang.L("Your session ended before it could be renewed"), again}
	case login.Abandoned:
		return said{next.picture, lang.L("The sign-in could not be completed"), again}
	case login.NotEnded, login.Quitting:
	}
	return next
}

// nextStep returns the step for what is missing.
func nextStep(missing login.Missing) said {
	switch missing {
	case login.MissingReader:
		return said{assets.Reader, lang.L("Connect your smartcard reader"),
			lang.L("Then insert your smartcard. This screen moves on by itself.")}
	case login.MissingAgent:
		return said{assets.Agent, lang.L("The NHS Identity Agent is not installed"),
			lang.L("Ask your local service desk to install it. This screen moves on by itself.")}
	case login.MissingIntent:
		return said{iconSignedOut, lang.L("You are signed out"), startAgain(missing)}
	case login.MissingCard:
		return said{assets.Smartcard, lang.L("Insert your smartcard"),
			lang.L("Then enter your passcode in the Identity Agent window. This screen moves on by itself.")}
	case login.MissingPasscode:
		return said{assets.Smartcard, lang.L("Enter your passcode"),
			lang.L("A card is in the reader. If it is yours, press **Sign in**, or enter your passcode in the Identity Agent window. This screen moves on by itself.")}
	default:
		return said{assets.Smartcard, lang.L("Looking for your smartcard…"),
			lang.L("If it is not in the reader yet, insert it now. This screen moves on by itself.")}
	}
}

// startAgain returns how to sign in again in one line, for a title with why the last session ended.
func startAgain(missing login.Missing) string {
	switch missing {
	case login.MissingReader:
		return lang.L("Connect your reader and insert your smartcard to sign in again. This screen moves on by itself.")
	case login.MissingCard:
		return lang.L("Insert your smartcard and enter your passcode to sign in again. This screen moves on by itself.")
	case login.MissingPasscode:
		return lang.L("Press **Sign in**, or enter your passcode in the Identity Agent window. This screen moves on by itself.")
	default:
		return lang.L("Press **Sign in** to start again.")
	}
}
