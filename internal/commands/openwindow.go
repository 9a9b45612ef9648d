package commands

import "github.com/spf13/cobra"

// openWithFlags opens the window for a real sign-in, with the settings that were given as flags.
func (p program) openWithFlags(cmd *cobra.Command) error {
	flags := cmd.Flags()
	file, err := flags.GetString("config")
	if err != nil {
		return err
	}
	background, err := inBackground(flags)
	if err != nil {
		return err
	}
	byLink, err := flags.GetBool(byLinkFlag)
	if err != nil {
		return err
	}
	return p.openReal(cmd.Context(), realInput{file: file, flags: flags, background: background, byLink: byLink})
}
