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
// business function. All text is folded once; a role is on thousands of cards and is matched once a
// search.
type index struct {
	// organisations has the folded text of each section, roles that of each business function.
	organisations, roles []string
	// roleOf has the index of the role for each pair of each section.
	roleOf [][]int
}

func newIndex(sections []section) *index {
	x := &index{organisations: make([]string, len(sections)), roleOf: make([][]int, len(sections))}
	known := make(map[ersclient.BusinessFunction]int)
	pairs := 0
	for _, s := range sections {
		pairs += len(s.permissions)
	}
	all := make([]int, 0, pairs)
	for i, s := range sections {
		x.organisations[i] = fold(s.name + " " + s.code)
		for _, p := range s.permissions {
			role, is := known[p.BusinessFunction]
			if !is {
				role = len(x.roles)
				known[p.BusinessFunction] = role
				x.roles = append(x.roles, fold(roleNames(p.BusinessFunction)))
			}
			all = append(all, role)
		}
		x.roleOf[i] = all[len(all)-len(s.permissions):]
	}
	return x
}

// words is a set of the words of a search, one bit each.
type words uint64

// mostWords is the size of such a set. Further words do not narrow the search.
const mostWords = 64

// search returns a test for the pairs of each section, both counted from 0.
func (x *index) search(query string) func(section, pair int) bool {
	wanted := codeWords(fold(query))
	wanted = wanted[:min(len(wanted), mostWords)]
	if len(wanted) == 0 {
		return func(int, int) bool { return true }
	}
	all := ^words(0) >> (mostWords - len(wanted))
	organisations, roles := found(x.organisations, wanted), found(x.roles, wanted)
	return func(section, pair int) bool { return organisations[section]|roles[x.roleOf[section][pair]] == all }
}

// found returns which of the words occur in each text.
func found(texts, wanted []string) []words {
	sets := make([]words, len(texts))
	for i, text := range texts {
		for bit, word := range wanted {
			if strings.Contains(text, word) {
				sets[i] |= 1 << bit
			}
		}
	}
	return sets
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
