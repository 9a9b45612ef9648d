package widgets

import (
	"hash/fnv"
	"image/color"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// plain is a theme with our sizes, and a different colour for each name.
type plain struct{ fyne.Theme }

func (p plain) Color(name fyne.ThemeColorName, _ fyne.ThemeVariant) color.Color {
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(name)) // never fails
	mixed := sum.Sum32()
	return color.NRGBA{R: uint8(mixed >> 16 & 0xFF), G: uint8(mixed >> 8 & 0xFF), B: uint8(mixed & 0xFF), A: 0xFF}
}

func (p plain) Size(name fyne.ThemeSizeName) float32 {
	switch name {
	case SizeCard:
		return 200
	case SizeLabel:
		return 100
	case SizeTitle:
		return 26
	case SizeBody, SizeDetail, SizeSmall, SizeName, SizeBanner, SizeIcon:
		return 15
	}
	return p.Theme.Size(name)
}

func open(t *testing.T, content fyne.CanvasObject, size fyne.Size) fyne.Window {
	t.Helper()
	app := test.NewApp()
	app.Settings().SetTheme(plain{theme.DefaultTheme()})
	w := app.NewWindow("")
	w.SetPadded(false)
	w.SetContent(content)
	w.Resize(size)
	return w
}

var (
	body = Style{Size: SizeBody, Color: ColorText}
	bold = Style{Size: SizeBody, Color: ColorText, Bold: true}
)

func linesOf(text *Text, width float32) []string {
	var lines []string
	for _, line := range text.wrap(width).lines {
		var said strings.Builder
		for _, piece := range line.pieces {
			said.WriteString(piece.text)
		}
		lines = append(lines, said.String())
	}
	return lines
}

// TestWrap: text that does not wrap is cut at the window's edge.
func TestWrap(t *testing.T) {
	open(t, NewText("", body), fyne.NewSize(100, 100))
	width := func(text string) float32 { return NewText(text, body).MinSize().Width }
	for _, c := range []struct {
		name  string
		runs  []Run
		width float32
		most  int
		want  []string
		cut   bool
	}{
		{"one line", []Run{{"one two", body}}, 500, 0, []string{"one two"}, false},
		{"exactly the width it asks for", []Run{{"one two three", body}}, width("one two three"), 0, []string{"one two three"}, false},
		{"two lines", []Run{{"one two three", body}}, width("one two") + 1, 0, []string{"one two", "three"}, false},
		{"a line end counts as a space", []Run{{"one\ntwo", body}}, 500, 0, []string{"one two"}, false},
		{"a word wider than the line", []Run{{"a wwwwwwww b", body}}, width("wwww") + 1, 0, []string{"a", "wwww", "wwww", "b"}, false},
		{"a letter wider than the line", []Run{{"mm", body}}, 1, 0, []string{"m", "m"}, false},
		{"a full stop stays with a bold word", []Run{{"press ", body}, {"again", bold}, {".", body}}, width("press again"), 0,
			[]string{"press", "again."}, false},
		{"a hard space", []Run{{"1.\u00a0one two", body}}, width("1. one") + 1, 0, []string{"1.\u00a0one", "two"}, false},
		{"held to two lines", []Run{{"one two three four", body}}, width("three") + 4, 2, []string{"one", "two…"}, true},
		{"held to one line", []Run{{"one two three four", body}}, width("one two t…") + 1, 1, []string{"one two…"}, true},
		{"held to lines it does not need", []Run{{"one two", body}}, 500, 1, []string{"one two"}, false},
		{"nothing", []Run{{"", body}}, 500, 0, []string{""}, false},
		{"spaces", []Run{{"   ", body}}, 500, 0, []string{""}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := NewRuns(c.runs...)
			text.Lines = c.most
			require.Equal(t, c.want, linesOf(text, c.width))
			require.Equal(t, c.cut, text.Cut(c.width))
			require.Positive(t, text.HeightFor(c.width), "an empty text keeps its line")
			for _, line := range text.wrap(c.width).lines {
				if c.width > 20 {
					assert.LessOrEqual(t, line.width, c.width)
				}
			}
		})
	}
}

