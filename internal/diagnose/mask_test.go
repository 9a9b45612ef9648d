package diagnose_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/diagnose"
	"github.com/ers-login/ers-login/internal/logging"
)

var names = diagnose.Names{
	Accounts:  []string{`TRUST\asmith7`, "asmith7", "", "bo"},
	People:    []string{"Siân O'Smith-Jones", "MAY, Theresa"},
	Computers: []string{"ward12-pc.trust.example"},
	Homes:     []string{"/home/asmith7", `C:\Users\asmith7`, "/"},
}

// What a service desk forwards must not identify a user or a computer.
func TestNamesAreMasked(t *testing.T) {
	masker := diagnose.NewMasker(logging.NewRedactor().Redact, names, "123456789012")
	for name, test := range map[string]struct{ text, want string }{
		"home":                   {"open /home/asmith7/.config/x", "open ~/.config/x"},
		"home on Windows":        {`open C:\Users\asmith7\x`, `open ~\x`},
		"with slashes":           {"open c:/users/ASMITH7/x", "open c:/users/[user]/x"},
		"escaped":                {`"C:\\Users\\asmith7\\x"`, `"~\\x"`},
		"in an address":          {"file:///C%3A%5CUsers%5Casmith7", "file:///~"},
		"account":                {"asmith7 and TRUST\\ASMITH7", "[user] and [user]"},
		"inside another word":    {"cn=xasmith7y", "cn=x[user]y"},
		"short account":          {"bo, Bo and %5Cbo; not bob, hobo", "[user], [user] and %5C[user]; not bob, hobo"},
		"person":                 {"siân o'smith-jones", "[name]"},
		"person, escaped":        {`si\u00e2n o'smith-jones Si\u00e2n`, `[name] [name]`},
		"parts":                  {"Siân, O'SMITH-JONES, Theresa, MAY", "[name], [name], [name], [name]"},
		"a word is no name":      {"it may be", "it may be"},
		"computer":               {"WARD12-PC and ward12-pc.trust.example", "[computer] and [computer]"},
		"a number of the NHS":    {"user 021600556514", "user [number]"},
		"the ASID":               {"ASID 123456789012", "ASID 123456789012"},
		"another number":         {"1772440920000 and 12345678901", "1772440920000 and 12345678901"},
		"secrets":                {"AQIC5wM2LY4Sfcyw62EbAOsRpdfbGYUOyvkfZ4M6U7W52lM=", "[secret]"},
		"another's home":         {"open /home/alice.smith/x.p12: denied", "open /home/[user]/x.p12: denied"},
		"a home in a sentence":   {"the folder /home/alice.smith is missing", "the folder /home/[user] is missing"},
		"another's, of macOS":    {"/Users/alice/Library", "/Users/[user]/Library"},
		"another's, of Windows":  {`open c:\USERS\Alice Smith\x: denied`, `open c:\USERS\[user]\x: denied`},
		"the same with slashes":  {"C:/Users/Alice Smith/x", "C:/Users/[user]/x"},
		"the same, escaped":      {`{"x":"C:\\Users\\Alice Smith\\x"}`, `{"x":"C:\\Users\\[user]\\x"}`},
		"the same as an address": {"file:///C%3A%5CUsers%5CAlice%20Smith%5Cx", "file:///C%3A%5CUsers%5C[user]%5Cx"},
		"on a file server":       {`\\files\Home$\asmith\x and \\files\profiles\b jones`, `\\files\Home$\[user]\x and \\files\profiles\[user]`},
		"a shared folder":        {`C:\Users\Public\x, /Users/Shared/x`, `C:\Users\Public\x, /Users/Shared/x`},
		"a user principal name":  {"alice.smith@trust.nhs.uk, Bob.Jones%40nhs.net", "[user]@trust.nhs.uk, [user]%40nhs.net"},
		"in front of a host":     {"http://alice@proxy.example:3128, https://TRUST\\al:x@proxy", "http://[secret]@proxy.example:3128, https://[secret]@proxy"},
		"a version is no user":   {"fyne.io/fyne/v2@v2.8.1/app.go", "fyne.io/fyne/v2@v2.8.1/app.go"},
		"a folder that is short": {"/a/b", "/a/b"},
		"nothing":                {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			masked := masker.Mask(test.text)
			assert.Equal(t, test.want, masked)
			assert.Equal(t, masked, masker.Mask(masked), "masked twice")
		})
	}
}

