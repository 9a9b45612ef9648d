//go:build linux

package e2e_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/testing/keyringtest"
	"github.com/ers-login/ers-login/internal/testing/pcsctest"
	"github.com/ers-login/ers-login/internal/testing/stage"
)

// slowPolling makes polling so rare that only the reader can have reported a card.
const slowPolling = `agent_poll_interval = "1m"`

// signInWithACard inserts a virtual card into a real pcscd's reader and signs in. The ticket comes
// with the card.
func signInWithACard(t *testing.T, settings ...string) (*scene, *stage.Program, *pcsctest.Card) {
	t.Helper()
	s, daemon := openWithAReader(t, append(settings, slowPolling)...)
	program := s.start()
	s.insertCard()
	card, err := daemon.Insert()
	require.NoError(t, err)
	s.see(program, "choosing")
	s.press("5")
	s.see(program, "signed-in")
	s.keyringHas(s.sessions()[0])
	return s, program, card
}

// openWithAReader opens a scene with a real pcscd and its virtual reader.
func openWithAReader(t *testing.T, settings ...string) (*scene, *pcsctest.Daemon) {
	t.Helper()
	s := open(t, keyringtest.Options{}, settings...)
	// A socket's path must be short, and a test's own folder is long.
	dir, err := os.MkdirTemp("", "ers-pcsc-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	daemon, err := pcsctest.Start(context.WithoutCancel(t.Context()), dir)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, daemon.Close()) })
	s.Extra = daemon.Env()
	return s, daemon
}

// gone waits until other programs find no session, and returns the time.
func (s *scene) gone() time.Time {
	s.t.Helper()
	for {
		_, there, err := s.Reader(s.ctx, programs.reader)
		require.NoError(s.t, err)
		if !there {
			return time.Now()
		}
	}
}

// A clinician who pulls the card has left. The next user must not find their session.
func TestAUT004CardRemoved(t *testing.T) {
	t.Run("and its ticket with it", func(t *testing.T) {
		s, program, card := signInWithACard(t)
		removed := time.Now()
		require.NoError(t, card.Remove())
		s.removeCard()
		t.Logf("from the removal of the card to the empty keyring: %v", s.gone().Sub(removed).Round(time.Millisecond))
		s.see(program, "waiting")
		s.keyringEmpty()
		require.Empty(t, s.sessions())
	})
	t.Run("and the removal alone decides", func(t *testing.T) {
		s, program, card := signInWithACard(t, `card_removal = "always"`)
		removed := time.Now()
		require.NoError(t, card.Remove())
		t.Logf("from the removal of the card to the empty keyring: %v", s.gone().Sub(removed).Round(time.Millisecond))
		s.see(program, "waiting")
		s.keyringEmpty()
		require.Empty(t, s.sessions())
	})
	t.Run("and another card is removed before it", func(t *testing.T) {
		s, daemon := openWithAReader(t, slowPolling, `card_removal = "always"`)
		program := s.start()
		s.insertCard()
		card, err := daemon.Insert()
		require.NoError(t, err)
		s.see(program, "choosing")
		s.press("5")
		s.see(program, "signed-in")
		other, err := daemon.InsertInto(1)
		require.NoError(t, err)
		require.NoError(t, other.Remove())
		// Long enough for every call that a removal causes.
		time.Sleep(2 * time.Second)
		s.keyringHas(s.sessions()[0])
		require.NoError(t, card.Remove())
		s.gone()
		s.see(program, "waiting")
		require.Empty(t, s.sessions())
	})
	t.Run("and the ticket stays", func(t *testing.T) {
		s, _, card := signInWithACard(t)
		require.NoError(t, card.Remove())
		// Long enough for every call that a removal causes.
		time.Sleep(2 * time.Second)
		s.keyringHas(s.sessions()[0])
	})
}

// A clinician whose card is in, and who has closed the Identity Agent's window, must not be asked
// to insert the card.
func TestACardWithoutAPasscode(t *testing.T) {
	s, daemon := openWithAReader(t)
	program := s.start()
	card, err := daemon.Insert()
	require.NoError(t, err)
	require.NoError(t, program.WaitMissing(s.ctx, "passcode"))
	require.NoError(t, card.Remove())
	require.NoError(t, program.WaitMissing(s.ctx, "card"))
	_, err = daemon.Insert()
	require.NoError(t, err)
	require.NoError(t, program.WaitMissing(s.ctx, "passcode"))
	s.insertCard() // the passcode, which brings the ticket
	s.see(program, "choosing")
}

// How long the agent's ticket takes to the roles, with the interval of polling that most have.
func TestFromTheTicketToTheRoles(t *testing.T) {
	s, daemon := openWithAReader(t, `agent_poll_interval = "1s"`)
	program := s.start()
	var took []time.Duration
	for round := range 9 {
		card, err := daemon.Insert()
		require.NoError(t, err)
		require.NoError(t, program.WaitMissing(s.ctx, "passcode"))
		// Another part of the interval each time.
		time.Sleep(time.Duration(round) * 30 * time.Millisecond)
		entered := time.Now()
		s.insertCard()
		s.see(program, "choosing")
		took = append(took, time.Since(entered)-stage.TypingPause)
		require.NoError(t, card.Remove())
		s.removeCard()
		s.see(program, "waiting")
	}
	t.Logf("from the ticket to the roles: %.2f s, median of %d", median(took), len(took))
}
