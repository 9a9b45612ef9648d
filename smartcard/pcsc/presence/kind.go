// Package presence names the events of card readers, cards and the PC/SC service. It is apart from
// package pcsc, which watches them: on Linux pcsc is linked with a library without which a program
// does not start, and a program that only reads the helper's events must start without it.
package presence

// Kind is the kind of an event.
type Kind int

// The kinds of events.
const (
	// ReaderConnected: there is a card reader.
	ReaderConnected Kind = iota + 1
	// ReaderDisconnected: a card reader is gone. If a card was in it, a CardRemoved came before.
	ReaderDisconnected
	// CardInserted: there is a card in a reader.
	CardInserted
	// CardRemoved: the card is out of the reader, or was for a moment: then a CardInserted follows.
	CardRemoved
	// ServiceGone: there are no events of readers and cards any more. Whether a card is still in is
	// unknown.
	ServiceGone
	// ServiceBack follows a ServiceGone when the service answers again.
	ServiceBack
)

// String returns the kind's name, such as card-removed. It is part of the helper's protocol and
// must not change.
func (k Kind) String() string {
	switch k {
	case ReaderConnected:
		return "reader-connected"
	case ReaderDisconnected:
		return "reader-disconnected"
	case CardInserted:
		return "card-inserted"
	case CardRemoved:
		return "card-removed"
	case ServiceGone:
		return "service-gone"
	case ServiceBack:
		return "service-back"
	}
	return "unknown"
}

// ParseKind returns the kind with that name, and reports whether there is one.
func ParseKind(name string) (Kind, bool) {
	for kind := ReaderConnected; kind <= ServiceBack; kind++ {
		if kind.String() == name {
			return kind, true
		}
	}
	return 0, false
}
