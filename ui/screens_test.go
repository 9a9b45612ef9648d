package ui

import (
	"context"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/internal/signin/hscn"
	"github.com/ers-login/ers-login/ui/widgets"
)

// picture is a drawn screen.
type picture struct {
	name     string
	state    signin.State
	settings Settings
	// later is how long after the state the picture is taken.
	later time.Duration
	// after prepares the window for the picture.
	after func(*world)
	// cuts are the texts that may end in an ellipsis: too long for any card, or for the header.
	// Texts that contain one are excused.
	cuts []string
}

// inTest returns a state in a test environment, with the longest name that it can have.
func inTest(state signin.State) signin.State {
	state.Environment = signin.Environment{Name: "Clinical training", Host: "api.dev1.ers.ncrs.nhs.uk"}
	return state
}

// pictures are all screens, in a window with all options, so that its bars have their real heights.
func pictures() []picture {
	all := screens()
	for i := range all {
		if all[i].settings.Diagnostics == nil {
			all[i].settings.Diagnostics = &chain{findings: goodChain()}
		}
		if all[i].settings.Preferences == nil {
			all[i].settings.Preferences = preferencesOf(nil)
		}
	}
	return all
}

func screens() []picture {
	long := triage
	long.OrgName = "The Newcastle upon Tyne Hospitals and Northumbria Specialist Emergency Care Services NHS Foundation Trust"
	wide := append(fiveRoles(), manyRoles(3, 3)...)
	for i := range 5 {
		wide[i].OrgName = long.OrgName
	}
	wide[4].BusinessFunction = "REGIONAL_PILOT_COORDINATOR_FOR_MUSCULOSKELETAL_TRIAGE_AND_PHYSIOTHERAPY_SELF_REFERRAL"
	names := []string{long.OrgName, RoleName(wide[4].BusinessFunction)}
	down4 := func(w *world) { w.press(fyne.KeyDown, fyne.KeyDown, fyne.KeyDown, fyne.KeyDown, fyne.KeyRight) }
	longName := signedInState()
	longName.User.Name, longName.Chosen = "Alexandra Wilhelmina Featherstonehaugh-Cholmondeley", long
	expired := waitingState(hscn.MissingIntent, signin.Expired)
	expired.Holder = longName.User
	demonstration := Settings{Demonstration: true}
	browses := Settings{Browse: func(context.Context, string) error { return nil }}
	return []picture{
		{name: "waiting-card", state: waitingState(hscn.MissingCard, signin.NotEnded), settings: demonstration},
		{name: "waiting-asked", state: askedState("Referral Manager 4")},
		{name: "waiting-unknown", state: waitingState(hscn.MissingUnknown, signin.NotEnded)},
		{name: "waiting-passcode", state: waitingState(hscn.MissingPasscode, signin.NotEnded)},
		{name: "waiting-reader", state: waitingState(hscn.MissingReader, signin.NotEnded)},
		{name: "waiting-agent", state: waitingState(hscn.MissingAgent, signin.NotEnded)},
		{name: "waiting-signed-out", state: waitingState(hscn.MissingIntent, signin.SignedOut)},
		{name: "waiting-card-removed", state: waitingState(hscn.MissingCard, signin.CardRemoved)},
		{name: "waiting-changed", state: waitingState(hscn.MissingIntent, signin.TicketChanged)},
		{name: "waiting-expired", state: expired},
		{name: "waiting-cancelled", state: waitingState(hscn.MissingCard, signin.Cancelled)},
		{name: "waiting-help", state: waitingState(hscn.MissingCard, signin.NotEnded),
			settings: Settings{Demonstration: true, Diagnostics: &chain{findings: brokenChain()}},
			after:    func(w *world) { w.press(fyne.KeyTab, fyne.KeySpace) }},
		{name: "waiting-locked", state: waitingState(hscn.MissingIntent, signin.ScreenLocked)},
		{name: "waiting-blocked", state: blockedState()},
		{name: "waiting-notices", state: noticed(waitingState(hscn.MissingCard, signin.NotEnded), true)},
		{name: "waiting-notices-help", state: noticed(waitingState(hscn.MissingCard, signin.NotEnded), true),
			after: func(w *world) { w.press(fyne.KeyF1) }},
		{name: "waiting-quiet", state: noticed(waitingState(hscn.MissingAgent, signin.NotEnded), false),
			after: func(w *world) { w.press(fyne.KeyF1) }},
		{name: "starting", state: workingState(signin.Starting, signin.NotEnded)},
		{name: "prompting", state: workingState(signin.Prompting, signin.NotEnded)},
		{name: "prompting-long", state: workingState(signin.Prompting, signin.NotEnded), later: 25 * time.Second},
		{name: "prompting-help", state: workingState(signin.Prompting, signin.NotEnded), later: 25 * time.Second,
			after: func(w *world) { w.press(fyne.KeyF1) }},
		{name: "signing-in", state: workingState(signin.SigningIn, signin.NotEnded), later: 12 * time.Second},
		{name: "choosing", state: choosingState(fiveRoles(), &triage)},
		{name: "choosing-one", state: choosingState(fiveRoles()[1:2], nil)},
		{name: "choosing-new-user", state: choosingState(fiveRoles(), nil)},
		{name: "choosing-long", state: choosingState(wide, &long), cuts: names},
		{name: "choosing-tip", state: choosingState(wide, &long), cuts: names, after: func(w *world) {
			later := &waits{waiting: map[int]func(){}}
			w.tip.After = later.after
			w.press(fyne.KeyDown)
			w.tip.Over([]string{organisation(long)}, fyne.NewPos(150, 320))
			later.pass()
		}},
		{name: "choosing-many", state: choosingState(manyRoles(40, 10), &manyRoles(1, 1)[0]), after: down4},
		{name: "choosing-search", state: choosingState(manyRoles(40, 10), &triage), after: func(w *world) { w.typed("hosp 40 def") }},
		{name: "choosing-search-several", state: choosingState(manyRoles(40, 10), &triage), after: func(w *world) { w.typed("hosp 4") }},
		{name: "choosing-nothing-found", state: choosingState(fiveRoles(), &triage), after: func(w *world) { w.typed("xyz") }},
		{name: "choosing-favourites", state: choosingState(manyRoles(6, 5), &manyRoles(1, 1)[0]),
			settings: Settings{Favourites: favouritesOf(manyRoles(6, 5)[7], manyRoles(6, 5)[21])}},
		{name: "choosing-notices", state: noticed(choosingState(fiveRoles(), &triage), true)},
		{name: "choosing-notices-help", state: noticed(choosingState(fiveRoles(), &triage), true),
			after: func(w *world) { w.press(fyne.KeyF1) }},
		{name: "choosing-help", state: choosingState(fiveRoles(), &triage), after: func(w *world) { w.press(fyne.KeyF1) }},
		{name: "settings", state: waitingState(hscn.MissingCard, signin.NotEnded), settings: Settings{Preferences: preferencesOf(nil)},
			after: func(w *world) { w.press(fyne.KeyF2) }},
		{name: "settings-managed", state: signedInState(), after: func(w *world) { w.press(fyne.KeyF2) },
			settings: Settings{Preferences: preferencesOf(nil, PreferLanguage, PreferAutostart, PreferAppearance)}},
		{name: "diagnostics", state: waitingState(hscn.MissingReader, signin.NotEnded),
			settings: Settings{Diagnostics: &chain{findings: brokenChain()}}, after: func(w *world) { w.press(fyne.KeyF9) }},
		{name: "diagnostics-good", state: signedInState(), settings: Settings{Diagnostics: &chain{findings: goodChain()}},
			after: func(w *world) { w.press(fyne.KeyF9) }},
		{name: "diagnostics-after-a-problem", state: failedState(notAccepted), settings: Settings{Diagnostics: &chain{findings: goodChain()}},
			after: func(w *world) {
				w.press(fyne.KeyF9)
				w.unfold()
			}},
		{name: "diagnostics-running", state: waitingState(hscn.MissingCard, signin.NotEnded),
			settings: Settings{Diagnostics: &chain{findings: brokenChain(), hangs: true}}, after: func(w *world) {
				drawn := make(chan struct{})
				w.aside = func(run func()) { go func() { run(); close(drawn) }() }
				queued := make(chan func(), 9)
				w.do = func(f func()) { queued <- f }
				w.press(fyne.KeyF9)
				for range 3 {
					(<-queued)()
				}
				w.t.Cleanup(func() { w.Stop(); <-drawn })
			}},
		{name: "bundle", state: waitingState(hscn.MissingReader, signin.NotEnded),
			settings: Settings{Diagnostics: &chain{findings: brokenChain()}},
			after: func(w *world) {
				w.press(fyne.KeyF9, fyne.KeyTab, fyne.KeyTab, fyne.KeyReturn)
			}},
		{name: "bundle-saved", state: waitingState(hscn.MissingReader, signin.NotEnded),
			settings: Settings{Diagnostics: &chain{findings: brokenChain()}},
			after: func(w *world) {
				w.press(fyne.KeyF9, fyne.KeyTab, fyne.KeyTab, fyne.KeyReturn, fyne.KeyReturn)
			}},
		{name: "selecting", state: workingState(signin.Selecting, signin.NotEnded)},
		{name: "signed-in-closing", state: inTest(signedInState()), settings: Settings{Minimise: func() {}}, after: (*world).closeWindow},
		{name: "signed-in-not-you", state: inTest(signedInState()), after: func(w *world) { w.openNotYou() }},
		{name: "choosing-test", state: inTest(choosingState(fiveRoles(), &triage))},
		{name: "waiting-test", state: inTest(waitingState(hscn.MissingCard, signin.NotEnded))},
		{name: "signed-in", state: signedInState(), later: 2 * time.Minute},
		{name: "signed-in-help", state: signedInState(), after: func(w *world) { w.press(fyne.KeyF1) }},
		{name: "signed-in-confirm", state: signedInState(), later: 2 * time.Minute,
			after: func(w *world) { w.press(fyne.KeyTab, fyne.KeyTab, fyne.KeyReturn) }},
		{name: "signed-in-ends-soon", state: endsSoonState(), later: 9*time.Hour + 56*time.Minute},
		{name: "signed-in-ends-soon-notices", state: noticed(endsSoonState(), true), later: 9*time.Hour + 56*time.Minute},
		{name: "signed-in-notices", state: noticed(signedInState(), true)},
		{name: "signed-in-long-name", state: longName, settings: demonstration, cuts: []string{longName.User.Name}},
		{name: "signed-in-long-names", state: longName, cuts: []string{longName.User.Name}},
		{name: "problem", state: failedState(notAccepted), settings: Settings{Diagnostics: &chain{findings: brokenChain()}}},
		{name: "problem-no-retry", state: failedState(blocked)},
		{name: "problem-role", state: failedFor(roleRefused, triage)},
		{name: "problem-not-set-up", state: notSetUpState()},
		{name: "ending", state: workingState(signin.Ending, signin.SignedOut)},
		{name: "ending-card-removed", state: workingState(signin.Ending, signin.CardRemoved)},
		{name: "ending-locked", state: workingState(signin.Ending, signin.ScreenLocked)},
		{name: "ending-renewed", state: workingState(signin.Ending, signin.Renewed)},
		{name: "fhir-waiting", state: fhirWaiting(signin.NotEnded)},
		{name: "fhir-waiting-signed-out", state: fhirWaiting(signin.SignedOut)},
		{name: "fhir-waiting-idle", state: fhirWaiting(signin.Idle)},
		{name: "fhir-waiting-help", state: fhirWaiting(signin.NotEnded), after: func(w *world) { w.press(fyne.KeyF1) }},
		{name: "fhir-browser", state: browserState(), settings: browses},
		{name: "fhir-browser-not-opened", state: notOpenedState(), settings: browses},
		{name: "fhir-browser-help", state: browserState(), settings: browses, after: func(w *world) { w.press(fyne.KeyF1) }},
		{name: "fhir-signing-in", state: onFHIR(workingState(signin.SigningIn, signin.NotEnded))},
		{name: "fhir-choosing", state: onFHIR(choosingState(unnamed(fiveRoles()), &unnamed(fiveRoles()[:1])[0]))},
		{name: "fhir-choosing-named", state: onFHIR(choosingState(unnamed(fiveRoles()), &unnamed(fiveRoles()[:1])[0])), cuts: names, after: func(w *world) {
			named := fiveRoles()
			for i := range named {
				named[i].OrgName = long.OrgName
			}
			w.Show(onFHIR(choosingState(named, &named[0])))
		}},
		{name: "fhir-switching", state: switchingState()},
		{name: "fhir-switching-sign-out", state: switchingState(), after: func(w *world) { w.askToSignOut() }},
		{name: "fhir-switching-closing", state: switchingState(), settings: Settings{Minimise: func() {}}, after: (*world).closeWindow},
		{name: "fhir-choice-failed", state: choiceFailedState()},
		{name: "fhir-clinicians", state: clinicianState(3, "555031999105")},
		{name: "fhir-clinicians-new", state: clinicianState(9, "")},
		{name: "fhir-clinicians-one", state: clinicianState(1, "")},
		{name: "fhir-clinicians-many", state: clinicianState(40, "555031999105")},
		{name: "fhir-clinicians-search", state: clinicianState(40, "555031999105"), after: func(w *world) { w.typed("5550 3203") }},
		{name: "fhir-clinicians-nothing-found", state: clinicianState(40, ""), after: func(w *world) { w.typed("999999") }},
		{name: "fhir-clinicians-help", state: clinicianState(3, ""), after: func(w *world) { w.press(fyne.KeyF1) }},
		{name: "fhir-signed-in", state: fhirSignedIn()},
		{name: "fhir-signed-in-help", state: fhirSignedIn(), after: func(w *world) { w.press(fyne.KeyF1) }},
		{name: "fhir-not-you", state: fhirSignedIn(), after: func(w *world) { w.openNotYou() }},
		{name: "fhir-settings", state: fhirSignedIn(), after: func(w *world) { w.press(fyne.KeyF2) }},
		{name: "fhir-ending-idle", state: onFHIR(workingState(signin.Ending, signin.Idle))},
		{name: "ending-switched", state: workingState(signin.Ending, signin.RoleSwitched)},
	}
}

