package ui

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"github.com/ers-login/ers-login/assets"
	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/ui/widgets"
)

// working is the screen during an operation: what it is, that it goes on, since when, and how to
// give it up. Nothing has the focus: the user may still be leaning on the Enter key that led here,
// and Cancel must not get it.
type working struct {
	still
	shown    signin.State
	top      *fyne.Container // the picture, with the gap below it
	progress *widgets.Progress
	elapsed  *widgets.Text
	// text says, after a while, where to look for the window that asks for a passcode. Only then there
	// is help: other operations need no user.
	text *widgets.Text
}

// lostAfter is how long a user may look for the window that asks for the passcode before that.
const lostAfter = 20 * time.Second

func newWorking(w *Window, state signin.State) *working {
	said, cancel := workingOn(state)
	s := &working{still: still{w: w}, shown: state, progress: widgets.NewProgress(lang.L("In progress")),
		elapsed: centred(widgets.NewText("", detailStyle)), text: centred(widgets.NewText(said.text, leadStyle))}
	s.top = widgets.Inset(widgets.Margins{Bottom: 24}, widgets.NewPicture(said.picture, pictureSize))
	stop := w.button(lang.L("Cancel"), widgets.Secondary, w.intent(signin.Cancel{}))
	stop.Hidden = !cancel
	if cancel {
		s.escape = w.intent(signin.Cancel{})
	}
	s.text.Hidden = said.text == ""
	var buttons fyne.CanvasObject = stop
	help := widgets.Row{Object: widgets.Column()}
	if state.Phase == signin.Prompting {
		s.help = newHelp(w, generalAdvice(*state.Words))
		buttons = widgets.Flow(13, 12, stop, s.help.button)
		help = widgets.Row{Object: s.help.box, Above: 32}
	}
	s.content = middlePage(0, widgets.Column(
		widgets.Row{Object: s.top, Align: widgets.Centre},
		widgets.Row{Object: centred(widgets.NewText(said.title, titleStyle))},
		widgets.Row{Object: s.text, Above: 5},
		widgets.Row{Object: s.progress, Above: 24, Align: widgets.Centre},
		widgets.Row{Object: s.elapsed, Above: 8},
		widgets.Row{Object: buttons, Above: 14, Align: widgets.Centre},
		help,
	))
	s.tick(w.settings.Now())
	return s
}

func (s *working) update(state signin.State) bool {
	same := state.Phase == s.shown.Phase && state.Since.Equal(s.shown.Since) && state.Reason == s.shown.Reason &&
		state.Chosen.Same(s.shown.Chosen)
	if same && s.help != nil {
		s.w.viewport.Relayout()
	}
	return same
}

func (s *working) appear()    { s.progress.Start() }
func (s *working) disappear() { s.progress.Stop() }

// room hides the picture while there is help to be read, or if it and the text do not fit.
func (s *working) room(size fyne.Size) {
	s.top.Hidden = false
	s.top.Hidden = s.help != nil && s.help.box.Visible() || widgets.HeightFor(s.content, size.Width) > size.Height
}

func (s *working) tick(now time.Time) time.Duration {
	s.elapsed.SetText(elapsed(s.shown.Since, now))
	lost := s.shown.Words.Lost
	if s.help == nil || lost == "" || now.Sub(s.shown.Since) < lostAfter {
		return time.Second
	}
	hint := lang.L(lost, map[string]any{"Keys": shortcut("Alt+Tab", "⌘+Tab")})
	if s.text.String() != hint {
		s.text.SetRuns(widgets.Run{Text: hint, Style: boldStyle})
		s.text.Show()
		s.w.viewport.Relayout()
	}
	return time.Second
}

// workingOn returns what is under way, and whether it can be given up.
func workingOn(state signin.State) (what said, cancel bool) {
	picture := pictureOf(state.Words.Picture)
	switch state.Phase {
	case signin.Prompting:
		return saidOf(state.Missing), true
	case signin.SigningIn:
		return said{picture, lang.L("Signing in to e-RS…"), fromPlatform(state.Words.Opening)}, true
	case signin.Selecting:
		return said{picture, lang.L("Opening your e-RS session…"), roleAt(state.Chosen)}, true
	case signin.Ending:
		return endingFor(state), false
	default:
		return said{picture, lang.L("Getting ready…"), ""}, false
	}
}

// endingFor returns why a session is ending.
func endingFor(state signin.State) said {
	picture, words := pictureOf(state.Words.Picture), reasons[state.Reason]
	switch {
	case state.Reason == signin.CardRemoved:
		picture = assets.Reader
	case state.Reason == signin.Quitting && state.User == (signin.User{}): // not signed in
		return said{picture, lang.L("Closing…"), ""}
	}
	if words.others == "" || state.Chosen == (ersclient.Permission{}) { // before that, no other application had the session
		return said{picture, lang.L(words.ending), ""}
	}
	return said{picture, lang.L(words.ending), lang.L(words.others)}
}
