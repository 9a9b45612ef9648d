// Package ticketapi is the agent for the NHS Identity Agent itself: the Ticket API behind a helper process.
//
// The Ticket API is a library that blocks without a way to be cancelled, cannot be loaded by a 64-bit process and is not ours, so
// another program loads it, ers-login-ticketbridge (smartcard/ticketbridge), and [Bridge] runs that. If the library hangs or
// crashes, the helper is ended and started again, and all that the window sees is an error. There are two of them at most: one
// that lives as long as the Bridge does, answers the question of every second (getTicketNoAuth) and tells of readers and cards,
// and one that is started when somebody signs in or out (getTicket, getNewTicket, destroyTicket) and ended afterwards. So the one
// that waits for a passcode holds nothing up, and cancelling the wait, which is to end it, loses no event.
//
// [Readers] is the part that watches readers and cards, without the Ticket API. It goes with any other agent as well, and with it
// the program learns of a removed card at once. That is a hint to ask for the ticket and no more: whether the session has ended
// is for the Identity Agent to say, whose mobility and session lock persistence modes keep it (requirement AUT-004). Where an
// organisation wants the removal alone to count, there is [RemovalDecides].
package ticketapi
