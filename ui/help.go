package ui

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/ui/widgets"
)

// help is what F1 shows: known faults, including quiet notices, what to try first or the answers to
// likely questions, and the way to the diagnostics.
type help struct {
	w *Window
	// box is the panel, hidden at first, and button opens and closes it.
	box    *fyne.Container
	button *widgets.Button
	// advice is what to try without a known fault, or nil.
	advice fyne.CanvasObject
	// diagnose opens the diagnostics; nil if there are none.
	diagnose *widgets.Button
	notices  []signin.Notice
}

func newHelp(w *Window, advice fyne.CanvasObject) *help {
	h := &help{w: w, advice: advice, box: widgets.NewPanel(widgets.Plain, widgets.Column())}
	h.button = w.button(helpName(), widgets.Secondary, h.toggle)
	h.button.Reserve(helpName(), hideHelpName())
	if w.settings.Diagnostics != nil {
		h.diagnose = w.button(lang.L("Check this computer")+" (F9)", widgets.Secondary, w.openDiagnostics)
	}
	h.box.Hide()
	h.fill()
	return h
}

// The names of the button. The key in them is that of the status bar's link.
func helpName() string     { return lang.L("Help") + " (F1)" }
func hideHelpName() string { return lang.L("Hide help") + " (F1)" }

// available reports whether there is anything to show.
func (h *help) available() bool { return h.advice != nil || h.diagnose != nil || len(h.notices) > 0 }

// update shows the notices of a newer state. There may be no help.
func (h *help) update(state signin.State) {
	if h == nil {
		return
	}
	if newer := notices(state); !slices.EqualFunc(h.notices, newer, sameNotice) {
		h.notices = newer
		h.fill()
	}
}

func sameNotice(a, b signin.Notice) bool {
	return a.Quiet == b.Quiet && a.Problem.Is(b.Problem) &&
		translated(a.Problem, a.Problem.Happened) == translated(b.Problem, b.Problem.Happened)
}

func (h *help) fill() {
	var rows []widgets.Row
	apart := func() float32 { // the gap above another part
		if len(rows) == 0 {
			return 0
		}
		return 22
	}
	if len(h.notices) > 0 {
		rows = append(rows, widgets.Row{Object: widgets.NewText(lang.L("Known problems"), headingStyle)})
	}
	for _, n := range h.notices {
		rows = append(rows, widgets.Row{Object: widgets.NewText(translated(n.Problem, n.Problem.Title), boldStyle), Above: 14},
			widgets.Row{Object: widgets.NewText(translated(n.Problem, n.Problem.Happened), bodyStyle), Above: 2})
		rows = append(rows, whatToDo(n.Problem, 2, allTranslated(n.Problem, noticeSteps(n.Problem)))...)
	}
	if h.advice != nil {
		rows = append(rows, widgets.Row{Object: h.advice, Above: apart()})
	}
	if h.diagnose != nil {
		rows = append(rows, widgets.Row{Object: widgets.NewText(lang.L("Find out what is not working:"), boldStyle),
			Above: apart()}, widgets.Row{Object: h.diagnose, Above: 9, Align: widgets.Leading})
	}
	widgets.SetPanel(h.box, widgets.Column(rows...))
	if !h.available() {
		h.close()
	}
	h.button.Hidden = !h.available()
}

// toggle opens the help, or closes it again.
func (h *help) toggle() {
	if h.box.Visible() {
		h.close()
	} else if h.available() {
		h.box.Show()
		h.button.SetText(hideHelpName())
	}
	h.w.viewport.Relayout()
	if h.box.Visible() {
		h.w.viewport.RevealObject(h.box)
	} else if focused := h.w.focusedObject(); focused != nil {
		h.w.reveal(focused)
	}
}

func (h *help) close() {
	h.box.Hide()
	h.button.SetText(helpName())
}

// generalAdvice is what helps most often.
func generalAdvice(words signin.Words) fyne.CanvasObject {
	if len(words.Advice) == 0 {
		return nil
	}
	texts := make([]string, len(words.Advice))
	for i, text := range words.Advice {
		texts[i] = fromPlatform(text)
	}
	return steps(lang.L("If you cannot sign in"), texts)
}

