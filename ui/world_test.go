package ui

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"reflect"
	"runtime/debug"
	"slices"
	"sync"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/hscn"
	"github.com/ers-login/ers-login/internal/audit"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/signin"
	signinfhir "github.com/ers-login/ers-login/internal/signin/fhir"
	signinhscn "github.com/ers-login/ers-login/internal/signin/hscn"
	"github.com/ers-login/ers-login/smartcard"
	"github.com/ers-login/ers-login/ui/widgets"
)

func TestMain(m *testing.M) {
	_ = os.Setenv("LC_ALL", "C") // fails only for an invalid name
	time.Local = time.UTC        // the pictures of two machines must be the same
	debug.SetGCPercent(50)       // fonts and pictures are large, and larger with -race
	os.Exit(m.Run())
}

// world is a window without a display, and its output.
type world struct {
	*Window
	t       *testing.T
	app     *quittable
	intents []signin.Intent
	now     time.Time
}

// quittable is a test app that records Quit, notifications and the tray.
type quittable struct {
	fyne.App
	quit bool
	// opened is the last address that was opened, and unopened the error of doing so.
	opened   string
	unopened error
	sent     []*fyne.Notification
	menu     *fyne.Menu
	icon     fyne.Resource
	menus    int
}

func (q *quittable) Quit() { q.quit = true }

func (q *quittable) OpenURL(address *url.URL) error {
	q.opened = address.String()
	return q.unopened
}

func (q *quittable) Settings() fyne.Settings { return calmSettings{q.App.Settings()} }

// calmSettings ignore a theme that they have already, and one that no open window would show.
// Setting one makes Fyne parse all of its fonts again, which takes longer than most tests, and its
// text shaper never releases the old ones: 4 MB, or 20 with the race detector.
type calmSettings struct{ fyne.Settings }

// worn is the one theme that Fyne knows of in these tests: the theme of the window that is open.
type worn struct{ fyne.Theme }

// openWindows counts the windows of all worlds.
var openWindows int

func (s calmSettings) SetTheme(wanted fyne.Theme) {
	theme, known := s.Theme().(*worn)
	if !known {
		theme = &worn{}
	}
	if reflect.DeepEqual(theme.Theme, wanted) {
		return
	}
	theme.Theme = wanted
	if !known || openWindows > 0 {
		s.Settings.SetTheme(theme)
	}
}

// testApp is the app of all windows in these tests: a new one would parse its fonts again.
var testApp = sync.OnceValue(test.NewApp)

func (q *quittable) SendNotification(n *fyne.Notification) { q.sent = append(q.sent, n) }

func (q *quittable) SetSystemTrayMenu(menu *fyne.Menu)    { q.menu, q.menus = menu, q.menus+1 }
func (q *quittable) SetSystemTrayIcon(icon fyne.Resource) { q.icon = icon }
func (q *quittable) SetSystemTrayWindow(fyne.Window)      { panic("it would take over the closing") }

// noTimers calls nothing later: a timer would run beside another test. The tests tick by hand.
func noTimers(time.Duration, func()) (stop func()) { return func() {} }

var morning = time.Date(2026, 11, 20, 8, 42, 0, 0, time.UTC)

func newWorld(t *testing.T, settings Settings) *world {
	t.Helper()
	fyne.SetCurrentApp(testApp()) // a test may have made another one
	made := &world{t: t, app: &quittable{App: testApp()}, now: morning}
	if settings.Version == "" {
		settings.Version = "1.0.0"
	}
	if settings.Words == nil {
		settings.Words = &signinhscn.Words
	}
	settings.Now = func() time.Time { return made.now }
	settings.withDesktop(made)
	made.Window = newWindow(made.app, settings, func(intent signin.Intent) { made.intents = append(made.intents, intent) }, noTimers)
	made.save = func(run func() error, done func(error)) { done(run()) }
	made.aside = func(run func()) { run() }
	made.active = true
	made.win.Show()
	openWindows++
	t.Cleanup(func() {
		made.win.Close()
		openWindows--
	})
	return made
}