// draw opens a window with a picture in it.
func (p picture) draw(t *testing.T, size fyne.Size) *world {
	t.Helper()
	w := newWorld(t, p.settings)
	w.win.Resize(size)
	w.now = morning.Add(p.later)
	w.Show(p.state)
	if p.after != nil {
		p.after(w)
	}
	if w.stopTicks != nil {
		w.tick()
	}
	return w
}

// look is a way to draw a screen.
type look struct {
	name       string
	size       fyne.Size
	scale      float32
	appearance Appearance
	language   string
	// pixels is the number of screen pixels for one of the window's: 2 on a sharp screen; 0 means
	// 1.
	pixels float32
	// coloured differs from another look only in colours: nothing new can be cut or overlap.
	coloured bool
}

var (
	initial = fyne.NewSize(initialWidth, initialHeight)
	least   = fyne.NewSize(minWidth, minHeight)
	display = fyne.NewSize(720, 540) // that of a small display
	full    = fyne.NewSize(1920, 1080)
)

// looks are the ways to draw each screen: every appearance, at the usual size and at twice that, in
// both languages, and some more with little room.
var looks = []look{
	{name: "", size: initial},
	{name: "-double", size: initial, scale: 2},
	{name: "-dark", size: initial, appearance: Dark, coloured: true},
	{name: "-dark-double", size: initial, appearance: Dark, scale: 2, coloured: true},
	{name: "-contrast", size: initial, appearance: HighContrast},
	{name: "-contrast-double", size: initial, appearance: HighContrast, scale: 2, coloured: true},
	{name: "-welsh", size: initial, language: "cy"},
	{name: "-welsh-double", size: initial, scale: 2, language: "cy"},
	{name: "-welsh-dark", size: initial, appearance: Dark, language: "cy", coloured: true},
	{name: "-welsh-dark-double", size: initial, appearance: Dark, scale: 2, language: "cy", coloured: true},
	{name: "-welsh-contrast", size: initial, appearance: HighContrast, language: "cy", coloured: true},
	{name: "-welsh-contrast-double", size: initial, appearance: HighContrast, scale: 2, language: "cy", coloured: true},
	{name: "-least", size: least},
	{name: "-small", size: initial, scale: 0.8},
	{name: "-double-least", size: least, scale: 2},
	{name: "-welsh-double-least", size: least, scale: 2, language: "cy"},
	{name: "-full", size: full},
	{name: "-sharp", size: initial, pixels: 2, coloured: true},
}

