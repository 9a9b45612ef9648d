// Package smartcard obtains the ticket of the user who is signed in with an NHS smartcard.
//
// On an NHS computer the NHS Identity Agent reads the card, asks for the passcode and hands out a
// ticket through its Ticket API (TicketApiDll.dll). [Agent] is that API as a Go interface:
// getTicket, getTicketNoAuth and getNewTicket, each with a context, since the first and third wait
// for the user. The subfolders hold the agents: the library itself, a command supplied by the
// organisation, and a simulation.
//
// [Code] is the API's table of return codes, and [Code.Problem] is the advice to the user for each
// of them. [Watch] turns an agent into a stream of events by polling. Only the ticket is evidence:
// once it is gone or replaced, the e-RS session made from it is dead or belongs to another user,
// and e-RS sends no notice (requirements AUT-001 to AUT-004). The presence of a card in a reader is
// only a hint to poll sooner.
package smartcard