// Masking the word root everywhere would make a report on certificates unreadable, and protect no
// person.
func TestNamesOfNoPersonStay(t *testing.T) {
	masked := mask(diagnose.Names{Accounts: []string{"root", `PC\Administrator`}, Computers: []string{"localhost"}})
	assert.Equal(t, "the root of localhost", masked("the root of localhost"))
	assert.Equal(t, "Administrator", masked("Administrator"))
}

func TestTheSystemsNames(t *testing.T) {
	t.Setenv("USER", "asmith7")
	t.Setenv("HOME", "/home/asmith7")
	found := diagnose.SystemNames()
	assert.Contains(t, found.Accounts, "asmith7")
	assert.Contains(t, found.Homes, "/home/asmith7")
	host, err := os.Hostname()
	assert.NoError(t, err)
	assert.Contains(t, found.Computers, host)
}

// A report in which every "nhs" is masked sends the service desk to a host that does not exist.
func TestOurWordsAndAddressesStay(t *testing.T) {
	settings, err := config.Load(config.Sources{Environ: []string{
		"ERS_LOGIN_BASE_URL=https://api.dev7.ers.ncrs.nhs.uk/ers-api", "ERS_LOGIN_PROXY=http://gateway.ward.nhs.uk:8080",
	}})
	require.NoError(t, err)
	addresses := diagnose.SettingsNames(settings)
	ours := "https://api.dev7.ers.ncrs.nhs.uk/ers-api, http://gateway.ward.nhs.uk:8080, API.DEV7.ERS.NCRS.NHS.UK:443. NHS smartcard; e-RS Login: " +
		`ers-login sign-in; the Identity Agent is signed in; {"level":"error","msg":"keyring","time":"x"}; theme = "system"; ` +
		"CARD-AGENT_COMMAND_START: line 3 of config.toml, environment variable ERS_LOGIN_ASID; certificate and settings"
	for _, user := range []string{
		"nhs", "ers", "uk", "api", "ncrs", "dev7", "gateway", "ward", "login", "ers-login", "sign", "agent", "keyring", "error", "level", "msg",
		"time", "theme", "cert", "smartcard", "card", "line", "asid", "setting", "system", "config", "NHS", "Ers", "command", "identity",
	} {
		t.Run(user, func(t *testing.T) {
			home := "/home/" + user
			assert.Equal(t, ours, mask(diagnose.Names{Computers: []string{user, user + ".local"}}.And(addresses))(ours), "a computer's name")
			masked := mask(diagnose.Names{Accounts: []string{user, `WARD7\` + user}, Homes: []string{home}}.And(addresses))
			assert.Equal(t, ours, masked(ours))
			if user == "system" {
				return // not a user name
			}
			assert.Equal(t, "~/x, /Users/[user]/x, [user], [user]@trust.nhs.uk",
				masked(home+"/x, /Users/"+user+`/x, WARD7\`+user+", "+user+"@trust.nhs.uk"), "what is a name by its place")
		})
	}
	masked := mask(diagnose.Names{Accounts: []string{"asmith"}, Computers: []string{"ward.nhs.uk"}}.And(addresses))
	assert.Equal(t, "[user], [user]2, x-[user]_y, [user].trust.nhs.uk; blasmithy", masked("asmith, ASmith2, x-asmith_y, asmith.trust.nhs.uk; blasmithy"))
	assert.Equal(t, "[computer]", masked("ward.nhs.uk"), "this computer's own")
}