// withDesktop fills in what a test does not look at: a plain desktop. One that can minimise a window has a
// way to do so.
func (s *Settings) withDesktop(w *world) {
	if s.CanMinimise == nil {
		can := s.Minimise != nil
		s.CanMinimise = func() bool { return can }
	}
	if s.Minimise == nil {
		s.Minimise = func() {}
	}
	if s.Raise == nil {
		s.Raise = func() {
			w.win.Show()
			w.win.RequestFocus()
		}
	}
	if s.Tooltip == nil {
		s.Tooltip = func(string) {}
	}
	if s.Notify == nil {
		s.Notify = func(title, text string) { w.app.SendNotification(fyne.NewNotification(title, text)) }
	}
}

// Show shows a state, and lets its user see it.
func (w *world) Show(state signin.State) {
	w.Window.Show(state)
	w.now = w.now.Add(typingPause)
}

// press does what Fyne's desktop driver does for a key: down, typed, up. Tab moves the focus.
func (w *world) press(keys ...fyne.KeyName) {
	w.t.Helper()
	for _, name := range keys {
		w.hold(name, 0)
	}
}

// apart lets time pass before a key that presses or chooses is pressed again: two presses are not the
// halves of a double one.
func (w *world) apart(name fyne.KeyName) {
	if name == fyne.KeyEnter {
		name = fyne.KeyReturn
	}
	if name == w.pressed.key {
		w.now = w.now.Add(doubleClick)
	}
}

// hold is press with a number of repeats before the key comes up.
func (w *world) hold(name fyne.KeyName, repeats int) {
	w.t.Helper()
	if name == fyne.KeyReturn || name == fyne.KeyEnter || name == fyne.KeySpace {
		w.apart(name)
	}
	w.strike(name, repeats)
}

// strike is hold, however soon after the same key.
func (w *world) strike(name fyne.KeyName, repeats int) {
	w.t.Helper()
	canvas := w.win.Canvas()
	if name == fyne.KeyTab {
		canvas.FocusNext()
		return
	}
	event := &fyne.KeyEvent{Name: name}
	w.down(event)
	for range repeats + 1 {
		if focused := canvas.Focused(); focused != nil {
			focused.TypedKey(event)
		} else {
			canvas.OnTypedKey()(event)
		}
	}
	if keyable, ok := canvas.Focused().(desktop.Keyable); ok {
		keyable.KeyUp(event)
	}
}

// down is a key going down.
func (w *world) down(key *fyne.KeyEvent) {
	focused := w.win.Canvas().Focused()
	if keyable, ok := focused.(desktop.Keyable); ok {
		keyable.KeyDown(key)
	} else if focused == nil {
		w.strokes.Down(key) // Fyne's test canvas has no such event
	}
}

func (w *world) shiftTab() { w.win.Canvas().FocusPrevious() }

// char types a character.
func (w *world) char(r rune) {
	if r >= '0' && r <= '9' {
		w.apart(fyne.KeyName(r))
	}
	w.strikeRune(r)
}

// strikeRune is char, however soon after the same one.
func (w *world) strikeRune(r rune) {
	w.down(&fyne.KeyEvent{Name: fyne.KeyName(r)})
	w.repeatRune(r)
}

// repeatRune is a character of a key that went down before.
func (w *world) repeatRune(r rune) {
	key := &fyne.KeyEvent{Name: fyne.KeyName(r)}
	if focused := w.win.Canvas().Focused(); focused != nil {
		focused.TypedKey(key)
	} else {
		w.win.Canvas().OnTypedKey()(key)
	}
	w.inputRune(r)
}

// inputRune is a character without a key, as of an input method.
func (w *world) inputRune(r rune) {
	if focused := w.win.Canvas().Focused(); focused != nil {
		focused.TypedRune(r)
	} else {
		w.win.Canvas().OnTypedRune()(r)
	}
}

// typed types a text.
func (w *world) typed(text string) {
	for _, r := range text {
		w.char(r)
	}
}

