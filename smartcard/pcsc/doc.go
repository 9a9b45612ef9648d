// Package pcsc reports card readers, and cards inserted and removed, as a stream of events from the
// computer's PC/SC service: winscard.dll on Windows, pcscd through libpcsclite on Linux, the
// system's own on macOS. It serves AUT-004: to notice that the card has been removed, sooner than
// the next poll for the ticket would.
//
// Presence is a hint and never the truth: the Identity Agent can keep a session alive after the
// removal ("mobility", "session lock persistence"), and can end one while the card is in. So each
// CardRemoved and each ServiceGone is a reason to ask for the ticket at once, and the ticket
// decides. Nothing here sends a command to a card.
//
// There is no polling where the platform can do without: one call, SCardGetStatusChange, waits for
// all readers and for a new one to be plugged in (the reader \\?PnP?\Notification). The service
// counts in the upper 16 bits of a reader's state how often a card went in or out (pcsc-lite's
// documentation of that call; [MS-RDPESC] 2.2.7 for Windows; macOS does not count), so that a
// removal is reported even if the card is back before the next look.
//
// On Linux a program that imports this package is linked with libpcsclite.so.1 and does not start
// where that is missing. Therefore only the helper process imports it, never the program with the
// window: that one has the names of package presence.
package pcsc
