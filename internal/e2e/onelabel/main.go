//go:build linux

// Onelabel is Fyne's smallest window: the reference for our window's start time and memory.
package main

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app" //nolint:depguard // this program is Fyne and nothing else
	"fyne.io/fyne/v2/widget"
)

func main() {
	app.SetMetadata(fyne.AppMetadata{ID: "io.github.ers_login.OneLabel", Migrations: map[string]bool{"fyneDo": true}})
	one := app.New()
	window := one.NewWindow("One label")
	window.SetContent(widget.NewLabel("One label"))
	window.Resize(fyne.NewSize(960, 700))
	one.Lifecycle().SetOnStarted(window.Show)
	one.Run()
}