// in returns a picture in a look.
func (p picture) in(l look) picture {
	p.settings.TextScale, p.settings.Appearance, p.settings.Language = l.scale, l.appearance, l.language
	// These have precedence over the settings.
	if store, ok := p.settings.Preferences.(*preferences); ok {
		store.wish(l.language, l.appearance, l.scale)
	}
	return p
}

// TestScreens draws every screen in every look and checks what holds for all of them. If it fails,
// a user sees cut or overlapping text, or a screen reader meets a control without a name. If
// ERS_LOGIN_SCREENS is a folder, the pictures are kept there.
func TestScreens(t *testing.T) {
	slowUnderRace(t)
	folder := os.Getenv("ERS_LOGIN_SCREENS")
	for _, look := range looks {
		if look.coloured && folder == "" {
			continue // it is drawn only to be looked at
		}
		for _, p := range pictures() {
			t.Run(p.name+look.name, func(t *testing.T) {
				w := p.in(look).draw(t, look.size)
				if look.pixels != 0 {
					onSharpScreen(t, w, look.pixels)
				}
				requireNothingCut(t, w, p.cuts)
				requireNothingOverlaps(t, w)
				requireNames(t, w)
				requireSearchSeen(t, w)
				requireFocusSeen(t, w)
				if folder == "" {
					return
				}
				file, err := os.Create(filepath.Join(folder, p.name+look.name+".png"))
				require.NoError(t, err)
				require.NoError(t, png.Encode(file, w.win.Canvas().Capture()))
				require.NoError(t, file.Close())
			})
		}
	}
}

