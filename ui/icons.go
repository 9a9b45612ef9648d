package ui

import (
	"fmt"
	"image/color"
	"regexp"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"github.com/ers-login/ers-login/assets"
	"github.com/ers-login/ers-login/ui/widgets"
)

// The icons of states. They have the contrast of text in every appearance: users who need high
// contrast need it for a tick, too.
var (
	iconGood      fyne.Resource = icon{assets.StatusGood}
	iconAttention fyne.Resource = icon{assets.StatusAttention}
	iconBad       fyne.Resource = icon{assets.StatusBad}
	iconUnknown   fyne.Resource = icon{assets.StatusUnknown}
	iconStar      fyne.Resource = icon{assets.Star}
	iconStarEmpty fyne.Resource = icon{assets.StarEmpty}
)

// paints maps the colours in icon files, those of the light appearance, to the theme's.
var paints = map[string]fyne.ThemeColorName{
	"#007F3B": widgets.ColorGood,
	"#D5281B": widgets.ColorDanger,
	"#4C6272": widgets.ColorSecondary,
	"#FFFFFF": widgets.ColorSurface,
	"#8F5500": widgets.ColorCaution,
	"#FFB81C": widgets.ColorWarning,
	"#212B32": widgets.ColorOnWarning,
}

var paint = regexp.MustCompile(`#[0-9A-F]{6}`)

// icon is a picture in the theme's colours. Fyne's own themed resources have one colour, which
// would fill the tick and its disc alike.
type icon struct{ drawn fyne.Resource }

// Name depends on the present colours, since Fyne caches drawn pictures by name.
func (i icon) Name() string {
	return hexOf(theme.Color(widgets.ColorSecondary)) + hexOf(theme.Color(widgets.ColorSurface)) + "-" + i.drawn.Name()
}

// Content returns the picture in the colours of the theme.
func (i icon) Content() []byte {
	return paint.ReplaceAllFunc(i.drawn.Content(), func(found []byte) []byte {
		name, known := paints[string(found)]
		if !known {
			return found
		}
		return []byte(hexOf(theme.Color(name)))
	})
}

func hexOf(c color.Color) string {
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02X%02X%02X", r>>8, g>>8, b>>8)
}
