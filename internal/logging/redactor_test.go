package logging

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/secret"
)

// pem is put together here, so that no scanner takes the test for a leaked key.
func pem(kind string) string {
	return "-----BEGIN " + kind + "-----\nMIIBVgIBADANBgkq\nhkiG9w0BAQ\n-----END " + kind + "-----"
}

// What has the shape of a secret is masked although it is not guarded; the rest of a message stays,
// since a service desk has to understand it.
func TestShapes(t *testing.T) {
	const header = "HTTP_X_SESSION_KEY"
	tests := map[string]struct{ text, want string }{
		"nothing":            {"could not reach e-RS: 503 from https://e.nhs.uk/ers-api/v1/ProfessionalSession", ""},
		"empty":              {"", ""},
		"an ASID":            {"asid 123456789012, user 555032000100, org R01", ""},
		"a mask":             {"ticket [secret] from the card", ""},
		"words":              {"a ticket appeared; authorization was refused; basic constraints; bearer of bad news", ""},
		"the setting's name": {"passphrase_file, from line 3 of a: could not read the passphrase: it is empty", ""},
		"a Windows path":     {`C:\Users\ann\AppData\Local\ers-login\config.toml: 100%`, ""},
		"a user's address":   {"mail ann@nhs.uk or https://nhs.uk/@ann", ""},
		"UTF-8":              {"über 5 € \u2028 \x00 \xff", ""},

		"ticket":                  {"got " + plantedTicket + " from the card", "got [secret] from the card"},
		"ticket, cut":             {"got AQIC5wM2LY4Sfc… from the card", "got [secret]… from the card"},
		"ticket in a sentence":    {"got (" + plantedTicket + ").", "got ([secret])."},
		"ticket in JSON":          {`{"token":"` + plantedTicket + `","a":1}`, `{"token":"[secret]","a":1}`},
		"ticket in a URL":         {"https://e/?t=" + url.QueryEscape(plantedTicket) + "&a=1", "https://e/?t=[secret]&a=1"},
		"ticket in hex":           {"got " + hex.EncodeToString([]byte(plantedTicket)) + ".", "got [secret]."},
		"ticket in HEX":           {"got " + strings.ToUpper(hex.EncodeToString([]byte(plantedTicket))) + ".", "got [secret]."},
		"ticket in hex, apart":    {"got " + fmt.Sprintf("% x", plantedTicket) + " end", "got [secret] end"},
		"ticket in Go":            {fmt.Sprintf("%#v", []byte(plantedTicket)), "[]byte{0x[secret]}"},
		"ticket in bytes":         {fmt.Sprintf("%d", []byte(plantedTicket)), "[[secret]]"},
		"ticket in base64":        {"got " + base64.StdEncoding.EncodeToString([]byte(plantedTicket)) + " end", "got [secret] end"},
		"ticket in \\u":           {`AQI\u00435wM2LY4Sfcyw62EbAOsRpdfbGYU`, "[secret]"},
		"ticket in percent":       {`a %41%51%49%43%35%77%4d2LY4Sfcyw62EbAOsRpdfbGYU`, "[secret]"},
		"ticket in three layers":  {strconv.Quote(strconv.Quote(`\u0041QIC5wM2LY4Sfcyw62EbAOsRpd`)), "[secret]"},
		"session key":             {"PUT /v1/ProfessionalSession/" + plantedKey + ": 403", "PUT /v1/ProfessionalSession/[secret]: 403"},
		"session key, cut":        {"pro-xapi-session_222c42c7-820f…", "[secret]…"},
		"session key, upper case": {strings.ToUpper(plantedKey), "[secret]"},
		"session key in base64":   {"Basic: " + base64.StdEncoding.EncodeToString([]byte("x:"+plantedKey)), "Basic: eDp[secret]"},
		"header on the wire":      {"XAPI_ASID: 1\r\n" + header + ": abc\r\nAccept: */*", "XAPI_ASID: 1\r\n" + header + ": [secret]\r\nAccept: */*"},
		"authorization":           {"authorization: Basic YTpi\nA: b", "authorization: [secret]\nA: b"},
		"proxy authorization":     {`"Proxy-Authorization": ["Basic YTpi"]`, `"Proxy-Authorization": [secret]`},
		"a dumped header":         {"map[Authorization:[Bearer abc] X:[y]]", "map[Authorization:[secret]"},
		"cookie":                  {"Set-Cookie: a=b; c=d", "Set-Cookie: [secret]"},
		"bearer":                  {"sent Bearer 0123456789abcdef0123 to e-RS", "sent Bearer [secret] to e-RS"},
		"proxy in an address":     {"proxy http://ann:hunter2@proxy:3128/ refused", "proxy http://[secret]@proxy:3128/ refused"},
		"password in a query":     {"https://e/?password=hunter2&a=1", "https://e/?password=[secret]&a=1"},
		"password in JSON":        {`{"password": "hunter2", "a": 1}`, `{"password": "[secret]", "a": 1}`},
		"JWT":                     {"id eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln.", "id [secret]"},
		"JWT, cut":                {"id eyJhbGciOiJIUzI1NiJ9.eyJzdW…", "id [secret]…"},
		"private key":             {"key " + pem("PRIVATE KEY") + " end", "key [secret] end"},
		"private key, named":      {pem("EC PRIVATE KEY") + pem("RSA PRIVATE KEY"), "[secret][secret]"},
		"private key, encrypted":  {pem("ENCRYPTED PRIVATE KEY"), "[secret]"},
		"private key, cut":        {pem("PRIVATE KEY")[:50], "[secret]"},
		"private key, quoted":     {strconv.Quote(pem("PRIVATE KEY")), `"[secret]"`},
		"certificate":             {pem("CERTIFICATE"), ""},
	}
	redactor := NewRedactor()
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			want := test.want
			if want == "" {
				want = test.text
			}
			got := redactor.Redact(test.text)
			assert.Equal(t, want, got)
			assert.Equal(t, got, redactor.Redact(got), "redacting twice changes nothing")
		})
	}
}

