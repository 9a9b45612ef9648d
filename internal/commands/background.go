package commands

import (
	"os"

	"github.com/sirupsen/logrus"
	"github.com/spf13/pflag"
)

// backgroundFlag is the name of the flag with which the desktop starts the program when the user logs in.
const backgroundFlag = "background"

// addBackground adds the flag.
func addBackground(flags *pflag.FlagSet) {
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