// TestTextSharesBaseline: a small note next to a large heading would be too high otherwise.
func TestTextSharesBaseline(t *testing.T) {
	text := NewRuns(Run{"Heading ", Style{Size: SizeTitle, Color: ColorText}}, Run{"note", body})
	open(t, text, fyne.NewSize(300, 100))
	objects := test.WidgetRenderer(text).Objects()
	require.Len(t, objects, 2)
	require.Zero(t, objects[0].Position().Y)
	require.Greater(t, objects[1].Position().Y, float32(8))
	require.Greater(t, objects[1].Position().X, objects[0].Size().Width-1)
	require.Equal(t, "Heading note", text.AccessibilityLabel())

	text.SetText("other")
	require.Len(t, test.WidgetRenderer(text).Objects(), 1)
}

func TestColumnGivesEachRowItsHeight(t *testing.T) {
	long := NewText(strings.Repeat("word ", 40), body)
	button := NewButton("Go", Primary, nil)
	hidden := NewText("hidden", body)
	hidden.Hide()
	column := Column(Row{Object: long}, Row{Object: hidden, Above: 50}, Row{Object: button, Above: 10, Align: Centre})
	open(t, Inset(Margins{Left: 5, Top: 7, Right: 5}, column), fyne.NewSize(210, 600))
	require.Equal(t, fyne.NewPos(5, 7), column.Position())
	require.Equal(t, long.HeightFor(200), long.Size().Height)
	require.Equal(t, long.Size().Height+10, button.Position().Y)
	require.InDelta(t, (200-button.Size().Width)/2, button.Position().X, 1)
	require.Equal(t, button.Position().Y+button.Size().Height, HeightFor(column, 200))
}

func TestFlowGoesOnInAnotherRow(t *testing.T) {
	a, b, c := NewButton("Alpha", Primary, nil), NewButton("Beta", Secondary, nil), NewButton("Gamma", Danger, nil)
	flow := Flow(10, 5, a, b, c)
	open(t, flow, fyne.NewSize(a.MinSize().Width+10+b.MinSize().Width, 300))
	require.Equal(t, a.Position().Y, b.Position().Y)
	require.Equal(t, a.Size().Width+10, b.Position().X)
	require.Equal(t, fyne.NewPos(0, a.Size().Height+5), c.Position())
	flow.Resize(fyne.NewSize(30, 300)) // too narrow for any of them
	require.Equal(t, float32(30), a.Size().Width)
	require.Positive(t, b.Position().Y)
}

func TestPairsStackWhereNarrow(t *testing.T) {
	name, value := NewText("Organisation", body), NewText("NHST_X3 (R01)", body)
	pairs := Pairs(10, name, value)
	open(t, pairs, fyne.NewSize(400, 300))
	require.Equal(t, fyne.NewPos(100, 0), value.Position())
	pairs.Resize(fyne.NewSize(240, 300))
	require.Equal(t, fyne.NewPos(0, name.Size().Height), value.Position())
}

// TestButtonStates draws the states that a mouse and a keyboard put a button into.
func TestButtonStates(t *testing.T) {
	for name, c := range map[string]struct {
		importance          Importance
		still, hover, press fyne.ThemeColorName
	}{
		"primary":   {Primary, ColorAction, ColorActionHover, ColorActionHover},
		"secondary": {Secondary, ColorSurface, ColorHover, ColorPressed},
		"danger":    {Danger, ColorSurface, ColorDangerHover, ColorDangerPressed},
	} {
		t.Run(name, func(t *testing.T) {
			pressed := 0
			b := NewButton("Go", c.importance, func() { pressed++ })
			w := open(t, b, fyne.NewSize(100, 50))
			requireFace := func(want fyne.ThemeColorName) {
				t.Helper()
				face, ok := test.WidgetRenderer(b).Objects()[3].(*canvas.Rectangle)
				require.True(t, ok)
				require.Equal(t, plain{}.Color(want, 0), face.FillColor)
			}
			requireFace(c.still)
			b.MouseIn(nil)
			requireFace(c.hover)
			b.MouseDown(nil)
			requireFace(c.press)
			b.MouseUp(nil)
			b.MouseMoved(nil)
			requireFace(c.hover)
			b.MouseOut()
			requireFace(c.still)
			ring := test.WidgetRenderer(b).Objects()[0]
			require.False(t, ring.Visible())
			w.Canvas().Focus(b)
			require.True(t, ring.Visible(), "the focus is always visible")
			require.True(t, b.Focused())
			w.Canvas().Unfocus()
			require.False(t, ring.Visible())
			test.Tap(b)
			require.Equal(t, 1, pressed)
			require.Equal(t, fyne.AccessibleRoleButton, b.AccessibilityRole())
			require.Equal(t, "Go", b.AccessibilityLabel())
			b.SetText("Went")
			require.Equal(t, "Went", b.AccessibilityLabel())
		})
	}
}

