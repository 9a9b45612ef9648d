package commands

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/internal/problem"
)

// A settings file tried with the demonstration would seem to be right, or to exist, if it were
// accepted.
func TestTheDemonstrationTakesNoSettings(t *testing.T) {
	for name, test := range map[string]struct {
		args   []string
		names  string
		remedy string
	}{
		"a file":                     {[]string{"demo", "--config", "/nonexistent.toml"}, "--config:", "leave out demo"},
		"a file for doctor":          {[]string{"doctor", "--demo", "--config", "/nonexistent.toml"}, "--config:", "leave out --demo"},
		"settings for doctor":        {[]string{"doctor", "--demo", "--asid", "123456789012"}, "--asid:", "leave out --demo"},
		"several of them for doctor": {[]string{"--config", "a.toml", "doctor", "--demo", "--proxy", "none"}, "--config, --proxy:", "leave out --demo"},
	} {
		t.Run(name, func(t *testing.T) {
			var printed strings.Builder
			p := testProgram(t)
			p.stderr = &printed
			err := p.execute(t.Context(), test.args)
			require.Error(t, err)
			assert.Equal(t, statusUsage, p.report(err))
			assert.Contains(t, printed.String(), test.names)
			assert.Contains(t, printed.String(), test.remedy)
		})
	}
}

// A presenter who chose the wrong fault withdraws it, or chooses another: the next call meets the
// last one, not all in turn.
func TestAFaultOfTheDemonstrationIsTakenBack(t *testing.T) {
	ers := erstest.NewServer()
	defer ers.Close()
	client, err := ersclient.New(ersclient.Config{ASID: erstest.ASID, TransportConfig: ersclient.TransportConfig{
		BaseURL: ers.URL, Certificate: ers.ClientCertificate(), RootCAs: ers.RootCAs(),
	}})
	require.NoError(t, err)
	defer client.Close()
	choose := func(title string) {
		for _, item := range (demonstration{ers: ers, log: testLog(t)}).menu() {
			for _, fault := range item.Items {
				if item.Title == "The next sign-in (A001) is" && fault.Title == title {
					fault.Do()
					return
				}
			}
		}
		require.FailNow(t, "not in the menu: "+title)
	}
	signIn := func() error {
		_, err := client.CreateSession(t.Context(), ersclient.NewTicket(erstest.TicketGP))
		return err
	}
	choose("refused (403)")
	choose("as usual")
	require.NoError(t, signIn())
	choose("a server error (500)")
	choose("refused (403)")
	require.Equal(t, "ERS-A001-403", problem.Of(signIn()).Code)
	require.NoError(t, signIn())
}
