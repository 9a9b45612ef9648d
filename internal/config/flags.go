package config

import (
	"errors"
	"fmt"
	"slices"

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

// FlagError makes a Problem of an error with which cobra or pflag refuses a command line; flags are those of the command that was
// given. A flag that sounds like a secret is refused for that reason, and what was written with it is not repeated.
func FlagError(flags *pflag.FlagSet, err error) error {
	if err == nil {
		return nil
	}
	table := Settings()
	var empty *pflag.ValueRequiredError
	if errors.As(err, &empty) && empty.GetSpecifiedName() != "" {
		return emptyFlag.With("Setting", "--"+empty.GetSpecifiedName()).Because(err)
	}
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
	written := problem.Clean("--"+name, 100)
	reason := fmt.Errorf("unknown flag: %s", written)
	if slices.ContainsFunc(table, func(s Setting) bool { return s.Flag == name }) {
		return foreignFlag.With("Setting", written).Because(reason)
	}
	return suggest(unknownFlag, nearFlag(flags, name)).With("Setting", written).Because(reason)
}

// nearFlag returns the flag that was probably meant, or nothing.
func nearFlag(flags *pflag.FlagSet, name string) string {
	name = normal(name)
	nearest, fewest := "", -1
	flags.VisitAll(func(flag *pflag.Flag) {
		known := normal(flag.Name)
		if n := changes(name, known); !flag.Hidden && alike(name, known) && (fewest < 0 || n < fewest) {
			nearest, fewest = "--"+flag.Name, n
		}
	})
	return nearest
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
