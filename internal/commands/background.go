package commands

import (
	"os"

	"github.com/sirupsen/logrus"
	"github.com/spf13/pflag"
)

// backgroundFlag is the flag with which the desktop starts the program at log-in.
const backgroundFlag = "background"

// byLinkFlag is the flag of a window opened by a link. Links come from web pages, and must not
// begin a sign-in by themselves.
const byLinkFlag = "by-link"

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

// autostart returns the start of this program at log-in, or nil if its own file cannot be found.
func (p program) autostart(log logrus.FieldLogger) autostart {
	self, err := os.Executable()
	if err != nil {
		log.WithError(err).Warn("autostart")
		return nil
	}
	return newAutostart(p.metadata.ID, self)
}
