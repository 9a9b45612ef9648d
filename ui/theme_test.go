package ui

import (
	"image"
	"image/color"
	"math"
	"regexp"
	"strconv"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/internal/signin/hscn"
	"github.com/ers-login/ers-login/ui/widgets"
)

// TestContrast: a user with low vision cannot read a text that fails here. WCAG 2.2 (AA) requires
// 4.5 to 1 of text, 3 to 1 of the edges of controls.
func TestContrast(t *testing.T) {
	const text, edge = 4.5, 3
	pairs := []struct {
		front, back fyne.ThemeColorName
		least       float64
	}{
		{widgets.ColorText, widgets.ColorPage, text},
		{widgets.ColorText, widgets.ColorSurface, text},
		{widgets.ColorSecondary, widgets.ColorPage, text},
		{widgets.ColorSecondary, widgets.ColorSurface, text},
		{widgets.ColorSecondary, widgets.ColorHover, text},
		{widgets.ColorSecondary, widgets.ColorPressed, text},
		{widgets.ColorPrimary, widgets.ColorPage, text},
		{widgets.ColorPrimary, widgets.ColorSurface, text},
		{widgets.ColorPrimary, widgets.ColorHover, text},
		{widgets.ColorPrimary, widgets.ColorPressed, text},
		{widgets.ColorOnBanner, widgets.ColorBanner, text},
		{widgets.ColorOnBannerSoft, widgets.ColorBanner, text},
		{widgets.ColorOnAction, widgets.ColorAction, text},
		{widgets.ColorOnAction, widgets.ColorActionHover, text},
		{widgets.ColorDanger, widgets.ColorSurface, text},
		{widgets.ColorDanger, widgets.ColorPage, text},
		{widgets.ColorDanger, widgets.ColorDangerHover, text},
		{widgets.ColorDanger, widgets.ColorDangerPressed, text},
		{widgets.ColorGood, widgets.ColorSurface, text},
		{widgets.ColorGood, widgets.ColorPage, text},
		{widgets.ColorOnWarning, widgets.ColorWarning, text},
		{widgets.ColorCaution, widgets.ColorSurface, text},
		{widgets.ColorCaution, widgets.ColorPage, text},
		{widgets.ColorFocus, widgets.ColorFocusEdge, text},
		{widgets.ColorScrollBar, widgets.ColorPage, edge},
		{theme.ColorNameForeground, theme.ColorNameBackground, text},
		{theme.ColorNameForeground, theme.ColorNameMenuBackground, text},
		{theme.ColorNameForeground, theme.ColorNameFocus, text},
		{theme.ColorNameForeground, theme.ColorNameHover, text},
		{theme.ColorNamePlaceHolder, theme.ColorNameInputBackground, text},
		{theme.ColorNameDisabled, theme.ColorNameMenuBackground, text},
	}
	for name, appearance := range map[string]Appearance{"light": Light, "dark": Dark, "high contrast": HighContrast} {
		th := NewTheme(appearance, 1)
		for _, pair := range pairs {
			if pair.least == text && appearance == HighContrast {
				pair.least = 7 // AAA, as the name promises
			}
			ratio := contrast(th.Color(pair.front, theme.VariantLight), th.Color(pair.back, theme.VariantLight))
			assert.GreaterOrEqual(t, ratio, pair.least, "%s: %s on %s has %.2f", name, pair.front, pair.back, ratio)
		}
		// The ring must be visible on any surrounding: by its black line, or by its yellow.
		for _, around := range []fyne.ThemeColorName{widgets.ColorPage, widgets.ColorSurface} {
			back := th.Color(around, theme.VariantLight)
			ratio := max(contrast(th.Color(widgets.ColorFocus, theme.VariantLight), back),
				contrast(th.Color(widgets.ColorFocusEdge, theme.VariantLight), back))
			assert.GreaterOrEqual(t, ratio, float64(edge), "%s: focus ring on %s", name, around)
		}
	}
}

// TestContrastOfIcons: a disc or star invisible on its ground loses half of what shows the state.
// The test checks what is drawn: each icon's fills as Fyne gets them, and whether a point of the
// picture has them. The first is the shape, which contrasts with the ground; the last is the mark
// in it, which contrasts with the fill below.
func TestContrastOfIcons(t *testing.T) {
	slowUnderRace(t)
	fill := regexp.MustCompile(`fill="#([0-9A-F]{6})"`)
	icons := map[string]fyne.Resource{"good": statusIcon(signin.HealthGood), "attention": statusIcon(signin.HealthAttention),
		"bad": statusIcon(signin.HealthBad), "unknown": statusIcon(signin.HealthUnknown), "star": iconStar, "empty star": iconStarEmpty}
	for name, appearance := range map[string]Appearance{"light": Light, "dark": Dark, "high contrast": HighContrast} {
		least := 4.5
		if appearance == HighContrast {
			least = 7
		}
		w := newWorld(t, Settings{Appearance: appearance})
		th := w.app.Settings().Theme()
		for which, icon := range icons {
			picture := widgets.NewPicture(icon, fyne.NewSquareSize(96))
			w.win.SetContent(picture)
			w.win.Resize(fyne.NewSquareSize(96))
			drawn := coloursOf(w.win.Canvas().Capture())
			var fills []color.Color
			for _, found := range fill.FindAllSubmatch(icon.Content(), -1) {
				hex, err := strconv.ParseUint(string(found[1]), 16, 32)
				require.NoError(t, err)
				fills = append(fills, rgb(uint32(hex)))
				assert.Contains(t, drawn, rgb(uint32(hex)), "%s: %s", name, which)
			}
			require.NotEmpty(t, fills)
			for _, ground := range []fyne.ThemeColorName{widgets.ColorPage, widgets.ColorSurface} {
				ratio := contrast(fills[0], th.Color(ground, theme.VariantLight))
				assert.GreaterOrEqual(t, ratio, least, "%s: %s on %s has %.2f", name, which, ground, ratio)
			}
			if n := len(fills); n > 1 {
				// If a mark has several shapes in one colour, the fill below it is the last of
				// another colour.
				below := n - 1
				for fills[below] == fills[n-1] {
					below--
				}
				ratio := contrast(fills[n-1], fills[below])
				assert.GreaterOrEqual(t, ratio, least, "%s: the mark in %s has %.2f", name, which, ratio)
			}
		}
	}
}

