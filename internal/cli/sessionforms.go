package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/ui"
)

// form returns the session in the requested form. entry is the session's.
func (s sessionInput) form(session handoff.Entry, entry []byte) (string, error) {
	switch {
	case s.json && s.withoutKey:
		return entryWithoutKey(entry)
	case s.json:
		return string(entry) + "\n", nil
	case s.key, s.token:
		return signin.SecretOf(session).Reveal(), nil
	case s.env:
		return setVariables(s.shell, session), nil
	case s.header:
		return headers(session), nil
	default:
		return forPeople(session, time.Now()), nil
	}
}

// forPeople describes who is signed in. The text may change: programs use the JSON.
func forPeople(session handoff.Entry, now time.Time) string {
	var text strings.Builder
	line := func(label, value string) { fmt.Fprintf(&text, "%-14s%s\n", label, shown(value)) }
	both := func(name, identifier string) string {
		if name == "" {
			return identifier
		}
		return name + " (" + identifier + ")"
	}
	of := session.Details()
	line("Signed in:", both(of.UserName, of.UserIdentifier))
	line("Organisation:", both(of.OrgName, of.OrgIdentifier))
	line("Role:", both(ui.RoleName(ersclient.BusinessFunction(of.BusinessFunction)), of.BusinessFunction))
	if of.OnBehalfOf != "" {
		line("Acting for:", of.OnBehalfOf)
	}
	line("Since:", clock(of.IssuedAt, now))
	line("Until:", clock(of.ExpiresAt, now))
	line("Platform:", strings.ToUpper(string(of.Platform)))
	line("e-RS:", of.BaseURL)
	return text.String()
}

// shown returns text from the keyring for a terminal: without characters that move its cursor.
func shown(text string) string { return problem.Clean(text, 200) }

// clock returns a local time, with the date if it is not today.
func clock(at, now time.Time) string {
	at, now = at.Local(), now.Local()
	if at.Year() == now.Year() && at.YearDay() == now.YearDay() {
		return at.Format("15:04")
	}
	return at.Format("15:04, 2 January 2006")
}

// headers returns the headers that identify a session in an e-RS call. The names of HSCN's have
// underscores and upper-case letters.
func headers(session handoff.Entry) string {
	switch session := session.(type) {
	case handoff.Session:
		return "HTTP_X_SESSION_KEY: " + session.SessionKey.Reveal() + "\nXAPI_ASID: " + session.ASID + "\n"
	case handoff.FHIRSession:
		lines := "Authorization: Bearer " + session.AccessToken.Reveal() + "\n" +
			"NHSD-End-User-Organisation-ODS: " + session.OrgIdentifier + "\n" +
			"NHSD-eRS-Business-Function: " + session.BusinessFunction + "\n"
		if session.OnBehalfOf != "" {
			// e-RS refuses this header unless the user acts for a clinician.
			lines += "NHSD-eRS-On-Behalf-Of-User-ID: " + session.OnBehalfOf + "\n"
		}
		return lines
	default:
		return ""
	}
}

// entryWithoutKey returns an entry that may be logged.
func entryWithoutKey(entry []byte) (string, error) {
	stripped, err := stripKey(entry)
	return string(stripped) + "\n", err
}

func stripKey(entry []byte) ([]byte, error) {
	// The members keep their order, version first: scripts rely on that.
	var kept []string
	decoder := json.NewDecoder(bytes.NewReader(entry))
	_, err := decoder.Token()
	for err == nil && decoder.More() {
		name, noName := decoder.Token()
		var value json.RawMessage
		quoted, noText := json.Marshal(name)
		err = errors.Join(noName, noText, decoder.Decode(&value))
		if name != "sessionKey" && name != "accessToken" {
			kept = append(kept, string(quoted)+":"+string(value))
		}
	}
	if err != nil || !json.Valid(entry) {
		return nil, errors.New("could not read an entry of our own")
	}
	return []byte("{" + strings.Join(kept, ",") + "}"), nil
}

// variable is an environment variable of --env, empty where a session has none. The names are a
// public interface.
type variable struct {
	name string
	of   func(handoff.Entry) string
}

