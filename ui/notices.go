package ui

import (
	"cmp"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"github.com/ers-login/ers-login/assets"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/ui/widgets"
)

// strip is the amber band under the header for faults that do not prevent working, and for the
// unverified name of a program that requests a sign-in. It is slim: the first text with its first
// step, and the number of others. The help has all of them, with what to do.
type strip struct {
	box             *fyne.Container
	title, happened *widgets.Text
	// texts are what happened can say, the longest first.
	texts []string
	// whatToDo opens the help, and hide hides the notice that is shown.
	whatToDo, hide *widgets.Link
	shown          signin.Notice
	// hidden are the notices that the user has hidden, until they change.
	hidden []signin.Notice
}

func newStrip(w *Window) *strip {
	s := &strip{
		title:    widgets.NewText("", onWarningBold),
		happened: widgets.NewText("", onWarning),
		whatToDo: widgets.NewLink(widgets.WarningLink, lang.L("What to do"), w.openHelp),
	}
	s.hide = widgets.NewLink(widgets.WarningLink, lang.L("Hide"), func() {
		s.hidden = append(s.hidden, s.shown)
		w.showBars(w.last)
	})
	if w.notices != nil { // the window was made anew, in another language
		s.hidden = w.notices.hidden
	}
	w.listen(s.whatToDo, s.hide)
	words := widgets.Column(widgets.Row{Object: s.title}, widgets.Row{Object: s.happened, Above: 1})
	s.box = widgets.Placed(placeStrip, widgets.NewBackdrop(widgets.ColorWarning, true),
		widgets.Beside(widgets.NewPicture(assets.Warning, fyne.Size{}), widgets.SizeName, 1.3, words),
		widgets.Middle(8, 2, s.whatToDo, s.hide))
	s.box.Hide()
	return s
}

// show shows a state's notices on screens where the user can act on them.
func (s *strip) show(state signin.State) {
	s.hidden = slices.DeleteFunc(s.hidden, func(n signin.Notice) bool { return !hasNotice(state.Notices, n) })
	loud := slices.DeleteFunc(loudNotices(state), func(n signin.Notice) bool { return hasNotice(s.hidden, n) })
	s.whatToDo.Hidden, s.hide.Hidden = true, true
	var title string
	switch by := asking(state); {
	case by != "":
		title = lang.L("“{{.Program}}” asks you to sign in to e-RS.", map[string]any{"Program": by})
		s.texts = []string{lang.L("Only sign in if you are using this program.")}
	case len(loud) > 0:
		s.shown = loud[0]
		first := s.shown.Problem
		title = translated(first, first.Title)
		happened := translated(first, first.Happened)
		s.texts = []string{happened}
		if !first.Information {
			title = lang.L("Warning") + ": " + title
		}
		if todo := firstStep(first); todo != "" {
			s.texts = []string{happened + " " + strings.ReplaceAll(todo, "**", ""), happened}
		}
		s.whatToDo.Hidden, s.hide.Hidden = false, !first.Information
		loud = loud[1:]
	default:
		s.box.Hide()
		return
	}
	runs := []widgets.Run{{Text: title, Style: onWarningBold}}
	if more := len(loud); more > 0 {
		runs = append(runs, widgets.Run{Text: " " + lang.L("and {{.Count}} more", map[string]any{"Count": more}), Style: onWarning})
	}
	s.title.SetRuns(runs...)
	s.box.Show()
}

// asking names the program that requests a sign-in, while one is under way. The waiting screen
// names it itself, and can refuse it.
func asking(state signin.State) string {
	switch state.Phase {
	case signin.Prompting, signin.SigningIn, signin.Choosing, signin.Selecting, signin.Failed:
		return problem.Clean(state.AskedBy, 100)
	default:
		return ""
	}
}

// fit says no more than keeps the strip low: what happened and the first step, or without the step,
// or the title alone. Nothing is cut, since its end may be what matters; the help has it all.
func (s *strip) fit(width, most float32) {
	for _, text := range append(slices.Clone(s.texts), "") {
		if s.happened.String() != text {
			s.happened.SetText(text)
		}
		s.happened.Hidden = text == ""
		if widgets.HeightFor(s.box, width) <= most {
			return
		}
	}
}

// loudNotices returns the notices shown without request, on screens where the user waits or works.
func loudNotices(state signin.State) []signin.Notice {
	switch state.Phase {
	case signin.Waiting, signin.Choosing, signin.SignedIn:
		instead := insteadOf(state) // the screen itself says it
		return slices.DeleteFunc(notices(state), func(n signin.Notice) bool { return n.Quiet || n.Problem == instead })
	default:
		return nil
	}
}

// hasNotice reports whether a notice is among others, with the same words.
func hasNotice(among []signin.Notice, n signin.Notice) bool {
	return slices.ContainsFunc(among, func(other signin.Notice) bool {
		return n.Problem != nil && other.Problem != nil && sameNotice(other, n)
	})
}

// noticeSteps returns the steps of a notice: there is no button to try again with.
func noticeSteps(p *problem.Problem) []string {
	return slices.DeleteFunc(slices.Clone(p.WhatToDo()), func(step string) bool { return strings.Contains(step, "**Try again**") })
}

// firstStep returns the first step of a notice for a place without a reference below it; "" if there
// is none.
func firstStep(p *problem.Problem) string {
	todo := noticeSteps(p)
	if len(todo) == 0 {
		return ""
	}
	return strings.ReplaceAll(translated(p, todo[0]), lang.L("the reference below"), lang.L("the reference {{.Code}}", map[string]any{"Code": p.Code}))
}

// notices returns a state's notices that have a text, the quiet ones last.
func notices(state signin.State) []signin.Notice {
	said := slices.DeleteFunc(slices.Clone(state.Notices), func(n signin.Notice) bool { return n.Problem == nil })
	slices.SortStableFunc(said, func(a, b signin.Notice) int {
		switch {
		case a.Quiet == b.Quiet:
			return 0
		case b.Quiet:
			return -1
		default:
			return 1
		}
	})
	return said
}

// placeStrip places the ground, the words and the links, which are on one line where there is room.
func placeStrip(objects []fyne.CanvasObject, size fyne.Size, at widgets.Place) float32 {
	const pad = 7
	x := side(size.Width)
	words, links := size.Width-2*x, min(widgets.NaturalWidth(objects[2]), (size.Width-2*x)*0.25)
	if links > 0 {
		words -= links + edge/2
	}
	left, right := widgets.HeightFor(objects[1], words), widgets.HeightFor(objects[2], links)
	height := max(left, right) + 2*pad
	at(objects[0], 0, 0, size.Width, height)
	at(objects[1], x, pad, words, height-2*pad)
	at(objects[2], size.Width-x-links, (height-right)/2, links, right)
	return height
}

// unusable returns why other applications cannot use the session of a signed-in user, or nil.
func unusable(state signin.State) *problem.Problem {
	return noticeIn(state, signin.SignedIn, func(n signin.Notice) bool { return n.Session })
}

// stopping returns the notice of what stops a sign-in or the use of the session, or nil.
func stopping(state signin.State) *problem.Problem { return cmp.Or(insteadOf(state), unusable(state)) }

func noticeIn(state signin.State, phase signin.Phase, wanted func(signin.Notice) bool) *problem.Problem {
	for _, n := range state.Notices {
		if wanted(n) && n.Problem != nil && state.Phase == phase {
			return n.Problem
		}
	}
	return nil
}
