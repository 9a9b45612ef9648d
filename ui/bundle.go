package ui

import (
	"net/url"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2/lang"

	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/ui/widgets"
)

// bundlePage shows the exact content of a support bundle before it is saved.
type bundlePage struct {
	cover
	from *diagnostics
	made Bundle
	save *widgets.Button
	// open and copyPath are shown once the file is saved.
	open, copyPath *widgets.Button
	outcome        *widgets.Text
	listing        *widgets.Listing
}

func newBundlePage(w *Window, from *diagnostics, made Bundle) *bundlePage {
	b := &bundlePage{cover: newCover(w), from: from, made: made, outcome: widgets.NewText("", boldStyle)}
	b.escape = b.back
	parts := make([]widgets.ListingPart, len(made.Files))
	for i, file := range made.Files {
		parts[i] = widgets.ListingPart{Title: file.Name, Text: string(file.Content)}
	}
	b.listing = widgets.NewListing(parts)
	b.save = w.button(lang.L("Save"), widgets.Primary, b.write)
	b.next = b.save
	b.open = w.button(lang.L("Open folder"), widgets.Primary, b.openFolder)
	b.copyPath = w.copyButton(lang.L("Copy path"), lang.L("Path copied"), func() string { return made.Path })
	_, back := w.backLink(b.back)
	b.outcome.Hide()
	b.open.Hide()
	b.copyPath.Hide()
	b.content = page(widgets.Column(
		back,
		widgets.Row{Object: widgets.NewText(lang.L("Save a support file"), titleStyle), Above: 10},
		widgets.Row{Object: widgets.NewText(lang.L("For your service desk. This is everything that will be saved. "+
			"Passwords and names are hidden. Nothing is sent."), leadStyle), Above: 5},
		widgets.Row{Object: b.outcome, Above: 12},
		widgets.Row{Object: widgets.Flow(13, 12, b.save, b.open, b.copyPath), Above: 16, Align: widgets.Leading},
		widgets.Row{Object: widgets.NewPanel(widgets.Plain, b.listing.Object()), Above: 22},
	))
	return b
}

// write saves the files.
func (b *bundlePage) write() {
	b.w.save(b.made.Save, func(err error) {
		if b.w.over != overPage(b) {
			return
		}
		if err != nil {
			p := problem.Of(err)
			b.outcome.SetText(translated(p, p.Title) + " (" + p.Code + ")")
		} else {
			b.outcome.SetText(lang.L("Saved as {{.File}}", map[string]any{"File": problem.Clean(b.made.Path, 300)}))
			b.save.Hide()
			b.open.Show()
			b.copyPath.Show()
		}
		b.outcome.Show()
		b.w.viewport.Relayout()
		b.w.viewport.ScrollToTop()
		if err == nil {
			b.w.focus(b.open)
		} else {
			b.w.focus(b.save)
		}
	})
}

// openFolder shows the folder of the saved file.
func (b *bundlePage) openFolder() {
	if err := b.w.app.OpenURL(folderOf(b.made.Path)); err != nil {
		b.outcome.SetText(lang.L("The folder could not be opened. The file is saved as {{.File}}",
			map[string]any{"File": problem.Clean(b.made.Path, 300)}))
		b.w.viewport.Relayout()
	}
}

// folderOf returns the address of a file's folder.
func folderOf(path string) *url.URL {
	folder := filepath.ToSlash(filepath.Dir(path))
	if !strings.HasPrefix(folder, "/") { // C:/Users/…
		folder = "/" + folder
	}
	return &url.URL{Scheme: "file", Path: folder}
}

// back returns to the results.
func (b *bundlePage) back() { b.w.putOver(b.from) }

func (b *bundlePage) moved(top, bottom float32) {
	if y, found := b.w.viewport.OffsetOf(b.listing.Object()); found {
		b.listing.Show(top-y, bottom-y)
	}
}

func (b *bundlePage) outlives(before, after signin.State) bool { return b.from.outlives(before, after) }
