package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"github.com/ers-login/ers-login/ui/widgets"
)

var _ fyne.Theme = (*colours)(nil)

// Appearance selects the window's colours.
type Appearance int

// The appearances.
const (
	// AsSystem follows the system. On a Linux desktop without a settings portal Fyne makes it dark.
	AsSystem Appearance = iota
	// Light is dark text on a light page, Dark the opposite.
	Light
	Dark
	// HighContrast is white and yellow on black, for users with low vision: text has a contrast of
	// at least 7 to 1. AsSystem becomes this if [Window.SystemContrast] reports it, which Fyne does
	// not.
	HighContrast
)

// NewTheme returns the window's theme. textScale enlarges the text and what has to grow with it: 1
// (or 0) is the ordinary size, 2 twice that.
func NewTheme(appearance Appearance, textScale float32) fyne.Theme {
	if textScale <= 0 {
		textScale = 1
	}
	return &colours{appearance: appearance, scale: textScale}
}

// colours is the theme. Its colours are those of the NHS website's design system, whose typeface is
// reserved and not used.
type colours struct {
	appearance Appearance
	scale      float32
}

// palette is a set of colours for the names that the widgets use.
type palette map[fyne.ThemeColorName]color.NRGBA

var (
	white  = rgb(0xFFFFFF)
	black  = rgb(0x000000)
	ink    = rgb(0x212B32)
	green  = rgb(0x007F3B)
	amber  = rgb(0xFFB81C)
	yellow = rgb(0xFFEB3B)
)

var light = palette{
	widgets.ColorPage:          rgb(0xF0F4F5),
	widgets.ColorSurface:       white,
	widgets.ColorLine:          rgb(0xD8DDE0),
	widgets.ColorText:          ink,
	widgets.ColorSecondary:     rgb(0x4C6272),
	widgets.ColorPrimary:       rgb(0x005EB8),
	widgets.ColorBanner:        rgb(0x005EB8),
	widgets.ColorOnBanner:      white,
	widgets.ColorOnBannerSoft:  rgb(0xDCE9F5),
	widgets.ColorAction:        green,
	widgets.ColorActionHover:   rgb(0x00662F),
	widgets.ColorActionEdge:    rgb(0x00401E),
	widgets.ColorOnAction:      white,
	widgets.ColorGood:          green,
	widgets.ColorDanger:        rgb(0xD5281B),
	widgets.ColorWarning:       amber,
	widgets.ColorOnWarning:     ink,
	widgets.ColorCaution:       rgb(0x8F5500),
	widgets.ColorFocus:         yellow,
	widgets.ColorFocusEdge:     ink,
	widgets.ColorHover:         rgb(0xF2F7FC),
	widgets.ColorPressed:       rgb(0xE3EEF9),
	widgets.ColorDangerHover:   rgb(0xFEF8F7),
	widgets.ColorDangerPressed: rgb(0xFDF1EF),
	widgets.ColorShadow:        {A: 0x18},
	widgets.ColorScrollBar:     rgb(0x768692),
}

var dark = palette{
	widgets.ColorPage:          rgb(0x12191E),
	widgets.ColorSurface:       rgb(0x1E2930),
	widgets.ColorLine:          rgb(0x3B4A54),
	widgets.ColorText:          rgb(0xF0F4F5),
	widgets.ColorSecondary:     rgb(0xB4C0C8),
	widgets.ColorPrimary:       rgb(0x7CBBFF),
	widgets.ColorBanner:        rgb(0x00437F),
	widgets.ColorOnBanner:      white,
	widgets.ColorOnBannerSoft:  rgb(0xDCE9F5),
	widgets.ColorAction:        green,
	widgets.ColorActionHover:   rgb(0x00662F),
	widgets.ColorActionEdge:    rgb(0x00401E),
	widgets.ColorOnAction:      white,
	widgets.ColorGood:          rgb(0x3CC47C),
	widgets.ColorDanger:        rgb(0xFF8A80),
	widgets.ColorWarning:       amber,
	widgets.ColorOnWarning:     ink,
	widgets.ColorCaution:       amber,
	widgets.ColorFocus:         yellow,
	widgets.ColorFocusEdge:     rgb(0x000000),
	widgets.ColorHover:         rgb(0x25323A),
	widgets.ColorPressed:       rgb(0x2D3C46),
	widgets.ColorDangerHover:   rgb(0x2C2A2F),
	widgets.ColorDangerPressed: rgb(0x382D31),
	widgets.ColorShadow:        {A: 0x60},
	widgets.ColorScrollBar:     rgb(0x8595A0),
}