// favourites is a store in memory.
type favourites struct {
	marked map[ersclient.Permission]int
	user   string
	err    error
}

// favouritesOf returns a store with pairs in the order in which they were marked.
func favouritesOf(permissions ...ersclient.Permission) *favourites {
	f := &favourites{marked: map[ersclient.Permission]int{}, user: gpUser.Identifier}
	for i, p := range permissions {
		f.marked[pairOf(p)] = firstPlace + i
	}
	return f
}

func (f *favourites) FavouritePlaces(user string) map[ersclient.Permission]int {
	if user != f.user {
		return nil
	}
	return maps.Clone(f.marked)
}

func (f *favourites) Mark(user string, p ersclient.Permission, place int) error {
	if f.err == nil && user == f.user {
		f.marked[p] = place
	}
	return f.err
}

func (f *favourites) Unmark(user string, p ersclient.Permission) error {
	if f.err == nil && user == f.user {
		delete(f.marked, p)
	}
	return f.err
}

// preferences is a store in memory.
type preferences struct {
	values map[Preference]string
	locked []Preference
	err    error
}

func preferencesOf(values map[Preference]string, locked ...Preference) *preferences {
	p := &preferences{locked: locked, values: map[Preference]string{PreferLanguage: "", PreferAppearance: "light",
		PreferTextSize: "100", PreferAutostart: "false", PreferMinimise: "true"}}
	maps.Copy(p.values, values)
	return p
}

// wish sets the values of a picture's look.
func (p *preferences) wish(language string, appearance Appearance, scale float32) {
	p.values[PreferLanguage] = language
	for name, value := range appearances {
		if value == appearance {
			p.values[PreferAppearance] = name
		}
	}
	p.values[PreferTextSize] = fmt.Sprint(int(max(scale, 0.8)*100 + 0.5))
	if scale == 0 {
		p.values[PreferTextSize] = "100"
	}
}

func (p *preferences) Value(name Preference) (string, bool) {
	value, offered := p.values[name]
	return value, offered
}

func (p *preferences) Locked(name Preference) bool { return slices.Contains(p.locked, name) }

func (p *preferences) Set(name Preference, value string) error {
	if p.err == nil {
		p.values[name] = value
	}
	return p.err
}

// focused returns the screen reader's label of the focused control, or "".
func (w *world) focused() string {
	if control, ok := w.win.Canvas().Focused().(fyne.Accessible); ok {
		return control.AccessibilityLabel()
	}
	return ""
}

// unfold shows the parts that the diagnostics have folded away.
func (w *world) unfold() {
	w.t.Helper()
	page, open := w.over.(*diagnostics)
	require.True(w.t, open)
	page.fold.Tapped(&fyne.PointEvent{})
}

// took returns the intents since the last call.
func (w *world) took() []signin.Intent {
	intents := w.intents
	w.intents = nil
	return intents
}

// objects returns all visible objects of the window, including those in widgets, with their
// positions.
func (w *world) objects() []placed {
	return walk(w.win.Canvas().Content(), fyne.Position{}, false)
}

// heard returns what a screen reader finds: Fyne 2.8's bridges descend into containers, but not
// into widgets.
func (w *world) heard() []placed {
	var found []placed
	for _, object := range walk(w.win.Canvas().Content(), fyne.Position{}, true) {
		if a, ok := object.CanvasObject.(fyne.Accessible); ok && a.AccessibilityRole() != fyne.AccessibleRoleContainer {
			found = append(found, object)
		}
	}
	return found
}

type placed struct {
	fyne.CanvasObject
	at fyne.Position
}

func (p placed) String() string {
	return fmt.Sprintf("%T at %v size %v", p.CanvasObject, p.at, p.Size())
}

