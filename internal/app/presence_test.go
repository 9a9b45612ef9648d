package app

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/internal/signin/hscn"
	"github.com/ers-login/ers-login/smartcard"
	"github.com/ers-login/ers-login/smartcard/simulator"
	"github.com/ers-login/ers-login/smartcard/ticketapi"
)

// If this fails, a user whose card is in the reader is asked to insert it, or one without a card to
// enter the passcode.
func TestWhatTheReadersTellTheFlow(t *testing.T) {
	empty, full := smartcard.Reader{Name: "Reader 0"}, smartcard.Reader{Name: "Reader 1", Card: true}
	for name, test := range map[string]struct {
		seen smartcard.Presence
		want hscn.Presence
	}{
		"out of sight":    {smartcard.Presence{Err: errors.New("no PC/SC")}, hscn.CardUnseen},
		"no reader":       {smartcard.Presence{}, hscn.CardOut},
		"an empty reader": {smartcard.Presence{Readers: []smartcard.Reader{empty}}, hscn.CardOut},
		"a card in one":   {smartcard.Presence{Readers: []smartcard.Reader{empty, full}}, hscn.CardIn},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, test.want, presenceOf(test.seen)) })
	}
}

// withCard returns a prepare whose only relevant service is a simulated card.
func withCard(card *simulator.Agent, presence func() hscn.Presence) func(context.Context) (Services, error) {
	return func(context.Context) (Services, error) {
		return Services{
			platform: cardOnly(card, presence), keyring: emptyKeyring{}, maxAge: time.Hour, close: func() {},
		}, nil
	}
}

// shows waits until the window shows a wanted state.
func (e testEntrance) shows(t *testing.T, what string, wanted func(signin.State) bool) signin.State {
	t.Helper()
	for {
		select {
		case state := <-e.states:
			if wanted(state) {
				return state
			}
		case <-time.After(20 * time.Second):
			require.FailNow(t, "it is not shown", what)
		}
	}
}

// missing returns a condition: a state that waits for something, with these notices.
func missing(what signin.Missing, notices ...string) func(signin.State) bool {
	return func(state signin.State) bool {
		if state.Phase != signin.Waiting || state.Missing != what || len(state.Notices) != len(notices) {
			return false
		}
		for i, notice := range state.Notices {
			if notice.Problem.Code != notices[i] {
				return false
			}
		}
		return true
	}
}

// A blocked card inserted in the demonstration shows as noticed and blocked without pressing
// anything. The flow itself learns it at Sign in, as at work.
func TestTheDemonstrationShowsARefusedCard(t *testing.T) {
	const blocked = "CARD-PIN_BLOCKED"
	card, board := simulator.New(0), signin.NewBoard()
	defer card.Close()
	demo := Demonstration{card: card}
	e := newTestController(t, withCard(card, demo.cardPresence(board)), func(e *Controller) { e.Board = board })
	e.shows(t, "no card", missing(hscn.MissingCard))

	persona, known := simulator.PersonaByKey("blocked")
	require.True(t, known)
	card.InsertCard(persona)
	state := e.shows(t, "the refusal", missing(hscn.MissingPasscode, blocked))
	assert.Equal(t, "Your smartcard is blocked", state.Notices[0].Problem.Title)
	assert.Contains(t, state.Notices[0].Problem.Happened, "the Identity Agent says so in its own window")
	assert.False(t, state.Notices[0].Quiet)

	e.Send(signin.SignIn{})
	failed := e.shows(t, "the same as a problem", func(state signin.State) bool {
		return state.Phase == signin.Failed && len(state.Notices) == 1
	})
	assert.Equal(t, blocked, failed.Problem.Code)
	assert.Equal(t, "Card in, not signed in", failed.Links.Proof.Text, "the status bar does not say that there is no card")

	card.RemoveCard()
	e.shows(t, "the removal", func(state signin.State) bool {
		return state.Links.Proof.Text == "No smartcard" && len(state.Notices) == 0
	})
	e.Send(signin.Quit{})
	e.until(t, signin.Closed)
	require.NoError(t, <-e.ended)
}

// If this fails, a user who cancelled the passcode is asked to insert a card that is in.
func TestACancelledPasscodeIsStillMissing(t *testing.T) {
	card, board := simulator.New(time.Hour), signin.NewBoard()
	defer card.Close()
	demo := Demonstration{card: card}
	e := newTestController(t, withCard(card, demo.cardPresence(board)), func(e *Controller) { e.Board = board })
	persona, known := simulator.PersonaByKey("gp")
	require.True(t, known)
	card.InsertCard(persona)
	e.shows(t, "the card", missing(hscn.MissingPasscode))
	card.CancelPasscode()

	e.Send(signin.SignIn{})
	e.until(t, signin.Prompting)
	for !card.State().Prompting {
		time.Sleep(time.Millisecond)
	}
	card.CancelPasscode()
	state := e.shows(t, "the cancelled sign-in", missing(hscn.MissingPasscode))
	assert.Equal(t, signin.Cancelled, state.Reason)

	card.RemoveCard()
	e.shows(t, "the removal", missing(hscn.MissingCard))
	card.InsertCard(persona)
	state = e.shows(t, "the card again", missing(hscn.MissingPasscode))
	assert.Equal(t, signin.NotEnded, state.Reason, "a card that is inserted begins anew")
	e.Send(signin.Quit{})
	e.until(t, signin.Closed)
	require.NoError(t, <-e.ended)
}

// Without a view of the readers, only the Identity Agent's reports count.
func TestWithoutPresenceTheAgentDecides(t *testing.T) {
	card := simulator.New(0)
	defer card.Close()
	e := newTestController(t, withCard(card, nil))
	e.shows(t, "no card", missing(hscn.MissingCard))
	persona, known := simulator.PersonaByKey("blocked")
	require.True(t, known)
	card.InsertCard(persona)
	e.Send(signin.SignIn{})
	assert.Equal(t, "No smartcard", e.until(t, signin.Failed).Links.Proof.Text)
	e.Send(signin.Quit{})
	e.until(t, signin.Closed)
	require.NoError(t, <-e.ended)
}

// The user's own actions are not reported to them.
func TestOnlyRefusalsAreOverheard(t *testing.T) {
	assert.Nil(t, agentNotice(smartcard.Success))
	assert.Nil(t, agentNotice(smartcard.UserAbort))
	assert.Equal(t, "CARD-AUTHENTICATION_FAILED", agentNotice(smartcard.AuthenticationFailed).Code)
	assert.NotContains(t, smartcard.PINBlocked.Problem().Happened, "At work", "the text of others is left alone")
}

// The helper reports readers one after the other. Checking too soon finds none, and a service desk
// sends another reader.
func TestTheDoctorWaitsForTheReaders(t *testing.T) {
	looking := ticketapi.NotLooked
	with := func(names ...string) smartcard.Presence {
		var presence smartcard.Presence
		for _, name := range names {
			presence.Readers = append(presence.Readers, smartcard.Reader{Name: name, Card: true})
		}
		return presence
	}
	looks := []smartcard.Presence{{Err: looking}, {Err: looking}, with(), with("one"), with("one", "two")}
	seen := settledPresence(t.Context(), func() smartcard.Presence {
		now := looks[0]
		if len(looks) > 1 {
			looks = looks[1:]
		}
		return now
	})
	assert.Equal(t, with("one", "two"), seen)

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	seen = settledPresence(ended, func() smartcard.Presence { return smartcard.Presence{Err: looking} })
	require.ErrorIs(t, seen.Err, looking, "when the time is up, nothing is known")
}
