package cli

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

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

// addBackground adds the flags for how the window starts.
func addBackground(flags *pflag.FlagSet) {
	flags.Bool(app.ByLinkFlag, false, "wait for the user even if a card is inserted (used by e-RS Login, for links)")
	_ = flags.MarkHidden(app.ByLinkFlag) // the flag was added in the line before
	flags.Bool(app.BackgroundFlag, false, "start as an icon next to the clock, or minimised if the desktop does not show icons")
}

// inBackground reports whether the flag is set. Commands that open the window without it show it.
func inBackground(flags *pflag.FlagSet) (bool, error) {
	if flags.Lookup(app.BackgroundFlag) == nil {
		return false, nil
	}
	return flags.GetBool(app.BackgroundFlag)
}