// TestPressableKeys: which keys press, and which are passed on.
func TestPressableKeys(t *testing.T) {
	pressed := 0
	var keys []fyne.KeyName
	var runes []rune
	b := NewButton("Go", Primary, func() { pressed++ })
	b.OnKey = func(key *fyne.KeyEvent) { keys = append(keys, key.Name) }
	b.OnRune = func(r rune) { runes = append(runes, r) }
	open(t, b, fyne.NewSize(100, 50))
	down := func(name fyne.KeyName) { b.KeyDown(&fyne.KeyEvent{Name: name}) }
	typed := func(name fyne.KeyName) { b.TypedKey(&fyne.KeyEvent{Name: name}) }

	typed(fyne.KeyReturn)
	require.Zero(t, pressed, "a repeat of a key that went down elsewhere")
	for i, name := range []fyne.KeyName{fyne.KeyReturn, fyne.KeyEnter, fyne.KeySpace} {
		down(name)
		typed(name)
		typed(name) // a repeat
		b.KeyUp(&fyne.KeyEvent{Name: name})
		require.Equal(t, i+1, pressed)
	}
	down(fyne.KeyReturn)
	b.FocusLost()
	typed(fyne.KeyReturn)
	require.Equal(t, 3, pressed, "the focus came back in between")
	typed(fyne.KeyEscape)
	b.KeyUp(&fyne.KeyEvent{Name: fyne.KeyEscape})
	require.Equal(t, []fyne.KeyName{fyne.KeyEscape}, keys)
	for _, r := range []rune{'7', '8', ' '} {
		name := fyne.KeyName(r)
		down(name)
		typed(name)
		b.TypedRune(r)
		typed(name) // a repeat
		b.TypedRune(r)
		down("Shift")
		typed("Shift")
		typed(name)
		b.TypedRune(r)
		b.KeyUp(&fyne.KeyEvent{Name: name})
	}
	down("9")
	b.FocusLost()
	typed("9")
	b.TypedRune('9')
	b.KeyUp(&fyne.KeyEvent{Name: "9"})
	b.TypedRune('字') // of an input method
	require.Equal(t, []rune{'7', '8', '字'}, runes)
}

func TestRoleCard(t *testing.T) {
	card := NewRoleCard()
	open(t, card, fyne.NewSize(288, 96))
	card.Set(Card{Title: "Service definer", Lines: []string{"Somewhere", "Maintain things"}, Key: "Enter", Accent: true})
	require.Equal(t, "Service definer, Somewhere, Maintain things, Enter", card.AccessibilityLabel())
	require.Len(t, card.lines, 2)
	card.Set(Card{Title: "Service definer"})
	require.Equal(t, "Service definer", card.AccessibilityLabel())
	require.Equal(t, float32(cardLeast), card.HeightFor(288))
	title := Card{Title: strings.Repeat("Very long role name ", 20), Lines: []string{strings.Repeat("and what it is for ", 20)}, Key: "1"}
	card.Set(title)
	height := card.HeightFor(288)
	require.Greater(t, height, float32(cardLeast))
	require.Less(t, height, float32(2*cardLeast), "two lines each at most")
	lines := card.title.wrap(card.title.Size().Width).lines
	left := card.title.Position().X
	require.LessOrEqual(t, left+lines[0].width, card.key.Position().X, "the title does not run into the key")
	require.Greater(t, left+lines[1].width, card.key.Position().X, "which is beside its first line only")

	card.Set(Card{Title: "Service definer", Key: "Enter", Digits: "14"})
	require.Equal(t, "Service definer, Enter, 1, 4", card.AccessibilityLabel())
	require.Equal(t, "Enter · 1 · 4", card.key.AccessibilityLabel())
}

