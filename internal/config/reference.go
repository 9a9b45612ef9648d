package config

import (
	"fmt"
	"io"
	"strings"
)

// Table returns the settings as a Markdown table, for the documentation.
func Table() string {
	var b strings.Builder
	b.WriteString("| Setting | Platform | Default | What it is for | What it may be |\n|---|---|---|---|---|\n")
	for _, setting := range Settings() {
		standard := "–"
		if setting.Default != "" {
			standard = "`" + setting.Default + "`"
		}
		if setting.Required {
			standard = "none; needed"
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
	b.WriteString("\n## Names outside the settings file\n\nThe name of a policy is that of its setting; the group policy editor, which is for Windows, shows it " +
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

A setting can stand in six places. Each overrides the ones before it:

1. the program's built-in default;
2. the computer's file, and on Windows, below it, what the installer was told;
3. the user's file;
4. an environment variable whose name starts with ` + "`ERS_LOGIN_`" + `; an empty variable counts as not set;
5. a flag on the command line;
6. the policy of the organisation, which locks the setting: nothing else counts.

` + "`ers-login config show --origin`" + ` prints every setting with its value and where that came from; a locked one says "managed by your
organisation". It takes the same flags as the program, needs neither a display nor a keyring, changes nothing, and ends with status 1
if something cannot be used. ` + "`--json`" + ` prints the same for programs.

## Files

Files are TOML, in UTF-8, and at most 1 MiB. ` + "`--config FILE`" + ` names another user's file.

| System | Computer's file | User's file |
|---|---|---|
| Linux | ` + "`/etc/ers-login/config.toml` | `$XDG_CONFIG_HOME/ers-login/config.toml`, usually `~/.config/ers-login/config.toml`" + ` |
| Windows | ` + "`%ProgramData%\\ers-login\\config.toml` | `%LOCALAPPDATA%\\ers-login\\config.toml`" + ` |
| macOS | ` + "`/Library/Application Support/ers-login/config.toml` | `~/Library/Application Support/ers-login/config.toml`" + ` |

On Windows, the installer keeps what it was told for the computer (` + "`msiexec … BASEURL=… ASID=… CERTTHUMBPRINT=…, or CLIENTID=…`" + `, see
` + "[deployment.md](deployment.md)" + `) as values of the registry key ` + "`HKLM\\Software\\ers-login`" + `. Any setting can stand there, in the forms of a
policy in the registry (below). Only administrators can write to that key. It locks nothing, and the computer's file overrides it.

Any of them may be missing, except the one that ` + "`--config`" + ` names.

The computer's file and the policy's file speak for everybody who uses the computer, and say which server is sent their tickets. So
they are read only if no ordinary user can have written them:

- On Linux and macOS the file and its folder belong to root, and neither the group nor others can write to them. An access list counts.
- On Windows the file belongs to Administrators, SYSTEM or TrustedInstaller, and its access list lets nobody else write to it, delete it
  or change its rights. Its folder belongs to one of them too, and nobody else may delete what is in it. Since ordinary users can make
  folders in ` + "`%ProgramData%`" + `, an administrator has to make this one. The administrators of the domain count as administrators.
- The folders above it, and the links on the way to it, are held to the same rule. A folder like ` + "`/tmp`" + `, where nobody can remove what
  is another's, is accepted above the file's own.

What they name is held to that rule too, since it decides as much: the file of ` + "`ca_bundle`" + ` and the program of ` + "`agent_command`" + `, with the
interpreters of a script and with those of its arguments that are files by their full path. On Windows nobody else may add a file beside
such a program. What the program loads or starts by itself is not looked at. A file that others could have changed is
` + "`SETTING-TRUST`" + `, and nobody is signed in.

The file with the private key (` + "`key`" + `, or ` + "`certificate`" + `) may belong to the user as well, whatever names it. If others can write to it or to
its folders it is not used (` + "`SETTING-KEY-SHARED`" + `). If others can read it there is a notice (` + "`SETTING-KEY-READABLE`" + `), except for a group that
an administrator lets read it.

## What happens to mistakes

Each is told with the setting, the place (the line, in a file) and what to do, all of them at once. Values are not repeated.

| Mistake | in the user's file | anywhere else |
|---|---|---|
| The file is not TOML, not UTF-8, or too large | It is set aside, and the program goes on without it, with a warning | The program does not sign in |
| It cannot be opened | It is left as it is, and the program goes on without it, with a warning | The same |
| Others could have written it | – | The same |
| An unknown setting, or one that sounds like a secret | It is ignored, with a warning | The same; an unknown ` + "`ERS_LOGIN_`" + ` variable is a warning only |
| A value that cannot be used | The value from the place below counts, with a warning. Where there is none and a sign-in needs it, the program does not sign in | The same |

` + "`server_name`, `tls_ciphers` and `shared_loopback`" + ` change what is trusted. They count in the computer's settings and in the policy alone; in a user's
file, a variable or a flag they are values that cannot be used.

A file named with ` + "`--config`" + ` is held to the right column, and never moved. A value that is overridden is not looked at. In a file, an empty
text takes a setting back that has no default.

**Set aside** means renamed: ` + "`config.toml`" + ` becomes ` + "`config.toml.bak`" + `. If there is one with another content already, it becomes
` + "`config.toml.bak.1`" + `, and so on to ` + "`.bak.9`" + `. Nothing is ever overwritten or removed; when all ten are taken, the broken file stays where it
is and is told at every start. To get it back, correct it and give it its old name.

## Policy

What the policy sets is locked: neither a file, a variable, a flag nor the window can change it. A policy that is there and cannot be
used stops every sign-in with a message for the service desk, since a rule that is silently not applied would be worse. The checks of this
computer then look only at what needs no setting.

| System | Policy |
|---|---|
| Linux | ` + "`/etc/ers-login/policy.toml`" + `, written like a settings file |
| Windows | values of the registry key ` + "`HKLM\\Software\\Policies\\ers-login`" + ` (64-bit view); the name of a value is that of the setting |
| macOS | managed preferences of the domain ` + "`io.github.ers-login.ErsLogin`" + `, for the computer and, above it, for the user; the keys are the settings |

| Kind of setting | In the registry | In a property list |
|---|---|---|
| text, word, time, path | ` + "`REG_SZ`, or `REG_EXPAND_SZ`" + ` | string |
| true or false | ` + "`REG_DWORD` 1 or 0, or `REG_SZ` true or false" + ` | boolean |
| number | ` + "`REG_DWORD`, or `REG_SZ`" + ` | integer |
| list | ` + "`REG_MULTI_SZ`" + `, an item on each line, or ` + "`REG_SZ`" + ` as in the environment | array of strings |

For the group policy editor and Intune there are templates, ` + "`ers-login.admx` and `ers-login.adml`" + `, that are made from the same table as this page;
[deployment.md](deployment.md) says where they go.

Paths in the registry and in property lists are full paths, or start with ` + "`~/`" + `. In ` + "`REG_EXPAND_SZ`" + `, the variables of Windows' own folders can be
used (` + "`%ProgramData%`, `%ProgramFiles%`, `%SystemRoot%`, `%UserProfile%`, `%LocalAppData%`" + ` and the like). They stand for what Windows says,
not for what the user's environment says, which could lead a locked path elsewhere. Keys of a property list that start with
` + "`Payload`" + ` are the profile's own and are left out.

` + "`certificate` and `certificate_thumbprint`" + ` are one choice: where they come from different places, the upper place decides, and with a
policy both are locked. In the same place, only one of them can be set.

` + "`agent`" + ` and ` + "`agent_command`" + ` are one choice for a policy: if it sets one of them, both are locked. With ` + "`agent = \"identity-agent\"`" + ` or ` + "`\"auto\"`" + `
alone, tickets come from the Identity Agent, and with ` + "`\"command\"`" + ` the policy has to name ` + "`agent_command`" + ` too.

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

- **Texts and times** stand between quotation marks in the file. A time has a unit: ` + "`500ms`, `15s`, `1h30m`" + `.
- **Numbers, true and false** stand without them.
- **Paths.** A relative path in a file starts at the file's own folder; in an environment variable or flag it starts at
  the working directory. ` + "`~/`" + ` is the user's home. On Windows, write paths between single quotation marks
  (` + "`'C:\\certificates\\endpoint.p12'`" + `), since TOML gives the backslash a meaning between double ones.
- **` + "`agent_command`" + `** is a list: the program's full path, then its arguments. In an environment variable or flag it is a JSON
  array (` + "`[\"/usr/local/bin/print-ticket\", \"--quiet\"]`" + `), or the program's full path alone. No shell takes part and PATH is not searched.

## In the window

` + changeable() + ` can be changed in the window. The choice is
written into the user's file; comments and everything else in it stay as they are. What the policy has locked cannot be changed there
either.

## Secrets

No secret stands in the settings, and a key, variable or flag that sounds like one (password, passphrase, ticket, token…) is
refused, and so is a user name or password in the address of e-RS or of a proxy. Neither is ever shown:
` + "`ers-login config show`" + ` and the support bundle mask the arguments of ` + "`agent_command`" + `, the user name for a proxy, and what may have been pasted
where a file's name belongs: ` + "`passphrase_file` and `client_secret_file`" + ` if there is no such file, and any other relative path to a file that is not there.

- The passphrase of a PKCS#12 certificate or of an encrypted key comes from the OS keyring (` + "`ers-login passphrase`" + `), or from the file that ` + "`passphrase_file`" + `
  names: one line of UTF-8 text. On Linux and macOS that file must be private to its owner (` + "`chmod 600`" + `), who must be the user or root.
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
	b.WriteString("# Settings of e-RS Login. To use a setting, remove the # in front of its name.\n# No secret belongs into this file.\n")
	for _, setting := range Settings() {
		fmt.Fprintf(&b, "\n# %s\n# Allowed: %s.\n", setting.Description, setting.Allowed)
		switch {
		case setting.Instead != "":
			fmt.Fprintf(&b, "# Needed for real use%s, unless %s is set.\n", setting.where(), setting.Instead)
		case setting.Required:
			fmt.Fprintf(&b, "# Needed for real use%s.\n", setting.where())
		case setting.Default != "":
			fmt.Fprintf(&b, "# Default: %s.\n", setting.Default)
		}
		if setting.Platform != "" && !setting.Required {
			fmt.Fprintf(&b, "# For the platform %s alone.\n", setting.Platform)
		}
		if setting.Managed {
			b.WriteString("# In a user's own file it is ignored.\n")
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
