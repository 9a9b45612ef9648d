package config

import (
	"fmt"
	"io"
	"strings"
)

// WriteExample writes a settings file with every setting explained and commented out: remove the #
// in front of a key to use it.
func WriteExample(w io.Writer) error {
	var b strings.Builder
	b.WriteString("# Settings of e-RS Login. To use a setting, remove the # in front of its name.\n# Do not put secrets into this file.\n")
	for _, setting := range Settings() {
		fmt.Fprintf(&b, "\n# %s\n# Allowed: %s.\n", setting.Description, setting.Allowed)
		switch {
		case setting.Instead != "":
			fmt.Fprintf(&b, "# Required to sign in on the platform %s, unless %s is set.\n", setting.Platform, setting.Instead)
		case setting.Required:
			fmt.Fprintf(&b, "# Required to sign in on the platform %s.\n", setting.Platform)
		case setting.Default != "":
			fmt.Fprintf(&b, "# Default: %s.\n", setting.Default)
		}
		if setting.Platform != "" && !setting.Required {
			fmt.Fprintf(&b, "# For the platform %s alone.\n", setting.Platform)
		}
		if setting.Managed {
			b.WriteString("# Ignored in a user's own file.\n")
		}
		fmt.Fprintf(&b, "#%s = %s\n", setting.Key, setting.Example)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