func TestViewport(t *testing.T) {
	const view = 200
	var tops []float32
	v := NewViewport()
	v.OnMoved = func(top, _ float32) { tops = append(tops, top) }
	first, last := NewButton("First", Primary, nil), NewButton("Last", Primary, nil)
	long := Column(Row{Object: first}, Row{Object: NewText("Middle", body), Above: 1000}, Row{Object: last})
	open(t, v.Object(), fyne.NewSize(300, view))

	v.SetContent(Column(Row{Object: NewText("short", body)}))
	require.False(t, v.bar.Visible(), "nothing to scroll")
	v.ScrollBy(100)
	require.Zero(t, v.Offset())

	v.SetContent(long)
	total := HeightFor(long, 300)
	require.True(t, v.bar.Visible())
	v.RevealObject(last)
	require.Equal(t, total-view, v.Offset(), "the end")
	require.Equal(t, -(total - view), long.Position().Y)
	require.Equal(t, total-view, tops[len(tops)-1])
	v.RevealObject(last)
	require.Equal(t, total-view, v.Offset(), "what can be seen does not move")
	v.ScrollBy(1e6)
	require.Equal(t, total-view, v.Offset())
	v.RevealObject(NewText("elsewhere", body))
	require.Equal(t, total-view, v.Offset())
	v.RevealObject(first)
	require.Zero(t, v.Offset())

	top, length := v.bar.thumb()
	require.Zero(t, top)
	v.bar.Tapped(&fyne.PointEvent{Position: fyne.NewPos(5, length+20)})
	require.Equal(t, v.Page(), v.Offset(), "a click below the thumb turns the page")
	v.bar.Tapped(&fyne.PointEvent{Position: fyne.NewPos(5, 0)})
	require.Zero(t, v.Offset())
	v.bar.MouseIn(nil)
	v.bar.MouseMoved(nil)
	v.bar.Dragged(&fyne.DragEvent{Dragged: fyne.NewDelta(0, view-length)})
	require.InDelta(t, total-view, v.Offset(), 1, "the thumb dragged to its end")
	v.bar.DragEnd()
	v.bar.MouseOut()

	v.Object().Resize(fyne.NewSize(300, 5000))
	require.Zero(t, v.Offset(), "a window that grows shows it all")
	require.False(t, v.bar.Visible())
	v.ScrollToTop()
}

// TestNothingMovesByItself: Fyne asks for all objects' minimum sizes in every frame, and lays out
// what has changed. A page with alternating answers would keep the processor busy for ever.
func TestNothingMovesByItself(t *testing.T) {
	column := Column(Row{Object: NewText(strings.Repeat("word ", 40), body)}, Row{Object: Flow(1, 1, NewButton("x", Primary, nil))},
		Row{Object: Pairs(1, NewText("a", body), NewText("b", body))}, Row{Object: NewPanel(Good, NewText("c", body))})
	choices := NewCardGrid([]Section{{Heading: []Run{{"H", bold}}, Cards: blank(20)}})
	for _, box := range []*fyne.Container{column, choices.Object()} {
		open(t, box, fyne.NewSize(500, 400))
		before := box.MinSize()
		HeightFor(box, 50)
		require.Equal(t, before, box.MinSize())
		box.Resize(fyne.NewSize(250, 100))
		require.Equal(t, before, box.MinSize())
	}
}

