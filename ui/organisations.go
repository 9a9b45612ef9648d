package ui

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/problem"
)

// section is an organisation with its business functions.
type section struct {
	code, name  string
	full        string // both, in one line
	sort        string // sort key
	permissions []ersclient.Permission
}

// title returns the organisation's name, and its code with the number of roles.
func (s section) title(count string) (name, note string) {
	switch {
	case s.name == "":
		return s.code, count
	case s.code == "":
		return s.name, count
	default:
		return s.name, s.code + " · " + count
	}
}

var number = regexp.MustCompile(`[0-9]+`)

// padded returns a number so that 2 sorts before 10.
func padded(digits string) string { return strings.Repeat("0", max(0, 9-len(digits))) + digits }

// byOrganisation groups pairs by organisation, sorted by name and code, and within each by the
// role's name. The order does not depend on that of e-RS, so that a card keeps its place. A pair
// listed twice is shown once.
func byOrganisation(permissions []ersclient.Permission) []section {
	index := make(map[string]int)
	seen := make(map[ersclient.Permission]bool, len(permissions))
	names := make(map[ersclient.BusinessFunction]string)
	var sections []section
	for _, p := range permissions {
		if _, known := names[p.BusinessFunction]; !known {
			names[p.BusinessFunction] = RoleName(p.BusinessFunction)
		}
		if seen[pairOf(p)] {
			continue
		}
		seen[pairOf(p)] = true
		at, known := index[p.OrgIdentifier]
		if !known {
			at = len(sections)
			index[p.OrgIdentifier] = at
			sections = append(sections, section{code: problem.Clean(p.OrgIdentifier, 40)})
		}
		if name := problem.Clean(p.OrgName, 200); name != "" && (sections[at].name == "" || name < sections[at].name) {
			sections[at].name = name
		}
		sections[at].permissions = append(sections[at].permissions, p)
	}
	for i, s := range sections {
		sections[i].full = withCode(s.name, s.code)
		sections[i].sort = number.ReplaceAllStringFunc(strings.ToLower(cmp.Or(s.name, s.code)), padded)
		slices.SortStableFunc(s.permissions, func(a, b ersclient.Permission) int {
			return cmp.Or(cmp.Compare(names[a.BusinessFunction], names[b.BusinessFunction]),
				cmp.Compare(a.BusinessFunction, b.BusinessFunction))
		})
	}
	slices.SortStableFunc(sections, func(a, b section) int {
		return cmp.Or(cmp.Compare(a.sort, b.sort), cmp.Compare(a.code, b.code))
	})
	return sections
}
