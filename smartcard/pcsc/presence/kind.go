// Package presence names what can be told of card readers, cards and the PC/SC service. It is apart from package pcsc, which
// looks at them: on Linux that one is linked with a library without which a program does not start, and whoever only reads
// what the helper process has seen must start without it.
package presence

// Kind is what an event tells.
type Kind int

// The kinds of events.
const (
	// ReaderConnected: there is a card reader.
	ReaderConnected Kind = iota + 1
	// ReaderDisconnected: a card reader is gone. A card that was in it has been told as removed before.
	ReaderDisconnected
	// CardInserted: there is a card in a reader.
	CardInserted
	// CardRemoved: the card is no longer in the reader, or was out of it for a moment: then a CardInserted follows.
	CardRemoved
	// ServiceGone: nobody tells of readers and cards any more. Whether a card is where it was last seen is unknown.
	ServiceGone
	// ServiceBack follows a ServiceGone when the service answers again.
	ServiceBack
)

// String returns the kind's name, such as card-removed. It is what processes say to each other, and stays as it is.
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

// ParseKind returns the kind with that name, and whether there is one.
func ParseKind(name string) (Kind, bool) {
	for kind := ReaderConnected; kind <= ServiceBack; kind++ {
		if kind.String() == name {
			return kind, true
		}
	}
	return 0, false
}