// A secret that has no shape is masked in each form in which libraries write what they were given.
func TestGuard(t *testing.T) {
	quote := func(text string) string { return inner(strconv.Quote(text)) }
	ways := map[string]func(string) string{
		"plain":            func(text string) string { return text },
		"quoted":           quote,
		"quoted ASCII":     func(text string) string { return inner(strconv.QuoteToASCII(text)) },
		"quoted twice":     func(text string) string { return quote(quote(text)) },
		"quoted 3 times":   func(text string) string { return quote(quote(quote(text))) },
		"JSON":             func(text string) string { return inner(jsonText(text, true)) },
		"JSON, no HTML":    func(text string) string { return inner(jsonText(text, false)) },
		"JSON in JSON":     func(text string) string { return inner(jsonText(jsonText(text, true), true)) },
		"query":            url.QueryEscape,
		"path":             url.PathEscape,
		"lower-case query": func(text string) string { return lowerEscapes(url.QueryEscape(text)) },
		"query in query":   func(text string) string { return url.QueryEscape(url.QueryEscape(text)) },
		"HTML":             html.EscapeString,
		"hex":              func(text string) string { return hex.EncodeToString([]byte(text)) },
		"HEX":              func(text string) string { return fmt.Sprintf("%X", text) },
		"hex apart":        func(text string) string { return fmt.Sprintf("% x", text) },
		"Go bytes":         func(text string) string { return fmt.Sprintf("%#v", []byte(text)) },
		"bytes":            func(text string) string { return fmt.Sprintf("%d", []byte(text)) },
		"runes":            func(text string) string { return fmt.Sprint([]rune(text)) },
		"quoted runes":     func(text string) string { return fmt.Sprintf("%q", []rune(text)) },
		"base64":           func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) },
		"base64 URL":       func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) },
		"base64 after 1":   func(text string) string { return base64.StdEncoding.EncodeToString([]byte("a" + text + "bc")) },
		"base64 after 2":   func(text string) string { return base64.URLEncoding.EncodeToString([]byte("ab" + text + "c")) },
	}
	// Long enough that the search, which looks for twelve bytes, works on each.
	texts := map[string]string{
		"a passphrase": plantedPhrase, "digits": "987654321098765", "a ticket": plantedTicket, "a key": plantedKey,
		"control characters": "tab\there\nand there\x01\x7f", "of backslashes": `C:\a\b\c\d\e\f\g\h`, "not UTF-8": "abc\xff\xfedefghijklmnop",
		"other letters": "пароль-пароль-пароль", "of marks": `"""'''%%%\\\///<<<`,
	}
	for which, text := range texts {
		redactor := NewRedactor()
		redactor.Guard(secret.New(text))
		for way, write := range ways {
			t.Run(which+": "+way, func(t *testing.T) {
				got := redactor.Redact("before " + write(text) + " after")
				assert.Empty(t, leaks(got, text))
				assert.Contains(t, got, secret.Mask)
			})
		}
		assert.Equal(t, "before and after", redactor.Redact("before and after"))
	}
}

