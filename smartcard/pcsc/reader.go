package pcsc

// reader is what is known of one reader, and what was told of it.
type reader struct {
	name string

	// here and card are what is the case.
	here, card bool
	// toldHere and toldCard are what was told.
	toldHere, toldCard bool
	// unplugged and removed are that it was gone, or its card, since the last event that told so.
	unplugged, removed bool

	// count is how often a card was put in or taken out, if that is counted: the number it began with is the service's
	// affair.
	count   uint16
	counted bool
}

// see takes note of a reader's state.
func (r *reader) see(state State) {
	r.here = true
	switch {
	case state&(StateUnknown|StateUnavailable) != 0:
		r.counted = false // such a state has no count
		r.lose()
	case state&(StateEmpty|StatePresent) == 0:
		// Nobody has looked into it yet.
	default:
		card, count := state&StatePresent != 0, state.count()
		moves := uint16(0)
		if r.counted {
			moves = count - r.count
		}
		r.count, r.counted = count, true
		// One move between two states that are the same is the reader's failure and recovery: with a card in, it was reset.
		if r.card && (!card || moves > 0) || moves > 1 {
			r.removed = true
		}
		r.card = card
	}
}

// unplug takes note that the reader is gone.
func (r *reader) unplug() {
	r.lose()
	if r.here {
		r.here, r.counted = false, false
		r.unplugged = r.toldHere || r.removed
	}
}

// lose takes note that there is no card as far as anybody knows.
func (r *reader) lose() {
	if r.card {
		r.card, r.removed = false, true
	}
}

// news returns the next event on the way from what was told to what is the case, and what to do once it is told; that is nil
// if there is none.
func (r *reader) news() (Event, func()) {
	switch {
	case r.toldCard && r.removed:
		return Event{Kind: CardRemoved, Reader: r.name}, func() { r.toldCard, r.removed = false, false }
	case r.toldHere && r.unplugged && !r.removed:
		return Event{Kind: ReaderDisconnected, Reader: r.name}, func() { r.toldHere, r.unplugged = false, false }
	case !r.toldHere && (r.here || r.removed):
		return Event{Kind: ReaderConnected, Reader: r.name}, func() { r.toldHere = true }
	case !r.toldCard && (r.card || r.removed):
		return Event{Kind: CardInserted, Reader: r.name}, func() { r.toldCard = true }
	}
	return Event{}, nil
}

// settled tells whether the reader is gone and nothing is left to tell of it.
func (r *reader) settled() bool {
	return !r.here && !r.toldHere && !r.removed
}
