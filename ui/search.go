package ui

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"

	"github.com/ers-login/ers-login/ersclient"
)

// index finds pairs by words. Accents and case do not matter, and neither does the order of the words: each has to stand somewhere
// in the organisation's name, its ODS code or the role's name.
type index struct {
	// organisations has a text for each section, roles one for each business function.
	organisations []string
	roles         map[ersclient.BusinessFunction]string
}

func newIndex(sections []section) *index {
	x := &index{organisations: make([]string, len(sections)), roles: make(map[ersclient.BusinessFunction]string)}
	for i, s := range sections {
		x.organisations[i] = fold(s.name + " " + s.code)
		for _, p := range s.permissions {
			if _, known := x.roles[p.BusinessFunction]; !known {
				x.roles[p.BusinessFunction] = fold(roleName(p.BusinessFunction))
			}
		}
	}
	return x
}

// search returns a test for each section's pairs, or nil for a section in which nothing can match.
func (x *index) search(query string) func(section int) func(ersclient.Permission) bool {
	words := strings.Fields(fold(query))
	return func(section int) func(ersclient.Permission) bool {
		var missing []string
		for _, word := range words {
			if !strings.Contains(x.organisations[section], word) {
				missing = append(missing, word)
			}
		}
		return func(p ersclient.Permission) bool {
			for _, word := range missing {
				if !strings.Contains(x.roles[p.BusinessFunction], word) {
					return false
				}
			}
			return true
		}
	}
}

// fold returns a text without its accents, in the one case in which texts are compared.
func fold(text string) string {
	ascii := true
	for i := range len(text) {
		ascii = ascii && text[i] < 0x80
	}
	if ascii {
		return strings.ToLower(text)
	}
	plain, _, err := transform.String(transform.Chain(norm.NFKD, runes.Remove(runes.In(unicode.Mn)), cases.Fold()), text)
	if err != nil { // Not for text that any keyboard makes.
		return strings.ToLower(text)
	}
	return plain
}
