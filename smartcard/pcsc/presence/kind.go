// Package presence names the events of card readers, cards and the PC/SC service. It is apart from
// package pcsc, which watches them: on Linux pcsc is linked with a library without which a program
// does not start, and a program that only reads the helper's events must start without it.
package presence

// Kind is the kind of an event: its name in the helper's protocol, which must not change.
type Kind string

// The kinds of events.
const (
	// ReaderConnected: there is a card reader.
	ReaderConnected Kind = "reader-connected"
	// ReaderDisconnected: a card reader is gone. If a card was in it, a CardRemoved came before.
	ReaderDisconnected Kind = "reader-disconnected"
	// CardInserted: there is a card in a reader.
	CardInserted Kind = "card-inserted"
	// CardRemoved: the card is out of the reader, or was for a moment: then a CardInserted follows.
	CardRemoved Kind = "card-removed"
	// ServiceGone: there are no events of readers and cards any more. Whether a card is still in is
	// unknown.
	ServiceGone Kind = "service-gone"
	// ServiceBack follows a ServiceGone when the service answers again.
	ServiceBack Kind = "service-back"
)
