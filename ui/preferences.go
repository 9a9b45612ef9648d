package ui

import (
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/ui/widgets"
)

// Preferences keeps what a user may change in the window.
type Preferences interface {
	// Value returns the value of a preference, and false if it is not offered here, such as
	// autostart on a system without it. It is called on Fyne's goroutine, and must not block.
	Value(Preference) (value string, offered bool)
	// Locked reports whether the organisation has set the value.
	Locked(Preference) bool
	// Set changes a value and saves it. It is not called on Fyne's goroutine, and never
	// concurrently.
	Set(p Preference, value string) error
}

// Preference is the name of a preference.
type Preference string

// The preferences and their values.
const (
	// PreferLanguage is "" for the system's, or one of assets.Languages.
	PreferLanguage Preference = "language"
	// PreferAppearance is "system", "light", "dark" or "high-contrast".
	PreferAppearance Preference = "appearance"
	// PreferTextSize is a percentage between 80 and 200.
	PreferTextSize Preference = "text_size"
	// PreferAutostart and PreferMinimise are "true" or "false": start at log-in, and minimise the
	// window when a session has begun. The window offers them; the program does them.
	PreferAutostart Preference = "autostart"
	PreferMinimise  Preference = "minimise_on_sign_in"
)

var appearances = map[string]Appearance{"system": AsSystem, "light": Light, "dark": Dark, "high-contrast": HighContrast}

// The bounds of the text size, in percent.
const leastText, mostText = 80, 200

// prefer applies the user's preferences. Invalid values change nothing.
func (w *Window) prefer() {
	if language, offered := w.preference(PreferLanguage); offered {
		w.settings.Language = language
	}
	name, _ := w.preference(PreferAppearance)
	if appearance, known := appearances[name]; known {
		w.settings.Appearance = appearance
	}
	percent, _ := w.preference(PreferTextSize)
	if size, err := strconv.Atoi(percent); err == nil && size >= leastText && size <= mostText {
		w.settings.TextScale = float32(size) / 100
	}
}

// preferencesPage is the page of the preferences. It is over the screen, and closes when the state
// changes, since a sign-in is what the user has come for.
type preferencesPage struct {
	cover
	failed *widgets.Text
}

// newPreferencesPage returns the page, after a preference was changed unless that is "". A selected value
// has the focus, so that Enter changes nothing by accident.
func newPreferencesPage(w *Window, changed Preference) *preferencesPage {
	s := &preferencesPage{cover: newCover(w), failed: widgets.NewText("", bodyStyle)}
	s.failed.Hide()
	rows := []widgets.Row{
		{Object: widgets.NewText(lang.L("Settings"), titleStyle)},
		{Object: widgets.NewText(lang.L("These settings are only for you, on this computer."), leadStyle), Above: 5},
	}
	for _, c := range choosable() {
		if value, offered := w.preference(c.preference); offered {
			rows = append(rows, widgets.Row{Object: widgets.NewText(c.title, boldStyle), Above: 14},
				widgets.Row{Object: s.values(c, value, changed), Above: 4})
		}
	}
	if said := fromPlatform(w.last.Words.Platform); said != "" {
		rows = append(rows, widgets.Row{Above: 14, Object: widgets.NewRuns(
			widgets.Run{Text: lang.L("Platform") + "  ", Style: boldStyle}, widgets.Run{Text: said, Style: leadStyle})})
	}
	rows = append(rows, widgets.Row{Object: s.failed, Above: 20})
	_, back := w.backLink(w.closeOver)
	s.content = page(widgets.Column(back,
		widgets.Row{Object: widgets.NewPanel(widgets.Plain, widgets.Column(rows...)), Above: 10}))
	return s
}

