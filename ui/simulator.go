package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"
)

// SimulatorItem is an entry of the Simulator menu. Its title is English, and the key of its
// translation. Do is called on Fyne's goroutine and must return at once. An item without a title is
// a separator, one with items a submenu.
type SimulatorItem struct {
	Title string
	Do    func()
	Items []SimulatorItem
}

// SetSimulator replaces the entries of the Simulator menu. It is safe for concurrent use.
func (w *Window) SetSimulator(items []SimulatorItem) {
	w.do(func() {
		w.settings.Simulator = items
		w.win.SetMainMenu(w.simulatorMenu())
	})
}

// simulatorMenu is the demonstration's menu. It ends in its own entry to quit, since Fyne's would
// quit without signing out.
func (w *Window) simulatorMenu() *fyne.MainMenu {
	items := menuItems(w.settings.Simulator)
	quit := fyne.NewMenuItem(lang.L("Quit"), w.quit)
	quit.IsQuit = true
	return fyne.NewMainMenu(fyne.NewMenu(lang.L("Simulator"), append(items, fyne.NewMenuItemSeparator(), quit)...))
}

func menuItems(from []SimulatorItem) []*fyne.MenuItem {
	items := make([]*fyne.MenuItem, 0, len(from)+2)
	for _, item := range from {
		if item.Title == "" {
			items = append(items, fyne.NewMenuItemSeparator())
			continue
		}
		made := fyne.NewMenuItem(lang.L(item.Title), item.Do)
		if len(item.Items) > 0 {
			made.ChildMenu = fyne.NewMenu(made.Label, menuItems(item.Items)...)
		}
		items = append(items, made)
	}
	return items
}
