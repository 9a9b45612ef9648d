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

// The icons that tell a state. They are seen in every appearance as text is: whoever needs high contrast needs it of a tick, too.
var (
	iconGood      fyne.Resource = icon{assets.StatusGood}
	iconAttention fyne.Resource = icon{assets.StatusAttention}
	iconBad       fyne.Resource = icon{assets.StatusBad}
	iconUnknown   fyne.Resource = icon{assets.StatusUnknown}
	iconStar      fyne.Resource = icon{assets.Star}
	iconStarEmpty fyne.Resource = icon{assets.StarEmpty}
	iconSignedOut fyne.Resource = icon{assets.SignedOut}
)

// paints says which colour of the theme takes the place of a colour in the file of an icon, which is that of the light appearance.
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

// icon is a picture in the colours of the theme. Fyne's own resources of that kind have one colour for all of a picture, which would
// fill the tick and its disc alike.
type icon struct{ drawn fyne.Resource }

// Name returns a name for the picture in the colours that it has now, since Fyne keeps what it has drawn by name.
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
