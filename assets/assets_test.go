package assets

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/software"
	"fyne.io/fyne/v2/test"
	"github.com/stretchr/testify/require"
)

// TestPictures: a picture that Fyne cannot draw is an empty place on the screen.
func TestPictures(t *testing.T) {
	for _, resource := range []fyne.Resource{AppIcon, Smartcard, Reader, Passcode, Agent,
		StatusGood, StatusAttention, StatusBad, StatusUnknown, Warning, Star, StarEmpty} {
		t.Run(resource.Name(), func(t *testing.T) {
			drawn := draw(resource, 96)
			colours := map[any]bool{}
			for x := range drawn.Bounds().Dx() {
				for y := range drawn.Bounds().Dy() {
					colours[drawn.At(x, y)] = true
				}
			}
			require.Greater(t, len(colours), 2, "ground and two colours at least")
			// A stroke keeps its width in Fyne's renderer whatever the picture's size, so pictures are made of areas.
			require.NotContains(t, string(resource.Content()), "stroke")
		})
	}
}

// TestAppPNG: app.png, which packages need, has to be what app.svg is. With ERS_LOGIN_ICONS=1 it is drawn anew.
func TestAppPNG(t *testing.T) {
	const side = 512
	path := filepath.Join("icons", "app.png")
	drawn := draw(AppIcon, side)
	if os.Getenv("ERS_LOGIN_ICONS") != "" {
		var file bytes.Buffer
		require.NoError(t, png.Encode(&file, drawn))
		require.NoError(t, os.WriteFile(path, file.Bytes(), 0o600))
	}
	file, err := os.ReadFile(path)
	require.NoError(t, err)
	kept, err := png.Decode(bytes.NewReader(file))
	require.NoError(t, err)
	require.Equal(t, drawn.Bounds(), kept.Bounds())
	different := 0
	for x := range side {
		for y := range side {
			r, g, b, a := drawn.At(x, y).RGBA()
			kr, kg, kb, ka := kept.At(x, y).RGBA()
			if far(r, kr) || far(g, kg) || far(b, kb) || far(a, ka) {
				different++
			}
		}
	}
	require.Less(t, different, side, "pixels that differ")
}

func far(a, b uint32) bool { return max(a, b)-min(a, b) > 0x1000 }

func draw(resource fyne.Resource, side float32) image.Image {
	test.NewApp()
	picture := canvas.NewImageFromResource(resource)
	picture.FillMode = canvas.ImageFillContain
	c := software.NewTransparentCanvas()
	c.SetPadded(false)
	c.SetContent(picture)
	c.Resize(fyne.NewSize(side, side))
	return c.Capture()
}