// only applies to the sessions of one platform.
func only[S handoff.Entry](of func(S) string) func(handoff.Entry) string {
	return func(entry handoff.Entry) string {
		session, is := entry.(S)
		if !is {
			return ""
		}
		return of(session)
	}
}

func variables() []variable {
	return []variable{
		{"ERS_SESSION_KEY", only(func(s handoff.Session) string { return s.SessionKey.Reveal() })},
		{"ERS_BASE_URL", func(s handoff.Entry) string { return s.Details().BaseURL }},
		{"ERS_ASID", only(func(s handoff.Session) string { return s.ASID })},
		{"ERS_PLATFORM", func(s handoff.Entry) string { return string(s.Details().Platform) }},
		{"ERS_ACCESS_TOKEN", only(func(s handoff.FHIRSession) string { return s.AccessToken.Reveal() })},
		{"ERS_ORG_IDENTIFIER", func(s handoff.Entry) string { return s.Details().OrgIdentifier }},
		{"ERS_BUSINESS_FUNCTION", func(s handoff.Entry) string { return s.Details().BusinessFunction }},
		{"ERS_ON_BEHALF_OF", func(s handoff.Entry) string { return s.Details().OnBehalfOf }},
	}
}

// dropVariables removes the variables of --env from this process's environment, and so from its
// children's: the window and its helpers outlive their starter, and the key may be another
// session's by then.
func dropVariables() {
	for _, name := range variableNames() {
		_ = os.Unsetenv(name) // fails only for invalid names
	}
}

func variableNames() []string {
	var names []string
	for _, variable := range variables() {
		names = append(names, variable.name)
	}
	return names
}

// shell describes how a shell sets and removes an environment variable.
type shell struct {
	name string
	// also are other shells with the same syntax.
	also  []string
	set   func(name, value string) string
	unset func(name string) string
}

// shells are those whose evaluation --env supports. In each, text in single quotation marks is
// literal, apart from the replacements here; the values are printable ASCII. cmd.exe has no such
// syntax.
func shells() []shell {
	return []shell{
		{
			"sh", []string{"bash", "zsh"},
			func(name, value string) string {
				return "export " + name + "='" + strings.ReplaceAll(value, "'", `'\''`) + "'"
			},
			func(name string) string { return "unset " + name },
		},
		{
			"fish", nil,
			func(name, value string) string {
				return "set -gx " + name + " '" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value) + "'"
			},
			func(name string) string { return "set -e " + name },
		},
		{
			"powershell", []string{"pwsh"},
			func(name, value string) string {
				return "$env:" + name + " = '" + strings.ReplaceAll(value, "'", "''") + "'"
			},
			func(name string) string { return "$env:" + name + " = $null" },
		},
	}
}

// defaultShell is the shell for --env without --shell.
var defaultShell = map[bool]string{true: "powershell", false: "sh"}[runtime.GOOS == "windows"]

// shellNames are the values of --shell.
func shellNames() []string {
	var names []string
	for _, shell := range shells() {
		names = append(append(names, shell.name), shell.also...)
	}
	return names
}

func setVariables(shellName string, session handoff.Entry) string {
	return commandsFor(shellName, func(shell shell, variable variable) string {
		value := variable.of(session)
		if value == "" {
			// It may be there, of a session of the other platform.
			return shell.unset(variable.name)
		}
		return shell.set(variable.name, value)
	})
}

func unsetVariables(shellName string) string {
	return commandsFor(shellName, func(shell shell, variable variable) string { return shell.unset(variable.name) })
}

// commandsFor returns a command for each variable. Each ends in a semicolon, since an unquoted
// substitution joins lines.
func commandsFor(shellName string, write func(shell, variable) string) string {
	var text strings.Builder
	for _, shell := range shells() {
		if shell.name != shellName && !slices.Contains(shell.also, shellName) {
			continue
		}
		for _, variable := range variables() {
			text.WriteString(write(shell, variable) + ";\n")
		}
	}
	return text.String()
}
