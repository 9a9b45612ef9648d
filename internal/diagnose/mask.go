package diagnose

import (
	"net/url"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ers-login/ers-login/internal/config"
)

// Names is who and what a bundle must not name.
type Names struct {
	// Accounts are the names by which the computer knows its user, with or without a domain.
	Accounts []string
	// People are names of persons: the user's own, and of whoever is signed in to e-RS.
	People []string
	// Computers are names of this computer.
	Computers []string
	// Homes are home folders.
	Homes []string
}

// SystemNames returns what the operating system calls this user, their home folder and this computer. What it does not tell is left
// out.
func SystemNames() Names {
	var names Names
	if current, err := user.Current(); err == nil {
		names.Accounts = append(names.Accounts, current.Username)
		names.People = append(names.People, current.Name)
		names.Homes = append(names.Homes, current.HomeDir)
	}
	for _, variable := range []string{"USER", "LOGNAME", "USERNAME"} {
		names.Accounts = append(names.Accounts, os.Getenv(variable))
	}
	if home, err := os.UserHomeDir(); err == nil {
		names.Homes = append(names.Homes, home)
	}
	if host, err := os.Hostname(); err == nil {
		names.Computers = append(names.Computers, host)
	}
	names.Computers = append(names.Computers, os.Getenv("COMPUTERNAME"))
	return names
}

// SettingsNames returns the names that settings give away: the user of the proxy, and whoever has a folder on the way to a file.
func SettingsNames(settings config.Config) Names {
	names := Names{Accounts: []string{settings.ProxyUser}}
	for _, setting := range config.Settings() {
		for _, place := range []*regexp.Regexp{windowsFolder, userFolder} {
			for _, found := range place.FindAllStringSubmatch(settings.Value(setting.Key), -1) {
				if !isNobody(found[2]) {
					names.Accounts = append(names.Accounts, found[2])
				}
			}
		}
	}
	return names
}

// And returns these names and others.
func (n Names) And(more Names) Names {
	return Names{
		Accounts: slices.Concat(n.Accounts, more.Accounts), People: slices.Concat(n.People, more.People),
		Computers: slices.Concat(n.Computers, more.Computers), Homes: slices.Concat(n.Homes, more.Homes),
	}
}

// What stands in the place of a name.
const (
	maskedHome     = "~"
	maskedAccount  = "[user]"
	maskedPerson   = "[name]"
	maskedComputer = "[computer]"
	maskedNumber   = "[number]"
)

// Masker takes out of a text what must not leave the computer: secrets, names of people and of the computer, home folders, and the
// 12-digit numbers by which the NHS knows people. Names that it was not told are masked where their place says that they are some: the
// folder of any user, and the first half of an e-mail address or user principal name. It is safe for concurrent use.
type Masker struct {
	redact func(string) string
	names  Names
	rules  []rule
	// kept are 12-digit numbers that are nobody's: the ASID.
	kept []string
}

// rule masks one text in one of its forms.
type rule struct {
	pattern *regexp.Regexp
	masked  string
	// alone: only where it is a word of its own, since it is short or may be an ordinary word.
	alone bool
}

