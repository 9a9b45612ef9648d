package cli

import (
	"github.com/spf13/cobra"

	"github.com/ers-login/ers-login/internal/app"
)

// openWithFlags opens the window for a real sign-in, with the settings that were given as flags.
func openWithFlags(p app.Host, cmd *cobra.Command) error {
	flags := cmd.Flags()
	file, err := flags.GetString("config")
	if err != nil {
		return err
	}
	background, err := inBackground(flags)
	if err != nil {
		return err
	}
	byLink, err := flags.GetBool(app.ByLinkFlag)
	if err != nil {
		return err
	}
	return p.OpenReal(cmd.Context(), app.RealInput{File: file, Flags: flags, Background: background, ByLink: byLink})
}
