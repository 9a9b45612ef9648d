package soak

import "sync/atomic"

// Board is shared memory of writer and readers: the writer's state, stored atomically. Its layout
// is that of four 64-bit integers, which reader.py relies on.
type Board struct {
	// Floor is the least number that a look beginning now may read: those below are over.
	Floor atomic.Int64
	// There is the number of the session that is certainly in the keyring; 0 during a change, and
	// while there is none.
	There atomic.Int64
	// Over, if not 0, ends the readers.
	Over atomic.Int64
	// Life is a number, another one each time, while there is certainly a session in the keyring,
	// whichever: from the first that was written until the next is cleared. It is 0 otherwise.
	Life atomic.Int64
}
