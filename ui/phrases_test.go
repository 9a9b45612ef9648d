package ui

import (
	"context"
	"crypto/tls"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/ersclient/hscn"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/diagnose"
	"github.com/ers-login/ers-login/internal/problem"
)

// englishWords are the parts of dates, origins and trust stores in English.
var englishWords = []string{"January", "February", "March", "April", "May ", "June", "July", "August", "September", "October", "November",
	"December", "built-in", "default", "line ", "environment variable", "flag ", "managed", "authority", "system's"}

// examined shows the Diagnostics page with the results of the real checks.
func examined(t *testing.T, target diagnose.Target) *world {
	t.Helper()
	looked := &chain{}
	for _, result := range diagnose.Run(t.Context(), diagnose.Checks(target), nil) {
		looked.findings = append(looked.findings, named{result.Name, result.Finding})
	}
	w := newWorld(t, Settings{Language: "cy", Diagnostics: looked})
	t.Cleanup(func() { require.NoError(t, UseLanguage("")) })
	w.press(fyne.KeyF9)
	w.unfold()
	return w
}

// A Welsh sentence must not contain "28 November 2026" or "built-in default".
func TestDatesAndOriginsAreInTheLanguage(t *testing.T) {
	server := erstest.NewServer()
	defer server.Close()
	file := filepath.Join(t.TempDir(), "config.toml")
	require.NoError(t, os.WriteFile(file, []byte("# mine\nasid = '"+erstest.ASID+"'\n"), 0o600))
	ends := server.ClientCertificate().Leaf.NotAfter.UTC()
	month := []string{"Ionawr", "Chwefror", "Mawrth", "Ebrill", "Mai", "Mehefin", "Gorffennaf", "Awst", "Medi", "Hydref", "Tachwedd",
		"Rhagfyr"}[ends.Month()-1]
	until := strconv.Itoa(ends.Day()) + " " + month + " " + strconv.Itoa(ends.Year())
	for name, c := range map[string]struct {
		sources config.Sources
		origin  string
		trust   string
		shown   string
	}{
		"a line of a file": {config.Sources{UserFile: file}, "(llinell 2 o " + file + ")", transport.StandInTrust, "awdurdod yr arddangosiad"},
		"a variable":       {config.Sources{Environ: []string{"ERS_LOGIN_ASID=" + erstest.ASID}}, "(newidyn amgylchedd ERS_LOGIN_ASID)", "/etc/nhs.pem", "/etc/nhs.pem"},
		"a default":        {config.Sources{}, "(rhagosodiad y rhaglen)", "", "y tystysgrifau a osodwyd"},
		"a policy": {config.Sources{Policy: func() []config.Policy {
			return []config.Policy{{Where: `HKLM\Software\Policies\ers-login`, Values: map[string]any{"asid": erstest.ASID}}}
		}}, `(HKLM\Software\Policies\ers-login, wedi'i reoli gan eich sefydliad)`, transport.StandInTrust, "awdurdod yr arddangosiad"},
	} {
		t.Run(name, func(t *testing.T) {
			settings, err := config.Load(c.sources)
			require.NoError(t, err)
			w := examined(t, diagnose.Target{
				Settings: settings, ASID: erstest.ASID,
				Certificate: func(context.Context) (tls.Certificate, error) { return server.ClientCertificate(), nil },
				ERS: func(certificate tls.Certificate) (diagnose.ERS, error) {
					return hscn.New(hscn.Config{ASID: erstest.ASID, Config: transport.Config{BaseURL: server.URL, Certificate: certificate,
						RootCAs: server.RootCAs(), TrustStore: c.trust, Timeout: time.Minute}})
				},
				LookUp: func(context.Context, string) ([]string, error) { return []string{"127.0.0.1"}, nil },
			})
			require.True(t, w.seen(c.origin), w.texts())
			require.True(t, w.seen(c.shown), w.texts())
			require.True(t, w.seen("\""+erstest.FQDN+"\" yn ddilys tan "+until), w.texts())
			for _, text := range w.texts() {
				said := strings.ReplaceAll(text, "managed by", "")
				index := slices.IndexFunc(englishWords, func(word string) bool { return strings.Contains(said, word) })
				assert.Equal(t, -1, index, text)
			}
		})
	}
}

// The same holds for a failed sign-in, with several faults of the settings joined, and for a
// message without a window.
func TestProblemsHaveTheirValuesInTheLanguage(t *testing.T) {
	require.NoError(t, UseLanguage("cy"))
	t.Cleanup(func() { require.NoError(t, UseLanguage("")) })
	expired := (&problem.Problem{Happened: "The endpoint certificate \"{{.Name}}\" is valid until {{.Until}}. After that, you cannot sign in to e-RS on " +
		"this computer."}).With("Name", "x.example").WithPhrase("Until", problem.Moment(time.Date(2026, 3, 1, 9, 5, 0, 0, time.UTC)))
	assert.Contains(t, Spoken(expired).Happened, "1 Mawrth 2026 09:05 UTC")

	_, err := config.Load(config.Sources{Environ: []string{"ERS_LOGIN_ASID=1", "ERS_LOGIN_THEME=x"}})
	require.Error(t, err)
	said := Spoken(problem.Of(err))
	for _, name := range []string{"ERS_LOGIN_ASID", "ERS_LOGIN_THEME"} {
		assert.Contains(t, strings.Join(said.ServiceDesk, "\n"), "newidyn amgylchedd "+name)
	}
	assert.NotContains(t, strings.Join(said.ServiceDesk, "\n"), "environment variable")
}
