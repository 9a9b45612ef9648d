package commands

import (
	"github.com/spf13/pflag"
)

// addBackground adds the flags for how the window starts.
func addBackground(flags *pflag.FlagSet) {
	flags.Bool(byLinkFlag, false, "wait for the user although a card is in (used by the program itself, for links)")
	_ = flags.MarkHidden(byLinkFlag) // the flag was added in the line before
	flags.Bool(backgroundFlag, false, "start as an icon beside the clock, or minimised where the desktop has no place for one")
}

// inBackground reports whether the flag is set. Commands that open the window without it show it.
func inBackground(flags *pflag.FlagSet) (bool, error) {
	if flags.Lookup(backgroundFlag) == nil {
		return false, nil
	}
	return flags.GetBool(backgroundFlag)
}