// onSharpScreen gives a window more pixels.
func onSharpScreen(t *testing.T, w *world, pixels float32) {
	t.Helper()
	canvas, ok := w.win.Canvas().(interface{ SetScale(scale float32) })
	require.True(t, ok)
	canvas.SetScale(pixels)
}

// On a sharp screen everything is drawn with all of its pixels, and not enlarged: then each pair of
// lines would be equal.
func TestScreensAreSharp(t *testing.T) {
	slowUnderRace(t)
	w := picture{state: choosingState(fiveRoles(), &triage)}.draw(t, initial)
	onSharpScreen(t, w, 2)
	drawn := w.win.Canvas().Capture()
	require.Equal(t, 2*initialWidth, drawn.Bounds().Dx())
	require.Equal(t, 2*initialHeight, drawn.Bounds().Dy())
	differ := 0
	for y := 0; y < 2*initialHeight; y += 2 {
		for x := range 2 * initialWidth {
			if drawn.At(x, y) != drawn.At(x, y+1) {
				differ++
				break
			}
		}
	}
	require.Greater(t, differ, initialHeight/8, "lines of text and icons that have a finer shape than one pixel in four")
}

// TestScreensAreDrawn draws one whole screen, since the other tests check objects only: blue at the
// top, the page below, and something on it.
func TestScreensAreDrawn(t *testing.T) {
	slowUnderRace(t)
	// In tests Fyne's clock stands still until something is drawn, and then all renderers that seem
	// a minute old are dropped.
	newWorld(t, Settings{}).win.Canvas().Capture()
	w := picture{state: choosingState(fiveRoles(), &triage)}.draw(t, fyne.NewSize(initialWidth, initialHeight))
	drawn := w.win.Canvas().Capture()
	require.Equal(t, initialWidth, drawn.Bounds().Dx())
	require.Equal(t, initialHeight, drawn.Bounds().Dy())
	at := func(x, y int) [3]uint32 {
		r, g, b, _ := drawn.At(x, y).RGBA()
		return [3]uint32{r >> 8, g >> 8, b >> 8}
	}
	require.Equal(t, [3]uint32{0x00, 0x5E, 0xB8}, at(5, 5), "the header")
	require.Equal(t, [3]uint32{0xF0, 0xF4, 0xF5}, at(5, 100), "the page")
	card := requireFocusedObject(t, w)
	require.Equal(t, [3]uint32{0xFF, 0xEB, 0x3B}, at(int(card.at.X)+100, int(card.at.Y)-2), "the ring around the card with the focus")
	require.Equal(t, [3]uint32{0xFF, 0xFF, 0xFF}, at(5, initialHeight-5), "the status bar")
}

