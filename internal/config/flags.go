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
	table := Settings()
	var empty *pflag.ValueRequiredError
	if errors.As(err, &empty) && empty.GetSpecifiedName() != "" {
		return emptyFlag.With("Setting", "--"+empty.GetSpecifiedName()).Because(err)
	}
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		return wrongValue(invalid)
	}
	var notThere *pflag.NotExistError
	if !errors.As(err, &notThere) {
		return badFlag.Because(err)
	}
	if letters := notThere.GetSpecifiedShortnames(); letters != "" {
		// Single letters may be a flag that lost a hyphen, with a secret: at most one of them is
		// repeated.
		reason := errors.New("unknown flag: one of the letters after a single hyphen")
		meant, _, _ := strings.Cut(letters, "=")
		return suggest(unknownFlag, nearFlag(flags, meant)).
			With("Setting", problem.Clean("-"+notThere.GetSpecifiedName(), 2)).Because(reason)
	}
	name := notThere.GetSpecifiedName()
	if _, ok := looksLikeSecret(table, name, nil); ok {
		return refused("--"+name, origin(LayerFlag, problem.Words("the command line")))
	}
	written := shownName("--" + name)
	reason := fmt.Errorf("unknown flag: %s", written)
	if slices.ContainsFunc(table, func(s Setting) bool { return s.Flag == name }) {
		return foreignFlag.With("Setting", written).Because(reason)
	}
	return suggest(unknownFlag, nearFlag(flags, name)).With("Setting", written).Because(reason)
}

// wrongValue is the Problem of a value of the wrong type. Flags of settings take any: see
// [AddFlags].
func wrongValue(invalid *pflag.InvalidValueError) *problem.Problem {
	flag := invalid.GetFlag()
	name := "--" + flag.Name
	switch flag.Value.Type() {
	case "duration":
		nearest := ""
		if seconds, err := strconv.ParseUint(invalid.GetValue(), 10, 16); err == nil && seconds > 0 {
			nearest = fmt.Sprintf("%s %ds", name, seconds)
		}
		return suggest(timeFlag, nearest).With("Setting", name).Because(invalid)
	case "bool":
		return switchFlag.With("Setting", name).Because(invalid)
	}
	return badFlag.Because(invalid)
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
