package app

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/ersclient/hscn"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/problem"
)

// A presenter who chose the wrong fault withdraws it, or chooses another: the next call meets the
// last one, not all in turn.
func TestAFaultOfTheDemonstrationIsTakenBack(t *testing.T) {
	ers := erstest.NewServer()
	defer ers.Close()
	client, err := hscn.New(hscn.Config{ASID: erstest.ASID, Config: transport.Config{
		BaseURL: ers.URL, Certificate: ers.ClientCertificate(), RootCAs: ers.RootCAs(),
	}})
	require.NoError(t, err)
	defer client.Close()
	choose := func(title string) {
		for _, item := range (Demonstration{ers: ers, log: testLog(t)}).menu() {
			for _, fault := range item.Items {
				if item.Title == "Next sign-in" && fault.Title == title {
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
