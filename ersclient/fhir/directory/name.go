package directory

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// DisplayName returns the name of an organisation for display: "NORTHMOOR GP SURGERY" becomes
// "Northmoor GP Surgery". A name that is not all capitals is returned unchanged: its case
// was chosen.
func DisplayName(name string) string {
	if strings.ContainsFunc(name, unicode.IsLower) {
		return name
	}
	var display strings.Builder
	rest, first := name, true
	for rest != "" {
		end := strings.IndexFunc(rest, func(r rune) bool { return !inWord(r) })
		switch {
		case end < 0:
			end = len(rest)
		case end == 0:
			_, size := utf8.DecodeRuneInString(rest)
			display.WriteString(rest[:size])
			rest = rest[size:]
			continue
		}
		display.WriteString(displayWord(rest[:end], first, isBetween(display.String(), rest[end:])))
		rest, first = rest[end:], false
	}
	return display.String()
}

// inWord reports whether a rune is part of a word: O'Brien is one, Stoke-on-Trent three.
func inWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("'’_&", r)
}

// isBetween reports whether a word stands between others: a small word that ends a name or begins a
// bracket is not one, as in "Clinic (On Call)".
func isBetween(before, after string) bool {
	return strings.TrimLeft(after, " -") != "" && !strings.HasSuffix(before, "(")
}

// displayWord returns a word of capitals for display.
func displayWord(word string, first, between bool) string {
	switch {
	case capitals[word], strings.ContainsFunc(word, func(r rune) bool { return unicode.IsDigit(r) || r == '_' || r == '&' }):
		return word
	case small[word] && !first && between:
		return strings.ToLower(word)
	case !titles[word] && utf8.RuneCountInString(word) <= 5 && !strings.ContainsAny(word, vowels+"'’"):
		// BCPFT cannot be said as a word.
		return word
	}
	runes := []rune(strings.ToLower(word))
	isMc := len(runes) > 4 && strings.HasPrefix(word, "MC")
	for i, r := range runes {
		// McKenzie, O'Brien and D'Arcy, but James's and Int'l.
		if i == 0 || i == 2 && (isMc || runes[1] == '\'' || runes[1] == '’') {
			runes[i] = unicode.ToUpper(r)
		}
	}
	return string(runes)
}

const vowels = "AEIOUYÀÂÁÄÈÊÉËÌÎÍÏÒÔÓÖÙÛÚÜŴŶ"

// capitals are the abbreviations that have vowels, are digits of Rome, or are longer than five
// letters.
var capitals = setOf("NHS NHSE GP GPS ICB ICS CCG PCT PCN SHA ISTC UK USA LLP PLC CIC IT RA ENT MIU UTC UTCS CATS CAMHS MSK " +
	"IAPT OOH AQP BUPA BMI HCA HMP YOI MOD RAF RNIB BPAS DVT ECG MRI CT AAA ADHD EMIS TPP RMS CAS SPOA EPR II III IV VI VII VIII IX")

// small are the words that are in lower case inside a name.
var small = setOf("A AN AND AT BY DE EN FOR FROM IN LA LE OF ON OR SUPER THE TO UNDER UPON WITH Y")

// titles are words without vowels that are not abbreviations in capitals.
var titles = setOf("ST STS DR DRS MR MRS MS LTD MT FT RD SQ CTR NTH STH CWM")

func setOf(words string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(words) {
		set[word] = true
	}
	return set
}