var highContrast = palette{
	widgets.ColorPage:          black,
	widgets.ColorSurface:       black,
	widgets.ColorLine:          white,
	widgets.ColorText:          white,
	widgets.ColorSecondary:     white,
	widgets.ColorPrimary:       rgb(0x8FD0FF),
	widgets.ColorBanner:        rgb(0x00254D),
	widgets.ColorOnBanner:      white,
	widgets.ColorOnBannerSoft:  white,
	widgets.ColorAction:        white,
	widgets.ColorActionHover:   yellow,
	widgets.ColorActionEdge:    rgb(0x8FD0FF),
	widgets.ColorOnAction:      black,
	widgets.ColorGood:          rgb(0x6DFF9C),
	widgets.ColorDanger:        rgb(0xFFA79E),
	widgets.ColorWarning:       amber,
	widgets.ColorOnWarning:     black,
	widgets.ColorCaution:       amber,
	widgets.ColorFocus:         yellow,
	widgets.ColorFocusEdge:     black,
	widgets.ColorHover:         rgb(0x182838),
	widgets.ColorPressed:       rgb(0x22384E),
	widgets.ColorDangerHover:   rgb(0x3A1512),
	widgets.ColorDangerPressed: rgb(0x4A1D18),
	widgets.ColorShadow:        {},
	widgets.ColorScrollBar:     white,
}

// standard maps the colour names of Fyne's own widgets, such as menus, to ours.
var standard = map[fyne.ThemeColorName]fyne.ThemeColorName{
	theme.ColorNameBackground:          widgets.ColorPage,
	theme.ColorNameForeground:          widgets.ColorText,
	theme.ColorNamePrimary:             widgets.ColorPrimary,
	theme.ColorNameHyperlink:           widgets.ColorPrimary,
	theme.ColorNameForegroundOnPrimary: widgets.ColorSurface,
	theme.ColorNameButton:              widgets.ColorSurface,
	theme.ColorNameHover:               widgets.ColorPressed,
	theme.ColorNamePressed:             widgets.ColorPressed,
	theme.ColorNameFocus:               widgets.ColorPressed, // behind menu texts: too quiet for our ring
	theme.ColorNameSelection:           widgets.ColorPressed,
	theme.ColorNameInputBackground:     widgets.ColorSurface,
	theme.ColorNameInputBorder:         widgets.ColorSecondary,
	theme.ColorNamePlaceHolder:         widgets.ColorSecondary,
	theme.ColorNameDisabled:            widgets.ColorSecondary,
	theme.ColorNameMenuBackground:      widgets.ColorSurface,
	theme.ColorNameOverlayBackground:   widgets.ColorSurface,
	theme.ColorNameHeaderBackground:    widgets.ColorSurface,
	theme.ColorNameSeparator:           widgets.ColorLine,
	theme.ColorNameShadow:              widgets.ColorShadow,
	theme.ColorNameScrollBar:           widgets.ColorScrollBar,
	theme.ColorNameSuccess:             widgets.ColorGood,
	theme.ColorNameWarning:             widgets.ColorWarning,
	theme.ColorNameForegroundOnWarning: widgets.ColorOnWarning,
	theme.ColorNameError:               widgets.ColorDanger,
}

// textSize is the size of text in a menu at a text scale of 1.
const textSize = 15

// sizes are those at a text scale of 1. No text is smaller than 12.
var sizes = map[fyne.ThemeSizeName]float32{
	widgets.SizeTitle:            26,
	widgets.SizeBanner:           18,
	widgets.SizeBody:             15,
	widgets.SizeName:             14,
	widgets.SizeDetail:           13,
	widgets.SizeSmall:            12,
	widgets.SizeCard:             280,
	widgets.SizeLabel:            170,
	widgets.SizeIcon:             11,
	theme.SizeNameText:           textSize,
	theme.SizeNameInputBorder:    2,
	theme.SizeNameCaptionText:    12,
	theme.SizeNameHeadingText:    26,
	theme.SizeNameSubHeadingText: 18,
	theme.SizeNameInlineIcon:     20,
}

// innerPadding is the padding of the search field. It does not grow with the text: a small window
// at a large size has to show the field and the results.
const innerPadding = 11

// Color returns a colour.
func (c *colours) Color(name fyne.ThemeColorName, variant fyne.ThemeVariant) color.Color {
	switch c.appearance {
	case Light:
		variant = theme.VariantLight
	case Dark, HighContrast:
		variant = theme.VariantDark
	case AsSystem:
	}
	chosen := light
	if variant == theme.VariantDark {
		chosen = dark
	}
	if c.appearance == HighContrast {
		chosen = highContrast
	}
	if ours, ok := standard[name]; ok {
		name = ours
	}
	if found, ok := chosen[name]; ok {
		return found
	}
	return theme.DefaultTheme().Color(name, variant)
}

// Font returns Fyne's own typeface, Noto Sans.
func (c *colours) Font(style fyne.TextStyle) fyne.Resource { return theme.DefaultTheme().Font(style) }

// Icon returns Fyne's own icons.
func (c *colours) Icon(name fyne.ThemeIconName) fyne.Resource { return theme.DefaultTheme().Icon(name) }

// Size returns a size.
func (c *colours) Size(name fyne.ThemeSizeName) float32 {
	if size, ok := sizes[name]; ok {
		return size * c.scale
	}
	if name == theme.SizeNameInnerPadding {
		return innerPadding
	}
	return theme.DefaultTheme().Size(name)
}

func rgb(hex uint32) color.NRGBA {
	return color.NRGBA{R: uint8(hex >> 16 & 0xFF), G: uint8(hex >> 8 & 0xFF), B: uint8(hex & 0xFF), A: 0xFF}
}
