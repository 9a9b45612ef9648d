package soak

import "sync/atomic"

// Board is shared memory of writer and readers: the writer's state, stored atomically. Its layout
// is that of three 64-bit integers, which reader.py relies on.
type Board struct {
	// Floor is the least generation that a look beginning now may read: those below are over.
	Floor atomic.Int64
	// There is the generation that is certainly in the keyring; 0 during a change, and while there
	// is none.
	There atomic.Int64
	// Over, if not 0, ends the readers.
	Over atomic.Int64
}
