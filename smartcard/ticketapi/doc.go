// Package ticketapi is the agent for the NHS Identity Agent itself: the Ticket API behind a helper
// process.
//
// The Ticket API is a third-party library whose calls block and cannot be cancelled, and which a
// 64-bit process cannot load. So another program loads it, ers-login-ticketbridge
// (smartcard/ticketbridge), and [Bridge] runs that. If the library hangs or crashes, the helper is
// ended and started again, and the window sees only an error. There are two helpers at most: one
// lives as long as the Bridge does, answers the poll of every second (getTicketNoAuth) and reports
// readers and cards; the other is started to sign in (getTicket, getNewTicket) and
// ended afterwards. So waiting for a passcode blocks nothing, and cancelling the wait, which means
// to end the helper, loses no event.
//
// [Readers] is the part that watches readers and cards, without the Ticket API. It goes with any
// other agent as well, and reports a removed card at once. That is only a hint to poll for the
// ticket: whether the session has ended is decided by the Identity Agent, whose mobility and
// session lock persistence modes keep it (requirement AUT-004). Where an organisation wants the
// removal alone to count, there is [RemovalDecides].
package ticketapi