// lowerEscapes writes %2f for %2F.
func lowerEscapes(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '%' {
			b.WriteString(strings.ToLower(text[i : i+3]))
			i += 2
		} else {
			b.WriteByte(text[i])
		}
	}
	return b.String()
}

// The latest secrets are guarded: the session of now, not that of last week.
func TestGuardIsBounded(t *testing.T) {
	redactor := NewRedactor()
	name := func(i int) string { return fmt.Sprintf("number-%03d-of-many", i) }
	redactor.Guard(secret.New(name(0)))
	for i := 1; i < guarded+3; i++ {
		redactor.Guard(secret.New(name(i)))
		redactor.Guard(secret.New(name(0)))
	}
	for i, known := range map[int]bool{0: true, 1: false, 2: false, 3: false, 4: true, guarded + 2: true} {
		assert.Equal(t, known, redactor.Redact(name(i)) == secret.Mask, name(i))
	}
}

// A passphrase that is a word of ours, or hardly there, must not make the log unreadable.
func TestGuardOfOddTexts(t *testing.T) {
	for text, want := range map[string]string{
		"":         "a secret, [secret]: abc",
		"abc":      "a secret, [secret]: abc",
		"secret":   "a [secret], [secret]: abc",
		"[secret]": "a secret, [secret]: abc",
	} {
		redactor := NewRedactor()
		redactor.Guard(secret.New(text))
		got := redactor.Redact("a secret, [secret]: abc")
		assert.Equal(t, want, got)
		assert.Equal(t, got, redactor.Redact(got))
	}
}

// A text that is cut while it is redacted must not end with the first half of a secret, which no longer looks like one.
func TestTheStartOfALongText(t *testing.T) {
	redactor := NewRedactor()
	redactor.Guard(secret.New(plantedPhrase))
	const limit = 2000
	for cut := range len(plantedPhrase) {
		text := strings.Repeat("x", limit-cut) + plantedPhrase + strings.Repeat("y", limit)
		got := redactor.redactStart(text, limit)
		require.Empty(t, leaks(got, plantedPhrase))
		require.True(t, strings.HasSuffix(got, "x…"), got[len(got)-20:])
	}
	assert.Equal(t, cutMark, redactor.redactStart(strings.Repeat(plantedPhrase, 100), len(plantedPhrase)))
	assert.Equal(t, "short", redactor.redactStart("short", limit))
}

// Secrets come and go while lines are written.
func TestGuardWhileRedacting(t *testing.T) {
	redactor := NewRedactor()
	redactor.Guard(secret.New(plantedPhrase))
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for j := range 50 {
				redactor.Guard(secret.New(fmt.Sprintf("another secret %d %d", i, j%5)))
				assert.Equal(t, "a [secret] b", redactor.Redact("a "+plantedPhrase+" b"))
			}
		})
	}
	all.Wait()
}

// Whatever the secret and whatever stands around it, it does not come out, and redacting again changes nothing.
func FuzzRedact(f *testing.F) {
	f.Add("hunter22", "before ", " after")
	f.Add(plantedPhrase, `{"a":"`, `"}`)
	f.Add("\\u0041\\u0041", "%41%41", `\\\`)
	f.Add("aaaaaaaa", "aaaa", "aaaaaaaaaaa")
	f.Add("pass", "://pass", "@pass=pass")
	f.Fuzz(func(t *testing.T, text, before, after string) {
		if len(text) < shortest || strings.ContainsAny(text, "[]") || strings.Contains(secret.Mask, text) {
			// Too short to be guarded, or part of the mask itself.
			return
		}
		redactor := NewRedactor()
		redactor.Guard(secret.New(text))
		whole := before + text + after
		for _, output := range []string{redactor.Redact(whole), redactor.redactStart(whole, len(before)+len(text)/2)} {
			if strings.Contains(output, text) {
				t.Errorf("the secret came out of %q", whole)
			}
		}
		once := redactor.Redact(whole)
		if twice := redactor.Redact(once); twice != once && twice != secret.Mask {
			t.Errorf("redacting %q twice made %q", once, twice)
		}
	})
}
