package soak

import "sync/atomic"

// Board is what writer and readers share: what the writer has done, told without a moment between the doing and the knowing. Its
// layout is that of three 64-bit integers, which reader.py knows.
type Board struct {
	// Floor is the least generation that may be read by whoever begins to look now: those below are over.
	Floor atomic.Int64
	// There is the generation that is in the keyring for sure; 0 while that changes, and while there is none.
	There atomic.Int64
	// Over tells the readers to end.
	Over atomic.Int64
}