// values is the row of values to choose from, or the organisation's value.
func (s *preferencesPage) values(c choosablePreference, value string, changed Preference) fyne.CanvasObject {
	if s.w.settings.Preferences.Locked(c.preference) {
		return widgets.NewRuns(widgets.Run{Text: c.name(value) + "  ", Style: bodyStyle},
			widgets.Run{Text: lang.L("managed by your organisation"), Style: leadStyle})
	}
	row := make([]fyne.CanvasObject, 0, len(c.values))
	for _, v := range c.values {
		chosen := ""
		if v.value == value {
			chosen = lang.L("chosen")
		}
		option := widgets.NewOption(v.name, chosen, func() { s.w.setPreference(c.preference, v.value) })
		s.w.listen(option)
		if chosen != "" && (s.next == nil || c.preference == changed) {
			s.next = option
		}
		row = append(row, option)
	}
	return widgets.Flow(12, 6, row...)
}

// outlives reports whether the page stays: not if the user is signing in, or the session is about
// to end.
func (s *preferencesPage) outlives(before, after signin.State) bool {
	return after.Phase == before.Phase && after.EndsSoon == before.EndsSoon
}

// choosablePreference is a preference with the values to choose from.
type choosablePreference struct {
	preference Preference
	title      string
	values     []namedValue
}

type namedValue struct{ value, name string }

// name returns a value's name. A value not offered is shown unchanged.
func (c choosablePreference) name(value string) string {
	for _, v := range c.values {
		if v.value == value {
			return v.name
		}
	}
	return value
}

func choosable() []choosablePreference {
	onOff := []namedValue{{"true", lang.L("On")}, {"false", lang.L("Off")}}
	sizes := make([]namedValue, 0, 5)
	for _, percent := range []int{leastText, 100, 125, 150, mostText} {
		sizes = append(sizes, namedValue{strconv.Itoa(percent), strconv.Itoa(percent) + " %"})
	}
	return []choosablePreference{
		// Each language is named in itself, to be found among words in another language.
		{PreferLanguage, lang.L("Language"), []namedValue{{"", lang.L("Same as this computer")}, {"en", "English"}, {"cy", "Cymraeg"}}},
		{PreferAppearance, lang.L("Appearance"), []namedValue{{"system", lang.L("Same as this computer")}, {"light", lang.L("Light")},
			{"dark", lang.L("Dark")}, {"high-contrast", lang.L("High contrast")}}},
		{PreferTextSize, lang.L("Text size"), sizes},
		{PreferAutostart, lang.L("Start when I sign in to this computer"), onOff},
		{PreferMinimise, lang.L("Minimise the window once I am signed in"), onOff},
	}
}

// Preferences in the window.

// preference returns the value of a preference, and whether it is offered: the one chosen in the
// window, even if it could not be saved.
func (w *Window) preference(p Preference) (value string, offered bool) {
	if w.settings.Preferences == nil {
		return "", false
	}
	value, offered = w.settings.Preferences.Value(p)
	if chosen, is := w.chosen[p]; is && offered {
		return chosen, true
	}
	return value, offered
}

// openSettings opens the settings over the screen.
func (w *Window) openSettings() {
	if w.settings.Preferences != nil && !w.closing {
		w.putOver(newPreferencesPage(w, ""))
	}
}

// toggleSettings opens the settings, or closes them.
func (w *Window) toggleSettings() {
	if _, open := w.over.(*preferencesPage); open {
		w.closeOver()
		return
	}
	w.openSettings()
}

// setPreference applies a preference to the window, and saves it.
func (w *Window) setPreference(p Preference, value string) {
	if _, open := w.over.(*preferencesPage); !open {
		return
	}
	w.chosen[p] = value
	w.prefer()
	w.restyle(p)
	w.save(func() error { return w.settings.Preferences.Set(p, value) }, func(err error) {
		if page, open := w.over.(*preferencesPage); open && err != nil {
			page.failed.SetText(lang.L("Your change was not saved. It lasts until you close e-RS Login."))
			page.failed.Show()
			w.viewport.Relayout()
		}
	})
}

// restyle makes the whole window again, in another language, appearance or size, after a preference
// was changed.
func (w *Window) restyle(changed Preference) {
	w.style()
	w.build()
	w.leave()
	w.screen = nil
	w.showBars(w.last)
	w.replace(w.last)
	w.putOver(newPreferencesPage(w, changed))
}
