package cli

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/ui"
)

// form returns the session in the requested form. entry is the session's.
func (s sessionInput) form(session handoff.Entry, entry []byte) string {
	switch {
	case s.json && s.withoutKey:
		return string(stripKey(entry)) + "\n"
	case s.json:
		return string(entry) + "\n"
	case s.key, s.token:
		return signin.SecretOf(session).Reveal()
	case s.env:
		return assignments(s.shell, session)
	case s.header:
		return headers(session)
	default:
		return forPeople(session, time.Now())
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

// stripKey returns an entry that may be logged. The members keep their order, version first: scripts
// rely on that.
func stripKey(entry []byte) []byte {
	var kept []string
	gjson.ParseBytes(entry).ForEach(func(name, value gjson.Result) bool {
		if name.Str != "sessionKey" && name.Str != "accessToken" {
			kept = append(kept, name.Raw+":"+value.Raw)
		}
		return true
	})
	return []byte("{" + strings.Join(kept, ",") + "}")
}

// variable is an environment variable of --env.
type variable struct{ name, value string }

// variables are those of --env with their values, which are empty where a session has none. The names
// are a public interface.
func variables(session handoff.Entry) []variable {
	var of handoff.Details
	var key, asid, token string
	if session != nil {
		of = session.Details()
	}
	switch session := session.(type) {
	case handoff.Session:
		key, asid = session.SessionKey.Reveal(), session.ASID
	case handoff.FHIRSession:
		token = session.AccessToken.Reveal()
	}
	return []variable{
		{"ERS_SESSION_KEY", key},
		{"ERS_BASE_URL", of.BaseURL},
		{"ERS_ASID", asid},
		{"ERS_PLATFORM", string(of.Platform)},
		{"ERS_ACCESS_TOKEN", token},
		{"ERS_ORG_IDENTIFIER", of.OrgIdentifier},
		{"ERS_BUSINESS_FUNCTION", of.BusinessFunction},
		{"ERS_ON_BEHALF_OF", of.OnBehalfOf},
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
	for _, variable := range variables(nil) {
		names = append(names, variable.name)
	}
	return names
}

// shell describes how shells of one syntax set and remove an environment variable.
type shell struct {
	names []string
	// set and unset are formats of the variable's name, set also of its value.
	set, unset string
	// quoted replaces what does not stand for itself in single quotation marks.
	quoted *strings.Replacer
}

// shells are those whose evaluation --env supports. The values are printable ASCII. cmd.exe has no
// such syntax.
func shells() []shell {
	return []shell{
		{[]string{"sh", "bash", "zsh"}, "export %s='%s';\n", "unset %s;\n", strings.NewReplacer("'", `'\''`)},
		{[]string{"fish"}, "set -gx %s '%s';\n", "set -e %s;\n", strings.NewReplacer(`\`, `\\`, `'`, `\'`)},
		{[]string{"powershell", "pwsh"}, "$env:%s = '%s';\n", "$env:%s = $null;\n", strings.NewReplacer("'", "''")},
	}
}

// defaultShell is the shell for --env without --shell.
var defaultShell = map[bool]string{true: "powershell", false: "sh"}[runtime.GOOS == "windows"]

// shellNames are the values of --shell.
func shellNames() []string {
	var names []string
	for _, shell := range shells() {
		names = append(names, shell.names...)
	}
	return names
}

// assignments returns a command for each variable. One without a value is removed: it may be there
// from a session of the other platform, or from an earlier one if session is nil. Each command ends
// in a semicolon, since an unquoted substitution joins lines.
func assignments(shellName string, session handoff.Entry) string {
	var text strings.Builder
	for _, shell := range shells() {
		if !slices.Contains(shell.names, shellName) {
			continue
		}
		for _, variable := range variables(session) {
			if variable.value == "" {
				fmt.Fprintf(&text, shell.unset, variable.name)
			} else {
				fmt.Fprintf(&text, shell.set, variable.name, shell.quoted.Replace(variable.value))
			}
		}
	}
	return text.String()
}
