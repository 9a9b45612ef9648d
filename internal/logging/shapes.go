package logging

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"

	"github.com/ers-login/ers-login/internal/secret"
)

// What a Spine ticket and an e-RS session key start with, in every published example.
const (
	ticketStart = "AQIC"
	keyStart    = "pro-xapi-session_"
)

// cutMark ends a text that was cut.
const cutMark = "…"

// shape is a kind of secret that is known by what it looks like. Masking twice must change nothing.
type shape struct {
	// hints are lower-case texts, one of which stands in every secret of this shape: searching for
	// them is much faster than the pattern.
	hints   []string
	pattern *regexp.Regexp
	masked  string
}

// mask replaces what has this shape. lower is the text in lower case, which all shapes share.
func (s shape) mask(text, lower string) string {
	for _, hint := range s.hints {
		if strings.Contains(lower, hint) {
			return s.pattern.ReplaceAllString(text, s.masked)
		}
	}
	return text
}

// shapes are tried in this order.
var shapes = append([]shape{
	// A private key, with or without its end.
	{[]string{"private key-----"},
		regexp.MustCompile(`(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\z)`), secret.Mask},
	// Headers, as on the wire, in a dump of a map and in JSON; the rest of the line goes.
	{[]string{"authorization", "cookie", "http_x_session_key"},
		regexp.MustCompile(`(?i)((?:authorization|cookie|http_x_session_key)\\?["']?\s*[:=]\s*)[^\r\n]+`), "${1}" + secret.Mask},
	{[]string{"bearer"}, regexp.MustCompile(`(?i)(\bbearer\s+)[0-9a-z._~+/=-]{16,}`), "${1}" + secret.Mask},
	// User and password in an address, as of a proxy.
	{[]string{"://"}, regexp.MustCompile(`(://)[^/\s"'@]+@`), "${1}" + secret.Mask + "@"},
	{[]string{"pass", "pwd"}, regexp.MustCompile(
		`(?i)((?:password|passphrase|passcode|passwd|pwd)(?:=|\\?["']\s*:\s*\\?["']))[^\s"'&;,]+`), "${1}" + secret.Mask},
	// A JSON web token, with its signature or without.
	{[]string{"eyj"}, regexp.MustCompile(`\beyJ[0-9A-Za-z_-]{8,}(?:\.[0-9A-Za-z_-]*)+`), secret.Mask},
	// A ticket and a session key, whole or cut, as they stand or escaped.
	{[]string{"aqic"}, regexp.MustCompile(ticketStart + `[0-9A-Za-z+/=@#*._%~\\-]{6,}`), secret.Mask},
	{[]string{keyStart}, regexp.MustCompile(`(?i)` + keyStart + `[0-9a-z+/=._%~\\-]{4,}`), secret.Mask},
}, append(encoded(ticketStart, 1), encoded(keyStart, 3)...)...)

// encoded returns the shapes of an encoded secret: in hex digits, together or apart, as by %x, % x,
// %# x and %#v; as a list of bytes in decimal, as by %v and %d; as a list of runes, as by %q; and
// in base64, at the given number of positions, since a short start is not recognisable in the
// middle of something longer.
func encoded(start string, positions int) []shape {
	var digits, numbers, runes, middles, hints []string
	for _, c := range []byte(start) {
		digits = append(digits, fmt.Sprintf("%02x", c))
		numbers = append(numbers, fmt.Sprint(c))
		runes = append(runes, fmt.Sprintf("%q", c))
	}
	for offset := range positions {
		middle := base64Middle([]byte(start), offset, base64.RawStdEncoding)
		middles = append(middles, middle)
		hints = append(hints, strings.ToLower(middle))
	}
	const apart, comma = `[ ,:]*(?:0x)?`, `[ ,]+`
	return []shape{
		{digits[:1], regexp.MustCompile(`(?i)` + strings.Join(digits, apart) + `(?:` + apart + `[0-9a-f]{2}){4,}`), secret.Mask},
		{numbers[:1], regexp.MustCompile(`\b` + strings.Join(numbers, comma) + `(?:` + comma + `[0-9]{1,3}){4,}`), secret.Mask},
		{[]string{strings.ToLower(runes[0])},
			regexp.MustCompile(strings.Join(runes, comma) + `(?:` + comma + `'[^' ,]+')+`), secret.Mask},
		{hints, regexp.MustCompile(`(?:` + strings.Join(middles, "|") + `)[0-9A-Za-z+/=_-]{8,}`), secret.Mask},
	}
}

// namesOfSecrets are names of fields whose value is always masked, in lower case and without - and
// _.
var namesOfSecrets = map[string]bool{
	"authorization": true, "proxyauthorization": true, "cookie": true, "setcookie": true,
	"sessionkey": true, "httpxsessionkey": true, "token": true, "ticket": true,
	"passphrase": true, "password": true, "passcode": true, "privatekey": true,
}

// namesSecret reports whether a field's name says that its value is a secret.
func namesSecret(name string) bool {
	return namesOfSecrets[strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(name))]
}
