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
				"address: Vendor%%20App. There are no other parameters.", maxLinkName),
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
			"Not read. ers-login session --env prints commands that set them, or remove them if no user is signed in.",
		},
		{
			"DBUS_SESSION_BUS_ADDRESS, XDG_RUNTIME_DIR",
			"The way to the session bus, and so to the keyring. Without them (over SSH, under sudo, from cron) there is no keyring, and\n" +
				"the exit status is 3.",
		},
		{"DISPLAY, WAYLAND_DISPLAY", "The display for the window. Commands that open no window do not need them."},
		{"XDG_CONFIG_HOME, XDG_STATE_HOME", "The folders of FILES, instead of ~/.config and ~/.local/state."},
		{"HTTPS_PROXY, NO_PROXY", "The proxy for e-RS, unless the setting proxy says otherwise."},
		{"XDG_ACTIVATION_TOKEN, DESKTOP_STARTUP_ID", "The right to bring the window to the front, from the program that started ers-login."},
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
			"The number of failed checks. 2 can also mean that the command line is not valid; then nothing is printed on standard output."},
		manualItem{fmt.Sprintf("%d, of ers-login doctor", statusNotDone),
			"The command could not do what you asked: --handoff tried no reader because the keyring is locked, the support file was\n" +
				"not saved, or the results could not be printed."},
	)
}

// The user's files on Linux; other systems have no man.
const manualUserFile = "~/.config/ers-login/config.toml"

func fileItems() []manualItem {
	return []manualItem{
		{manualUserFile, "The user's settings."},
		{"/etc/ers-login/config.toml", "Settings for all users of the computer. The user's settings override them."},
		{"/etc/ers-login/policy.toml", "The organisation's policy. Nothing overrides it."},
		{"~/.local/state/ers-login/ers-login.log", "The log, without secrets."},
		{"~/.local/state/ers-login/audit/", "The audit log, unless the setting audit_dir names another folder."},
		{"~/.local/state/ers-login/history.json", "The last chosen role, and favourites."},
		{"~/.local/state/ers-login/graphics", "A record that this version can draw its window on this display."},
		{"$XDG_RUNTIME_DIR/ers-login.lock", "Locked while the window is open. The window also owns io.github.ers_login.ErsLogin on the session bus."},
		{
			"/etc/xdg/autostart/io.github.ers_login.ErsLogin.desktop, ~/.config/autostart/io.github.ers_login.ErsLogin.desktop",
			"Start e-RS Login with the desktop, for all users and for one user, if that is switched on.",
		},
		{"/usr/share/doc/ers-login/", "All documents, such as commands.md, settings.md, handoff.md and errors.md."},
	}
}

// completionText describes how shells get their completions.
const completionText = `Prints the completion for a shell. The packages install the completions of bash, zsh and fish. You can also load a completion
with one of these lines.`

// completionExample is one line for each shell.
const completionExample = "  source <(ers-login completion bash)\n" +
	"  source <(ers-login completion zsh)\n" +
	"  ers-login completion fish | source\n" +
	"  ers-login completion powershell | Out-String | Invoke-Expression"
