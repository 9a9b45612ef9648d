package ticketapi

import (
	"context"
	"slices"
	"sync"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/smartcard"
)

// RemovalDecides returns an agent for which removing the card ends the ticket, whatever the
// Identity Agent answers: for an organisation whose Identity Agent keeps the session without the
// card, where e-RS sessions must not be kept. seen is the Seen method of a [Readers].
//
// Only the reader counts that had a card in it when the ticket was first answered. PC/SC does not
// reveal the owner of a card: if several readers had one, each counts, and if none had, every
// reader does. A card in readers that are out of sight for too long counts as removed.
//
// After such a removal there is no ticket while no card is in. The previous ticket stays invalid
// even with a card, until NewTicket has succeeded; another ticket is valid. While the readers
// cannot be seen at all, the ticket decides; Settings.Sight reports that.
func RemovalDecides(agent smartcard.Agent, seen func() Seen) smartcard.Agent {
	return &removalDecides{Agent: agent, look: seen}
}

type removalDecides struct {
	smartcard.Agent
	look func() Seen

	mutex sync.Mutex
	// last is the ticket answered last, kept the one at the latest removal. Each may be zero.
	last, kept ersclient.Ticket
	// readers had a card in them when last was first answered; if empty, every reader counts.
	readers []string
	// unsure: no reader could be seen then, so readers becomes those that first have a card.
	unsure bool
	// Numbers of removals: seen were examined, counted is the latest that counts, settled those
	// before the latest new sign-in.
	seen, counted, settled int
}

// TicketNoAuth implements [smartcard.Agent].
func (a *removalDecides) TicketNoAuth(ctx context.Context) (ersclient.Ticket, error) {
	before := a.look()
	if a.takenBy(before) {
		return ersclient.Ticket{}, smartcard.TicketNotAvailable.Err()
	}
	ticket, err := a.Agent.TicketNoAuth(ctx)
	if err != nil {
		return ticket, err
	}
	a.answered(ticket, before)
	// The card may have been removed during the call.
	if a.takenBy(a.look()) || a.isKept(ticket) {
		return ersclient.Ticket{}, smartcard.TicketNotAvailable.Err()
	}
	return ticket, nil
}

// Ticket implements [smartcard.Agent]. After a removal the previous ticket is invalid, so this asks
// for card and passcode.
func (a *removalDecides) Ticket(ctx context.Context) (ersclient.Ticket, error) {
	if a.takenBy(a.look()) || a.keeps() {
		return a.NewTicket(ctx)
	}
	return a.signIn(ctx, a.Agent.Ticket)
}

// NewTicket implements [smartcard.Agent].
func (a *removalDecides) NewTicket(ctx context.Context) (ersclient.Ticket, error) {
	return a.signIn(ctx, a.Agent.NewTicket)
}

// signIn makes a call that leaves the user signed in. Changing the card during the call is no
// removal; a card missing at its end is.
func (a *removalDecides) signIn(
	ctx context.Context, ask func(context.Context) (ersclient.Ticket, error),
) (ersclient.Ticket, error) {
	removals := a.look().Removals
	ticket, err := ask(ctx)
	if err != nil {
		return ticket, err
	}
	now := a.look()
	if !now.Taken {
		removals = now.Removals
	}
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.kept = ersclient.Ticket{}
	a.seen, a.settled = removals, max(a.settled, removals)
	a.begin(ticket, now)
	if latest, known := now.removedSince(removals); known && len(a.readers) > 0 {
		// The owner of a card that was removed meanwhile is unknown.
		a.readers = append(a.readers, latest...)
	}
	return ticket, nil
}

// begin records a ticket, and where there was a card then. The mutex is held.
func (a *removalDecides) begin(ticket ersclient.Ticket, then Seen) {
	a.last, a.readers, a.unsure = ticket, then.WithCard(), len(then.Readers) == 0
}

// takenBy reports whether a card was removed that counts, and none is in.
func (a *removalDecides) takenBy(now Seen) bool {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if now.Removals > a.seen {
		latest, known := now.removedSince(a.seen)
		a.seen = now.Removals
		if !known || len(a.readers) == 0 || slices.ContainsFunc(latest, a.counts) {
			a.counted = now.Removals
			if !a.last.IsZero() {
				a.kept = a.last
			}
		}
	}
	return now.Taken && !now.CardIn() && a.counted > a.settled
}

func (a *removalDecides) counts(reader string) bool { return slices.Contains(a.readers, reader) }

// removedSince returns the readers of the removals after the first removals ones, and reports
// whether all are known.
func (p Seen) removedSince(removals int) ([]string, bool) {
	count := p.Removals - removals
	if count > len(p.Latest) {
		return nil, false
	}
	return p.Latest[len(p.Latest)-count:], true
}

// answered records a ticket that was returned without a prompt, and the presence before the call.
func (a *removalDecides) answered(ticket ersclient.Ticket, before Seen) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	switch cards := before.WithCard(); {
	case !ticket.Equal(a.last):
		a.begin(ticket, before)
		a.settled = max(a.settled, before.Removals)
	case a.unsure && len(cards) > 0:
		a.readers, a.unsure = cards, false
	}
}

func (a *removalDecides) keeps() bool {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	return !a.kept.IsZero()
}

func (a *removalDecides) isKept(ticket ersclient.Ticket) bool {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	return !a.kept.IsZero() && a.kept.Equal(ticket)
}
