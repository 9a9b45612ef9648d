// Package ui is the window: a pure function of [signin.State], plus the user's intents.
//
// [Window.Show] draws each state that the flow publishes; user input goes back as a [signin.Intent].
// Nothing is decided here, and nothing waits: the function that receives intents must return at
// once. screen.go maps states to screens; each screen has its own file.
//
// The program's main function owns the Fyne app and runs it. This package does not import
// fyne.io/fyne/v2/app, so its tests draw with Fyne's software renderer and need neither display nor
// OpenGL.
//
// All texts are plain English and the keys of their translations (fyne.io/fyne/v2/lang).
package ui

import (
	"image/color"
	"strings"
	"sync/atomic"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/lang"

	"github.com/ers-login/ers-login/assets"
	"github.com/ers-login/ers-login/internal/diagnose"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/ui/widgets"
)

// The window's sizes, in Fyne's units. With the demonstration's menu and a title bar, the smallest
// fits on a display of 720 by 540.
const (
	minWidth, minHeight         = 720, 480
	initialWidth, initialHeight = 960, 700
)

// Window is the program's window.
type Window struct {
	app      fyne.App
	win      fyne.Window
	settings Settings
	send     func(signin.Intent)
	// do runs a function on Fyne's goroutine, later; it is loop's.
	do   func(func())
	loop loop

	// pending is the newest state, until it is drawn.
	pending atomic.Pointer[signin.State]

	// The fields below belong to Fyne's goroutine.

	frame    *fyne.Container
	header   *header
	notices  *strip
	status   *statusBar
	viewport *widgets.Viewport
	// tip shows the full text of what is cut under the mouse.
	tip    *widgets.Tip
	screen screen
	// over is the page over the screen, or nil, and overState the state in which it was opened.
	over      overPage
	overState signin.State
	// chosen holds the preferences chosen in the window.
	chosen map[Preference]string
	// stopTicks ends the calls of the screen's tick; nil if there are none. A window without live text has
	// no timer.
	stopTicks func()
	// tray is the notification area icon, or nil.
	tray *tray
	// clock is the layout of a time of day.
	clock string
	// save runs run, which writes to disk, later on another goroutine, and then done on Fyne's.
	save func(run func() error, done func(error))
	// aside runs a slow function on another goroutine.
	aside func(func())
	// after runs a function on Fyne's goroutine after a delay, unless it is stopped before.
	after func(wait time.Duration, todo func()) (stop func())
	// problem is the last one that was shown, for the diagnostics.
	problem diagnose.Incident
	// shown counts the screens.
	shown int
	// scenes counts what is shown: screens, pages over them, questions in them, and cards that a key has
	// brought into view.
	scenes int
	// clicked is the last click on a button or card, and pressed the last press of a key that presses
	// or chooses.
	clicked, pressed press
	// cameAt is when the present page came, backAt when the window became active again after another one,
	// and strayAt when a click was one for another window.
	cameAt, backAt, strayAt time.Time
	// left: another window was active since this one was.
	left bool
	// last is the latest state.
	last signin.State
	// contrast: the system is in high contrast.
	contrast bool
	// active: the window has the keyboard.
	active bool
	// typed is when the page of cards appeared, or the last key since; zero after the first pause, and on
	// other pages.
	typed time.Time
	// strokes are of the keys while nothing has the focus.
	strokes widgets.Strokes
	// closing: the user has closed the window, which stays until the session has ended.
	closing, closed bool
	// closeAsked is when the user last tried to close the window of an open session.
	closeAsked time.Time
}

// New returns an app's window, not yet shown and with the first screen drawn. send receives the
// user's intents on Fyne's goroutine and must return at once.
func New(app fyne.App, settings Settings, send func(signin.Intent)) *Window {
	return newWindow(app, settings, send, nil)
}

