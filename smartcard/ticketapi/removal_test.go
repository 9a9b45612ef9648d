package ticketapi_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/smartcard"
	"github.com/ers-login/ers-login/smartcard/ticketapi"
)

// mobile is an Identity Agent in mobility mode: its ticket stays when the card is taken away.
type mobile struct {
	ticket string
	asked  []string
	during func() // what happens while a question is under way
}

func (m *mobile) answer(call string) (smartcard.Ticket, error) {
	m.asked = append(m.asked, call)
	if m.during != nil {
		m.during()
	}
	return smartcard.NewTicket(m.ticket), nil
}

func (m *mobile) Ticket(context.Context) (smartcard.Ticket, error) { return m.answer("Ticket") }
func (m *mobile) TicketNoAuth(context.Context) (smartcard.Ticket, error) {
	return m.answer("TicketNoAuth")
}
func (m *mobile) NewTicket(context.Context) (smartcard.Ticket, error) { return m.answer("NewTicket") }
func (m *mobile) DestroyTicket(context.Context) error                 { return nil }

// If this fails, an organisation that does not want sessions without a card has them.
func TestRemovalDecides(t *testing.T) {
	seen := ticketapi.Presence{}
	mode := &mobile{ticket: made}
	agent := ticketapi.RemovalDecides(mode, func() ticketapi.Presence { return seen })
	gone := func() {
		t.Helper()
		_, err := agent.TicketNoAuth(t.Context())
		require.ErrorIs(t, err, smartcard.TicketNotAvailable)
	}
	there := func() {
		t.Helper()
		ticket, err := agent.TicketNoAuth(t.Context())
		require.NoError(t, err)
		require.True(t, ticket.Equal(smartcard.NewTicket(made)))
	}
	there() // nothing was removed while this program runs

	seen = ticketapi.Presence{Taken: true, Removals: 1}
	gone()
	gone()
	seen = ticketapi.Presence{Removals: 1}
	gone() // any card was inserted: the ticket that was kept does not come back
	gone()
	mode.asked = nil
	_, err := agent.Ticket(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"NewTicket"}, mode.asked, "the old ticket does not count")
	there()

	mode.during = func() { seen = ticketapi.Presence{Taken: true, Removals: 2} }
	gone() // removed while the question was under way
	mode.during = nil

	mode.asked = nil
	_, err = agent.Ticket(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"NewTicket"}, mode.asked, "the old ticket does not count")
	there() // they have signed in with their card, whatever the reader says
	seen = ticketapi.Presence{Taken: true, Removals: 3}
	gone()

	seen = ticketapi.Presence{Removals: 3}
	gone()
	mode.ticket = made + "2"
	ticket, err := agent.TicketNoAuth(t.Context())
	require.NoError(t, err, "another ticket counts")
	require.True(t, ticket.Equal(smartcard.NewTicket(made+"2")))
	mode.ticket = made
	gone()
}

// If this fails, somebody whose card was never removed is asked for the passcode again.
func TestWithoutARemovalTheTicketIsAskedFor(t *testing.T) {
	mode := &mobile{ticket: made}
	agent := ticketapi.RemovalDecides(mode, func() ticketapi.Presence { return ticketapi.Presence{} })
	_, err := agent.Ticket(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"Ticket"}, mode.asked)
}

// Somebody who changes the card for their own while they are asked for it is signed in.
func TestACardThatIsChangedDuringTheSignIn(t *testing.T) {
	seen := ticketapi.Presence{}
	mode := &mobile{ticket: made}
	agent := ticketapi.RemovalDecides(mode, func() ticketapi.Presence { return seen })
	mode.during = func() { seen = ticketapi.Presence{Removals: 1} }
	_, err := agent.NewTicket(t.Context())
	require.NoError(t, err)
	_, err = agent.TicketNoAuth(t.Context())
	require.NoError(t, err)
}

// The card that is removed while its owner signs in anew ends that session as any other.
func TestARemovalDuringTheSignInCounts(t *testing.T) {
	seen := ticketapi.Presence{Taken: true, Removals: 1}
	mode := &mobile{ticket: made}
	agent := ticketapi.RemovalDecides(mode, func() ticketapi.Presence { return seen })
	mode.during = func() { seen = ticketapi.Presence{Taken: true, Removals: 2} }
	_, err := agent.Ticket(t.Context())
	require.NoError(t, err)
	_, err = agent.TicketNoAuth(t.Context())
	require.ErrorIs(t, err, smartcard.TicketNotAvailable)
}
