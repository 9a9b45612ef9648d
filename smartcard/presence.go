package smartcard

import "slices"

// Presence is what is seen of smartcard readers and cards at a moment. It is a hint: the ticket decides.
type Presence struct {
	// Err is why the readers cannot be seen, nil if they can.
	Err error
	// Readers are in the order in which they appeared. There are none while they cannot be seen.
	Readers []Reader
}

// Reader is a smartcard reader.
type Reader struct {
	Name string
	// Card reports whether there is a card in it: any card, for what kind it is the Identity Agent alone knows.
	Card bool
}

// CardIn reports whether there is a card in one of the readers.
func (p Presence) CardIn() bool {
	return slices.ContainsFunc(p.Readers, func(r Reader) bool { return r.Card })
}
