package ui

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/lang"

	"github.com/ers-login/ers-login/assets"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/ui/widgets"
)

// strip is the amber band under the header for faults that do not prevent working, and for the
// unverified name of a program that requests a sign-in. It is slim: the first text, and the number
// of others. The help has all of them, with what to do.
type strip struct {
	box             *fyne.Container
	title, happened *widgets.Text
}

func newStrip() *strip {
	s := &strip{
		title:    widgets.NewText("", onWarningBold),
		happened: widgets.NewText("", onWarning),
	}
	words := widgets.Column(widgets.Row{Object: s.title}, widgets.Row{Object: s.happened, Above: 1})
	s.box = container.New(stripLayout{}, widgets.NewBackdrop(widgets.ColorWarning, true),
		widgets.Beside(widgets.NewPicture(assets.Warning, fyne.Size{}), widgets.SizeName, 1.3, words))
	s.box.Hide()
	return s
}

// show shows a state's notices on screens where the user can act on them.
func (s *strip) show(state signin.State) {
	loud := loudNotices(state)
	var title, happened string
	switch by := asking(state); {
	case by != "":
		title = lang.L("“{{.Program}}” asks you to sign in to e-RS.", map[string]any{"Program": by})
		happened = lang.L("If you did not start this, do not sign in.")
	case len(loud) > 0:
		first := loud[0].Problem
		title, happened = lang.L("Warning")+": "+translated(first, first.Title), translated(first, first.Happened)
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
	s.happened.SetText(happened)
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

// fit cuts the text to keep the strip low; the help has all of it.
func (s *strip) fit(width, most float32) {
	for _, lines := range []struct{ title, happened int }{{2, 2}, {2, 1}, {2, 0}, {1, 1}, {1, 0}} {
		s.title.SetLines(lines.title)
		s.happened.SetLines(lines.happened)
		if lines.happened == 0 {
			s.happened.Hide()
		} else {
			s.happened.Show()
		}
		if widgets.HeightFor(s.box, width) <= most {
			return
		}
	}
}

// loudNotices returns the notices shown without request, on screens where the user waits or works.
func loudNotices(state signin.State) []signin.Notice {
	switch state.Phase {
	case signin.Waiting, signin.Choosing, signin.SignedIn:
		return slices.DeleteFunc(notices(state), func(n signin.Notice) bool { return n.Quiet })
	default:
		return nil
	}
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

// stripLayout places the ground and the text.
type stripLayout struct{}

const stripPad = 7

func (stripLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	objects[0].Resize(size)
	objects[1].Move(fyne.NewPos(side(size.Width), stripPad))
	objects[1].Resize(fyne.NewSize(size.Width-2*side(size.Width), size.Height-2*stripPad))
}

// HeightFor returns the height of the strip at a width.
func (stripLayout) HeightFor(objects []fyne.CanvasObject, width float32) float32 {
	return widgets.HeightFor(objects[1], width-2*side(width)) + 2*stripPad
}

// MinSize is zero, as in all layouts of [widgets.TallLayout].
func (stripLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.Size{} }