func walk(object fyne.CanvasObject, offset fyne.Position, containersOnly bool) []placed {
	if object == nil || !object.Visible() {
		return nil
	}
	at := offset.Add(object.Position())
	found := []placed{{object, at}}
	var children []fyne.CanvasObject
	switch o := object.(type) {
	case *fyne.Container:
		children = o.Objects
	case *widgets.SearchField: // Fyne's internals; the field is labelled as a whole
	case fyne.Widget:
		if !containersOnly {
			children = test.WidgetRenderer(o).Objects()
		}
	}
	for _, child := range children {
		found = append(found, walk(child, at, containersOnly)...)
	}
	return found
}

// The states that the tests draw.

var (
	triage    = ersclient.Permission{BusinessFunction: ersclient.ServiceProviderClinician, OrgIdentifier: "R01", OrgName: "NHST_X3"}
	gpUser    = signin.User{Name: "SA Assurance GP-Card", Identifier: "555020964101"}
	allGood   = linksWith(signin.HealthGood, "Identity Agent ready")
	cardless  = linksWith(signin.HealthWaiting, "No smartcard")
	unchecked = signin.Links{}
)

func fiveRoles() []ersclient.Permission {
	functions := []ersclient.BusinessFunction{ersclient.ServiceProviderClinicianAdmin, ersclient.ReferringClinician,
		ersclient.ServiceDefiner, ersclient.ServiceProviderClinician, ersclient.ReferringClinicianAdmin}
	permissions := make([]ersclient.Permission, 0, len(functions))
	for _, function := range functions {
		permissions = append(permissions, ersclient.Permission{BusinessFunction: function, OrgIdentifier: "R01", OrgName: "NHST_X3"})
	}
	return permissions
}

// manyRoles is a consultant in a number of organisations, with each of the roles in every one.
func manyRoles(organisations, each int) []ersclient.Permission {
	functions := make([]ersclient.BusinessFunction, 0, each)
	for _, p := range fiveRoles() {
		functions = append(functions, p.BusinessFunction)
	}
	functions = append(functions, ersclient.ReferringAdmin, ersclient.BMSHCPProxy, ersclient.Commissioner,
		ersclient.InformationAnalyst, "SOME_NEW_ROLE")
	var permissions []ersclient.Permission
	for o := range organisations {
		for _, function := range functions[:each] {
			permissions = append(permissions, ersclient.Permission{BusinessFunction: function,
				OrgIdentifier: fmt.Sprintf("Y%05d", o), OrgName: fmt.Sprintf("Northern Community Hospital No %d", o+1)})
		}
	}
	return permissions
}

// The states of the FHIR platform.

// clinicianAdmin is a role in which its user works for a clinician.
var clinicianAdmin = ersclient.Permission{BusinessFunction: ersclient.ServiceProviderClinicianAdmin, OrgIdentifier: "R69",
	OrgName: "Kingsmere Integrated Care NHS Trust"}

// onFHIR makes a state one of the FHIR platform, which watches no reader.
func onFHIR(state signin.State) signin.State {
	state.Words = &signinfhir.Words
	link := signinfhir.NotSignedIn
	if state.User != (signin.User{}) {
		state.User, link = signin.User{Name: "Ann Example", Identifier: "555020964101"}, signinfhir.SignedIn
	}
	state.Links = linksWith(link.Health, link.Text)
	return state
}

func fhirWaiting(reason signin.Reason) signin.State {
	return onFHIR(signin.State{Phase: signin.Waiting, Since: morning, Missing: signinfhir.MissingBrowser, Reason: reason})
}

// browserState is a state in which the user signs in in the browser, with 4 minutes and 32 seconds left.
func browserState() signin.State {
	return onFHIR(signin.State{Phase: signin.Prompting, Since: morning, Missing: signinfhir.Prompting,
		Browser: &signin.Browser{Address: "https://sign-in.example/authorize?state=a", Until: morning.Add(4*time.Minute + 32*time.Second)}})
}

func notOpenedState() signin.State {
	state := browserState()
	page := *state.Browser
	page.NotOpened = true
	state.Browser = &page
	return state
}

