package cli

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/app"
)

// The requests that a link may make; everything else in one is ignored or refused.
func TestLinks(t *testing.T) {
	for text, want := range map[string]string{
		"ers-login://sign-in":                            "",
		"ers-login://sign-in/":                           "",
		"ERS-Login://sign-in":                            "",
		"ers-login://open":                               "",
		"ers-login://open/":                              "",
		"ers-login://sign-in?for=Vendor%20App":           "Vendor App",
		"ers-login://sign-in/?for=Vendor+App":            "Vendor App",
		"ers-login://sign-in?for=Meddygfa%20T%C5%B7":     "Meddygfa Tŷ",
		"ers-login://sign-in?for=A%26B%3Dc":              "A&B=c",
		"ers-login://sign-in?for=--config%3Dx":           "--config=x",
		"ers-login://sign-in?for=%22quoted%22%20%24(id)": `"quoted" $(id)`,
	} {
		t.Run(text, func(t *testing.T) {
			require.True(t, isLink([]string{text}))
			got, ok := parseLink(text)
			require.True(t, ok)
			assert.Equal(t, want, got)
		})
	}
}

// A link is untrusted: it may come from a web page, a mail, a document. Nothing in it may reach a
// setting, a file or a command.
func TestLinksThatAreRefused(t *testing.T) {
	for name, arguments := range map[string][]string{
		"nothing":                      {"ers-login:"},
		"no slashes":                   {"ers-login:sign-in"},
		"one slash":                    {"ers-login:/sign-in"},
		"three slashes":                {"ers-login:///sign-in"},
		"no action":                    {"ers-login://"},
		"an action of no link":         {"ers-login://sign-out"},
		"another command":              {"ers-login://doctor"},
		"in capitals":                  {"ers-login://SIGN-IN"},
		"more after the action":        {"ers-login://sign-in-now"},
		"a path":                       {"ers-login://sign-in/now"},
		"two slashes after it":         {"ers-login://sign-in//"},
		"a path that climbs":           {"ers-login://sign-in/../open"},
		"an escaped action":            {"ers-login://sign%2Din"},
		"user info":                    {"ers-login://ann:secret@sign-in"},
		"a port":                       {"ers-login://sign-in:443"},
		"a fragment":                   {"ers-login://sign-in#for=x"},
		"a fragment after a name":      {"ers-login://sign-in?for=x#y"},
		"another parameter":            {"ers-login://sign-in?config=x"},
		"a setting":                    {"ers-login://sign-in?base-url=https://evil.example"},
		"a further parameter":          {"ers-login://sign-in?for=x&config=y"},
		"a name twice":                 {"ers-login://sign-in?for=x&for=y"},
		"parted by a semicolon":        {"ers-login://sign-in?for=x;config=y"},
		"in capitals, the parameter":   {"ers-login://sign-in?FOR=x"},
		"no value":                     {"ers-login://sign-in?for"},
		"an empty name":                {"ers-login://sign-in?for="},
		"a name of blanks":             {"ers-login://sign-in?for=%20+"},
		"an empty query":               {"ers-login://sign-in?"},
		"a parameter of open":          {"ers-login://open?for=x"},
		"a second question mark":       {"ers-login://sign-in?for=x?y"},
		"a blank":                      {"ers-login://sign-in --config x"},
		"a blank in the name":          {"ers-login://sign-in?for=x --config y"},
		"a quotation mark":             {`ers-login://sign-in?for=x" --config "y`},
		"a newline":                    {"ers-login://sign-in\n--config=x"},
		"a newline, escaped":           {"ers-login://sign-in?for=x%0Ay"},
		"a tab, escaped":               {"ers-login://sign-in?for=x%09y"},
		"a NUL":                        {"ers-login://sign-in?for=x%00"},
		"a bell":                       {"ers-login://sign-in?for=x%07"},
		"an escape sequence":           {"ers-login://sign-in?for=%1B%5B31m"},
		"a turn of direction":          {"ers-login://sign-in?for=%E2%80%AEppA"},
		"a zero-width blank":           {"ers-login://sign-in?for=x%E2%80%8By"},
		"no UTF-8":                     {"ers-login://sign-in?for=%FF%FE"},
		"a broken escape":              {"ers-login://sign-in?for=%2"},
		"an escape of nothing":         {"ers-login://sign-in?for=%zz"},
		"not ASCII":                    {"ers-login://sign-in?for=Tŷ"},
		"a backslash":                  {`ers-login://sign-in\?for=x`},
		"a long name":                  {"ers-login://sign-in?for=" + strings.Repeat("x", maxLinkName+1)},
		"a long link":                  {"ers-login://sign-in?for=" + strings.Repeat("%20", maxLink)},
		"flags after it":               {"ers-login://sign-in", "--config", "/tmp/theirs.toml"},
		"flags out of it":              {"ers-login:", "--base-url=https://evil.example"},
		"a link that hides behind one": {"ers-login://open", "ers-login://sign-in"},
	} {
		t.Run(name, func(t *testing.T) {
			require.True(t, isLink(arguments))
			status, stdout, stderr := run(t, "", arguments...)
			assert.Equal(t, app.StatusUsage, status)
			assert.Empty(t, stdout)
			assert.NotContains(t, stderr, "evil", "what was written is not repeated")
			assert.NotContains(t, stderr, "\x1b")
		})
	}
	// Other command lines are for the commands to refuse.
	for _, arguments := range [][]string{nil, {"session"}, {"--for", "ers-login://sign-in"}, {"ers-log"}, {""}} {
		assert.False(t, isLink(arguments), "%v", arguments)
	}
}

// FuzzLink checks that a link's name can be shown on one line, and that a link is nothing but an
// action and a name: written anew with it, it parses to the same.
func FuzzLink(f *testing.F) {
	for _, seed := range []string{"//sign-in?for=Vendor%20App", "//open", "//sign-in/", "//sign-in?for=%00", "//sign-in?for=a&b=c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, rest string) {
		got, ok := parseLink(linkScheme + rest)
		if !ok {
			return
		}
		again := linkScheme + "//sign-in"
		if got != "" {
			again += "?for=" + url.QueryEscape(got)
		}
		if len(again) <= maxLink {
			same, ok := parseLink(again)
			require.True(t, ok)
			require.Equal(t, got, same)
		}
		require.NotContains(t, got, "\n")
		require.LessOrEqual(t, len([]rune(got)), maxLinkName)
	})
}
