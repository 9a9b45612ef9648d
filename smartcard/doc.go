// Package smartcard is the card side of the program: who is signed in with an NHS smartcard, and with which ticket.
//
// On an NHS computer that is the business of the NHS Identity Agent, which reads the card, asks for the passcode and hands
// out a ticket through its Ticket API (TicketApiDll.dll). [Agent] is that API as a Go interface: getTicket,
// getTicketNoAuth, getNewTicket and destroyTicket, each with a context, since the first and third wait for a person. The
// subfolders hold the agents: the library itself, a command of the organisation's own, and a simulation.
//
// [Code] is the API's table of return codes, and [Code.Problem] says each of them in words that help the person at the desk.
// [Watch] turns an agent into a stream of events. It asks for the ticket again and again, because the ticket alone tells
// the truth: once it is gone or another, the e-RS session that was made from it is dead or another person's, and e-RS
// tells nobody (requirements AUT-001 to AUT-004). Whether a card is in a reader is only a hint to look sooner.
package smartcard
