package diagnose

import (
	"net/url"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/ers-login/ers-login/assets"
	"github.com/ers-login/ers-login/internal/config"
)

// Names are the names that a bundle must not contain.
type Names struct {
	// Accounts are the user's names on the computer, with or without a domain.
	Accounts []string
	// People are names of persons: the user's of the computer, and the one's who is signed in to
	// e-RS.
	People []string
	// Computers are names of this computer.
	Computers []string
	// Homes are home folders.
	Homes []string
	// Addresses are hosts that may be seen: a name in one of them is no person's.
	Addresses []string
}

// SystemNames returns the operating system's names of this user, their home folder and this
// computer, as far as it has them.
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

// SettingsNames returns the names in settings: the user of the proxy, and owners of folders on the
// way to a file. The hosts of e-RS and of the proxy do not count as names.
func SettingsNames(settings config.Config) Names {
	names := Names{Accounts: []string{settings.ProxyUser}}
	for _, address := range []string{settings.BaseURL, settings.FHIRBaseURL, settings.OAuthURL, settings.DirectoryURL, settings.Proxy} {
		if parsed, err := url.Parse(address); err == nil {
			names.Addresses = append(names.Addresses, parsed.Hostname())
		}
	}
	for _, setting := range config.Settings() {
		for _, place := range []*regexp.Regexp{windowsFolder, userFolder} {
			for _, found := range place.FindAllStringSubmatch(settings.Value(setting.Key), -1) {
				if !isAnonymous(found[2]) {
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
		Addresses: slices.Concat(n.Addresses, more.Addresses),
	}
}

// The replacements for names.
const (
	maskedHome     = "~"
	maskedAccount  = "[user]"
	maskedPerson   = "[name]"
	maskedComputer = "[computer]"
	maskedNumber   = "[number]"
)

// Masker masks secrets, names of people and of the computer, home folders, and 12-digit numbers
// such as NHS user ids. Unlisted names are masked by their place: a user's folder, and the local
// part of an e-mail address or user principal name. Words of this program and known addresses stay.
// It is safe for concurrent use.
type Masker struct {
	redact func(string) string
	names  Names
	rules  []rule
	// kept are 12-digit numbers that identify no person: the ASID.
	kept []string
}

// rule masks one text in one of its forms.
type rule struct {
	pattern *regexp.Regexp
	masked  string
	// alone: mask whole words only, since the name is short or may be an ordinary word.
	alone bool
	// ours: do not mask words of this program, which identify no person.
	ours bool
	// addresses are those that keep the name.
	addresses []string
}

// NewMasker makes a Masker. redact masks secrets, as the log's Redact does; kept are 12-digit
// numbers that stay.
func NewMasker(redact func(string) string, names Names, kept ...string) *Masker {
	m := &Masker{redact: redact, names: names, kept: kept}
	// Longer ones first: the folder has the account's name in it.
	for _, home := range longestFirst(names.Homes) {
		home = strings.TrimRight(home, `/\`)
		if utf8.RuneCountInString(home) > 1 {
			for _, form := range []string{home, filepath.ToSlash(home), strings.ReplaceAll(home, "/", `\`)} {
				m.add(form, rule{masked: maskedHome})
			}
		}
	}
	for _, person := range longestFirst(names.People) {
		m.addPerson(person)
	}
	addresses := names.hosts()
	for _, computer := range longestFirst(names.Computers) {
		m.addWord(computer, rule{masked: maskedComputer, ours: true, addresses: addresses})
		if short, _, qualified := strings.Cut(computer, "."); qualified {
			m.addWord(short, rule{masked: maskedComputer, ours: true, addresses: addresses})
		}
	}
	account := rule{masked: maskedAccount, ours: true, addresses: addresses}
	for _, name := range longestFirst(names.Accounts) {
		m.addWord(name, account)
		// DOMAIN\name on Windows, name@domain elsewhere.
		if _, local, qualified := strings.Cut(name, `\`); qualified {
			m.addWord(local, account)
		}
		if local, _, qualified := strings.Cut(name, "@"); qualified {
			m.addWord(local, account)
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

// anonymous are names that identify no person, and whose masking would make a report hard to read.
var anonymous = []string{"", "root", "admin", "administrator", "user", "users", "guest", "system", "nobody", "localhost", "localdomain"}

// shortName is the length below which a name is masked only as a whole word.
const shortName = 4

// addWord masks a name as the rule says. One of letters alone could be a part of any word, others
// are found inside a word too.
func (m *Masker) addWord(name string, r rule) {
	name = strings.TrimSpace(name)
	if !slices.Contains(anonymous, strings.ToLower(name)) {
		letters := !strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) })
		r.alone = letters || utf8.RuneCountInString(name) < shortName
		m.add(name, r)
	}
}

// addPerson masks a whole name, and each part of it with a capital or in capitals: in lower case a
// part may be an ordinary word.
func (m *Masker) addPerson(name string) {
	addresses := m.names.hosts()
	m.addWord(name, rule{masked: maskedPerson, addresses: addresses})
	for _, part := range strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && r != '\'' && r != '-' }) {
		if utf8.RuneCountInString(part) < 3 || slices.Contains(anonymous, strings.ToLower(part)) {
			continue
		}
		for _, form := range formsOf(part) {
			for _, written := range []string{form, strings.ToUpper(form)} {
				m.rules = append(m.rules, rule{
					pattern: regexp.MustCompile(regexp.QuoteMeta(written)), masked: maskedPerson, alone: true, addresses: addresses,
				})
			}
		}
	}
}

func (m *Masker) add(text string, r rule) {
	for _, form := range formsOf(text) {
		r.pattern = regexp.MustCompile(`(?i)` + regexp.QuoteMeta(form))
		m.rules = append(m.rules, r)
	}
}

// formsOf returns the forms of a text inside another: plain, as in an address, and escaped as in
// JSON or Go.
func formsOf(text string) []string {
	quoted, ascii := strconv.Quote(text), strconv.QuoteToASCII(text)
	forms := []string{
		text, url.PathEscape(text), url.QueryEscape(text), quoted[1 : len(quoted)-1], ascii[1 : len(ascii)-1],
	}
	slices.Sort(forms)
	return longestFirst(slices.Compact(forms))
}

// The parts of a path to a user's folder, plain and as in an address. A name in a path of Windows
// may have blanks; characters that it cannot have end it.
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

// sharedFolders are folders beside those of users.
var sharedFolders = []string{"public", "default", "default user", "all users", "shared"}

func isAnonymous(name string) bool {
	name = strings.ToLower(name)
	return slices.Contains(anonymous, name) || slices.Contains(sharedFolders, name)
}

// number finds candidates for the 12 digits of an NHS user id.
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
			if isAnonymous(parts[2]) {
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
		if r.alone && !isWord(text, place[0], place[1]) || r.stays(text, place[0], place[1]) {
			continue
		}
		masked.WriteString(text[last:place[0]])
		masked.WriteString(r.masked)
		last = place[1]
	}
	masked.WriteString(text[last:])
	return masked.String()
}

// isWord reports whether text[from:to] is a whole word. An escape such as %5C before it is no part
// of it, nor is a number beside a longer name.
func isWord(text string, from, to int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:from])
	after, _ := utf8.DecodeRuneInString(text[to:])
	if from >= 3 && text[from-3] == '%' {
		before = '%'
	}
	part := isPart
	if utf8.RuneCountInString(text[from:to]) >= shortName {
		part = unicode.IsLetter
	}
	return !part(before) && !part(after)
}

func isPart(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// hosts returns the addresses that stay, without this computer's own.
func (n Names) hosts() []string {
	var hosts []string
	for _, address := range n.Addresses {
		host, _, _ := strings.Cut(address, ".")
		own := func(computer string) bool {
			short, _, _ := strings.Cut(computer, ".")
			return short != "" && strings.EqualFold(short, host)
		}
		if strings.Contains(address, ".") && !slices.ContainsFunc(n.Computers, own) {
			hosts = append(hosts, strings.ToLower(address))
		}
	}
	return hosts
}

// platform is the domain of all e-RS platforms.
const platform = ".ers.ncrs.nhs.uk"

// stays reports whether what stands between two places is in an address that may be seen, or is a
// word of this program.
func (r rule) stays(text string, from, to int) bool {
	if host := strings.ToLower(strings.Trim(around(text, from, to, "-."), ".")); r.addresses != nil || r.ours {
		if slices.Contains(r.addresses, host) || strings.HasSuffix("."+host, platform) {
			return true
		}
	}
	if !r.ours {
		return false
	}
	words := vocabulary()
	return words[strings.ToLower(text[from:to])] || words[strings.ToLower(around(text, from, to, ""))]
}

// around returns what stands between two places, with the letters, digits and some further
// characters on both sides of it.
func around(text string, from, to int, further string) string {
	isPart := func(r rune) bool { return isPart(r) || strings.ContainsRune(further, r) }
	for from > 0 {
		before, size := utf8.DecodeLastRuneInString(text[:from])
		if !isPart(before) {
			break
		}
		from -= size
	}
	for to < len(text) {
		after, size := utf8.DecodeRuneInString(text[to:])
		if !isPart(after) {
			break
		}
		to += size
	}
	return text[from:to]
}

// ourWord finds the words of a text, whole and in their parts: ers-login is one, and so are ers and
// login.
var ourWord = regexp.MustCompile(`[\pL\pN]+(?:[-._][\pL\pN]+)*`)

// vocabulary returns the words of this program, in lower case. A name that is one of them
// identifies no person, and a report without them could not be read.
var vocabulary = sync.OnceValue(func() map[string]bool {
	words := map[string]bool{}
	learn := func(text string) {
		for _, word := range ourWord.FindAllString(strings.ToLower(text), -1) {
			words[word] = true
			for _, part := range strings.FieldsFunc(word, func(r rune) bool { return !isPart(r) }) {
				words[part] = true
			}
		}
	}
	// It is a part of the program, and a test reads it.
	texts, _ := assets.Translation("en")
	learn(string(texts))
	for _, setting := range config.Settings() {
		learn(setting.Key + " " + setting.Flag + " " + setting.Description + " " + setting.Allowed)
	}
	learn(aboutMasked)
	learn("nhs ncrs spine msg stderr helper ticketbridge worker config.toml policy.toml ers-login.log " + runtime.GOOS + " " + runtime.GOARCH)
	return words
})
