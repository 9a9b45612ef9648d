package ticketapi

import (
	"context"
	"slices"
	"sync"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/smartcard"
)

// RemovalDecides returns an agent for which a removed card is a ticket that is gone, whatever the Identity Agent says: for an
// organisation whose Identity Agent runs in a mode that keeps the session without the card, where e-RS sessions must not be kept.
// presence is the Presence method of a [Readers].
//
// What counts is the reader that had a card in it when the ticket was first answered. PC/SC does
// not tell whose a card is: where several readers had one, each of them counts, and where none had,
// every reader does. Readers that are out of sight for too long with a card in them have lost it.
//
// While no card is in after such a removal, there is no ticket. The ticket that there was before
// does not count again afterwards either, whatever card is inserted, until NewTicket has succeeded;
// another ticket does. Where the readers cannot be seen at all, the ticket decides; Settings.Sight
// tells of that.
func RemovalDecides(agent smartcard.Agent, presence func() Presence) smartcard.Agent {
	return &removalDecides{Agent: agent, presence: presence}
}

type removalDecides struct {
	smartcard.Agent
	presence func() Presence

	mutex sync.Mutex
	// last is the ticket that was answered last, and kept the one that there was at a removal. Each may be zero.
	last, kept ersclient.Ticket
	// readers had a card in them when last was first answered. None: every reader counts.
	readers []string
	// unsure: no reader could be seen then, so that readers are those that have a card as soon as
	// one has.
	unsure bool
	// seen is the number of removals that have been looked at, counted that of the latest one which
	// counts, and settled that after which the user has signed in anew.
	seen, counted, settled int
}

// TicketNoAuth implements [smartcard.Agent].
func (a *removalDecides) TicketNoAuth(ctx context.Context) (ersclient.Ticket, error) {
	before := a.presence()
	if a.takenBy(before) {
		return ersclient.Ticket{}, smartcard.TicketNotAvailable.Err()
	}
	ticket, err := a.Agent.TicketNoAuth(ctx)
	if err != nil {
		return ticket, err
	}
	a.answered(ticket, before)
	// The card may have been removed while the question was under way.
	if a.takenBy(a.presence()) || a.isKept(ticket) {
		return ersclient.Ticket{}, smartcard.TicketNotAvailable.Err()
	}
	return ticket, nil
}

// Ticket implements [smartcard.Agent]. After a removal the ticket that may still be there does not count, so it asks for card and
// passcode.
func (a *removalDecides) Ticket(ctx context.Context) (ersclient.Ticket, error) {
	if a.takenBy(a.presence()) || a.keeps() {
		return a.NewTicket(ctx)
	}
	return a.signIn(ctx, a.Agent.Ticket)
}

// NewTicket implements [smartcard.Agent].
func (a *removalDecides) NewTicket(ctx context.Context) (ersclient.Ticket, error) {
	return a.signIn(ctx, a.Agent.NewTicket)
}

// signIn asks a question after whose answer the user is signed in. A card that is changed for another meanwhile is no removal, and
// one that is gone at the end is.
func (a *removalDecides) signIn(
	ctx context.Context, ask func(context.Context) (ersclient.Ticket, error),
) (ersclient.Ticket, error) {
	removals := a.presence().Removals
	ticket, err := ask(ctx)
	if err != nil {
		return ticket, err
	}
	now := a.presence()
	if !now.Taken {
		removals = now.Removals
	}
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.kept = ersclient.Ticket{}
	a.seen, a.settled = removals, max(a.settled, removals)
	a.begin(ticket, now)
	if latest, known := now.removedSince(removals); known && len(a.readers) > 0 {
		// Whose card was removed meanwhile is not known.
		a.readers = append(a.readers, latest...)
	}
	return ticket, nil
}

// begin notes a ticket, and where there was a card then. The mutex is held.
func (a *removalDecides) begin(ticket ersclient.Ticket, then Presence) {
	a.last, a.readers, a.unsure = ticket, withCard(then.Readers), len(then.Readers) == 0
}

// takenBy looks whether a card was removed that counts, and none is in.
func (a *removalDecides) takenBy(now Presence) bool {
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

// removedSince returns the readers of the removals after the first so many, if all of them are
// known.
func (p Presence) removedSince(removals int) ([]string, bool) {
	count := p.Removals - removals
	if count > len(p.Latest) {
		return nil, false
	}
	return p.Latest[len(p.Latest)-count:], true
}

// answered takes a ticket that was answered without a prompt, and what was seen of the readers
// before.
func (a *removalDecides) answered(ticket ersclient.Ticket, before Presence) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	switch cards := withCard(before.Readers); {
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