// clinicianState is a state in which a number of clinicians can be worked for, with that of last time.
func clinicianState(count int, last string) signin.State {
	state := onFHIR(choosingState([]ersclient.Permission{clinicianAdmin, triage}, nil))
	state.Phase, state.Chosen = signin.ChoosingClinician, clinicianAdmin
	for i := range count {
		state.Clinicians = append(state.Clinicians, fmt.Sprint(555031999105+1009*i))
	}
	if last != "" {
		used := clinicianAdmin
		used.OnBehalfOf = last
		state.LastUsed = &used
	}
	return state
}

// switchingState is a state of a signed-in user who is choosing another role.
func switchingState() signin.State {
	state := onFHIR(choosingState(fiveRoles(), &triage))
	state.Switching, state.Chosen, state.SignedInAt, state.ExpiresAt = true, triage, morning, morning.Add(12*time.Hour)
	return state
}

// choiceFailedState is a state in which there is no clinician to work for.
func choiceFailedState() signin.State {
	state := onFHIR(choosingState([]ersclient.Permission{clinicianAdmin, triage}, nil))
	state.Problem, state.ProblemAt = noneToWorkFor, morning.Add(70*time.Second)
	return state
}

// fhirSignedIn is a session of a user who works for another person, with a reader that is watched.
func fhirSignedIn() signin.State {
	state := onFHIR(signedInState())
	state.Chosen = clinicianAdmin
	state.Chosen.OnBehalfOf = "555031999105"
	state.Words, state.IdleAfter, state.ExpiresAt = &signinfhir.WithCard, 15*time.Minute, morning.Add(12*time.Hour)
	return state
}

// unnamed are roles in organisations without names.
func unnamed(permissions []ersclient.Permission) []ersclient.Permission {
	bare := slices.Clone(permissions)
	for i := range bare {
		bare[i].OrgName = ""
	}
	return bare
}

// linksWith is all well but for where proofs come from, of which the platform says a text.
func linksWith(health signin.Health, text string) signin.Links {
	return signin.Links{Proof: signin.Link{Health: health, Text: text}, ERS: signin.HealthGood, Keyring: signin.HealthGood}
}

func waitingState(missing signin.Missing, reason signin.Reason) signin.State {
	links := cardless
	switch missing {
	case signinhscn.MissingUnknown:
		links = unchecked
	case signinhscn.MissingAgent:
		links = linksWith(signin.HealthBad, "Identity Agent not installed")
	case signinhscn.MissingIntent:
		links = allGood
	case signinhscn.MissingPasscode:
		links = linksWith(signin.HealthWaiting, "Card in, not signed in")
	case signinhscn.MissingReader:
		links = linksWith(signin.HealthAttention, "No smartcard reader")
	case signinhscn.MissingCard:
	}
	state := signin.State{Phase: signin.Waiting, Since: morning, Missing: missing, Reason: reason, Links: links}
	if missing == signinhscn.MissingIntent && reason != signin.NotEnded {
		state.Holder = gpUser // who has signed in with the card that is still there
	}
	return state
}

// askedState is a state in which another program requests the sign-in.
func askedState(by string) signin.State {
	state := waitingState(signinhscn.MissingCard, signin.NotEnded)
	state.AskedBy = by
	return state
}

func choosingState(permissions []ersclient.Permission, last *ersclient.Permission) signin.State {
	return signin.State{Phase: signin.Choosing, Since: morning, User: gpUser, Permissions: permissions, LastUsed: last, Links: allGood}
}

func signedInState() signin.State {
	return signin.State{Phase: signin.SignedIn, Since: morning, User: gpUser, Permissions: fiveRoles(), Chosen: triage,
		SignedInAt: morning, ExpiresAt: morning.Add(10 * time.Hour), Links: allGood}
}

func endsSoonState() signin.State {
	state := signedInState()
	state.EndsSoon = true
	return state
}