func requireFocusedObject(t *testing.T, w *world) placed {
	t.Helper()
	for _, object := range w.objects() {
		if focusable, ok := object.CanvasObject.(fyne.Focusable); ok && focusable == w.win.Canvas().Focused() {
			return object
		}
	}
	require.Fail(t, "nothing in the window has the focus")
	return placed{}
}

func requireNothingCut(t *testing.T, w *world, cuts []string) {
	t.Helper()
	excused := func(text *widgets.Text) bool {
		return slices.ContainsFunc(cuts, func(cut string) bool { return strings.Contains(text.String(), cut) })
	}
	width := w.win.Canvas().Size().Width
	for _, object := range w.objects() {
		text, ok := object.CanvasObject.(*widgets.Text)
		if !ok || text.String() == "" {
			continue
		}
		assert.GreaterOrEqual(t, object.at.X, float32(0), "%q begins outside of the window", text)
		assert.LessOrEqual(t, object.at.X+object.Size().Width, width, "%q ends outside of the window", text)
		assert.LessOrEqual(t, text.HeightFor(object.Size().Width), object.Size().Height+0.5, "%q needs more height", text)
		if !excused(text) {
			assert.False(t, text.Cut(object.Size().Width), "%q is cut", text)
		}
		for _, drawn := range test.WidgetRenderer(text).Objects() {
			assert.LessOrEqual(t, drawn.Position().X+drawn.Size().Width, object.Size().Width+1, "%q is wider than its place", text)
		}
	}
}

