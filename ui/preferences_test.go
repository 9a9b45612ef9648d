package ui

import (
	"errors"
	"maps"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/ui/widgets"
)

// tabTo presses Tab until a control has the focus.
func (w *world) tabTo(name string) {
	w.t.Helper()
	for range 40 {
		w.press(fyne.KeyTab)
		if w.focused() == name {
			return
		}
	}
	require.Failf(w.t, "no such control", "%q in %q", name, w.texts())
}

// TestPreferencesAtStart: the window opens with the user's preferences.
func TestPreferencesAtStart(t *testing.T) {
	for _, c := range []struct {
		name       string
		values     map[Preference]string
		appearance Appearance
		scale      float32
	}{
		{"as they are", nil, Light, 1},
		{"changed", map[Preference]string{PreferAppearance: "high-contrast", PreferTextSize: "150"}, HighContrast, 1.5},
		{"nonsense", map[Preference]string{PreferAppearance: "pink", PreferTextSize: "1000"}, Dark, 2},
		{"more nonsense", map[Preference]string{PreferAppearance: "", PreferTextSize: "large"}, Dark, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, Settings{Appearance: Dark, TextScale: 2, Preferences: preferencesOf(c.values)})
			got := w.app.Settings().Theme()
			want := NewTheme(c.appearance, c.scale)
			assert.Equal(t, want.Size(widgets.SizeBody), got.Size(widgets.SizeBody))
			assert.Equal(t, want.Color(widgets.ColorPage, theme.VariantLight), got.Color(widgets.ColorPage, theme.VariantLight))
		})
	}
}

// TestSettings: a user who cannot read the window changes it by keyboard, and finds it so the next
// time.
func TestSettings(t *testing.T) {
	defer func() { require.NoError(t, UseLanguage("")) }()
	start := func(t *testing.T, store *preferences) *world {
		t.Helper()
		w := newWorld(t, Settings{Preferences: store})
		w.Show(signedInState())
		w.press(fyne.KeyF2)
		return w
	}
	t.Run("the focus begins at what is chosen, and Enter changes nothing", func(t *testing.T) {
		for _, c := range []struct {
			name  string
			store *preferences
			want  string
		}{
			{"the first value", preferencesOf(nil), "Same as this computer, chosen"},
			{"another", preferencesOf(map[Preference]string{PreferLanguage: "en"}), "English, chosen"},
			{"the first is managed", preferencesOf(nil, PreferLanguage), "Light, chosen"},
			{"all are", preferencesOf(nil, PreferLanguage, PreferAppearance, PreferTextSize, PreferAutostart, PreferMinimise), ""},
		} {
			w := start(t, c.store)
			require.Equal(t, c.want, w.focused(), c.name)
			before := maps.Clone(c.store.values)
			w.press(fyne.KeyReturn)
			require.Equal(t, before, c.store.values, c.name)
		}
	})
	t.Run("the appearance", func(t *testing.T) {
		store := preferencesOf(nil)
		w := start(t, store)
		require.NotContains(t, w.texts(), "You are signed in to e-RS")
		w.tabTo("High contrast")
		w.press(fyne.KeySpace)
		require.Equal(t, "high-contrast", store.values[PreferAppearance])
		require.Equal(t, "High contrast, chosen", w.focused(), "the focus stays")
		require.Equal(t, NewTheme(HighContrast, 1).Color(widgets.ColorPage, 0), w.app.Settings().Theme().Color(widgets.ColorPage, 0))
		w.press(fyne.KeyEscape)
		require.Contains(t, w.texts(), "You are signed in to e-RS")
	})
	t.Run("the text size, and back by button", func(t *testing.T) {
		store := preferencesOf(nil)
		w := start(t, store)
		w.tabTo("200 %")
		w.press(fyne.KeyReturn)
		require.Equal(t, "200", store.values[PreferTextSize])
		require.Equal(t, float32(30), w.app.Settings().Theme().Size(widgets.SizeBody))
		requireWholeInView(t, w)
		w.tabTo("Back")
		w.press(fyne.KeyReturn)
		require.Contains(t, w.texts(), "You are signed in to e-RS")
		requireNothingCut(t, w, nil)
	})
	t.Run("the language, in all of the window", func(t *testing.T) {
		w := start(t, preferencesOf(nil))
		w.tabTo("Cymraeg")
		w.press(fyne.KeyReturn)
		require.Contains(t, w.texts(), "Gosodiadau")
		require.Contains(t, w.texts(), "Gellir cyrraedd e-RS")
		w.press(fyne.KeyEscape)
		require.Contains(t, w.texts(), "Rydych wedi mewngofnodi i e-RS")
		w.press(fyne.KeyF2)
		w.tabTo("English")
		w.press(fyne.KeyReturn)
		require.Contains(t, w.texts(), "Settings")
	})
	t.Run("what the organisation has settled", func(t *testing.T) {
		w := start(t, preferencesOf(map[Preference]string{PreferAutostart: "true"}, PreferAutostart))
		require.Contains(t, w.texts(), "On  managed by your organisation")
		for _, text := range w.texts() {
			require.NotContains(t, text, "Off, ")
		}
	})
	t.Run("what this system does not have", func(t *testing.T) {
		store := preferencesOf(nil)
		delete(store.values, PreferAutostart)
		require.NotContains(t, start(t, store).texts(), "Start when I sign in to this computer")
	})
	t.Run("what cannot be saved is reported, and holds until the end", func(t *testing.T) {
		store := preferencesOf(nil)
		store.err = errors.New("read-only")
		w := start(t, store)
		w.tabTo("Dark")
		w.press(fyne.KeyReturn)
		require.Contains(t, w.texts(), "Your change was not saved. It lasts until you close e-RS Login.")
		w.press(fyne.KeyEscape, fyne.KeyF2)
		require.Contains(t, w.texts(), "Dark, chosen")
	})
	t.Run("nothing to change", func(t *testing.T) {
		w := newWorld(t, Settings{})
		w.Show(signedInState())
		w.press(fyne.KeyF2)
		require.Contains(t, w.texts(), "You are signed in to e-RS")
		require.NotContains(t, w.texts(), "F2 Settings")
	})
}

