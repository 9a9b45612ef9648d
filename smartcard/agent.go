package smartcard

import (
	"context"

	"github.com/ers-login/ers-login/ersclient"
)

// Agent is the Identity Agent as this program sees it: the four calls of the Ticket API. Every failure is a *problem.Problem
// whose chain holds a [Code], except that a call ended by its context returns the context's error in its chain.
//
// An Agent is safe for concurrent use.
type Agent interface {
	// Ticket returns the ticket of the user who is signed in, and asks for card and passcode if nobody is
	// (_TcktApi_getTicket). That can take minutes; the context ends it at once.
	Ticket(ctx context.Context) (ersclient.Ticket, error)
	// TicketNoAuth returns the ticket of the user who is signed in and never prompts (_TcktApi_getTicketNoAuth). The error is
	// TicketNotAvailable when nobody is.
	TicketNoAuth(ctx context.Context) (ersclient.Ticket, error)
	// NewTicket asks for card and passcode even if somebody is signed in (_TcktApi_getNewTicket).
	NewTicket(ctx context.Context) (ersclient.Ticket, error)
	// DestroyTicket signs the user out of Spine, the same as pulling the card (_TcktApi_destroyTicket).
	DestroyTicket(ctx context.Context) error
}
