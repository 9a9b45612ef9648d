//go:build linux

package e2e_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
	"github.com/ers-login/ers-login/internal/testing/readertest"
)

// others are the applications that read the session.
type others struct {
	*scene
	readers []readertest.Reader
}

// find asserts that all of them find this session.
func (o others) find(want erstest.SessionInfo) {
	o.t.Helper()
	for _, r := range o.readers {
		printed := r.Expect(o.t, readertest.SignedIn, o.Keyring, o.Env())
		require.False(o.t, strings.Contains(printed, want.Key), "%s shows the key", r.Name)
		for _, part := range []string{want.UserIdentifier, want.Role.BusinessFunction, want.Role.OrgIdentifier} {
			require.Contains(o.t, printed, part, r.Name)
		}
	}
	for name, key := range o.keys() {
		require.True(o.t, key == want.Key, "%s reads another session key than e-RS has created", name)
	}
}

// findNobody asserts that none of them finds anything.
func (o others) findNobody() {
	o.t.Helper()
	for _, r := range o.readers {
		r.Expect(o.t, readertest.SignedOut, o.Keyring, o.Env())
	}
	for name, key := range o.keys() {
		require.Empty(o.t, key, "%s still finds a session", name)
	}
}

// findItLocked asserts that each reports the reason. All but the one with package handoff ask for
// the password, which KWallet and KeePassXC do in an unseen window: they would wait until their
// time is up.
func (o others) findItLocked(daemon keyringtest.Daemon) {
	o.t.Helper()
	for _, r := range o.readers {
		if daemon != keyringtest.GNOME && r.Name != "Go" {
			continue
		}
		printed := r.Expect(o.t, readertest.KeyringTrouble, o.Keyring, o.Env())
		require.Contains(o.t, strings.ToLower(printed), "lock", r.Name)
	}
}

// keys are the session keys read by those that print them, empty if there is none.
func (o others) keys() map[string]string {
	o.t.Helper()
	keys := map[string]string{}
	var err error
	keys["Go"], _, err = o.Reader(o.ctx, programs.reader)
	require.NoError(o.t, err)
	answered := false
	for range o.Keyring.Tries() {
		var key string
		if key, _, err = o.SecretTool(o.ctx, handoff.AccountSessionKey); err == nil {
			answered, keys["secret-tool"] = true, key
		}
		if key != "" {
			break
		}
	}
	require.True(o.t, answered, "secret-tool: %v", err)
	return keys
}

// one returns e-RS's only session.
func (o others) one() erstest.SessionInfo {
	o.t.Helper()
	sessions := o.sessions()
	require.Len(o.t, sessions, 1)
	return sessions[0]
}

// The whole program with each keyring in use: every program finds what is published, none what has
// ended, and the session of a killed one stays no longer than until the next start.
func TestTheWholeJobOnEveryKeyring(t *testing.T) {
	readers := readertest.Make(t, "../../ersclient/handoff/readers")
	for name, options := range map[string]keyringtest.Options{
		"GNOME's, login not the default": {OtherDefault: true},
		"KWallet":                        {Daemon: keyringtest.KWallet},
		"KeePassXC":                      {Daemon: keyringtest.KeePassXC},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, options)
			o := others{s, readers}
			program := s.start()
			o.findNobody()

			s.signIn(program)
			first := o.one()
			o.find(first)

			require.NoError(t, s.Keyring.Lock())
			o.findItLocked(options.Daemon)
			require.NoError(t, s.Keyring.Unlock())
			o.find(first)

			s.press("Tab", "Return", "Return")
			s.see(program, "choosing")
			s.press("2")
			s.see(program, "signed-in")
			second := o.one()
			require.NotEqual(t, first.Role, second.Role)
			o.find(second)

			s.signOut(program)
			o.findNobody()
			assert.Empty(t, s.sessions())

			// The card is still in, and the last role used is one key more.
			s.press("Tab", "Return")
			s.see(program, "choosing")
			s.press("Return")
			s.see(program, "signed-in")
			left := o.one()
			o.find(left)
			require.NoError(t, program.Kill())
			o.find(left)

			s.removeCard()
			next := s.start()
			o.findNobody()
			require.Eventually(t, func() bool { return len(s.sessions()) == 0 }, time.Minute, 50*time.Millisecond,
				"the session of the killed program is still open")
			s.signIn(next)
			last := o.one()
			o.find(last)
			s.signOut(next)
			o.findNobody()
			s.keepsSecrets(next, first, second, left, last)
		})
	}
}

// The keyring was locked meanwhile, and the user does not unlock it when signing out. The entry
// goes as soon as they do, without a key.
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