// requireFocusSeen checks that the control that Enter presses is visible, or what is to be read first.
func requireFocusSeen(t *testing.T, w *world) {
	t.Helper()
	if w.win.Canvas().Focused() == nil {
		return
	}
	if _, problem := w.screen.(*failed); problem && w.over == nil {
		return // the text is to be read before anything is pressed: see TestPageKeys
	}
	if _, page := w.over.(*notYou); page {
		return // as above
	}
	if h := w.screen.helps(); h != nil && h.box.Visible() && w.over == nil {
		return // the help was scrolled to, to be read
	}
	if s, page := w.screen.(*waiting); page && w.over == nil && !w.viewport.Shows(s.signIn) {
		assert.True(t, w.viewport.Shows(s.title), "in a window too small for both, the title is above the page")
		return
	}
	control := requireFocusedObject(t, w)
	if s, page := w.screen.(*signedIn); page && w.over == nil && s.asked != nil { // see TestTheWholeQuestion
		assert.True(t, w.viewport.Shows(s.asked.box.Objects[0]), "in a window too small for question and answer, the question is above the page")
		return
	}
	if _, inPage := w.viewport.OffsetOf(control.CanvasObject); !inPage {
		return // it is in the status bar
	}
	top, bottom := w.viewport.Object().Position().Y, w.status.box.Position().Y
	assert.GreaterOrEqual(t, control.at.Y, top, "%q begins above the page", w.focused())
	assert.LessOrEqual(t, control.at.Y+control.Size().Height, bottom, "%q ends below the page", w.focused())
}