// NewMasker makes a Masker. redact masks secrets, as the log's Redact does; kept are 12-digit numbers that may be seen.
func NewMasker(redact func(string) string, names Names, kept ...string) *Masker {
	m := &Masker{redact: redact, names: names, kept: kept}
	// Longer ones first: the folder has the account's name in it.
	for _, home := range longestFirst(names.Homes) {
		home = strings.TrimRight(home, `/\`)
		if utf8.RuneCountInString(home) > 1 {
			m.add(home, maskedHome, false)
			m.add(filepath.ToSlash(home), maskedHome, false)
			m.add(strings.ReplaceAll(home, "/", `\`), maskedHome, false)
		}
	}
	for _, person := range longestFirst(names.People) {
		m.addPerson(person)
	}
	for _, computer := range longestFirst(names.Computers) {
		m.addWord(computer, maskedComputer)
		if short, _, qualified := strings.Cut(computer, "."); qualified {
			m.addWord(short, maskedComputer)
		}
	}
	for _, account := range longestFirst(names.Accounts) {
		m.addWord(account, maskedAccount)
		// DOMAIN\name on Windows, name@domain elsewhere.
		if _, name, qualified := strings.Cut(account, `\`); qualified {
			m.addWord(name, maskedAccount)
		}
		if name, _, qualified := strings.Cut(account, "@"); qualified {
			m.addWord(name, maskedAccount)
		}
	}
	return m
}

// and returns a Masker that masks more names.
func (m *Masker) and(more Names) *Masker { return NewMasker(m.redact, m.names.And(more), m.kept...) }

func longestFirst(list []string) []string {
	sorted := slices.Clone(list)
	slices.SortStableFunc(sorted, func(a, b string) int { return len(b) - len(a) })
	return slices.Compact(sorted)
}

// anonymous are names that say nothing of anybody, and whose masking would make a report hard to read.
var anonymous = []string{"", "root", "admin", "administrator", "user", "users", "guest", "system", "nobody", "localhost", "localdomain"}

// shortName is the length below which a name is masked only where it is a word of its own.
const shortName = 4

func (m *Masker) addWord(name, masked string) {
	name = strings.TrimSpace(name)
	if !slices.Contains(anonymous, strings.ToLower(name)) {
		m.add(name, masked, utf8.RuneCountInString(name) < shortName)
	}
}

// addPerson masks a whole name, and each part of it as it is written in a name: with a capital or in capitals. A part may be an ordinary
// word otherwise.
func (m *Masker) addPerson(name string) {
	m.addWord(name, maskedPerson)
	for _, part := range strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && r != '\'' && r != '-' }) {
		if utf8.RuneCountInString(part) < 3 || slices.Contains(anonymous, strings.ToLower(part)) {
			continue
		}
		for _, form := range formsOf(part) {
			for _, written := range []string{form, strings.ToUpper(form)} {
				m.rules = append(m.rules, rule{regexp.MustCompile(regexp.QuoteMeta(written)), maskedPerson, true})
			}
		}
	}
}

func (m *Masker) add(text, masked string, alone bool) {
	for _, form := range formsOf(text) {
		m.rules = append(m.rules, rule{regexp.MustCompile(`(?i)` + regexp.QuoteMeta(form)), masked, alone})
	}
}

// formsOf returns how a text may be written inside another: as it is, as in an address, and escaped as in JSON or Go.
func formsOf(text string) []string {
	quoted, ascii := strconv.Quote(text), strconv.QuoteToASCII(text)
	forms := []string{
		text, url.PathEscape(text), url.QueryEscape(text), quoted[1 : len(quoted)-1], ascii[1 : len(ascii)-1],
	}
	slices.Sort(forms)
	return longestFirst(slices.Compact(forms))
}

// What a path to the folder of a user is made of, as it is and as in an address. A name in a path of Windows may have blanks; what no
// name there can have ends it.
const (
	separator = `(?:[\\/]|%5C|%2F)`
	homes     = `(?:homes?|users|profiles|documents(?: |%20|\+)and(?: |%20|\+)settings)\$?`
	nameBegin = `[^"'\\/\[\]:;|=,+*?<>%(){}\x00-\x20]`
	nameRest  = `[^"\\/\[\]:;|=,+*?<>%\x00-\x20]`
)

// What finds names by their place: the second group is the name, which stands between the others.
var (
	windowsFolder = regexp.MustCompile(`(?i)((?:[a-z](?::|%3A)` + separator + `+|\\|%5C)` + homes + separator + `+)` +
		`(` + nameBegin + `(?:(?: |%20)*` + nameRest + `)*)`)
	userFolder = regexp.MustCompile(`(?i)(` + separator + homes + separator + `+)(` + nameBegin + nameRest + `*)`)
	mailbox    = regexp.MustCompile(`(?i)()([\pL\pN._+'-]*[\pL\pN_+-])((?:@|%40)(?:[a-z0-9-]+\.)+[a-z]{2,}\b)`)
)

// nobodys are folders beside those of users.
var nobodys = []string{"public", "default", "default user", "all users", "shared"}

func isNobody(name string) bool {
	name = strings.ToLower(name)
	return slices.Contains(anonymous, name) || slices.Contains(nobodys, name)
}

// number finds what may be the 12 digits by which the NHS knows a user.
var number = regexp.MustCompile(`[0-9]+`)

// Mask returns the text without them.
func (m *Masker) Mask(text string) string {
	text = m.redact(text)
	for _, rule := range m.rules {
		text = rule.mask(text)
	}
	for _, place := range []*regexp.Regexp{windowsFolder, userFolder, mailbox} {
		text = place.ReplaceAllStringFunc(text, func(found string) string {
			parts := place.FindStringSubmatch(found)
			if isNobody(parts[2]) {
				return found
			}
			return parts[1] + maskedAccount + strings.Join(parts[3:], "")
		})
	}
	return number.ReplaceAllStringFunc(text, func(digits string) string {
		if len(digits) != 12 || slices.Contains(m.kept, digits) {
			return digits
		}
		return maskedNumber
	})
}

func (r rule) mask(text string) string {
	found := r.pattern.FindAllStringIndex(text, -1)
	if found == nil {
		return text
	}
	var masked strings.Builder
	last := 0
	for _, place := range found {
		if r.alone && !isWord(text, place[0], place[1]) {
			continue
		}
		masked.WriteString(text[last:place[0]])
		masked.WriteString(r.masked)
		last = place[1]
	}
	masked.WriteString(text[last:])
	return masked.String()
}

// isWord tells whether what stands between two places is a word of its own. An escape such as %5C before it is no part of it.
func isWord(text string, from, to int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:from])
	after, _ := utf8.DecodeRuneInString(text[to:])
	if from >= 3 && text[from-3] == '%' {
		before = '%'
	}
	return !isPart(before) && !isPart(after)
}

func isPart(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
