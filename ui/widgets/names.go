// Package widgets has the window's controls: text, buttons, cards, panels, status links, and the
// viewport that shows a part of a long page. They know nothing of the application: they draw with
// the theme's colours and sizes named below, and report user input through callbacks. Two rules
// shape them.
//
// Everything that holds other objects is a plain *fyne.Container with a layout from here, never a
// widget. Fyne 2.8's bridges to Windows UI Automation and to macOS accessibility descend into
// containers only: what is inside a widget, a container.Scroll or a widget.List does not exist for
// a screen reader. For the same reason scrolling is done by [Viewport].
//
// Text wraps, so heights depend on widths. Such objects implement [Tall], and layouts use it
// instead of MinSize: one pass from the window down, and nothing is cut at any text size.
package widgets

import "fyne.io/fyne/v2"

// The colours that a theme must provide.
const (
	// ColorPage is behind everything, ColorSurface fills cards and panels, ColorLine is the hairline around them.
	ColorPage    fyne.ThemeColorName = "ersPage"
	ColorSurface fyne.ThemeColorName = "ersSurface"
	ColorLine    fyne.ThemeColorName = "ersLine"
	// ColorText and ColorSecondary are for text on page and surface.
	ColorText      fyne.ThemeColorName = "ersText"
	ColorSecondary fyne.ThemeColorName = "ersSecondary"
	// ColorPrimary is for pressable controls: card titles, outlined buttons.
	ColorPrimary fyne.ThemeColorName = "ersPrimary"
	// ColorBanner fills the header, ColorOnBanner is its text and ColorOnBannerSoft its less
	// important text.
	ColorBanner       fyne.ThemeColorName = "ersBanner"
	ColorOnBanner     fyne.ThemeColorName = "ersOnBanner"
	ColorOnBannerSoft fyne.ThemeColorName = "ersOnBannerSoft"
	// ColorAction fills the main button, ColorActionHover under the mouse; ColorActionEdge is its
	// lower edge and ColorOnAction its text.
	ColorAction      fyne.ThemeColorName = "ersAction"
	ColorActionHover fyne.ThemeColorName = "ersActionHover"
	ColorActionEdge  fyne.ThemeColorName = "ersActionEdge"
	ColorOnAction    fyne.ThemeColorName = "ersOnAction"
	// ColorGood and ColorDanger are the colours of success and of failure on page and surface.
	ColorGood   fyne.ThemeColorName = "ersGood"
	ColorDanger fyne.ThemeColorName = "ersDanger"
	// ColorWarning fills a badge, ColorOnWarning is its text.
	ColorWarning   fyne.ThemeColorName = "ersWarning"
	ColorOnWarning fyne.ThemeColorName = "ersOnWarning"
	// ColorCaution is the border of warnings on page and surface.
	ColorCaution fyne.ThemeColorName = "ersCaution"
	// ColorFocus is the outer focus ring, ColorFocusEdge the line inside it.
	ColorFocus     fyne.ThemeColorName = "ersFocus"
	ColorFocusEdge fyne.ThemeColorName = "ersFocusEdge"
	// ColorHover and ColorPressed tint a surface under the mouse, ColorDangerHover and ColorDangerPressed that of a
	// dangerous button.
	ColorHover         fyne.ThemeColorName = "ersHover"
	ColorPressed       fyne.ThemeColorName = "ersPressed"
	ColorDangerHover   fyne.ThemeColorName = "ersDangerHover"
	ColorDangerPressed fyne.ThemeColorName = "ersDangerPressed"
	// ColorShadow is under a card, ColorScrollBar the thumb of a scroll bar.
	ColorShadow    fyne.ThemeColorName = "ersShadow"
	ColorScrollBar fyne.ThemeColorName = "ersScrollBar"
)

// The sizes that a theme must provide, all scaled with the text.
const (
	SizeTitle  fyne.ThemeSizeName = "ersTitle"
	SizeBanner fyne.ThemeSizeName = "ersBanner"
	SizeBody   fyne.ThemeSizeName = "ersBody"
	SizeName   fyne.ThemeSizeName = "ersName"
	SizeDetail fyne.ThemeSizeName = "ersDetail"
	SizeSmall  fyne.ThemeSizeName = "ersSmall"
	// SizeCard is the minimum width of a card.
	SizeCard fyne.ThemeSizeName = "ersCard"
	// SizeLabel is the width of the left column of a list of names and values.
	SizeLabel fyne.ThemeSizeName = "ersLabel"
	// SizeIcon is the size of the icon in a line of small text.
	SizeIcon fyne.ThemeSizeName = "ersIcon"
)
