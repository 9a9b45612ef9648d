package ui

import (
	"cmp"
	"strings"
	"unicode"

	"fyne.io/fyne/v2/lang"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/problem"
)

// roleWords is a business function's name on the screen, and its purpose in one line.
type roleWords struct{ name, purpose string }

var roles = map[ersclient.BusinessFunction]roleWords{
	ersclient.ReferringClinician:            {"Referring clinician", "Refer patients and book appointments"},
	ersclient.ReferringClinicianAdmin:       {"Referring clinician admin", "Support a referring clinician"},
	ersclient.ReferringAdmin:                {"Referring admin", "Manage bookings for referred patients"},
	ersclient.BMSHCPProxy:                   {"Booking service clinician proxy", "Act for a clinician at a booking service"},
	ersclient.BMSAdmin:                      {"Booking service admin", "Book appointments at a booking service"},
	ersclient.ServiceProviderClinician:      {"Service provider clinician", "Review and triage referrals"},
	ersclient.ServiceProviderClinicianAdmin: {"Service provider clinician admin", "Work for a clinician at a provider"},
	ersclient.ServiceProviderAdmin:          {"Service provider admin", "Manage a service's appointments"},
	ersclient.ServiceDefiner:                {"Service definer", "Maintain the directory of services"},
	ersclient.BookingManager:                {"Booking manager", "Manage bookings and worklists"},
	ersclient.Commissioner:                  {"Commissioner", "Manage commissioned services"},
	ersclient.InformationAnalyst:            {"Information analyst", "Run reports and data extracts"},
	ersclient.ERSAdmin:                      {"e-RS admin", "Administer e-RS for an organisation"},
	ersclient.AdditionalRequirementsManager: {"Additional requirements manager", "Maintain what a referral must include"},
	ersclient.ReferrerRightsManager:         {"Referrer rights manager", "Manage what referrers can use"},
}

// RoleName returns a business function's name on the screen. One that is not in the published list
// is made readable: SOME_NEW_ROLE becomes "Some new role".
func RoleName(function ersclient.BusinessFunction) string {
	if words, known := roles[function]; known {
		return lang.L(words.name)
	}
	return readable(string(function))
}

// englishName is RoleName in English, whatever the window's language.
func englishName(function ersclient.BusinessFunction) string {
	return cmp.Or(roles[function].name, readable(string(function)))
}

// roleNames returns all names that a business function can be searched by: on the screen, in
// English, and the words of its value.
func roleNames(function ersclient.BusinessFunction) string {
	return strings.Join(append([]string{RoleName(function), roles[function].name}, codeWords(string(function))...), " ")
}

// roleAt says a role and where it is.
func roleAt(p ersclient.Permission) string {
	return lang.L("{{.Role}} at {{.Organisation}}", map[string]any{"Role": RoleName(p.BusinessFunction), "Organisation": organisation(p)})
}

// roleWithCode is roleAt with the role's code, for a service desk; empty without a role.
func roleWithCode(p ersclient.Permission) string {
	if p == (ersclient.Permission{}) {
		return ""
	}
	return roleAt(p) + ", " + problem.Clean(string(p.BusinessFunction), 80)
}

// rolePurpose returns a business function's purpose in one line, empty if unknown.
func rolePurpose(function ersclient.BusinessFunction) string {
	if words, known := roles[function]; known {
		return lang.L(words.purpose)
	}
	return ""
}

func readable(code string) string {
	text := []rune(strings.ToLower(problem.Clean(strings.Join(codeWords(code), " "), 80)))
	if len(text) == 0 {
		return lang.L("Role without a name")
	}
	text[0] = unicode.ToUpper(text[0])
	return string(text)
}

// codeWords splits a text like the words of a code, at underscores and hyphens too.
func codeWords(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == '_' || r == '-' || unicode.IsSpace(r) })
}

// organisation returns an organisation in one line: its name and ODS code, or whichever there is.
func organisation(p ersclient.Permission) string {
	return withCode(problem.Clean(p.OrgName, 200), problem.Clean(p.OrgIdentifier, 40))
}

func withCode(name, code string) string {
	switch {
	case name == "":
		return code
	case code == "":
		return name
	default:
		return name + " (" + code + ")"
	}
}
