package config

import (
	"fmt"
	"io"
	"strings"
)

// Table returns the settings as a Markdown table, for the documentation.
func Table() string {
	var b strings.Builder
	b.WriteString("| Setting | Platform | Default | What it is for | Allowed values |\n|---|---|---|---|---|\n")
	for _, setting := range Settings() {
		standard := "–"
		if setting.Default != "" {
			standard = "`" + setting.Default + "`"
		}
		if setting.Required {
			standard = "none; required"
		}
		if setting.Instead != "" {
			standard += ", or `" + setting.Instead + "`"
		}
		platform := "both"
		if setting.Platform != "" {
			platform = "`" + setting.Platform + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", setting.Key, platform, standard, setting.Description, setting.Allowed)
	}
	return b.String()
}

// WriteReference writes the whole page of the documentation about settings, in Markdown.
func WriteReference(w io.Writer) error {
	var b strings.Builder
	b.WriteString(referenceHead)
	b.WriteString(Table())
	b.WriteString("\n## Names outside the settings file\n\nA policy has the same name as its setting. The group policy editor of Windows shows it " +
		"in words.\n\n| Setting, and policy | Environment variable | Flag | In the group policy editor, under e-RS Login |\n|---|---|---|---|\n")
	for _, setting := range Settings() {
		variable, flag := "`"+setting.Environment+"`", "`--"+setting.Flag+"`"
		if setting.Managed {
			variable, flag = "–", "–"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", setting.Key, variable, flag, setting.inEditor())
	}
	b.WriteString(referenceTail())
	if err := WriteExample(&b); err != nil {
		return err
	}
	b.WriteString("```\n")
	_, err := io.WriteString(w, b.String())
	return err
}

const referenceHead = `<!-- Made from the table in internal/config by "go test ./internal/config -update". Do not edit. -->

# Settings

You can give a setting in six places. Each overrides the ones before it:

1. the built-in default
2. the computer's file and, on Windows, below it, the values given to the installer
3. the user's file
4. an environment variable whose name starts with ` + "`ERS_LOGIN_`" + ` (an empty variable counts as not set)
5. a flag on the command line
6. the policy of the organisation, which locks the setting: nothing can override it

` + "`ers-login config show --origin`" + ` prints every setting with its value and its origin. A locked setting says "managed by your
organisation". The command takes the same flags as ` + "`ers-login`" + `, needs neither a display nor a keyring, and changes nothing. If a value
cannot be used, the exit status is 1. ` + "`--json`" + ` prints the same for programs.

## Files

Settings files are TOML, in UTF-8, and at most 1 MiB. ` + "`--config FILE`" + ` uses FILE instead of the user's file.

| System | Computer's file | User's file |
|---|---|---|
| Linux | ` + "`/etc/ers-login/config.toml` | `$XDG_CONFIG_HOME/ers-login/config.toml`, usually `~/.config/ers-login/config.toml`" + ` |
| Windows | ` + "`%ProgramData%\\ers-login\\config.toml` | `%LOCALAPPDATA%\\ers-login\\config.toml`" + ` |
| macOS | ` + "`/Library/Application Support/ers-login/config.toml` | `~/Library/Application Support/ers-login/config.toml`" + ` |

On Windows, the installer stores its values for the computer (` + "`msiexec … BASEURL=… ASID=… CERTTHUMBPRINT=…, or CLIENTID=…`" + `, see
` + "[deployment.md](deployment.md)" + `) in the registry key ` + "`HKLM\\Software\\ers-login`" + `. You can put any setting there, in the forms of a policy in
the registry (below). Only administrators can write to that key. It locks nothing, and the computer's file overrides it.

These files are optional, except a file given with ` + "`--config`" + `.

The computer's file and the policy's file apply to all users of the computer, and decide which server receives their tickets. e-RS Login
only reads them if no ordinary user can have written them:

- On Linux and macOS, the file and its folder must belong to root, and neither the group nor others can write to them. Access lists
  count.
- On Windows, the file must belong to Administrators, SYSTEM or TrustedInstaller, and its access list must not let anyone else write to it,
  delete it or change its rights. The same applies to the owner of its folder, and no one else may delete files there. Ordinary users can
  make folders in ` + "`%ProgramData%`" + `, so an administrator must make this one. Domain administrators count as administrators.
- The same rule applies to the folders above the file and the links on the way to it. Above the file's own folder, a folder like ` + "`/tmp`" + ` is
  accepted, where users cannot remove files of other users.

The rule also applies to files that these settings name: the file of ` + "`ca_bundle`" + ` and the program of ` + "`agent_command`" + `, with the
interpreters of a script, and with arguments that are full paths of files. On Windows, no one else may be able to add a file to the folder of
such a program. e-RS Login does not check what that program loads or starts. If others could have changed a file, the problem is
` + "`SETTING-TRUST`" + ` and users cannot sign in.

The file with the private key (` + "`key`" + `, or ` + "`certificate`" + `) may also belong to the user, wherever the setting is. If others can write to it or
to its folders, e-RS Login does not use it (` + "`SETTING-KEY-SHARED`" + `). If others can read it, there is a notice (` + "`SETTING-KEY-READABLE`" + `), unless
they are a group that an administrator allows to read it.

## What happens to mistakes

e-RS Login reports all mistakes at once: each with the setting, the place (in a file, the line) and what to do. It does not repeat
values.

| Mistake | in the user's file | anywhere else |
|---|---|---|
| The file is not TOML, not UTF-8, or too large | The file is set aside. e-RS Login continues without it, with a warning | Users cannot sign in |
| The file cannot be opened | The file is not changed. e-RS Login continues without it, with a warning | The same |
| Others could have written the file | – | The same |
| An unknown setting, or one that sounds like a secret | It is ignored, with a warning | The same; an unknown ` + "`ERS_LOGIN_`" + ` variable is a warning only |
| A value that cannot be used | The value from the place below is used, with a warning. If there is none and it is required, users cannot sign in | The same |

` + "`server_name`, `tls_ciphers` and `shared_loopback`" + ` change what is trusted. You can only set them in the computer's settings and in the policy. In a
user's file, a variable or a flag, they are values that cannot be used.

For a file given with ` + "`--config`" + `, the right column applies, and the file is never moved. e-RS Login does not check a value that is
overridden. In a file, an empty text unsets a setting that has no default.

**Set aside** means renamed: ` + "`config.toml`" + ` becomes ` + "`config.toml.bak`" + `. If that name is taken by a file with other content, it becomes
` + "`config.toml.bak.1`" + `, and so on up to ` + "`.bak.9`" + `. e-RS Login never overwrites or removes these files. If all ten names are taken, the broken
file stays in place, with a warning at each start. To use the file again, correct it and give it its old name.

## Policy

The policy locks what it sets: a file, a variable, a flag or the window cannot change it. If a policy cannot be used, users cannot sign
in and see a message for the service desk, because it is not safe to ignore a rule silently. Check this computer (F9) then only checks
what needs no settings.

| System | Policy |
|---|---|
| Linux | ` + "`/etc/ers-login/policy.toml`" + `, written like a settings file |
| Windows | values of the registry key ` + "`HKLM\\Software\\Policies\\ers-login`" + ` (64-bit view); each value has the name of the setting |
| macOS | managed preferences of the domain ` + "`io.github.ers-login.ErsLogin`" + `, for the computer and, above it, for the user; each key has the name of the setting |

| Kind of setting | In the registry | In a property list |
|---|---|---|
| text, word, time, path | ` + "`REG_SZ`, or `REG_EXPAND_SZ`" + ` | string |
| true or false | ` + "`REG_DWORD` 1 or 0, or `REG_SZ` true or false" + ` | boolean |
| number | ` + "`REG_DWORD`, or `REG_SZ`" + ` | integer |
| list | ` + "`REG_MULTI_SZ`" + `, an item on each line, or ` + "`REG_SZ`" + ` as in the environment | array of strings |

For the group policy editor and Intune, there are the templates ` + "`ers-login.admx` and `ers-login.adml`" + `, made from the same table as this page.
See [deployment.md](deployment.md) for where to put them.

Paths in the registry and in property lists must be full paths, or start with ` + "`~/`" + `. In ` + "`REG_EXPAND_SZ`" + ` you can use the variables of Windows
folders, such as ` + "`%ProgramData%`, `%ProgramFiles%`, `%SystemRoot%`, `%UserProfile%` and `%LocalAppData%`" + `. Windows gives their values, not the
user's environment, so a user cannot redirect a locked path. Keys of a property list that start with ` + "`Payload`" + ` belong to the profile and
are ignored.

` + "`certificate` and `certificate_thumbprint`" + ` are one choice: if they come from different places, the one that overrides the other is used, and
a policy locks both. In one place, you can only set one of them.

` + "`agent`" + ` and ` + "`agent_command`" + ` are one choice for a policy: if it sets one of them, both are locked. With ` + "`agent = \"identity-agent\"`" + ` or ` + "`\"auto\"`" + `
only, tickets come from the Identity Agent. With ` + "`\"command\"`" + `, the policy must also set ` + "`agent_command`" + `.

## The settings

A setting of the platform that is not in use is neither needed nor shown. ` + "`ers-login config show`" + ` prints those of the platform in use.

`

// changeable lists the settings that the window offers.
func changeable() string {
	var keys []string
	for _, setting := range Settings() {
		if setting.UserChangeable {
			keys = append(keys, "`"+setting.Key+"`")
		}
	}
	last := len(keys) - 1
	return strings.Join(keys[:last], ", ") + " and " + keys[last]
}

func referenceTail() string {
	return `
## How values are written

- **Text and times:** put them in quotation marks in the file. A time has a unit: ` + "`500ms`, `15s`, `1h30m`" + `.
- **Numbers, true and false:** write them without quotation marks.
- **Paths:** a relative path in a file starts at the file's own folder. In an environment variable or flag it starts at
  the working directory. ` + "`~/`" + ` is the user's home. On Windows, put paths in single quotation marks
  (` + "`'C:\\certificates\\endpoint.p12'`" + `), because the backslash has a meaning in double quotation marks in TOML.
- **` + "`agent_command`" + `** is a list: the program's full path, then its arguments. In an environment variable or flag it is a JSON
  array (` + "`[\"/usr/local/bin/print-ticket\", \"--quiet\"]`" + `), or only the program's full path. No shell is used and PATH is not searched.

## In the window

You can change ` + changeable() + ` in the window. e-RS Login writes
the choice into the user's file, and keeps comments and everything else in it. You cannot change a setting that the policy locks.

## Secrets

Do not put secrets into the settings. e-RS Login refuses a key, variable or flag that sounds like a secret (password, passphrase, ticket,
token…), and a user name or password in the address of e-RS or of a proxy. It never shows them:
` + "`ers-login config show`" + ` and the support file hide the arguments of ` + "`agent_command`" + ` and the user name for a proxy. They also hide what may be a
secret pasted instead of a file name: ` + "`passphrase_file` and `client_secret_file`" + ` if there is no such file, and any other relative path to a file that does not exist.

- The passphrase of a PKCS#12 certificate or of an encrypted key comes from the OS keyring (` + "`ers-login passphrase`" + `), or from the file in
  ` + "`passphrase_file`" + `: one line of UTF-8 text. On Linux and macOS that file must be private to its owner (` + "`chmod 600`" + `), who must be the user or root.
- The client secret of the platform ` + "`fhir`" + ` comes from the OS keyring (` + "`ers-login client-secret`" + `), or from the file that
  ` + "`client_secret_file`" + ` names, with the same rules. With a broker (` + "`redirect_uri`" + ` with port 0) there is none, unless such a file is named.
- The password for a proxy comes from the OS keyring (` + "`ers-login proxy-password`" + `).

## Example

` + "```toml\n"
}

// WriteExample writes a settings file with every setting explained and commented out: remove the #
// in front of a key to use it.
func WriteExample(w io.Writer) error {
	var b strings.Builder
	b.WriteString("# Settings of e-RS Login. To use a setting, remove the # in front of its name.\n# Do not put secrets into this file.\n")
	for _, setting := range Settings() {
		fmt.Fprintf(&b, "\n# %s\n# Allowed: %s.\n", setting.Description, setting.Allowed)
		switch {
		case setting.Instead != "":
			fmt.Fprintf(&b, "# Required to sign in%s, unless %s is set.\n", setting.where(), setting.Instead)
		case setting.Required:
			fmt.Fprintf(&b, "# Required to sign in%s.\n", setting.where())
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

// where names the platform that needs the setting.
func (s Setting) where() string {
	if s.Platform == "" {
		return ""
	}
	return " on the platform " + s.Platform
}