// newWindow is New; after replaces [Window.doAfter], unless it is nil.
func newWindow(app fyne.App, settings Settings, send func(signin.Intent), after func(time.Duration, func()) func()) *Window {
	if settings.Now == nil {
		settings.Now = time.Now
	}
	w := &Window{app: app, settings: settings, send: send, after: after,
		aside: func(run func()) { go run() }, chosen: map[Preference]string{}, tip: widgets.NewTip()}
	w.do = w.loop.do
	w.save = (&queue{then: w.Do}).add
	if after == nil {
		w.after = w.doAfter
	}
	w.tip.After = w.after
	w.prefer()
	w.style()
	w.last.Environment = settings.Environment
	w.win = app.NewWindow(lang.L("e-RS Login"))
	w.clock = clockLayout(lang.SystemLocale().String())
	w.win.SetPadded(false)
	w.win.SetMaster()
	w.win.SetCloseIntercept(w.close)
	app.Lifecycle().SetOnEnteredForeground(func() {
		if w.active = true; w.left {
			w.backAt = w.settings.Now()
		}
	})
	app.Lifecycle().SetOnExitedForeground(func() { w.active, w.left = false, true })
	w.tray = newTray(w)
	w.build()
	w.win.Resize(fyne.NewSize(initialWidth, initialHeight))
	w.takeKeys(w.win.Canvas())
	w.win.Canvas().AddShortcut(&desktop.CustomShortcut{KeyName: fyne.KeyF, Modifier: fyne.KeyModifierShortcutDefault},
		w.find)
	w.apply(signin.State{Phase: signin.Starting, Since: settings.Now(), Environment: settings.Environment})
	return w
}

// style sets the look and language of the whole window.
func (w *Window) style() {
	if err := UseLanguage(w.settings.Language); err != nil {
		fyne.LogError("The window is in another language than was set", err)
	}
	w.paint()
}

// paint sets the colours and sizes of the whole window, and redraws it.
func (w *Window) paint() {
	appearance := w.settings.Appearance
	if appearance == AsSystem && w.contrast {
		appearance = HighContrast
	}
	w.app.Settings().SetTheme(NewTheme(appearance, w.settings.TextScale))
}

// SystemContrast sets whether the system is in high contrast, which the window follows unless it
// has another appearance. It is safe for concurrent use and returns at once.
func (w *Window) SystemContrast(high bool) {
	w.do(func() {
		if w.contrast != high && !w.closed {
			w.contrast = high
			w.paint()
		}
	})
}

// build makes everything around the screens.
func (w *Window) build() {
	w.setTitle()
	if w.settings.Demonstration {
		w.win.SetMainMenu(w.simulatorMenu())
	}
	w.header, w.notices, w.viewport = newHeader(w.settings, w.openNotYou), newStrip(w), widgets.NewViewport()
	w.status = newStatusBar(w.settings, w.help, w.toggleSettings, w.toggleDiagnostics)
	w.listen(w.status.help, w.status.settings, w.status.diagnostics, w.header.notYou)
	w.viewport.Focused, w.viewport.OnCovered = w.focusedObject, w.reveal
	w.tip.Away()
	w.frame = newFrame(w.header.box, w.notices, w.viewport.Object(), w.status.box, w.tip.Object())
	if w.settings.Drawn != nil {
		w.frame.Add(w.watchDrawing())
	}
	w.win.SetContent(w.frame)
}

// watchDrawing returns a transparent point, which Fyne measures when it draws: there is no other
// signal. Functions queued then run when the picture is complete.
func (w *Window) watchDrawing() fyne.CanvasObject {
	return canvas.NewRasterWithPixels(func(_, _, _, _ int) color.Color {
		w.do(func() {
			if drawn := w.settings.Drawn; drawn != nil {
				w.settings.Drawn = nil
				// Drawing the icon takes up to a fifth of the start. The desktop shows it when it is ready.
				w.win.SetIcon(assets.AppIcon)
				w.setTitle()
				drawn()
			}
		})
		return color.Transparent
	})
}

// setTitle shows the title. GLFW makes a window's X11 class of its first one, and desktops find the
// program's menu entry and icon by that: so an environment is not named before the first picture.
func (w *Window) setTitle() {
	if w.settings.Demonstration || w.settings.Drawn == nil {
		w.win.SetTitle(w.title())
	}
}

