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
	"context"
	"image/color"
	"sync"
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

// Settings are the window's parameters besides the state.
type Settings struct {
	// Version is the program's version, for the status bar and for copied details.
	Version string
	// Demonstration marks title and header as a demonstration, and adds the Simulator menu.
	Demonstration bool
	// Environment is the e-RS to sign in to, and Words are the platform's, for states without them: the
	// first ones have none.
	Environment signin.Environment
	Words       *signin.Words
	// Browse opens a page in the user's web browser. It is not called on Fyne's goroutine. Without it
	// the address can only be copied.
	Browse func(ctx context.Context, address string) error
	// Simulator is that menu.
	Simulator []SimulatorItem
	// Appearance is light, dark, high contrast, or as the system says.
	Appearance Appearance
	// Language is "en", "cy", or empty for that of the system.
	Language string
	// TextScale enlarges the text: 1 (or 0) is the ordinary size, 2 twice that.
	TextScale float32
	// Favourites keeps the pairs that a user marks with a star. Without it there are no stars.
	Favourites Favourites
	// Diagnostics checks each link between the smartcard and e-RS. Without it there is no such
	// page.
	Diagnostics Diagnostics
	// Preferences keeps what the user may change in the window; its values replace Language,
	// Appearance and TextScale. Without it, nothing can be changed.
	Preferences Preferences
	// Tray puts an icon into the notification area. The desktop must have one: the window may be
	// hidden for good otherwise.
	Tray bool
	// Raise brings the window to the front, also if hidden or minimised; nil shows it. Minimise
	// minimises it; nil does nothing. Both are called on Fyne's goroutine.
	Raise, Minimise func()
	// CanMinimise reports whether Minimise does anything; nil means that it does. It is called on
	// Fyne's goroutine.
	CanMinimise func() bool
	// Tooltip sets the tooltip of the icon in the notification area; nil leaves it without one. It
	// is called on Fyne's goroutine.
	Tooltip func(text string)
	// Notify shows a notification; nil leaves that to Fyne. It is called on another goroutine.
	Notify func(title, text string)
	// Drawn is called on Fyne's goroutine after the window was first drawn.
	Drawn func()
	// Now returns the time; nil means time.Now.
	Now func() time.Time
	// Shown is called on Fyne's goroutine for each new screen, with its state.
	Shown func(signin.State)
	// Redact masks the secrets in a technical cause, for copied details. Without it, no cause is copied.
	Redact func(string) string
}

// SimulatorItem is an entry of the Simulator menu. Its title is English, and the key of its
// translation. Do is called on Fyne's goroutine and must return at once. An item without a title is
// a separator, one with items a submenu.
type SimulatorItem struct {
	Title string
	Do    func()
	Items []SimulatorItem
}

// The window's sizes, in Fyne's units.
const (
	minWidth, minHeight         = 720, 540
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

	mu sync.Mutex
	// pending is the newest state not yet drawn; drawing reports whether a draw is scheduled.
	pending *signin.State
	drawing bool

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
	ticker ticker
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
	// shown counts the screens. A button of an earlier one does nothing, in case a key still
	// reaches it.
	shown int
	// last is the latest state.
	last signin.State
	// contrast: the system is in high contrast.
	contrast bool
	// active: the window has the keyboard.
	active bool
	// entered: Enter went down while nothing had the focus, and has not pressed anything yet.
	entered bool
	// closing: the user has closed the window, which stays until the session has ended.
	closing, closed bool
	// closeAsked is when the user last tried to close the window of an open session.
	closeAsked time.Time
}

// New returns an app's window, not yet shown and with the first screen drawn. send receives the
// user's intents on Fyne's goroutine and must return at once.
func New(app fyne.App, settings Settings, send func(signin.Intent)) *Window {
	return newWindow(app, settings, send, &goTicker{})
}