// TestSettingsGiveWay: a session that begins, ends or runs out must not hide behind the settings.
func TestSettingsGiveWay(t *testing.T) {
	start := func(t *testing.T) *world {
		t.Helper()
		w := newWorld(t, Settings{Preferences: preferencesOf(nil)})
		w.Show(signedInState())
		w.status.settings.Tapped(&fyne.PointEvent{})
		require.Contains(t, w.texts(), "Settings")
		return w
	}
	t.Run("another state", func(t *testing.T) {
		w := start(t)
		w.Show(workingState(signin.Ending, signin.CardRemoved))
		require.Contains(t, w.texts(), "Your smartcard was removed. Signing out…")
		require.NotContains(t, w.texts(), "Settings")
	})
	t.Run("the session ends soon", func(t *testing.T) {
		w := start(t)
		w.Show(endsSoonState())
		require.Equal(t, "Stay signed in", w.focused())
	})
	t.Run("a change of health does not matter", func(t *testing.T) {
		w := start(t)
		w.press(fyne.KeyTab)
		before := w.focused()
		state := signedInState()
		state.Links.ERS = signin.HealthBad
		w.Show(state)
		require.Contains(t, w.texts(), "Settings")
		require.Contains(t, w.texts(), "e-RS not reached last time")
		require.Equal(t, before, w.focused())
		w.tick()
		w.typed("abc1*")
		w.press(fyne.KeyPageDown)
		w.find(nil)
		require.Contains(t, w.texts(), "Settings")
		requireIntents(t, w)
	})
	t.Run("what has changed meanwhile is shown afterwards", func(t *testing.T) {
		w := start(t)
		w.Show(noticed(signedInState(), true))
		w.press(fyne.KeyEscape)
		require.Contains(t, w.texts(), "Help (F1)")
	})
	t.Run("the window is closed", func(t *testing.T) {
		w := start(t)
		w.closeTwice()
		requireIntents(t, w, signin.Quit{})
		require.Contains(t, w.texts(), "Signing out…")
		w.press(fyne.KeyF2)
		require.NotContains(t, w.texts(), "Settings")
	})
}
