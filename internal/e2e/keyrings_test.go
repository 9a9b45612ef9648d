//go:build linux

package e2e_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/keyring/keyringtest"
)

// The hand-over on the keyrings that people have, through the window: signed in, locked and unlocked, another role, signed out, signed in
// again, killed and started again.
func TestTheHandOverOnEveryKeyring(t *testing.T) {
	for name, options := range map[string]keyringtest.Options{
		"GNOME's, login not the default": {OtherDefault: true},
		"KWallet":                        {Daemon: keyringtest.KWallet},
		"KeePassXC":                      {Daemon: keyringtest.KeePassXC},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, options)
			program := s.start()
			s.signIn(program)
			require.Len(t, s.sessions(), 1)
			s.keyringHas(s.sessions()[0])

			require.NoError(t, s.Keyring.Lock())
			session := s.launch("session")
			require.ErrorContains(t, session.Wait(s.ctx), "exit status 3", session.Output())
			require.NoError(t, s.Keyring.Unlock())
			s.keyringHas(s.sessions()[0])

			s.press("Tab", "Return")
			s.see(program, "choosing")
			s.press("1")
			s.see(program, "signed-in")
			require.Len(t, s.sessions(), 1)
			s.keyringHas(s.sessions()[0])
			s.signOut(program)
			s.keyringEmpty()
			require.Empty(t, s.sessions())

			s.press("Return")
			s.see(program, "choosing")
			s.press("4")
			s.see(program, "signed-in")
			s.keyringHas(s.sessions()[0])
			require.NoError(t, program.Kill())
			s.removeCard()
			s.start()
			s.keyringEmpty()
			require.Empty(t, s.sessions())
		})
	}
}

// The keyring was locked meanwhile, and the user does not unlock it when they sign out. The entry goes as soon as they do, without a key.
func TestSigningOutOfALockedKeyring(t *testing.T) {
	s := open(t, keyringtest.Options{Prompts: keyringtest.Dismissed})
	program := s.signedIn()
	require.NoError(t, s.Keyring.Lock())
	s.press("Tab", "Tab", "Return", "Return")
	require.NoError(t, program.WaitProblem(s.ctx, "KEYRING-DISMISSED"))
	require.Empty(t, s.sessions(), "e-RS does not wait")
	require.NoError(t, s.Keyring.Unlock())
	s.see(program, "waiting")
	s.keyringEmpty()
}
