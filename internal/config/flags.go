package config

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/ers-login/ers-login/internal/problem"
)

// AddFlags adds a flag for each setting. [Load] checks the values, together with all others.
func AddFlags(flags *pflag.FlagSet) {
	for _, setting := range Settings() {
		flag := flags.VarPF(&flagValue{text: setting.Default, kind: setting.Kind}, setting.Flag, "", setting.Description)
		if setting.Kind == KindBool {
			flag.NoOptDefVal = "true"
		}
		// The flag exists to be refused with the reason, and is not offered.
		flag.Hidden = setting.Managed
	}
}

// FlagError returns the Problem for an error of cobra or pflag about a command line; command is the
// one given, such as ers-login session, and flags are its flags. A flag that sounds like a secret
// is refused for that reason, and its value is not repeated.
func FlagError(command string, flags *pflag.FlagSet, err error) error {
	if err == nil {
		return nil
	}
	return flagProblem(flags, err).With("Command", command)
}

func flagProblem(flags *pflag.FlagSet, err error) *problem.Problem {
	var notThere *pflag.NotExistError
	if errors.As(err, &notThere) {
		return notKnown(flags, notThere)
	}
	made, name, nearest := *unknownFlag, "", ""
	made.Happened = "A flag on the command line cannot be used."
	var empty *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &empty):
		name = "--" + empty.GetSpecifiedName()
		made.Happened = "The flag {{.Setting}} needs a value."
	case errors.As(err, &invalid) && invalid.GetFlag().Value.Type() == "duration":
		name = "--" + invalid.GetFlag().Name
		made.Happened = "The flag {{.Setting}} needs a time with its unit, such as 5s, 2m or 1h30m."
		if seconds, err := strconv.ParseUint(invalid.GetValue(), 10, 16); err == nil && seconds > 0 {
			nearest = fmt.Sprintf("%s %ds", name, seconds)
		}
	case errors.As(err, &invalid) && invalid.GetFlag().Value.Type() == "bool":
		name = "--" + invalid.GetFlag().Name
		made.Happened = "The flag {{.Setting}} is a switch: give it without a value, or with true or false."
	}
	return suggest(&made, nearest).With("Setting", name).Because(err)
}

// notKnown is the Problem of a flag that the command does not have.
func notKnown(flags *pflag.FlagSet, err *pflag.NotExistError) *problem.Problem {
	table, name := Settings(), err.GetSpecifiedName()
	if letters := err.GetSpecifiedShortnames(); letters != "" {
		// Single letters may be a flag that lost a hyphen, with a secret: at most one of them is
		// repeated.
		meant, _, _ := strings.Cut(letters, "=")
		return suggest(unknownFlag, nearFlag(flags, meant)).With("Setting", problem.Clean("-"+name, 2)).
			Because(errors.New("unknown flag: one of the letters after a single hyphen"))
	}
	if _, ok := looksLikeSecret(table, name, nil); ok {
		return refused("--"+name, origin(LayerFlag, problem.Words("the command line")))
	}
	made, nearest, written := *unknownFlag, "", shownName("--"+name)
	if slices.ContainsFunc(table, func(s Setting) bool { return s.Flag == name }) {
		made.Happened = "The flag {{.Setting}} belongs to ers-login itself, which opens the window, and not to the command that was given."
		made.Steps = []string{"Leave the flag out, or give it to ers-login without a command.", stepFlags}
	} else {
		nearest = nearFlag(flags, name)
	}
	return suggest(&made, nearest).With("Setting", written).Because(fmt.Errorf("unknown flag: %s", written))
}

// nearFlag returns the flag that was probably meant, or nothing.
func nearFlag(flags *pflag.FlagSet, name string) string {
	var known []string
	flags.VisitAll(func(flag *pflag.Flag) {
		if !flag.Hidden {
			known = append(known, flag.Name)
		}
	})
	if found := near(name, known); found != "" {
		return "--" + found
	}
	return ""
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
