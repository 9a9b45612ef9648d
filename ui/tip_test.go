package ui

import (
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/ui/widgets"
)

// waits holds a tip's delays, which end when a test says so.
type waits struct {
	waiting map[int]func()
	asked   int
}

func (w *waits) after(_ time.Duration, do func()) func() {
	at := w.asked
	w.asked++
	w.waiting[at] = do
	return func() { delete(w.waiting, at) }
}

func (w *waits) pass() {
	for at, do := range w.waiting {
		delete(w.waiting, at)
		do()
	}
}

// tippedIn returns what the tip shows.
func tippedIn(w *world) []string {
	var said []string
	for _, object := range walk(w.tip.Object(), fyne.Position{}, false) {
		if text, ok := object.CanvasObject.(*widgets.Text); ok {
			said = append(said, text.String())
		}
	}
	return said
}

// longNames opens a window with two trusts that the cards' cut texts do not distinguish.
func longNames(t *testing.T, scale float32) (*world, *waits) {
	t.Helper()
	permissions := manyRoles(4, 3)
	for i := range permissions {
		permissions[i].OrgName = longTrust + ", " + permissions[i].OrgName
	}
	w, later := newWorld(t, Settings{TextScale: scale}), &waits{waiting: map[int]func(){}}
	w.tip.After = later.after
	w.Show(choosingState(permissions, &permissions[4]))
	w.press(fyne.KeyDown) // the focused card shows everything
	return w, later
}

const longTrust = "The Newcastle upon Tyne Hospitals and Northumbria Specialist Emergency Care Services NHS Foundation Trust"

func objectOf[T fyne.CanvasObject](t *testing.T, w *world, which func(T) bool) placed {
	t.Helper()
	for _, object := range w.objects() {
		if found, ok := object.CanvasObject.(T); ok && which(found) {
			return object
		}
	}
	require.Fail(t, "there is no such object")
	return placed{}
}

func middleOf(p placed) fyne.Position { return p.at.AddXY(p.Size().Width/2, p.Size().Height/2) }

func cutCard(card *widgets.RoleCard) bool { return card.Cut(card.Size().Width) }

