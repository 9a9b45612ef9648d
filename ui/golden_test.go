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

	"fyne.io/fyne/v2"
	"github.com/stretchr/testify/require"
)

const goldenFolder = "testdata/golden"

// golden are the pictures kept in the repository: the main screens, each in another look.
var golden = []struct{ picture, look string }{
	{"waiting-card", "-least"}, {"choosing", "-least"}, {"choosing-many", "-dark"}, {"choosing-favourites", "-contrast"},
	{"signed-in", "-welsh"}, {"signed-in-ends-soon", "-least"}, {"problem", "-double-least"}, {"diagnostics", "-least"},
	{"bundle", "-least"}, {"settings", "-contrast"},
}

// slowUnderRace is called by tests that look at points of pictures, or at all pages in all sizes. They take up to ten times as long under
// the race detector, which finds nothing more in them; -short leaves them out.
func slowUnderRace(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("run it without -short, and without the race detector")
	}
}

// TestGoldenPictures compares the main screens with reviewed pictures. If it fails, the window
// looks different: review the new picture (make screens), and keep it with -update. The pictures
// are drawn by Fyne's software renderer with its own typeface; processors round differently, so a
// few points in one place may differ.
func TestGoldenPictures(t *testing.T) {
	slowUnderRace(t)
	all := pictures()
	// In tests Fyne's clock stands still until something is drawn.
	newWorld(t, Settings{}).win.Canvas().Capture()
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
			require.LessOrEqual(t, mostDiffering(kept, drawn), tolerated, "points that differ in one place of the picture")
		})
	}
}

// TestGoldenPicturesAreFew: pictures stay in the repository's history.
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

// TestAChangedPictureIsNoticed: a comparison that cannot fail proves nothing. Each change is small,
// and matters to a user.
func TestAChangedPictureIsNoticed(t *testing.T) {
	slowUnderRace(t)
	start := func() *world {
		w := picture{state: choosingState(fiveRoles(), &triage), settings: Settings{Favourites: favouritesOf(triage)}}.draw(t, least)
		w.win.Canvas().Capture() // in tests Fyne's clock stands still until something is drawn
		return w
	}
	for name, change := range map[string]func(*world){
		"the focus is on another card": func(w *world) { w.choose(1) },
		"a word has changed":           func(w *world) { w.status.ers.Set(iconGood, "e-RS reached") },
		"a letter has changed":         func(w *world) { w.status.ers.Set(iconGood, "e-RS reachabte") },
		"an icon is lost":              func(w *world) { w.status.ers.Set(fyne.NewStaticResource("none.svg", emptyPicture), "e-RS reachable") },
		"an icon is another":           func(w *world) { w.status.ers.Set(iconUnknown, "e-RS reachable") },
		"a star is another":            func(w *world) { w.char('*') },
		"the digits are lost": func(w *world) {
			s, is := w.screen.(*choosing)
			require.True(t, is)
			s.choices.ShowDigits(false)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := start()
			before := w.win.Canvas().Capture()
			require.Zero(t, mostDiffering(before, w.win.Canvas().Capture()))
			change(w)
			require.Greater(t, mostDiffering(before, w.win.Canvas().Capture()), tolerated)
		})
	}
}

var emptyPicture = []byte(`<svg xmlns="http://www.w3.org/2000/svg" width="48" height="48" viewBox="0 0 48 48"></svg>`)

// choose moves the focus.
func (w *world) choose(to int) {
	if s, is := w.screen.(*choosing); is {
		s.choices.Focus(to)
	}
}

// What a comparison tolerates: points whose red, green and blue each differ by at most noticeable,
// and tolerated others in any tile.
const (
	noticeable, tolerated = 24, 12
	tile                  = 32
)

// mostDiffering returns the largest number of noticeably different points in any tile. Tiles
// overlap by half, so that something small is whole in one of them. A share of the whole picture
// would let a missing word pass.
func mostDiffering(a, b image.Image) int {
	left, right := pixels(a), pixels(b)
	width, height := a.Bounds().Dx(), a.Bounds().Dy()
	const half = tile / 2
	columns, rows := (width+half-1)/half, (height+half-1)/half
	quarters := make([]int, columns*rows)
	for i := 0; i < len(left); i += 4 {
		for c := range 3 {
			if d := int(left[i+c]) - int(right[i+c]); d > noticeable || -d > noticeable {
				quarters[(i/4/width)/half*columns+(i/4%width)/half]++
				break
			}
		}
	}
	most := 0
	for y := range max(1, rows-1) {
		for x := range max(1, columns-1) {
			sum := 0
			for _, at := range [][2]int{{x, y}, {x + 1, y}, {x, y + 1}, {x + 1, y + 1}} {
				if at[0] < columns && at[1] < rows {
					sum += quarters[at[1]*columns+at[0]]
				}
			}
			most = max(most, sum)
		}
	}
	return most
}

func pixels(from image.Image) []uint8 {
	to := image.NewRGBA(from.Bounds())
	draw.Draw(to, to.Bounds(), from, from.Bounds().Min, draw.Src)
	return to.Pix
}

func keep(t *testing.T, path string, drawn image.Image) {
	t.Helper()
	require.NoError(t, os.MkdirAll(goldenFolder, 0o755)) // like any folder of the source
	var content bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	require.NoError(t, encoder.Encode(&content, drawn))
	require.NoError(t, os.WriteFile(path, content.Bytes(), 0o644))
}
