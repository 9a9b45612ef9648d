package ui

import (
	"cmp"

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
	picture     *widgets.Picture
	top         *fyne.Container // the picture, with the gap below it
	title, text *widgets.Text
	// gaveUp is the line above the title after a sign-in that came to nothing.
	gaveUp *widgets.Text
	signIn *widgets.Button
	// again stands in place of signIn while the card of a user who has signed in is still there. It
	// names them, and does not take the focus: Enter alone must not sign in as the person before.
	again *widgets.Button
	// asked names another program that requests the sign-in, and notNow declines.
	asked  *widgets.Text
	notNow *widgets.Button
	// reference and copy are about what cannot be done (see insteadOf), for a service desk.
	reference *widgets.Text
	copy      *widgets.Button
	// main is everything but the help.
	main fyne.CanvasObject
}

func newWaiting(w *Window, state signin.State) *waiting {
	s := &waiting{
		still:     still{w: w, help: newHelp(w, generalAdvice(*state.Words))},
		picture:   widgets.NewPicture(assets.Smartcard, pictureSize),
		title:     centred(widgets.NewText("", titleStyle)),
		text:      centred(widgets.NewText("", leadStyle)),
		gaveUp:    centred(widgets.NewText("", leadStyle)),
		signIn:    w.button(lang.L("Sign in"), widgets.Primary, w.intent(signin.SignIn{})),
		again:     w.button("", widgets.Secondary, w.intent(signin.SignIn{})),
		asked:     centred(widgets.NewText("", boldStyle)),
		reference: centred(widgets.NewText("", nameStyle)),
		notNow:    w.button(lang.L("Not now"), widgets.Secondary, w.intent(signin.Cancel{})),
	}
	s.copy = w.copyDetails(func() string { return w.details(insteadOf(w.last), w.problem.At, w.last) })
	s.top = widgets.Inset(widgets.Margins{Bottom: 19}, s.picture)
	s.main = widgets.Column(
		widgets.Row{Object: s.top, Align: widgets.Centre},
		widgets.Row{Object: s.gaveUp},
		widgets.Row{Object: s.title, Above: 5},
		widgets.Row{Object: s.text, Above: 5},
		widgets.Row{Object: s.reference, Above: 12},
		widgets.Row{Object: s.asked, Above: 12},
		widgets.Row{Object: widgets.Flow(13, 12, s.signIn, s.again, s.notNow, s.copy, s.help.button), Above: 19, Align: widgets.Centre},
	)
	s.content = middlePage(0, widgets.Column(widgets.Row{Object: s.main}, widgets.Row{Object: s.help.box, Above: 32}))
	s.update(state)
	return s
}

func (s *waiting) update(state signin.State) bool {
	if state.Phase != signin.Waiting {
		return false
	}
	said := waitingFor(state)
	s.picture.Set(said.picture)
	s.gaveUp.Hidden = state.Reason != signin.Cancelled && state.Reason != signin.RoleGivenUp
	s.gaveUp.SetText(lang.L("You did not sign in."))
	if len(state.Words.InBrowser) > 0 { // who finishes there now finds that nothing answers
		s.gaveUp.SetText(lang.L("You did not sign in. If the sign-in page is still open in your web browser, close it."))
	}
	s.title.SetText(said.title)
	s.text.SetRuns(marked(said.text, leadStyle, widgets.Style{Size: leadStyle.Size, Color: leadStyle.Color, Bold: true})...)
	s.signIn.SetText(fromPlatform(cmp.Or(state.Missing.Button, "Sign in")))
	p := insteadOf(state)
	s.reference.Hidden, s.copy.Hidden = p == nil, p == nil
	if p != nil {
		s.reference.SetRuns(reference(p, "  ·  "+s.w.moment(s.w.problem.At))...)
	}
	s.ask(problem.Clean(state.AskedBy, 100))
	s.offer(state.Holder)
	s.w.viewport.Relayout()
	return true
}

// offer shows the button for the person whose card is there, or the one for any user.
func (s *waiting) offer(holder signin.User) {
	named := holder != (signin.User{})
	changed := named == s.again.Hidden
	name := problem.Clean(holder.Name, 100)
	if name == "" {
		name = userNumber(holder)
	}
	s.again.SetText(lang.L("Sign in again as {{.Name}}", map[string]any{"Name": name}))
	s.signIn.Hidden, s.again.Hidden = named, !named
	if !changed || s.w.screen != s {
		return
	}
	switch focused := s.w.win.Canvas().Focused(); {
	case named && focused == s.signIn:
		s.w.win.Canvas().Unfocus()
	case !named && (focused == nil || focused == s.again):
		s.w.focus(s.signIn)
	}
}

// ask names a program that requests a sign-in, by its own name for itself.
func (s *waiting) ask(by string) {
	if s.asked.Hidden, s.notNow.Hidden = by == "", by == ""; by != "" {
		s.asked.SetText(lang.L("“{{.Program}}” asks you to sign in to e-RS.", map[string]any{"Program": by}))
	}
}

// appear gives the focus to the button. In a window too small for both the title stays in view.
func (s *waiting) appear() {
	if s.signIn.Visible() {
		s.w.focus(s.signIn)
	}
	if top, found := s.w.viewport.OffsetOf(s.title); found && top < s.w.viewport.Offset() {
		s.w.viewport.RevealObject(s.title)
	}
}

// room hides the picture while there is help to be read, or if it and the buttons do not fit.
func (s *waiting) room(size fyne.Size) {
	s.top.Hidden = false
	s.top.Hidden = s.help.box.Visible() || widgets.HeightFor(page(s.main), size.Width) > size.Height
}

// said is a screen's picture and words.
type said struct {
	picture     fyne.Resource
	title, text string
}

// waitingFor returns the user's next step. Why the last session ended comes first, unless nothing
// can be done before that step. A sign-in that came to nothing leaves the step as it was.
func waitingFor(state signin.State) said {
	next, again := saidOf(state.Missing), fromPlatform(state.Missing.Again)
	if p := insteadOf(state); p != nil {
		text := translated(p, p.Happened)
		if todo := firstStep(p); todo != "" {
			text = todo + " " + text
		}
		return said{next.picture, translated(p, p.Title), text}
	}
	if state.Holder != (signin.User{}) {
		next.text = again
	}
	if state.Missing.First || state.Reason == signin.CardRemoved && state.Missing.CardIn {
		return next
	}
	if why := reasons[state.Reason].ended; why != "" {
		return said{next.picture, lang.L(why), again}
	}
	return next
}

// insteadOf returns what replaces the next step of a user who waits, or nil.
func insteadOf(state signin.State) *problem.Problem {
	return noticeIn(state, signin.Waiting, func(n signin.Notice) bool { return n.Instead })
}

// saidOf returns what is missing, in the platform's words.
func saidOf(missing signin.Missing) said {
	return said{pictureOf(missing.Picture), fromPlatform(missing.Title), fromPlatform(missing.Text)}
}

// fromPlatform returns a platform's text in the user's language.
func fromPlatform(text string) string { return phrase(problem.Phrase{Text: text}) }

// platformPictures are those that a platform may name.
var platformPictures = map[signin.Picture]fyne.Resource{
	signin.PictureCard: assets.Smartcard, signin.PictureReader: assets.Reader, signin.PictureProgram: assets.Agent,
	signin.PicturePasscode: assets.Passcode, signin.PictureBrowser: assets.Browser,
}

// pictureOf returns a platform's picture. It is the program's icon while no platform is known.
func pictureOf(named signin.Picture) fyne.Resource {
	if drawn, known := platformPictures[named]; known {
		return drawn
	}
	return assets.AppIcon
}
