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
// in the organisation's name, its ODS code or the role's name. A role has its English name as well, whatever the language of the
// window, and the words of its business function: a user may know it by any of them. All that is searched is folded once, when the
// list arrives; a role stands on thousands of cards, and is looked through once for each search.
type index struct {
	// organisations has a text for each section, roles one for each business function.
	organisations, roles []string
	// roleOf has, for each pair of each section, which of the roles it is.
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

// words is a set of the words of a search, a bit for each.
type words uint64

// mostWords are as many as a set can hold. What is typed after them narrows nothing any more.
const mostWords = 64

// search returns a test for the pairs of each section, which are counted from 0 in both.
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

// found tells which of the words stand in each text.
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
