//go:build linux

package e2e_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
	"github.com/ers-login/ers-login/internal/testing/stage"
)

// A consultant with 40 organisations finds one of them and is signed in there, by keyboard alone and with at most eight keys after the
// passcode. At the next sign-in it is one key.
func TestAUT005FortyOrganisationsInEightKeys(t *testing.T) {
	const most = 8
	s := open(t, keyringtest.Options{})
	program, err := s.Run(s.ctx, programs.login, "demo", "--persona", "consultant")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, program.Kill()) })
	s.see(program, "waiting")
	require.NoError(t, s.Desktop.WaitWindow(s.ctx, stage.Title))
	s.press("Return") // the card goes in, and its passcode is entered
	s.see(program, "choosing")

	keys := []string{"c", "h", "a", "l", "k", "Return"}
	require.LessOrEqual(t, len(keys), most)
	s.press(keys...)
	s.see(program, "signed-in")
	s.isAt(ersclient.ServiceProviderClinician, "RZ802")

	s.press("Tab", "Return") // switch role: the pair used last has the focus
	s.see(program, "choosing")
	s.press("Return")
	s.see(program, "signed-in")
	s.isAt(ersclient.ServiceProviderClinician, "RZ802")
}

// isAt asserts the role of the session in the keyring.
func (s *scene) isAt(function ersclient.BusinessFunction, organisation string) {
	s.t.Helper()
	value, there, err := s.SecretTool(s.ctx, handoff.AccountSession)
	require.NoError(s.t, err)
	require.True(s.t, there)
	session, err := handoff.Decode([]byte(value))
	require.NoError(s.t, err)
	assert.Equal(s.t, string(function), session.BusinessFunction)
	assert.Equal(s.t, organisation, session.OrgIdentifier)
}
