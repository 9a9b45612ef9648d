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

var (
	white  = rgb(0xFFFFFF)
	black  = rgb(0x000000)
	ink    = rgb(0x212B32)
	green  = rgb(0x007F3B)
	amber  = rgb(0xFFB81C)
	yellow = rgb(0xFFEB3B)
)

// shade is a colour in each appearance.
type shade struct{ light, dark, highContrast color.NRGBA }

// shades are the colours for the names that the widgets use.
var shades = map[fyne.ThemeColorName]shade{
	widgets.ColorPage:          {rgb(0xF0F4F5), rgb(0x12191E), black},
	widgets.ColorSurface:       {white, rgb(0x1E2930), black},
	widgets.ColorLine:          {rgb(0xD8DDE0), rgb(0x3B4A54), white},
	widgets.ColorText:          {ink, rgb(0xF0F4F5), white},
	widgets.ColorSecondary:     {rgb(0x4C6272), rgb(0xB4C0C8), white},
	widgets.ColorPrimary:       {rgb(0x005EB8), rgb(0x7CBBFF), rgb(0x8FD0FF)},
	widgets.ColorBanner:        {rgb(0x005EB8), rgb(0x00437F), rgb(0x00254D)},
	widgets.ColorOnBanner:      {white, white, white},
	widgets.ColorOnBannerSoft:  {rgb(0xDCE9F5), rgb(0xDCE9F5), white},
	widgets.ColorAction:        {green, green, white},
	widgets.ColorActionHover:   {rgb(0x00662F), rgb(0x00662F), yellow},
	widgets.ColorActionEdge:    {rgb(0x00401E), rgb(0x00401E), rgb(0x8FD0FF)},
	widgets.ColorOnAction:      {white, white, black},
	widgets.ColorGood:          {green, rgb(0x3CC47C), rgb(0x6DFF9C)},
	widgets.ColorDanger:        {rgb(0xD5281B), rgb(0xFF8A80), rgb(0xFFA79E)},
	widgets.ColorWarning:       {amber, amber, amber},
	widgets.ColorOnWarning:     {ink, ink, black},
	widgets.ColorCaution:       {rgb(0x8F5500), amber, amber},
	widgets.ColorFocus:         {yellow, yellow, yellow},
	widgets.ColorFocusEdge:     {ink, black, black},
	widgets.ColorHover:         {rgb(0xF2F7FC), rgb(0x25323A), rgb(0x182838)},
	widgets.ColorPressed:       {rgb(0xE3EEF9), rgb(0x2D3C46), rgb(0x22384E)},
	widgets.ColorDangerHover:   {rgb(0xFEF8F7), rgb(0x2C2A2F), rgb(0x3A1512)},
	widgets.ColorDangerPressed: {rgb(0xFDF1EF), rgb(0x382D31), rgb(0x4A1D18)},
	widgets.ColorShadow:        {color.NRGBA{A: 0x18}, color.NRGBA{A: 0x60}, color.NRGBA{}},
	widgets.ColorScrollBar:     {rgb(0x768692), rgb(0x8595A0), white},
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
	if ours, ok := standard[name]; ok {
		name = ours
	}
	found, ok := shades[name]
	switch {
	case !ok:
		return theme.DefaultTheme().Color(name, variant)
	case c.appearance == HighContrast:
		return found.highContrast
	case variant == theme.VariantDark:
		return found.dark
	default:
		return found.light
	}
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
