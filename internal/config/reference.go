package config

import (
	"fmt"
	"io"
	"strings"
)

// Table returns the settings as a Markdown table, for the documentation.
func Table() string {
	var b strings.Builder
	b.WriteString("| Setting | Default | What it is for | What it may be |\n|---|---|---|---|\n")
	for _, setting := range Settings() {
		standard := "–"
		if setting.Default != "" {
			standard = "`" + setting.Default + "`"
		}
		if setting.Required {
			standard = "none; needed"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", setting.Key, standard, setting.Description, setting.Allowed)
	}
	return b.String()
}

// WriteReference writes the whole page of the documentation about settings, in Markdown.
func WriteReference(w io.Writer) error {
	var b strings.Builder
	b.WriteString(referenceHead)
	b.WriteString(Table())
	b.WriteString("\n## Names outside the settings file\n\n| Setting | Environment variable | Flag |\n|---|---|---|\n")
	for _, setting := range Settings() {
		fmt.Fprintf(&b, "| `%s` | `%s` | `--%s` |\n", setting.Key, setting.Environment, setting.Flag)
	}
	b.WriteString(referenceTail)
	if err := WriteExample(&b); err != nil {
		return err
	}
	b.WriteString("```\n")
	_, err := io.WriteString(w, b.String())
	return err
}

const referenceHead = `<!-- Made from the table in internal/config by "go test ./internal/config -update". Do not edit. -->

# Settings

A setting can stand in four places. Each overrides the ones before it:

1. the program's built-in default;
2. the settings file;
3. an environment variable whose name starts with ` + "`ERS_LOGIN_`" + `; an empty variable counts as not set;
4. a flag on the command line.

The settings file is TOML and at most 1 MiB. ` + "`--config FILE`" + ` names one; otherwise the program looks for it here and goes on
without if there is none:

| System | Settings file |
|---|---|
| Linux | ` + "`$XDG_CONFIG_HOME/ers-login/config.toml`, usually `~/.config/ers-login/config.toml`" + ` |
| Windows | ` + "`%LOCALAPPDATA%\\ers-login\\config.toml`" + ` |
| macOS | ` + "`~/Library/Application Support/ers-login/config.toml`" + ` |

A value that cannot be used stops the program with a message that names the setting, where it came from and what to do, and
so does a key in the file that the program does not know. All of them are told at once. An unknown ` + "`ERS_LOGIN_`" + ` variable is
a warning. In the settings file, an empty text takes a setting back that has no default.

## The settings

`

const referenceTail = `
## How values are written

- **Texts and times** stand between quotation marks in the file. A time has a unit: ` + "`500ms`, `15s`, `1h30m`" + `.
- **Paths.** A relative path in the settings file starts at the file's own folder; in an environment variable or flag it starts
  at the working directory. ` + "`~/`" + ` is the user's home. On Windows, write paths between single quotation marks
  (` + "`'C:\\certificates\\endpoint.p12'`" + `), since TOML gives the backslash a meaning between double ones.
- **` + "`agent_command`" + `** is a list: the program's full path, then its arguments. In an environment variable or flag it is a JSON
  array (` + "`[\"/usr/local/bin/print-ticket\", \"--quiet\"]`" + `), or the program's full path alone. No shell takes part and PATH is not searched.

## Secrets

No secret stands in the settings, and a key, variable or flag that sounds like one (password, passphrase, ticket, token…) is
refused. The passphrase of a PKCS#12 certificate comes from the OS keyring, or from the file that ` + "`passphrase_file`" + ` names: one
line of UTF-8 text. On Linux and macOS that file must be private to its owner (` + "`chmod 600`" + `), who must be the user or root.

## Example

` + "```toml\n"

// WriteExample writes a settings file in which every setting is explained and switched off: a setting is used by removing the
// # in front of its key.
func WriteExample(w io.Writer) error {
	var b strings.Builder
	b.WriteString("# Settings of e-RS Login. To use a setting, remove the # in front of its name.\n# No secret belongs into this file.\n")
	for _, setting := range Settings() {
		fmt.Fprintf(&b, "\n# %s\n# Allowed: %s.\n", setting.Description, setting.Allowed)
		switch {
		case setting.Required:
			b.WriteString("# Needed for real use.\n")
		case setting.Default != "":
			fmt.Fprintf(&b, "# Default: %s.\n", setting.Default)
		}
		fmt.Fprintf(&b, "#%s = %s\n", setting.Key, setting.Example)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
