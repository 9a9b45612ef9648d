// e-RS Login signs a clinician in to the NHS e-Referral Service with their smartcard, and hands the
// session to the other applications on the workstation through the operating system's keyring.
//
// This is the composition root: it reads the version, passes what only it may import (Fyne's app
// and the probe, which need OpenGL), and runs a command of internal/cli.
package main

import (
	_ "embed"
	"os"

	"fyne.io/fyne/v2"
	fyneapp "fyne.io/fyne/v2/app"

	"github.com/ers-login/ers-login/internal/app"
	"github.com/ers-login/ers-login/internal/cli"
	"github.com/ers-login/ers-login/internal/graphics"
)

//go:embed FyneApp.toml
var fyneApp []byte

func main() {
	if len(os.Args) == 2 && os.Args[1] == app.ProbeCommand {
		os.Exit(graphics.Probe(os.Stderr))
	}
	newApp := func(metadata fyne.AppMetadata) fyne.App {
		fyneapp.SetMetadata(metadata)
		return fyneapp.NewWithID(metadata.ID)
	}
	os.Exit(cli.Run(os.Args[1:], fyneApp, newApp))
}
