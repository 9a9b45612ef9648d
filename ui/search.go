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

// index finds pairs by words. Accents, case and word order do not matter: each word must occur in
// the organisation's name, its ODS code or the role's names, which include the English name and the
// business function. All text is folded once.
type index struct {
	organisations []string // of each section
	roles         map[ersclient.BusinessFunction]string
}

func newIndex(sections []section) *index {
	x := &index{organisations: make([]string, len(sections)), roles: map[ersclient.BusinessFunction]string{}}
	for i, s := range sections {
		x.organisations[i] = fold(s.name + " " + s.code)
		for _, p := range s.permissions {
			if _, known := x.roles[p.BusinessFunction]; !known {
				x.roles[p.BusinessFunction] = fold(roleNames(p.BusinessFunction))
			}
		}
	}
	return x
}

// mostWords bounds a search. Further words do not narrow it.
const mostWords = 64

// search returns a test for the roles of each section, which is counted from 0.
func (x *index) search(query string) func(section int, role ersclient.BusinessFunction) bool {
	wanted := codeWords(fold(query))
	wanted = wanted[:min(len(wanted), mostWords)]
	return func(section int, role ersclient.BusinessFunction) bool {
		organisation, names := x.organisations[section], x.roles[role]
		for _, word := range wanted {
			if !strings.Contains(organisation, word) && !strings.Contains(names, word) {
				return false
			}
		}
		return true
	}
}

// fold returns a text without accents and in one case, for comparison.
func fold(text string) string {
	ascii := true
	for i := range len(text) {
		ascii = ascii && text[i] < 0x80
	}
	if ascii {
		return strings.ToLower(text)
	}
	plain, _, err := transform.String(transform.Chain(norm.NFKD, runes.Remove(runes.In(unicode.Mn)), cases.Fold()), text)
	if err != nil { // cannot occur with text from a keyboard
		return strings.ToLower(text)
	}
	return plain
}
