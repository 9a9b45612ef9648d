package pcsc

import "github.com/ers-login/ers-login/smartcard/pcsc/presence"

// reader is the known state of one reader, and the state that was sent.
type reader struct {
	name string

	// here and card are the known state.
	here, card bool
	// sentHere and sentCard are the state according to the events sent.
	sentHere, sentCard bool
	// unplugged and removed report whether the reader, or its card, was gone since the last such
	// event.
	unplugged, removed bool

	// count is how often a card was put in or taken out, if the service counts. Only differences
	// have a meaning.
	count   uint16
	counted bool
}

func (r *reader) see(state State) {
	r.here = true
	switch {
	case state&(StateUnknown|StateUnavailable) != 0:
		r.counted = false // such a state has no count
		r.lose()
	case state&(StateEmpty|StatePresent) == 0:
		// The reader was not looked into yet.
	default:
		card, count := state&StatePresent != 0, state.count()
		moves := uint16(0)
		if r.counted {
			moves = count - r.count
		}
		r.count, r.counted = count, true
		// One move between two equal states is a failure of the reader and its recovery: with a
		// card in, it was reset.
		if r.card && (!card || moves > 0) || moves > 1 {
			r.removed = true
		}
		r.card = card
	}
}

func (r *reader) unplug() {
	r.lose()
	if r.here {
		r.here, r.counted = false, false
		r.unplugged = r.sentHere || r.removed
	}
}

// lose records that no card can be seen.
func (r *reader) lose() {
	if r.card {
		r.card, r.removed = false, true
	}
}

// news returns the next event that leads from the sent state to the known one, and the function to
// call once it is sent; that is nil if there is no event.
func (r *reader) news() (Event, func()) {
	switch {
	case r.sentCard && r.removed:
		return Event{Kind: presence.CardRemoved, Reader: r.name}, func() { r.sentCard, r.removed = false, false }
	case r.sentHere && r.unplugged && !r.removed:
		return Event{Kind: presence.ReaderDisconnected, Reader: r.name}, func() { r.sentHere, r.unplugged = false, false }
	case !r.sentHere && (r.here || r.removed):
		return Event{Kind: presence.ReaderConnected, Reader: r.name}, func() { r.sentHere = true }
	case !r.sentCard && (r.card || r.removed):
		return Event{Kind: presence.CardInserted, Reader: r.name}, func() { r.sentCard = true }
	}
	return Event{}, nil
}

// settled reports whether the reader is gone and no event about it is left to send.
func (r *reader) settled() bool {
	return !r.here && !r.sentHere && !r.removed
}
