package cli

import (
	"github.com/spf13/pflag"

	"github.com/ers-login/ers-login/internal/app"
)

// addBackground adds the flags for how the window starts.
func addBackground(flags *pflag.FlagSet) {
	flags.Bool(app.ByLinkFlag, false, "wait for the user although a card is in (used by the program itself, for links)")
	_ = flags.MarkHidden(app.ByLinkFlag) // the flag was added in the line before
	flags.Bool(app.BackgroundFlag, false, "start as an icon beside the clock, or minimised where the desktop has no place for one")
}

// inBackground reports whether the flag is set. Commands that open the window without it show it.
func inBackground(flags *pflag.FlagSet) (bool, error) {
	if flags.Lookup(app.BackgroundFlag) == nil {
		return false, nil
	}
	return flags.GetBool(app.BackgroundFlag)
}
