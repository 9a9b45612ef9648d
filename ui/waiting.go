package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"github.com/ers-login/ers-login/assets"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/signin"
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

func newWaiting(w *Window, state signin.State) *waiting {
	s := &waiting{
		w:       w,
		picture: widgets.NewPicture(assets.Smartcard, pictureSize),
		title:   centred(widgets.NewText("", titleStyle)),
		text:    centred(widgets.NewText("", leadStyle)),
		signIn:  w.button(lang.L("Sign in"), widgets.Primary, w.intent(signin.SignIn{})),
		help:    newHelp(w, generalAdvice()),
		asked:   centred(widgets.NewText("", boldStyle)),
		notNow:  w.button(lang.L("Not now"), widgets.Secondary, w.intent(signin.Cancel{})),
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

func (s *waiting) update(state signin.State) bool {
	if state.Phase != signin.Waiting {
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
// can be done before that step.
func waitingFor(state signin.State) said {
	next := saidOf(state.Missing)
	if p := insteadOf(state); p != nil {
		text := translated(p, p.Happened)
		if todo := firstStep(p); todo != "" {
			text = todo + " " + text
		}
		return said{next.picture, translated(p, p.Title), text}
	}
	if state.Missing.First {
		return next
	}
	again := fromPlatform(state.Missing.Again)
	switch state.Reason {
	case signin.SignedOut:
		return said{iconSignedOut, lang.L("You are signed out"), lang.L("Press **Sign in** to start again.")}
	case signin.CardRemoved:
		return said{next.picture, lang.L("Your smartcard was removed, so you were signed out"), again}
	case signin.TicketChanged:
		return said{assets.Smartcard, lang.L("A new smartcard sign-in closed your session"), again}
	case signin.Expired:
		return said{assets.Smartcard, lang.L("Your session has reached its time limit"), again}
	case signin.Cancelled:
		return said{next.picture, lang.L("Sign-in cancelled"), lang.L("Press **Sign in** when you are ready.")}
	case signin.ScreenLocked:
		return said{next.picture, lang.L("You were signed out because the screen was locked"), again}
	case signin.UserSwitched:
		return said{next.picture, lang.L("You were signed out because somebody else started to use this computer"), again}
	case signin.RoleSwitched:
		return said{next.picture, lang.L("Your session ended before you chose another role"), again}
	case signin.Renewed:
		return said{next.picture, lang.L("Your session ended before it could be renewed"), again}
	case signin.Abandoned:
		return said{next.picture, lang.L("The sign-in could not be completed"), again}
	case signin.NotEnded, signin.Quitting:
	}
	return next
}

// insteadOf returns what replaces the next step of a user who waits, or nil.
func insteadOf(state signin.State) *problem.Problem {
	for _, n := range state.Notices {
		if n.Instead && n.Problem != nil && state.Phase == signin.Waiting {
			return n.Problem
		}
	}
	return nil
}

// saidOf returns what is missing, in the platform's words.
func saidOf(missing signin.Missing) said {
	return said{platformPictures[missing.Picture], fromPlatform(missing.Title), fromPlatform(missing.Text)}
}

// fromPlatform returns a platform's text in the user's language.
func fromPlatform(text string) string { return phrase(problem.Phrase{Text: text}) }

// platformPictures are those that a platform may name.
var platformPictures = map[signin.Picture]fyne.Resource{
	signin.PictureCard: assets.Smartcard, signin.PictureReader: assets.Reader, signin.PictureProgram: assets.Agent,
	signin.PicturePasscode: assets.Passcode, signin.PictureSignedOut: iconSignedOut,
}
