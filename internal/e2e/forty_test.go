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
	s.clickOnGround()
	s.press("Return") // the card goes in, and its passcode is entered
	s.see(program, "choosing")

	keys := []string{"c", "h", "a", "l", "k", "Return"}
	require.LessOrEqual(t, len(keys), most)
	s.press(keys...)
	s.see(program, "signed-in")
	s.isAt(ersclient.ServiceProviderClinician, "RZ802")

	s.press("Tab", "Return", "Return") // switch role: the pair used last has the focus
	s.see(program, "choosing")
	s.press("Return")
	s.see(program, "signed-in")
	s.isAt(ersclient.ServiceProviderClinician, "RZ802")

	s.findsTheirWay(program)
}

// findsTheirWay goes on with a favourite and the way out, signed in at RZ802.
func (s *scene) findsTheirWay(program *stage.Program) {
	s.t.Helper()
	switchRole := func() {
		s.press("Tab", "Return", "Return")
		s.see(program, "choosing")
	}
	// The last card becomes the first favourite: 2, whatever is used last.
	switchRole()
	s.press("End", "asterisk", "2")
	s.see(program, "signed-in")
	s.isAt(ersclient.ServiceProviderClinicianAdmin, "RZ201")

	switchRole()
	s.press("c", "h", "a", "l", "k", "Return")
	s.see(program, "signed-in")
	s.isAt(ersclient.ServiceProviderClinician, "RZ802")
	switchRole()
	s.press("2")
	s.see(program, "signed-in")
	s.isAt(ersclient.ServiceProviderClinicianAdmin, "RZ201")

	// 120 cards are one Tab stop, and the ways out come before the search.
	switchRole()
	s.press("shift+Tab", "shift+Tab", "shift+Tab", "Return")
	s.see(program, "waiting")
	s.keyringEmpty()
}

// clickOnGround clicks where nothing is to be pressed.
func (s *scene) clickOnGround() {
	s.t.Helper()
	require.NoError(s.t, s.Desktop.Click(s.ctx, 8, 300))
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