func newWindow(app fyne.App, settings Settings, send func(signin.Intent), ticker ticker) *Window {
	if settings.Now == nil {
		settings.Now = time.Now
	}
	settings.prefer()
	w := &Window{app: app, settings: settings, send: send, ticker: ticker,
		aside: func(run func()) { go run() }, chosen: map[Preference]string{}, tip: widgets.NewTip()}
	w.do = w.loop.do
	w.save = (&queue{then: w.Do}).add
	w.after = w.doAfter
	w.tip.After = w.after
	w.style()
	w.last.Environment = settings.Environment
	w.win = app.NewWindow(lang.L("e-RS Login"))
	w.clock = clockLayout(lang.SystemLocale().String())
	w.win.SetPadded(false)
	w.win.SetMaster()
	w.win.SetCloseIntercept(w.close)
	app.Lifecycle().SetOnEnteredForeground(func() { w.active = true })
	app.Lifecycle().SetOnExitedForeground(func() { w.active = false })
	w.tray = newTray(w)
	w.build()
	w.win.Resize(fyne.NewSize(initialWidth, initialHeight))
	w.win.Canvas().SetOnTypedKey(w.typedKey)
	w.win.Canvas().SetOnTypedRune(w.typedRune)
	if canvas, ok := w.win.Canvas().(desktop.Canvas); ok {
		canvas.SetOnKeyDown(w.keyDown)
	}
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
	for _, link := range append(w.status.links(), w.header.notYou) {
		link.OnKey, link.OnRune = w.typedKey, w.typedRune
	}
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
	var once sync.Once
	return canvas.NewRasterWithPixels(func(_, _, _, _ int) color.Color {
		once.Do(func() {
			w.do(func() {
				// Drawing the icon takes up to a fifth of the start. The desktop shows it when it
				// is ready.
				w.win.SetIcon(assets.AppIcon)
				if drawn := w.settings.Drawn; drawn != nil {
					w.settings.Drawn = nil
					w.setTitle()
					drawn()
				}
			})
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

// doAfter is Do after a delay, unless stopped before.
func (w *Window) doAfter(wait time.Duration, todo func()) (stop func()) {
	timer := time.AfterFunc(wait, func() { w.do(todo) })
	return func() { timer.Stop() }
}

// Stop ends the window's own activity, after Fyne's loop has ended without a Closed state. It is
// called on the goroutine that ran the loop.
func (w *Window) Stop() {
	w.ticker.stop()
	w.tip.Away()
	if w.over != nil {
		w.over.away()
	}
}

// Show draws a state. It is safe for concurrent use and returns at once. If states come faster than
// they can be drawn, only the newest is.
func (w *Window) Show(state signin.State) {
	w.mu.Lock()
	w.pending = &state
	underWay := w.drawing
	w.drawing = true
	w.mu.Unlock()
	if !underWay {
		w.do(w.draw)
	}
}

// draw draws the newest state.
func (w *Window) draw() {
	w.mu.Lock()
	state := w.pending
	w.pending, w.drawing = nil, false
	w.mu.Unlock()
	if state != nil {
		w.apply(*state)
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
	if state.Problem != nil {
		w.problem = diagnose.Incident{Problem: state.Problem, At: state.ProblemAt}
	}
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
	w.announce(before, state)
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
	widgets.Arrange(w.frame) // each may need another line now
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

// find focuses the screen's search field, if it has one.
func (w *Window) find(fyne.Shortcut) {
	if w.over == nil {
		w.screen.find()
	}
}

// openHelp opens the screen's help, if it is not open.
func (w *Window) openHelp() {
	w.closeOver()
	if h := w.screen.helps(); h != nil && !h.box.Visible() {
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
		widgets.Arrange(w.frame)
	}
}

// show updates the screen for a state, or replaces it.
func (w *Window) show(state signin.State) {
	if w.over != nil && w.screen != nil {
		if w.over.outlives(w.overState, state) {
			w.overState = state
			return // it is updated when the page closes
		}
		w.uncover()
	}
	if w.screen != nil && w.screen.update(state) {
		w.showHelp()
		return
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
	w.screen = newScreen(w, state)
	w.win.Canvas().Unfocus()
	w.put(w.screen)
	if every := w.screen.interval(); every > 0 {
		w.ticker.start(every, func() { w.do(w.tick) })
	}
	w.showHelp()
	w.screen.appear()
}

// put puts a page into the window.
func (w *Window) put(page screen) {
	w.tip.Away()
	w.viewport.OnRoom = page.room
	w.viewport.OnMoved = func(top, bottom float32) {
		w.tip.Away()
		page.moved(top, bottom)
	}
	w.viewport.SetContent(page.object())
}

func (w *Window) leave() {
	w.ticker.stop()
	if w.screen != nil {
		w.screen.disappear()
	}
}

func (w *Window) tick() {
	if !w.closed {
		w.screen.tick(w.settings.Now())
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

// keyDown is called when a key goes down while nothing has the focus, but not for its repeats.
func (w *Window) keyDown(key *fyne.KeyEvent) { w.entered = enters(key) }

func enters(key *fyne.KeyEvent) bool { return key.Name == fyne.KeyReturn || key.Name == fyne.KeyEnter }

// primary returns the main button that can be pressed on a page, or nil.
func primary(object fyne.CanvasObject) *widgets.Button {
	if !object.Visible() {
		return nil
	}
	switch o := object.(type) {
	case *widgets.Button:
		if o.Importance() == widgets.Primary {
			return o
		}
	case *fyne.Container:
		for _, child := range o.Objects {
			if found := primary(child); found != nil {
				return found
			}
		}
	}
	return nil
}

// typedKey handles the keys that no control has used: all of them without a focus. Enter then
// presses the page's main button, as if it had the focus: only if the key went down for that.
func (w *Window) typedKey(key *fyne.KeyEvent) {
	if enters(key) && w.win.Canvas().Focused() == nil {
		if !w.entered {
			return
		}
		w.entered = false
	}
	if seen := w.tip.Away(); seen && key.Name == fyne.KeyEscape {
		return // the next Escape ends what else it would
	}
	if key.Name == fyne.KeyEscape && w.over == nil && w.screen.helps() != nil && w.screen.helps().box.Visible() {
		w.help()
		return
	}
	var page screen = w.over
	if w.over == nil {
		page = w.screen
	}
	if page.key(key) {
		return
	}
	const line = 40
	switch key.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		if main := primary(page.object()); main != nil && w.win.Canvas().Focused() == nil {
			main.Tapped(nil)
		}
	case fyne.KeyF1:
		w.help()
	case fyne.KeyF2:
		w.toggleSettings()
	case fyne.KeyF9:
		w.toggleDiagnostics()
	case fyne.KeyUp:
		w.viewport.ScrollBy(-line)
	case fyne.KeyDown:
		w.viewport.ScrollBy(line)
	case fyne.KeyPageUp:
		w.viewport.ScrollBy(-w.viewport.Page())
	case fyne.KeyPageDown:
		w.viewport.ScrollBy(w.viewport.Page())
	}
}

func (w *Window) typedRune(r rune) {
	if w.over == nil {
		w.screen.rune(r)
	}
}

// button returns a button of the present screen.
func (w *Window) button(text string, importance widgets.Importance, tapped func()) *widgets.Button {
	screen := w.shown
	b := widgets.NewButton(text, importance, func() {
		if screen == w.shown {
			tapped()
		}
	})
	b.OnFocus = func() { w.viewport.RevealObject(b) }
	b.OnKey, b.OnRune = w.typedKey, w.typedRune
	return b
}

// copiedFor is how long a button says that it has copied something.
const copiedFor = 3 * time.Second

// copyButton returns a button that puts a text on the clipboard and says so for a moment.
func (w *Window) copyButton(text, copied string, content func() string) *widgets.Button {
	stop := func() {}
	var b *widgets.Button
	b = w.button(text, widgets.Secondary, func() {
		w.app.Clipboard().SetContent(content())
		b.SetText(copied)
		stop()
		stop = w.after(copiedFor, func() { b.SetText(text) })
	})
	b.Reserve(text, copied)
	return b
}

// intent returns a function that sends an intent.
func (w *Window) intent(intent signin.Intent) func() { return func() { w.send(intent) } }

// shortcutName returns the name of a shortcut with a letter on this platform.
func shortcutName(letter string) string {
	if fyne.KeyModifierShortcutDefault == fyne.KeyModifierSuper {
		return "⌘" + letter
	}
	return "Ctrl+" + letter
}

// switchWindows returns the keys that go to another window on this platform.
func switchWindows() string {
	if fyne.KeyModifierShortcutDefault == fyne.KeyModifierSuper {
		return "⌘+Tab"
	}
	return "Alt+Tab"
}

func (w *Window) focus(control fyne.Focusable) { w.win.Canvas().Focus(control) }

// SetSimulator replaces the entries of the Simulator menu. It is safe for concurrent use.
func (w *Window) SetSimulator(items []SimulatorItem) {
	w.do(func() {
		w.settings.Simulator = items
		w.win.SetMainMenu(w.simulatorMenu())
	})
}

// simulatorMenu is the demonstration's menu. It ends in its own entry to quit, since Fyne's would
// quit without signing out.
func (w *Window) simulatorMenu() *fyne.MainMenu {
	items := menuItems(w.settings.Simulator)
	quit := fyne.NewMenuItem(lang.L("Quit"), w.quit)
	quit.IsQuit = true
	return fyne.NewMainMenu(fyne.NewMenu(lang.L("Simulator"), append(items, fyne.NewMenuItemSeparator(), quit)...))
}

func menuItems(from []SimulatorItem) []*fyne.MenuItem {
	items := make([]*fyne.MenuItem, 0, len(from)+2)
	for _, item := range from {
		if item.Title == "" {
			items = append(items, fyne.NewMenuItemSeparator())
			continue
		}
		made := fyne.NewMenuItem(lang.L(item.Title), item.Do)
		if len(item.Items) > 0 {
			made.ChildMenu = fyne.NewMenu(made.Label, menuItems(item.Items)...)
		}
		items = append(items, made)
	}
	return items
}
