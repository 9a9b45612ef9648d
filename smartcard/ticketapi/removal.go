package ticketapi

import (
	"context"
	"sync"

	"github.com/ers-login/ers-login/smartcard"
)

// RemovalDecides returns an agent for which a removed card is a ticket that is gone, whatever the Identity Agent says: for an
// organisation whose Identity Agent runs in a mode that keeps the session without the card, where e-RS sessions must not be kept.
// presence is the Presence method of a [Readers].
//
// While no card is in after a removal, there is no ticket. The ticket that there was before does not count again afterwards either,
// whatever card is inserted, until NewTicket has succeeded; another ticket does. Any card counts, for PC/SC does not tell whose it
// is: pulling an unrelated one out of another reader ends the session too, and so do readers that are out of sight for too long
// with a card in them. Where the readers cannot be seen at all, the ticket decides; Settings.Sight tells of that.
func RemovalDecides(agent smartcard.Agent, presence func() Presence) smartcard.Agent {
	return &removalDecides{Agent: agent, presence: presence}
}

type removalDecides struct {
	smartcard.Agent
	presence func() Presence

	mutex sync.Mutex
	// last is the ticket that was answered last, and kept the one that there was at a removal. Each may be zero.
	last, kept smartcard.Ticket
	// seen is the number of removals that kept knows of, settled that after which the user has signed in anew.
	seen, settled int
}

// TicketNoAuth implements [smartcard.Agent].
func (a *removalDecides) TicketNoAuth(ctx context.Context) (smartcard.Ticket, error) {
	if a.taken() {
		return smartcard.Ticket{}, smartcard.TicketNotAvailable.Err()
	}
	ticket, err := a.Agent.TicketNoAuth(ctx)
	if err != nil {
		return ticket, err
	}
	a.answered(ticket)
	// The card may have been removed while the question was under way.
	if a.taken() || a.isKept(ticket) {
		return smartcard.Ticket{}, smartcard.TicketNotAvailable.Err()
	}
	return ticket, nil
}

// Ticket implements [smartcard.Agent]. After a removal the ticket that may still be there does not count, so it asks for card and
// passcode.
func (a *removalDecides) Ticket(ctx context.Context) (smartcard.Ticket, error) {
	if a.taken() || a.keeps() {
		return a.NewTicket(ctx)
	}
	return a.signIn(ctx, a.Agent.Ticket)
}

// NewTicket implements [smartcard.Agent].
func (a *removalDecides) NewTicket(ctx context.Context) (smartcard.Ticket, error) {
	return a.signIn(ctx, a.Agent.NewTicket)
}

// signIn asks a question after whose answer the user is signed in. A card that is changed for another meanwhile is no removal, and
// one that is gone at the end is.
func (a *removalDecides) signIn(
	ctx context.Context, ask func(context.Context) (smartcard.Ticket, error),
) (smartcard.Ticket, error) {
	removals := a.presence().Removals
	ticket, err := ask(ctx)
	if err != nil {
		return ticket, err
	}
	if now := a.presence(); !now.Taken {
		removals = now.Removals
	}
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.last, a.kept = ticket, smartcard.Ticket{}
	a.seen, a.settled = removals, max(a.settled, removals)
	return ticket, nil
}

// taken looks whether a card was removed, and none inserted after it.
func (a *removalDecides) taken() bool {
	now := a.presence()
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if now.Removals > a.seen {
		a.seen = now.Removals
		if !a.last.IsZero() {
			a.kept = a.last
		}
	}
	return now.Taken && now.Removals > a.settled
}

func (a *removalDecides) answered(ticket smartcard.Ticket) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.last = ticket
}

func (a *removalDecides) keeps() bool {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	return !a.kept.IsZero()
}

func (a *removalDecides) isKept(ticket smartcard.Ticket) bool {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	return !a.kept.IsZero() && a.kept.Equal(ticket)
}