// roleAdvice answers the questions of a user who chooses a role, and names the keys if there are
// several to choose from. switching: Escape goes back to the present role.
func roleAdvice(words signin.Words, single, switching bool) fyne.CanvasObject {
	advice := answers([]answer{
		{lang.L("My organisation or role is missing"), fromPlatform(words.RoleMissing)},
		{lang.L("The name at the top is not mine"), fromPlatform(words.NotMineYet)},
		{lang.L("Can I change my role later?"), lang.L("Yes. After you sign in, press **Switch role**.")},
		{lang.L("What happens if I close this window?"), lang.L("You are signed out of e-RS.")},
	})
	if single {
		return advice
	}
	keys := lang.L("Keys: 1–9 choose, letters search, * favourite")
	if switching {
		keys = lang.L("Keys: 1–9 choose, letters search, * favourite, Esc back")
	}
	return widgets.Column(widgets.Row{Object: advice}, widgets.Row{Object: widgets.NewText(keys, boldStyle), Above: 14})
}

// clinicianAdvice answers the questions of a user who chooses for whom to work.
func clinicianAdvice(words signin.Words, searches bool) fyne.CanvasObject {
	keys := lang.L("Keys: 1–9 choose, Esc back")
	if searches {
		keys = lang.L("Keys: digits search, Esc back")
	}
	return widgets.Column(widgets.Row{Object: answers([]answer{
		{lang.L("The clinician is missing"), lang.L("Ask the clinician, or your e-RS manager, to give you access.")},
		{lang.L("Why is there no name?"), lang.L("e-RS gives only the number of a clinician. Ask them for it, or look on their smartcard.")},
		{lang.L("The name at the top is not mine"), fromPlatform(words.NotMineYet)},
	})}, widgets.Row{Object: widgets.NewText(keys, boldStyle), Above: 14})
}

// sessionAdvice answers the questions of a signed-in user. stays: the window's corner hides it, and
// the session goes on.
func sessionAdvice(words signin.Words, stays bool) fyne.CanvasObject {
	closed := lang.L("You are signed out of e-RS. To stay signed in, minimise the window instead.")
	if stays {
		closed = lang.L("e-RS Login stays open as an icon, and you stay signed in. To sign out, press **Sign out**.")
	}
	return answers([]answer{
		{lang.L("How do I change my role?"), lang.L("Save your work in other e-RS applications, then press **Switch role**.")},
		{lang.L("What happens if I close this window?"), closed},
		{lang.L("The name at the top is not mine"), fromPlatform(words.NotMine)},
		{lang.L("Another application does not see that I am signed in"),
			lang.L("Close that application and open it again. If that does not help, check this computer, then contact your local service desk.")},
		{lang.L("My organisation or role is missing"),
			lang.L("Press **Switch role** to see all your roles. If it is not there, ask your organisation's Registration Authority to add it.")},
	})
}

// answer is a question that a user is likely to have, and its answer.
type answer struct{ question, text string }

// answers lists questions with their answers.
func answers(list []answer) fyne.CanvasObject {
	var rows []widgets.Row
	for _, one := range list {
		if one.text == "" {
			continue // nothing is known of it
		}
		above := float32(14)
		if len(rows) == 0 {
			above = 0
		}
		rows = append(rows, widgets.Row{Object: widgets.NewText(one.question, boldStyle), Above: above},
			widgets.Row{Object: widgets.NewRuns(marked(one.text, bodyStyle, boldStyle)...), Above: 2})
	}
	return widgets.Column(rows...)
}

// steps is a heading and numbered steps.
func steps(heading string, texts []string) *fyne.Container {
	rows := []widgets.Row{{Object: widgets.NewText(heading, boldStyle)}}
	for i, text := range texts {
		rows = append(rows, widgets.Row{Object: step(i+1, text), Above: 3.5})
	}
	return widgets.Column(rows...)
}
