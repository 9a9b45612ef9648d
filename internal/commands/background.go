package commands

import (
	"os"

	"github.com/sirupsen/logrus"
	"github.com/spf13/pflag"
)

// backgroundFlag is the name of the flag with which the desktop starts the program when the user logs in.
const backgroundFlag = "background"

// byLinkFlag is the name of the flag of a window that a link opens. Links come from web pages, and none begins a sign-in by itself.
const byLinkFlag = "by-link"

// addBackground adds the flags of how the window is started.
func addBackground(flags *pflag.FlagSet) {
	flags.Bool(byLinkFlag, false, "wait for the user although a card is in (used by the program itself, for links)")
	_ = flags.MarkHidden(byLinkFlag) // it was made in the line before
	flags.Bool(backgroundFlag, false, "start as an icon beside the clock, or minimised where the desktop has no place for one")
}

// inBackground tells whether the flag is set. Commands that open the window without it show it.
func inBackground(flags *pflag.FlagSet) (bool, error) {
	if flags.Lookup(backgroundFlag) == nil {
		return false, nil
	}
	return flags.GetBool(backgroundFlag)
}

// autostart is the start of this program when the user logs in, or nil where its own file cannot be found.
func (p program) autostart(log logrus.FieldLogger) autostart {
	self, err := os.Executable()
	if err != nil {
		log.WithError(err).Warn("autostart")
		return nil
	}
	return newAutostart(p.metadata.ID, self)
}
