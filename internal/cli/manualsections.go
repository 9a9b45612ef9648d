package cli

import (
	"fmt"
	"strings"

	"github.com/ers-login/ers-login/internal/app"
)

// manualItem is a term of the manual page and its meaning.
type manualItem struct{ term, meaning string }

// linkItems describe the links that the desktop opens the program with; see parseLink.
func linkItems() []manualItem {
	return []manualItem{
		{linkScheme + "//" + linkSignIn, "The same as ers-login sign-in."},
		{
			linkScheme + "//" + linkSignIn + "?for=NAME",
			fmt.Sprintf("The same as ers-login sign-in --for NAME. The name is 1 to %d printable characters, escaped as in the query of an\n"+
				"address: Vendor%%20App. It is the one parameter.", maxLinkName),
		},
		{linkScheme + "//" + linkOpen, "The same as ers-login: opens the window, or brings it to the front."},
	}
}

// environmentItems describe the environment variables in use.
func environmentItems() []manualItem {
	return []manualItem{
		{
			"ERS_LOGIN_*",
			"Each setting, in capitals: ERS_LOGIN_BASE_URL is the setting base_url, and the option --base-url. An option overrides\n" +
				"the variable, and the variable the settings files.",
		},
		{
			strings.Join(variableNames(), ", "),
			"Are not read. ers-login session --env prints commands that set them, or remove them if nobody is signed in.",
		},
		{
			"DBUS_SESSION_BUS_ADDRESS, XDG_RUNTIME_DIR",
			"Where the session bus is, and so the keyring. Without them (over SSH, under sudo, from cron) there is none, and the exit\n" +
				"status is 3.",
		},
		{"DISPLAY, WAYLAND_DISPLAY", "Where the window is shown. Commands that open none do not need them."},
		{"XDG_CONFIG_HOME, XDG_STATE_HOME", "The folders of FILES, in place of ~/.config and ~/.local/state."},
		{"HTTPS_PROXY, NO_PROXY", "The proxy for e-RS, unless the setting proxy says otherwise."},
		{"XDG_ACTIVATION_TOKEN, DESKTOP_STARTUP_ID", "The right to raise the window, from the program that has started this one."},
	}
}

// statusItems describe the exit statuses, and those of doctor.
func statusItems() []manualItem {
	var items []manualItem
	for status, meaning := range app.StatusMeanings {
		if meaning != "" {
			items = append(items, manualItem{fmt.Sprint(status), meaning})
		}
	}
	return append(items,
		manualItem{fmt.Sprintf("1 to %d, of ers-login doctor", statusMostFailures),
			"So many checks have failed. 2 also is a command line that was not understood; then nothing is printed on standard output."},
		manualItem{fmt.Sprintf("%d, of ers-login doctor", statusNotDone),
			"What was asked for could not be done: with --handoff no reader was tried, as the keyring is locked, the bundle was not\n" +
				"saved, or the results could not be printed."},
	)
}

// The user's files on Linux; other systems have no man.
const manualUserFile = "~/.config/ers-login/config.toml"

func fileItems() []manualItem {
	return []manualItem{
		{manualUserFile, "The user's settings."},
		{"/etc/ers-login/config.toml", "Settings for everybody who uses the computer. The user's override them."},
		{"/etc/ers-login/policy.toml", "The organisation's policy. What it sets, nothing overrides."},
		{"~/.local/state/ers-login/ers-login.log", "The log, without secrets."},
		{"~/.local/state/ers-login/audit/", "The audit log, unless the setting audit_dir names another folder."},
		{"~/.local/state/ers-login/history.json", "The role chosen last, and favourites."},
		{"~/.local/state/ers-login/graphics", "That this version has drawn its window on this display."},
		{"$XDG_RUNTIME_DIR/ers-login.lock", "Is locked while the window is open, which also owns io.github.ers_login.ErsLogin on the session bus."},
		{
			"/etc/xdg/autostart/io.github.ers_login.ErsLogin.desktop, ~/.config/autostart/io.github.ers_login.ErsLogin.desktop",
			"Start the program with the desktop, for everybody and for the user, if that is switched on.",
		},
		{"/usr/share/doc/ers-login/", "All documents, such as commands.md, settings.md, handoff.md and errors.md."},
	}
}

// completionText describes how shells get their completions.
const completionText = `Prints the completion for a shell. The packages install those of bash, zsh and fish; by hand a shell loads its own with one of
these lines.`

// completionExample is one line for each shell.
const completionExample = "  source <(ers-login completion bash)\n" +
	"  source <(ers-login completion zsh)\n" +
	"  ers-login completion fish | source\n" +
	"  ers-login completion powershell | Out-String | Invoke-Expression"
