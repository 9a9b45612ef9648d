package smartcard

import (
	"context"

	"github.com/ers-login/ers-login/ersclient"
)

// Agent is the Identity Agent: the three calls of the Ticket API that return a ticket. Every error is a *problem.Problem
// whose chain holds a [Code]; if ctx ended the call, the chain holds the error of ctx instead.
//
// An Agent is safe for concurrent use.
type Agent interface {
	// Ticket returns the signed-in user's ticket; if no user is signed in, the agent asks for card
	// and passcode (_TcktApi_getTicket). That can take minutes; the end of ctx ends the call at
	// once.
	Ticket(ctx context.Context) (ersclient.Ticket, error)
	// TicketNoAuth returns the signed-in user's ticket and never prompts
	// (_TcktApi_getTicketNoAuth). The error is TicketNotAvailable if no user is signed in.
	TicketNoAuth(ctx context.Context) (ersclient.Ticket, error)
	// NewTicket asks for card and passcode even if a user is signed in (_TcktApi_getNewTicket).
	NewTicket(ctx context.Context) (ersclient.Ticket, error)
}

// Presence is what is seen of smartcard readers and cards at a moment. It is a hint: the ticket
// decides.
type Presence struct {
	// Err is why the readers cannot be seen, nil if they can.
	Err error
	// Readers are in the order in which they appeared. There are none while they cannot be seen.
	Readers []Reader
}

// Reader is a smartcard reader.
type Reader struct {
	Name string
	// Card reports whether there is a card in it: any card, for what kind it is the Identity Agent
	// alone knows.
	Card bool
}

// CardIn reports whether there is a card in one of the readers.
func (p Presence) CardIn() bool { return len(p.WithCard()) > 0 }

// WithCard returns the names of the readers that have a card: none while they cannot be seen.
func (p Presence) WithCard() (names []string) {
	for _, reader := range p.Readers {
		if reader.Card && p.Err == nil {
			names = append(names, reader.Name)
		}
	}
	return names
}