// TestIconsKnowTheirPaints: a file's colour without a paint would be the same in every appearance.
func TestIconsKnowTheirPaints(t *testing.T) {
	for hex, name := range paints {
		assert.Equal(t, hex, hexOf(shades[name].light), "%s: the files have the colours of the light appearance", name)
	}
	for _, drawn := range []fyne.Resource{iconGood, iconAttention, iconBad, iconUnknown, iconStar, iconStarEmpty} {
		of, ok := drawn.(icon)
		require.True(t, ok)
		for _, hex := range paint.FindAllString(string(of.drawn.Content()), -1) {
			assert.Contains(t, paints, hex, of.drawn.Name())
		}
	}
}

func coloursOf(drawn image.Image) map[color.NRGBA]int {
	points := pixels(drawn)
	seen := map[color.NRGBA]int{}
	for i := 0; i < len(points); i += 4 {
		seen[color.NRGBA{points[i], points[i+1], points[i+2], 0xFF}]++
	}
	return seen
}

// contrast is the contrast ratio of WCAG 2.2.
func contrast(a, b color.Color) float64 {
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func luminance(c color.Color) float64 {
	r, g, b, _ := c.RGBA()
	linear := func(v uint32) float64 {
		s := float64(v) / 0xFFFF
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
}

// TestThemeAnswersEveryName: a widget would be invisible in a colour or size that the theme lacks.
func TestThemeAnswersEveryName(t *testing.T) {
	for fynes, ours := range standard {
		assert.Contains(t, shades, ours, "for %s", fynes)
	}
	th := NewTheme(AsSystem, 0)
	for name, size := range sizes {
		require.Equal(t, size, th.Size(name))
		require.Equal(t, 2*size, NewTheme(AsSystem, 2).Size(name))
	}
	for _, name := range []fyne.ThemeSizeName{widgets.SizeTitle, widgets.SizeBanner, widgets.SizeBody, widgets.SizeName,
		widgets.SizeDetail, widgets.SizeSmall, theme.SizeNameText, theme.SizeNameCaptionText} {
		assert.GreaterOrEqual(t, th.Size(name), float32(12), "%s is too small to read", name)
	}
	for _, name := range []fyne.ThemeSizeName{theme.SizeNamePadding, theme.SizeNameScrollBar} {
		assert.Positive(t, th.Size(name))
	}
}

// TestHighContrastOfTheSystem: the system's high contrast applies here, unless colours were chosen
// for this window.
func TestHighContrastOfTheSystem(t *testing.T) {
	slowUnderRace(t)
	paper := shades[widgets.ColorPage]
	page := func(w *world) color.Color {
		r, g, b, a := w.win.Canvas().Capture().At(5, 100).RGBA()
		return color.NRGBA{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8), uint8(a >> 8)}
	}
	for _, c := range []struct {
		name         string
		chosen       string
		want, before color.NRGBA
	}{
		{"followed", "system", paper.highContrast, paper.light},
		{"light was chosen", "light", paper.light, paper.light},
		{"dark was chosen", "dark", paper.dark, paper.dark},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, Settings{Preferences: preferencesOf(map[Preference]string{PreferAppearance: c.chosen})})
			w.Show(choosingState(fiveRoles(), nil))
			before := w.focused()
			require.Equal(t, color.Color(c.before), page(w))
			w.SystemContrast(true)
			require.Equal(t, color.Color(c.want), page(w))
			require.Equal(t, before, w.focused(), "nothing else changes")
			w.SystemContrast(false)
			require.Equal(t, color.Color(c.before), page(w))
		})
	}
	t.Run("chosen in the settings while it is on", func(t *testing.T) {
		w := newWorld(t, Settings{Preferences: preferencesOf(map[Preference]string{PreferAppearance: "dark"})})
		w.Show(waitingState(hscn.MissingCard, signin.NotEnded))
		w.SystemContrast(true)
		w.openSettings()
		w.setPreference(PreferAppearance, "system")
		require.Equal(t, color.Color(paper.highContrast), page(w))
		w.setPreference(PreferAppearance, "light")
		require.Equal(t, color.Color(paper.light), page(w))
	})
}

func TestAppearance(t *testing.T) {
	paper := shades[widgets.ColorPage]
	page := func(appearance Appearance, system fyne.ThemeVariant) color.Color {
		return NewTheme(appearance, 1).Color(widgets.ColorPage, system)
	}
	for _, test := range []struct {
		name       string
		appearance Appearance
		system     fyne.ThemeVariant
		want       color.NRGBA
	}{
		{"a light system", AsSystem, theme.VariantLight, paper.light},
		{"a dark system", AsSystem, theme.VariantDark, paper.dark},
		{"light in a dark system", Light, theme.VariantDark, paper.light},
		{"dark in a light system", Dark, theme.VariantLight, paper.dark},
		{"high contrast in a light system", HighContrast, theme.VariantLight, paper.highContrast},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, color.Color(test.want), page(test.appearance, test.system))
		})
	}
}