func TestChoicesWithoutChoices(t *testing.T) {
	c := NewCardGrid(nil)
	open(t, c.Object(), fyne.NewSize(500, 400))
	c.Show(0, 400)
	c.Move(1)
	c.MoveBy(1)
	c.Focus(0)
	_, focused := c.Focused()
	require.False(t, focused)
	require.Zero(t, HeightFor(c.Object(), 500))
}

// TestChoicesFollowTheTextSize: cards that were measured for a smaller text would cut it.
func TestChoicesFollowTheTextSize(t *testing.T) {
	c := NewCardGrid([]Section{{Heading: []Run{{"H", bold}}, Cards: []*Card{{Title: "Title", Lines: []string{"a", "b", "c", "d"}}}}})
	open(t, c.Object(), fyne.NewSize(500, 400))
	c.Show(0, 400)
	before := HeightFor(c.Object(), 500)
	fyne.CurrentApp().Settings().SetTheme(doubled{plain{theme.DefaultTheme()}})
	require.Greater(t, HeightFor(c.Object(), 500), before)
}

type doubled struct{ plain }

func (d doubled) Size(name fyne.ThemeSizeName) float32 { return 2 * d.plain.Size(name) }

func TestProgressMovesBetweenStartAndStop(t *testing.T) {
	p := NewProgress("In progress")
	open(t, p, fyne.NewSize(320, 6))
	p.Start()
	require.NotNil(t, p.animation)
	p.Start()
	p.Stop()
	require.Nil(t, p.animation)
	p.Stop()
	require.Equal(t, "In progress", p.AccessibilityLabel())
}

// TestSmallControls: pressable controls look it, and can be pressed by mouse and by keyboard.
func TestSmallControls(t *testing.T) {
	type control interface {
		fyne.Widget
		fyne.Focusable
		fyne.Tappable
		fyne.Accessible
		Tall
		MouseIn(*desktop.MouseEvent)
		MouseDown(*desktop.MouseEvent)
		KeyDown(*fyne.KeyEvent)
	}
	pressed := 0
	for name, c := range map[string]struct {
		made control
		said string
	}{
		"link":          {NewLink(SmallLink, "F1 Help", func() { pressed++ }), "F1 Help"},
		"option":        {NewOption("Dark", "", func() { pressed++ }), "Dark"},
		"chosen option": {NewOption("Dark", "chosen", func() { pressed++ }), "Dark, chosen"},
	} {
		t.Run(name, func(t *testing.T) {
			pressed = 0
			w := open(t, c.made, fyne.NewSize(200, 40))
			require.Equal(t, c.said, c.made.AccessibilityLabel())
			require.Equal(t, fyne.AccessibleRoleButton, c.made.AccessibilityRole())
			require.Greater(t, c.made.HeightFor(30), c.made.HeightFor(300), "a narrow one needs more lines")
			ring := test.WidgetRenderer(c.made).Objects()[0]
			face, ok := test.WidgetRenderer(c.made).Objects()[2].(*canvas.Rectangle)
			require.True(t, ok)
			require.False(t, ring.Visible())
			w.Canvas().Focus(c.made)
			require.True(t, ring.Visible(), "the focus is always visible")
			c.made.MouseIn(nil)
			require.Equal(t, plain{}.Color(ColorHover, 0), face.FillColor)
			c.made.MouseDown(nil)
			require.Equal(t, plain{}.Color(ColorPressed, 0), face.FillColor)
			c.made.KeyDown(&fyne.KeyEvent{Name: fyne.KeySpace})
			c.made.TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
			test.Tap(c.made)
			require.Equal(t, 2, pressed)
		})
	}
}