// requireSearchSeen checks that the search field is visible, and the card that Enter takes or the
// text that there is none.
func requireSearchSeen(t *testing.T, w *world) {
	t.Helper()
	var screen *deck
	switch page := w.screen.(type) {
	case *choosing:
		screen = &page.deck
	case *clinicians:
		screen = &page.deck
	}
	if screen == nil || w.over != nil || !screen.searching() {
		return
	}
	seen := func(is func(fyne.CanvasObject) bool, empty float32, what string) {
		t.Helper()
		for _, object := range w.heard() {
			if is(object.CanvasObject) {
				assert.GreaterOrEqual(t, object.at.Y, w.viewport.Object().Position().Y, "%s begins above the page", what)
				assert.LessOrEqual(t, object.at.Y+object.Size().Height-empty, w.status.box.Position().Y, "%s ends below the page", what)
				return
			}
		}
		assert.Fail(t, "not there", what)
	}
	seen(func(o fyne.CanvasObject) bool { return o == fyne.CanvasObject(screen.search) }, 0, "the field")
	if screen.choices.Len() == 0 {
		seen(func(o fyne.CanvasObject) bool { return o == fyne.CanvasObject(screen.nothing) }, 0, "that nothing was found")
		return
	}
	const padding = 12 // the empty end of a card, which may be covered in the smallest window
	seen(func(o fyne.CanvasObject) bool { _, card := o.(*widgets.RoleCard); return card }, padding, "the first card")
}

// requireNothingOverlaps compares what a screen reader finds in the page, and in each of the two
// bars. The page is drawn behind the bars, and cards behind the heading that stays in view.
func requireNothingOverlaps(t *testing.T, w *world) {
	t.Helper()
	for _, part := range []*fyne.Container{w.header.box, w.notices.box, w.viewport.Object(), w.status.box} {
		var found []placed
		for _, object := range walk(part, fyne.Position{}, true) {
			if a, ok := object.CanvasObject.(fyne.Accessible); ok && a.AccessibilityRole() != fyne.AccessibleRoleContainer {
				found = append(found, object)
			}
		}
		for i, a := range found {
			for _, b := range found[i+1:] {
				apart := a.at.X+a.Size().Width <= b.at.X+0.5 || b.at.X+b.Size().Width <= a.at.X+0.5 ||
					a.at.Y+a.Size().Height <= b.at.Y+0.5 || b.at.Y+b.Size().Height <= a.at.Y+0.5
				_, card := a.CanvasObject.(*widgets.RoleCard)
				_, heading := b.CanvasObject.(*widgets.Text)
				pinned := card && heading && b.at.Y <= w.viewport.Object().Position().Y+0.5
				assert.True(t, apart || pinned, "%v and %v overlap", a, b)
			}
		}
	}
}

// requireNames checks that a screen reader finds every control and can name it.
func requireNames(t *testing.T, w *world) {
	t.Helper()
	heard := make(map[fyne.CanvasObject]bool)
	for _, object := range w.heard() {
		heard[object.CanvasObject] = true
		a, ok := object.CanvasObject.(fyne.Accessible)
		require.True(t, ok)
		if text, isText := a.(*widgets.Text); isText && text.String() == "" {
			continue // empty at first, such as the elapsed time
		}
		assert.NotEmpty(t, a.AccessibilityLabel(), "%v has no name", object)
		assert.NotEmpty(t, a.AccessibilityRole(), "%v has no role", object)
	}
	controls := 0
	for _, object := range w.objects() {
		if widget, ok := object.CanvasObject.(fyne.Widget); ok {
			_, accessible := widget.(fyne.Accessible)
			assert.True(t, accessible, "%v does not implement fyne.Accessible", object)
		}
		if _, ok := object.CanvasObject.(fyne.Focusable); ok {
			controls++
			assert.True(t, heard[object.CanvasObject], "a screen reader does not find %v", object)
		}
	}
	if _, isWorking := w.screen.(*working); !isWorking {
		assert.NotZero(t, controls, "a screen without a way on")
	}
}