// title is the program's name, and that of the environment unless it is the live one.
func (w *Window) title() string {
	switch test := testEnvironment(w.last.Environment); {
	case w.settings.Demonstration:
		return lang.L("e-RS Login (demonstration)")
	case test != "":
		return lang.L("e-RS Login") + " (" + test + ")"
	default:
		return lang.L("e-RS Login")
	}
}

// testEnvironment returns the badge of an environment that is not the live one, or "".
func testEnvironment(e signin.Environment) string {
	if e.Name == "" {
		return ""
	}
	return lang.L("TEST: {{.Name}}", map[string]any{"Name": problem.Clean(e.Name, 40)})
}

// Window returns Fyne's window, for the main function to show and to run.
func (w *Window) Window() fyne.Window { return w.win }

// Run runs Fyne's loop until it ends. It is called on the main goroutine.
func (w *Window) Run() { w.loop.run(w.app) }

// Do runs a function on Fyne's goroutine, later. It is safe for concurrent use. Once Fyne's loop
// has ended, it does nothing.
func (w *Window) Do(todo func()) { w.do(todo) }

// doAfter is Do after a delay, unless stopped before. It is called and stopped on Fyne's goroutine.
func (w *Window) doAfter(wait time.Duration, todo func()) (stop func()) {
	stopped := false
	timer := time.AfterFunc(wait, func() {
		w.do(func() {
			if !stopped {
				todo()
			}
		})
	})
	return func() {
		stopped = true
		timer.Stop()
	}
}

// Stop ends the window's own activity, after Fyne's loop has ended without a Closed state. It is
// called on the goroutine that ran the loop.
func (w *Window) Stop() {
	w.stopTicking()
	w.tip.Away()
	if w.over != nil {
		w.over.disappear()
	}
}

// Show draws a state. It is safe for concurrent use and returns at once. If states come faster than
// they can be drawn, only the newest is.
func (w *Window) Show(state signin.State) {
	if w.pending.Swap(&state) == nil {
		w.do(func() { w.apply(*w.pending.Swap(nil)) })
	}
}

func (w *Window) apply(state signin.State) {
	switch {
	case w.closed:
		return
	case state.Phase == signin.Closed:
		w.closed = true
		w.leave()
		w.tip.Away()
		w.app.Quit()
		return
	}
	if state.Words == nil {
		state.Words = w.settings.Words
	}
	if state.Words == nil {
		state.Words = &signin.Words{}
	}
	before := w.last
	w.last = state
	switch p, known := stopping(state), stopping(before); {
	case state.Problem != nil:
		w.problem = diagnose.Incident{Problem: state.Problem, At: state.ProblemAt, Role: roleWithCode(state.Chosen)}
	case p != nil && (known == nil || !p.Is(known)):
		w.problem = diagnose.Incident{Problem: p, At: w.settings.Now(), Role: roleWithCode(state.Chosen)}
	}
	w.problem.Card = w.stopped() && strings.HasPrefix(w.problem.Problem.Code, "CARD-")
	if state.Environment != before.Environment {
		w.setTitle()
	}
	if w.tray != nil {
		w.tray.show(state)
	}
	if w.closing {
		state.Notices = nil // the last screen has nothing to act on
	}
	w.showBars(state)
	if w.closing {
		return
	}
	w.show(state)
	if text := announcement(before, state); text != "" {
		w.notify(text)
	}
	if state.Phase == signin.SignedIn && before.Phase != signin.SignedIn && w.minimises() {
		w.outOfTheWay()
		if w.canMinimise() {
			w.notify(w.signedInAs(state))
		}
	}
}

// showBars shows a state above and below the page.
func (w *Window) showBars(state signin.State) {
	w.header.show(state)
	w.notices.show(state)
	w.status.show(state)
	widgets.Relayout(w.frame) // each may need another line now
}

// reveal brings the focused control back into view after the page's size has changed: neither
// something grown around it nor a smaller window must push away what the user is about to press.
func (w *Window) reveal(control fyne.CanvasObject) {
	if screen, more := w.screen.(revealer); more && w.over == nil {
		screen.reveal(control)
		return
	}
	w.viewport.RevealObject(control)
}