// TestSearchFieldLeavesKeysToTheList: the keys that move, choose and end do not edit the text.
func TestSearchFieldLeavesKeysToTheList(t *testing.T) {
	var keys []fyne.KeyName
	var text string
	f := NewSearchField("Search", "hint", func(changed string) { text = changed })
	f.OnKey = func(key *fyne.KeyEvent) { keys = append(keys, key.Name) }
	w := open(t, f, fyne.NewSize(300, 40))
	require.Equal(t, "Search", f.AccessibilityLabel())
	w.Canvas().Focus(f)
	test.Type(f, "ab")
	others := []fyne.KeyName{fyne.KeyUp, fyne.KeyDown, fyne.KeyReturn, fyne.KeyEscape, fyne.KeyPageDown, fyne.KeyF1}
	for _, name := range append(others, fyne.KeyLeft, fyne.KeyBackspace) {
		f.TypedKey(&fyne.KeyEvent{Name: name})
	}
	require.Equal(t, others, keys)
	require.Equal(t, "b", text, "left, then backspace")
	require.Equal(t, "Search, b", f.AccessibilityLabel())
	require.True(t, test.WidgetRenderer(f).Objects()[0].Visible(), "the focus is always visible")
	w.Canvas().Unfocus()
	require.False(t, test.WidgetRenderer(f).Objects()[0].Visible())
}

// TestSearchFieldIsClearedByMouse: the cross is there while there is something to clear.
func TestSearchFieldIsClearedByMouse(t *testing.T) {
	cleared := 0
	f := NewSearchField("Search", "hint", func(string) {})
	f.OnCleared = func() { cleared++ }
	w := open(t, f, fyne.NewSize(300, 40))
	require.False(t, f.cross.Visible())
	w.Canvas().Focus(f)
	test.Type(f, "ab")
	require.True(t, f.cross.Visible())
	require.GreaterOrEqual(t, min(f.cross.Size().Width, f.cross.Size().Height), float32(24), "WCAG 2.5.8")
	test.TapCanvas(w.Canvas(), f.Position().AddXY(f.Size().Width-crossSide/2, f.Size().Height/2))
	require.Empty(t, f.Text)
	require.Equal(t, 1, cleared)
	require.False(t, f.cross.Visible())
}

// TestBeside: an icon is level with the first line, and the words wrap next to it.
func TestBeside(t *testing.T) {
	text := NewText(strings.Repeat("word ", 30), body)
	box := Beside(NewPicture(theme.InfoIcon(), fyne.Size{}), SizeBody, 2, text)
	open(t, box, fyne.NewSize(300, 200))
	require.Equal(t, fyne.NewPos(42, 0), text.Position())
	require.Equal(t, float32(300-42), text.Size().Width)
	require.Equal(t, text.HeightFor(300-42), HeightFor(box, 300))
}

// TestRenderersAreMadeWhole: Fyne drops the renderer of a widget hidden for a minute, and makes
// another when it is shown again, at the same size, without a layout. Help opened for the second
// time would be an empty panel.
func TestRenderersAreMadeWhole(t *testing.T) {
	card := NewRoleCard()
	card.Set(Card{Title: "Title", Lines: []string{"one", "two"}, Key: "1", Accent: true, Star: theme.InfoIcon()})
	for name, w := range map[string]fyne.Widget{
		"text": NewText("some text", body), "picture": NewPicture(theme.InfoIcon(), fyne.NewSize(10, 10)), "card": card,
		"backdrop": NewBackdrop(ColorPage, true), "face": extended(&Face{kind: Good}), "badge": NewBadge("1", Key), "link": NewLink(SmallLink, "x", nil),
		"button": NewButton("x", Primary, nil), "option": NewOption("x", "chosen", nil),
		"search": NewSearchField("x", "y", nil), "progress": NewProgress("x"),
	} {
		t.Run(name, func(t *testing.T) {
			open(t, w, fyne.NewSize(300, 100))
			before, after := test.WidgetRenderer(w).Objects(), w.CreateRenderer().Objects()
			require.Len(t, after, len(before))
			for i := range before {
				assert.Equal(t, before[i].Position(), after[i].Position(), "%d: %T", i, before[i])
				assert.Equal(t, before[i].Size(), after[i].Size(), "%d: %T", i, before[i])
			}
		})
	}
}

// blank returns choices without text.
func blank(count int) []*Card {
	choices := make([]*Card, count)
	for i := range choices {
		choices[i] = &Card{}
	}
	return choices
}