// The tests draw the program's own Problems, so that Welsh pictures show what a reader gets. See
// TestFixturesAreReal.
var (
	auditFull       = audit.DiskFull.With("Folder", "/var/lib/ers-login")
	certificateEnds = (&problem.Problem{
		Code:  "CERT-EXPIRES_SOON",
		Title: "Your organisation's certificate expires soon",
		Happened: "The endpoint certificate \"{{.Name}}\" is valid until {{.Until}}. After that, you cannot sign in to e-RS on " +
			"this computer.",
		Steps:       []string{"You can keep working. Contact your local service desk and quote the reference below."},
		ServiceDesk: []string{"Ask for a new endpoint certificate and install it."},
	}).With("Name", "ers.example.nhs.uk").WithPhrase("Until", problem.Moment(morning.AddDate(0, 0, 12)))
	noReaders = &problem.Problem{
		Code:     "CARD-PCSC_UNAVAILABLE",
		Title:    "e-RS Login cannot see the smartcard reader",
		Happened: "You can still sign in. It may take longer to notice that you removed your card.",
		Steps: []string{
			"Check that the smartcard reader is plugged in. If it is, unplug it and plug it in again.",
			"If that does not help, contact your local service desk and quote the reference below.",
		},
		ServiceDesk: []string{"Check the smart card service of this computer."},
	}
	notAccepted = problemOf(hscn.StatusProblems(), "ERS-A001-403").
			Because(errors.New("403 from https://api.example/v1 for AQIC5wM2LY4Sfcyw"))
	roleRefused = problemOf(hscn.StatusProblems(), "ERS-A002-403")
	// blocked is a Problem that trying again does not solve.
	blocked = smartcard.PINBlocked.Problem()
)

// noneToWorkFor is the Problem of a clinician admin for whom e-RS has no clinician.
var noneToWorkFor = func() *problem.Problem {
	platform := signinfhir.New(signinfhir.Settings{ERS: noClinicians{}})
	_, err := platform.Select(context.Background(), signin.Grant{}, clinicianAdmin)
	return problem.Of(err)
}()

// noClinicians is an e-RS without clinicians.
type noClinicians struct{ signinfhir.ERS }

func (noClinicians) Clinicians(context.Context, ersclient.AccessToken, ersclient.Permission) ([]ersclient.User, error) {
	return nil, nil
}

func problemOf(among []*problem.Problem, code string) *problem.Problem {
	return among[slices.IndexFunc(among, func(p *problem.Problem) bool { return p.Code == code })]
}

// noticed adds notices to a state: a quiet one, and two loud ones on request.
func noticed(state signin.State, loud bool) signin.State {
	state.Notices = []signin.Notice{{Problem: noReaders, Quiet: true}}
	if loud {
		state.Notices = append(state.Notices, signin.Notice{Problem: auditFull}, signin.Notice{Problem: certificateEnds})
	}
	return state
}

func failedState(p *problem.Problem) signin.State {
	return signin.State{Phase: signin.Failed, Since: morning, Problem: p, ProblemAt: morning.Add(70 * time.Second), Links: allGood}
}

// failedFor is a failure after a role was chosen.
func failedFor(p *problem.Problem, chosen ersclient.Permission) signin.State {
	state := failedState(p)
	state.Chosen = chosen
	return state
}

// notSetUpState is the first start on a computer without settings.
func notSetUpState() signin.State {
	return signin.State{Phase: signin.Failed, Problem: problem.Of(config.Config{}.RequireReal()), ProblemAt: morning}
}

// blockedState has a card that the user cannot sign in with, and a notice that can be hidden.
func blockedState() signin.State {
	state := waitingState(signinhscn.MissingPasscode, signin.NotEnded)
	state.Notices = []signin.Notice{{Problem: blocked, Instead: true}, {Problem: demonstrated}}
	return state
}

func workingState(phase signin.Phase, reason signin.Reason) signin.State {
	state := signin.State{Phase: phase, Since: morning, Reason: reason, Links: allGood}
	if phase == signin.Prompting {
		state.Missing = signinhscn.Prompting
	}
	if phase == signin.Selecting || phase == signin.Ending {
		state.User, state.Chosen = gpUser, triage
	}
	return state
}

func requireIntents(t *testing.T, w *world, want ...signin.Intent) {
	t.Helper()
	require.Equal(t, want, w.took())
}
