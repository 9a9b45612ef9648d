package ui

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/ui/widgets"
)

// help is the content of "Having trouble?": known faults, including quiet notices, and what to try
// first.
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
	h.button = w.button(lang.L("Having trouble?"), widgets.Secondary, h.toggle)
	if w.settings.Diagnostics != nil {
		h.diagnose = w.button(lang.L("Run diagnostics")+" (F9)", widgets.Secondary, w.openDiagnostics)
	}
	h.box.Hide()
	h.fill()
	return h
}

// available reports whether there is anything to show.
func (h *help) available() bool { return h.advice != nil || h.diagnose != nil || len(h.notices) > 0 }

// update shows the notices of a newer state.
func (h *help) update(state signin.State) {
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
	if len(h.notices) > 0 {
		rows = append(rows, widgets.Row{Object: widgets.NewText(lang.L("What is known to be wrong"), headingStyle)})
	}
	for _, n := range h.notices {
		rows = append(rows, widgets.Row{Object: widgets.NewText(translated(n.Problem, n.Problem.Title), boldStyle), Above: 14},
			widgets.Row{Object: widgets.NewText(translated(n.Problem, n.Problem.Happened), bodyStyle), Above: 2})
		if n.Problem.Quoted != "" {
			rows = append(rows, widgets.Row{Object: widgets.NewText(translated(n.Problem, n.Problem.Quoted), leadStyle), Above: 2})
		}
		for i, text := range noticeSteps(n.Problem) {
			rows = append(rows, widgets.Row{Object: step(i+1, translated(n.Problem, text)), Above: 3.5})
		}
		if len(n.Problem.ServiceDesk) > 0 {
			rows = append(rows, widgets.Row{Object: serviceDesk(n.Problem), Above: 9})
		}
		rows = append(rows, widgets.Row{Object: widgets.NewRuns(widgets.Run{Text: lang.L("Reference") + " ", Style: nameStyle},
			widgets.Run{Text: n.Problem.Code, Style: nameBoldStyle}), Above: 5})
	}
	if h.advice != nil {
		above := float32(0)
		if len(rows) > 0 {
			above = 22
		}
		rows = append(rows, widgets.Row{Object: h.advice, Above: above})
	}
	if h.diagnose != nil {
		rows = append(rows, widgets.Row{Object: widgets.NewText(lang.L("Find out which part between your smartcard and e-RS is at fault:"),
			bodyStyle), Above: 22}, widgets.Row{Object: h.diagnose, Above: 9, Align: widgets.Leading})
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
		h.button.SetText(lang.L("Hide help"))
	}
	h.w.viewport.Relayout()
	if h.box.Visible() {
		h.w.viewport.RevealObject(h.box)
	}
}

func (h *help) close() {
	h.box.Hide()
	h.button.SetText(lang.L("Having trouble?"))
}

// generalAdvice is what helps most often.
func generalAdvice() fyne.CanvasObject {
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