// focusedObject returns the control with the focus, or nil.
func (w *Window) focusedObject() fyne.CanvasObject {
	control, _ := w.win.Canvas().Focused().(fyne.CanvasObject)
	return control
}

// openHelp opens the screen's help, or shows the beginning of help that is open.
func (w *Window) openHelp() {
	w.closeOver()
	switch h := w.screen.helps(); {
	case h == nil:
	case h.box.Visible():
		w.viewport.RevealObject(h.box)
	default:
		h.toggle()
	}
}

// help opens or closes the screen's help. From a page over the screen it returns to it first.
func (w *Window) help() {
	if w.screen.helps() == nil {
		return
	}
	covered := w.over != nil
	w.closeOver()
	if h := w.screen.helps(); h != nil && (!covered || !h.box.Visible()) {
		h.toggle()
	}
}

// showHelp shows in the status bar what is available: help, settings and diagnostics.
func (w *Window) showHelp() {
	h := w.screen.helps()
	help := h != nil && h.available()
	if w.status.offer(help, !w.closing && w.settings.Preferences != nil, !w.closing && w.settings.Diagnostics != nil) {
		widgets.Relayout(w.frame)
	}
}

// stopped reports whether the screen, also below a page over it, shows a problem that stops a
// sign-in or the use of the session.
func (w *Window) stopped() bool { return w.last.Problem != nil || stopping(w.last) != nil }

// show updates the screen for a state, or replaces it.
func (w *Window) show(state signin.State) {
	if w.over != nil && w.screen != nil {
		if w.over.outlives(w.overState, state) {
			w.overState = state
			if d, is := w.over.(*diagnostics); is {
				d.follow()
			}
			return // it is updated when the page closes
		}
		w.uncover()
	}
	if w.screen != nil {
		w.screen.helps().update(state)
		if w.screen.update(state) {
			w.showHelp()
			return
		}
	}
	w.leave()
	w.replace(state)
	if w.settings.Shown != nil {
		w.settings.Shown(state)
	}
}

// replace puts the screen for a state into the window.
func (w *Window) replace(state signin.State) {
	w.shown++
	w.typed = time.Time{}
	w.screen = newScreen(w, state)
	w.screen.helps().update(state)
	w.win.Canvas().Unfocus()
	w.put(w.screen)
	w.tick()
	w.showHelp()
	w.screen.appear()
}

// put puts a page into the window.
func (w *Window) put(page screen) {
	w.scenes++
	w.cameAt = w.settings.Now()
	w.tip.Away()
	w.viewport.OnRoom = page.room
	w.viewport.OnMoved = func(top, bottom float32) {
		w.tip.Away()
		page.moved(top, bottom)
	}
	w.viewport.SetContent(page.object())
}

func (w *Window) leave() {
	w.stopTicking()
	if w.screen != nil {
		w.screen.disappear()
	}
}

// tick updates the screen's live texts, now and until it is left.
func (w *Window) tick() {
	if wait := w.screen.tick(w.settings.Now()); wait > 0 {
		w.stopTicks = w.after(wait, w.tick)
	}
}

func (w *Window) stopTicking() {
	if w.stopTicks != nil {
		w.stopTicks()
		w.stopTicks = nil
	}
}

// close handles the button in the window's corner. If the user wants the window minimised while
// working, and an icon brings it back, it is only hidden.
func (w *Window) close() {
	if w.tray != nil && w.minimises() {
		w.outOfTheWay()
		return
	}
	w.quit()
}

// quit asks the flow to end, after a question if other applications would lose a session.
func (w *Window) quit() {
	if !w.closing && !w.closed && !w.askToClose() {
		w.end()
	}
}

// end asks the flow to end. The window closes when the flow reports that nothing is left.
func (w *Window) end() {
	w.closing = true
	w.uncover()
	goodbye := signin.State{Phase: signin.Ending, Reason: signin.Quitting, Since: w.settings.Now(), User: w.last.User,
		Chosen: w.last.Chosen, Missing: w.last.Missing, Words: w.last.Words, Links: w.last.Links, Environment: w.last.Environment}
	w.showBars(goodbye)
	w.show(goodbye)
	w.send(signin.Quit{})
}
