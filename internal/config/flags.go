package config

import (
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/ers-login/ers-login/internal/problem"
)

// AddFlags adds a flag for each setting. Values are checked by [Load], together with those from everywhere else.
func AddFlags(flags *pflag.FlagSet) {
	for _, setting := range Settings() {
		flag := flags.VarPF(&flagValue{text: setting.Default, kind: setting.Kind}, setting.Flag, "", setting.Description)
		if setting.Kind == KindBool {
			flag.NoOptDefVal = "true"
		}
	}
}

// FlagError makes a Problem of an error with which cobra or pflag refuses a command line. A flag that sounds like a secret is
// refused for that reason, and what was written with it is not repeated.
func FlagError(err error) error {
	if err == nil {
		return nil
	}
	table := Settings()
	var notThere *pflag.NotExistError
	if !errors.As(err, &notThere) {
		return badFlag.Because(err)
	}
	if notThere.GetSpecifiedShortnames() != "" {
		// A group of letters may be a whole flag that lost a hyphen, secret included.
		return badFlag.Because(errors.New("unknown flag: one of the letters after a single hyphen"))
	}
	name := notThere.GetSpecifiedName()
	if _, ok := smell(table, name, nil); ok {
		return refused("--"+name, Origin{LayerFlag, "the command line"})
	}
	name = problem.Clean("--"+name, 100)
	near := "--" + nearest(table, name).Flag
	return unknownFlag.With("Setting", name).With("Nearest", near).
		Because(fmt.Errorf("unknown flag: %s; the nearest is %s", name, near))
}

// flagValue keeps what was written on the command line for [Load].
type flagValue struct {
	text string
	kind Kind
}

var _ pflag.Value = (*flagValue)(nil)

// String returns what was written, or the default.
func (v *flagValue) String() string { return v.text }

// Set keeps what was written.
func (v *flagValue) Set(text string) error {
	v.text = text
	return nil
}

// Type names the kind of value for the help text.
func (v *flagValue) Type() string { return string(v.kind) }
