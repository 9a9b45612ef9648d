package ui

import (
	"bytes"
	"image"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

const goldenFolder = "testdata/golden"

// golden are the pictures that are kept: the main screens, each in another look.
var golden = []struct{ picture, look string }{
	{"waiting-card", "-least"}, {"choosing", "-least"}, {"choosing-many", "-dark"}, {"choosing-favourites", "-contrast"},
	{"signed-in", "-welsh"}, {"signed-in-ends-soon", "-least"}, {"problem", "-double-least"}, {"diagnostics", "-least"},
	{"bundle", "-least"}, {"settings", "-contrast"},
}

// TestGoldenPictures compares the main screens with pictures that somebody has looked at. If it fails, the window looks different from
// what was found good: look at the new picture (make screens), and keep it with -update if it is as good.
//
// The pictures are drawn by Fyne's software renderer, with the typeface that it carries with it. Processors round differently, so that
// a few points may differ a little.
func TestGoldenPictures(t *testing.T) {
	all := pictures()
	newWorld(t, Settings{}).win.Canvas().Capture() // Fyne's clock stands still in tests until something is drawn.
	for _, g := range golden {
		t.Run(g.picture+g.look, func(t *testing.T) {
			p := all[slices.IndexFunc(all, func(p picture) bool { return p.name == g.picture })]
			l := looks[slices.IndexFunc(looks, func(l look) bool { return l.name == g.look })]
			drawn := p.in(l).draw(t, l.size).win.Canvas().Capture()
			path := filepath.Join(goldenFolder, g.picture+g.look+".png")
			if *update {
				keep(t, path, drawn)
				return
			}
			content, err := os.ReadFile(path)
			require.NoError(t, err)
			kept, err := png.Decode(bytes.NewReader(content))
			require.NoError(t, err)
			require.Equal(t, kept.Bounds(), drawn.Bounds())
			const noticeable, tolerated = 24, 0.002
			require.LessOrEqual(t, differing(kept, drawn, noticeable), tolerated, "the share of points that differ")
		})
	}
}

// TestGoldenPicturesAreFew: pictures stay in the repository for good.
func TestGoldenPicturesAreFew(t *testing.T) {
	kept, err := os.ReadDir(goldenFolder)
	require.NoError(t, err)
	require.Len(t, kept, len(golden), "each is compared")
	total := int64(0)
	for _, entry := range kept {
		info, err := entry.Info()
		require.NoError(t, err)
		total += info.Size()
	}
	require.Less(t, total, int64(2<<20))
}

// TestAChangedPictureIsNoticed: a comparison that cannot fail keeps nothing as it is.
func TestAChangedPictureIsNoticed(t *testing.T) {
	world := picture{state: choosingState(fiveRoles(), &triage)}.draw(t, least)
	before := world.win.Canvas().Capture()
	require.Zero(t, differing(before, world.win.Canvas().Capture(), 0))
	world.choose(1)
	require.Greater(t, differing(before, world.win.Canvas().Capture(), 24), 0.002, "the focus has moved to another card")
}

// choose moves the focus.
func (w *world) choose(to int) {
	if s, is := w.screen.(*choosing); is {
		s.choices.Focus(to)
	}
}

// differing returns the share of points whose colours are farther apart than noticeable in one of red, green and blue.
func differing(a, b image.Image, noticeable int) float64 {
	left, right := pixels(a), pixels(b)
	different := 0
	for i := 0; i < len(left); i += 4 {
		for c := range 3 {
			if d := int(left[i+c]) - int(right[i+c]); d > noticeable || -d > noticeable {
				different++
				break
			}
		}
	}
	return float64(different) / float64(len(left)/4)
}

func pixels(from image.Image) []uint8 {
	to := image.NewRGBA(from.Bounds())
	draw.Draw(to, to.Bounds(), from, from.Bounds().Min, draw.Src)
	return to.Pix
}

func keep(t *testing.T, path string, drawn image.Image) {
	t.Helper()
	require.NoError(t, os.MkdirAll(goldenFolder, 0o755)) // As any folder of the source.
	var content bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	require.NoError(t, encoder.Encode(&content, drawn))
	require.NoError(t, os.WriteFile(path, content.Bytes(), 0o644))
}
