package ticketapi

import (
	"context"
	"sync"

	"github.com/ers-login/ers-login/smartcard"
)

// RemovalDecides returns an agent for which a removed card is a ticket that is gone, until a card is inserted again, whatever the
// Identity Agent says: for an organisation whose Identity Agent runs in a mode that keeps the session without the card, where e-RS
// sessions must not be kept. presence is the Presence method of a [Readers]. Where the readers cannot be seen, the ticket decides.
func RemovalDecides(agent smartcard.Agent, presence func() Presence) smartcard.Agent {
	return &removalDecides{Agent: agent, presence: presence}
}

type removalDecides struct {
	smartcard.Agent
	presence func() Presence

	mutex sync.Mutex
	// settled is the number of removals after which the user has signed in anew.
	settled int
}

// TicketNoAuth implements [smartcard.Agent].
func (a *removalDecides) TicketNoAuth(ctx context.Context) (smartcard.Ticket, error) {
	if a.taken() {
		return smartcard.Ticket{}, smartcard.TicketNotAvailable.Err()
	}
	ticket, err := a.Agent.TicketNoAuth(ctx)
	if err == nil && a.taken() {
		// Removed while the question was under way.
		return smartcard.Ticket{}, smartcard.TicketNotAvailable.Err()
	}
	return ticket, err
}

// Ticket implements [smartcard.Agent]. After a removal the ticket that may still be there does not count, so it asks for card and
// passcode.
func (a *removalDecides) Ticket(ctx context.Context) (smartcard.Ticket, error) {
	if a.taken() {
		return a.NewTicket(ctx)
	}
	return a.Agent.Ticket(ctx)
}

// NewTicket implements [smartcard.Agent].
func (a *removalDecides) NewTicket(ctx context.Context) (smartcard.Ticket, error) {
	before := a.presence().Removals
	ticket, err := a.Agent.NewTicket(ctx)
	if err == nil {
		a.mutex.Lock()
		a.settled = max(a.settled, before)
		a.mutex.Unlock()
	}
	return ticket, err
}

func (a *removalDecides) taken() bool {
	now := a.presence()
	a.mutex.Lock()
	defer a.mutex.Unlock()
	return now.Taken && now.Removals > a.settled
}