// TestFullTextUnderTheMouse: with the mouse alone no card gets the focus, and two trusts must still
// be distinguishable.
func TestFullTextUnderTheMouse(t *testing.T) {
	whole := longTrust + ", Northern Community Hospital No 2 (Y00001)"
	move := func(w *world, to fyne.Position) { test.MoveMouse(w.win.Canvas(), to) }
	onCard := func(t *testing.T) (*world, *waits, placed) {
		t.Helper()
		w, later := longNames(t, 1)
		card := objectOf(t, w, cutCard)
		move(w, middleOf(card))
		return w, later, card
	}
	t.Run("a card, after a while", func(t *testing.T) {
		w, later, card := onCard(t)
		focused := w.focused()
		require.Empty(t, tippedIn(w), "the mouse may only be passing")
		move(w, middleOf(card).AddXY(3, 0))
		require.Len(t, later.waiting, 1, "a moving mouse does not put it off")
		later.pass()
		require.Equal(t, []string{whole}, tippedIn(w))
		require.Equal(t, focused, w.focused(), "the focus is not taken")
		test.TapCanvas(w.win.Canvas(), middleOf(card).AddXY(3, 30)) // on the tip
		intents := w.took()
		require.Len(t, intents, 1, "a click goes through it")
		require.IsType(t, signin.Choose{}, intents[0])
	})
	t.Run("a heading", func(t *testing.T) {
		w, later := longNames(t, 2)
		heading := objectOf(t, w, func(text *widgets.Text) bool {
			return text.Lines == 2 && text.Cut(text.Size().Width) && text.Size().Width > 500
		})
		move(w, heading.at.AddXY(5, 5))
		later.pass()
		require.Len(t, tippedIn(w), 1)
		require.Contains(t, tippedIn(w)[0], "Northern Community Hospital No")
	})
	t.Run("what is whole has none", func(t *testing.T) {
		w, later := longNames(t, 1)
		move(w, middleOf(objectOf(t, w, func(card *widgets.RoleCard) bool { return !cutCard(card) })))
		require.Empty(t, later.waiting)
		require.Empty(t, tippedIn(w))
	})
	for name, goes := range map[string]func(*world){
		"the mouse goes":          func(w *world) { move(w, fyne.NewPos(5, 5)) },
		"the wheel turns":         func(w *world) { w.viewport.ScrollBy(30) },
		"something is searched":   func(w *world) { w.typed("north") },
		"another screen comes":    func(w *world) { w.Show(signedInState()) },
		"a page is laid over":     func(w *world) { w.putOver(newDiagnostics(w.Window)) },
		"the window is made anew": func(w *world) { w.build() },
		"Escape is pressed":       func(w *world) { w.press(fyne.KeyEscape) },
		"the program ends":        func(w *world) { w.Show(signin.State{Phase: signin.Closed}) },
		"Fyne's loop has ended":   func(w *world) { w.Stop() },
		"the arrows are used":     func(w *world) { w.press(fyne.KeyRight) },
		"the button is held down": func(w *world) {
			card, ok := objectOf(w.t, w, cutCard).CanvasObject.(*widgets.RoleCard)
			require.True(w.t, ok)
			card.MouseDown(nil)
		},
		"a control takes the keys": func(w *world) { w.press(fyne.KeyF1) },
	} {
		t.Run("it goes where "+name, func(t *testing.T) {
			w, later, _ := onCard(t)
			w.settings.Diagnostics = &chain{findings: goodChain()}
			goes(w)
			later.pass()
			require.Empty(t, tippedIn(w), "before it has come")

			w, later, _ = onCard(t)
			w.settings.Diagnostics = &chain{findings: goodChain()}
			later.pass()
			require.NotEmpty(t, tippedIn(w))
			goes(w)
			require.Empty(t, tippedIn(w), "after it has come")
		})
	}
	t.Run("Escape does nothing else", func(t *testing.T) {
		w, later := longNames(t, 1)
		w.typed("north")
		w.tip.Over([]string{longTrust}, fyne.NewPos(100, 100))
		later.pass()
		require.NotEmpty(t, tippedIn(w))
		w.press(fyne.KeyEscape)
		require.Contains(t, w.focused(), "north", "the search goes on")
		w.press(fyne.KeyEscape)
		require.NotContains(t, w.focused(), "north,")
	})
}

// TestTheTipStaysInTheWindow: the whole text is visible, wherever the mouse is.
func TestTheTipStaysInTheWindow(t *testing.T) {
	for _, size := range []fyne.Size{least, initial} {
		for _, scale := range []float32{1, 2} {
			w, later := longNames(t, scale)
			w.win.Resize(size)
			for _, at := range []fyne.Position{{}, {X: size.Width, Y: size.Height}, {X: size.Width}, {X: 20, Y: size.Height - 20}} {
				w.tip.Over([]string{longTrust, longTrust}, at)
				later.pass()
				for _, object := range walk(w.tip.Object(), fyne.Position{}, false)[1:] {
					assert.GreaterOrEqual(t, object.at.X, float32(0))
					assert.GreaterOrEqual(t, object.at.Y, float32(0))
					assert.LessOrEqual(t, object.at.X+object.Size().Width, size.Width)
					assert.LessOrEqual(t, object.at.Y+object.Size().Height, size.Height)
				}
				require.Equal(t, []string{longTrust, longTrust}, tippedIn(w))
				w.tip.Away()
			}
		}
	}
}

// TestNothingRunsForATip: a timer that fires after the window has gone would draw on nothing.
func TestNothingRunsForATip(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	w := newWorld(t, Settings{})
	w.tip.Over([]string{"text"}, fyne.NewPos(10, 10))
	w.Stop()
	require.Empty(t, tippedIn(w))
}
