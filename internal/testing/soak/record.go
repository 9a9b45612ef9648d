package soak

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"github.com/ers-login/ers-login/ersclient/handoff"
)

// Record is what the writer has done. Its methods are called around each write, and update the
// board. It is safe for concurrent use by the writer and the judges.
type Record struct {
	path  string
	board *Board

	mutex sync.Mutex
	// entries and keys lead to the generation that they are of.
	entries, keys map[string]int64
	last          int64
	published     int
}

// NewRecord makes a record with its board in a folder.
func NewRecord(folder string) (*Record, error) {
	path := filepath.Join(folder, "board")
	board, err := OpenBoard(path)
	if err != nil {
		return nil, err
	}
	return &Record{path: path, board: board, entries: map[string]int64{}, keys: map[string]int64{}}, nil
}

// Publishing notes that a session is about to be written: from now on it may be read.
func (r *Record) Publishing(session handoff.Session) error {
	entry, err := handoff.Encode(session)
	if err != nil {
		return err
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if session.Generation <= r.last {
		return fmt.Errorf("session %d comes after session %d", session.Generation, r.last)
	}
	if _, known := r.keys[session.SessionKey.Reveal()]; known {
		return fmt.Errorf("session %d has the key of an earlier one, which cannot be distinguished", session.Generation)
	}
	r.entries[string(entry)], r.keys[session.SessionKey.Reveal()] = session.Generation, session.Generation
	r.last = session.Generation
	r.board.There.Store(0)
	return nil
}

// Published notes that it was written: from now on nothing else may be read.
func (r *Record) Published(session handoff.Session) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.published++
	r.board.Floor.Store(session.Generation)
	r.board.There.Store(session.Generation)
}

// Clearing notes that the session is about to be removed.
func (r *Record) Clearing() { r.board.There.Store(0) }

// Cleared notes that it was removed: from now on it must not be read.
func (r *Record) Cleared() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.board.Floor.Store(r.last + 1)
}

// Closing reports whether a session may be closed at e-RS now: not while other applications can
// read its key.
func (r *Record) Closing(key string) error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if generation, known := r.keys[key]; known && r.board.Floor.Load() <= generation {
		return fmt.Errorf("session %d is closed before it was cleared", generation)
	}
	return nil
}

// Sessions is how many sessions were published.
func (r *Record) Sessions() int {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.published
}

// judge returns the generation of a look, 0 for none, or an error for a look that must not be. No
// error contains the entry, which may have a key.
func (r *Record) judge(look Look) (generation int64, err error) {
	if look.Trouble != "" {
		return 0, errors.New(look.Trouble)
	}
	certain := look.There != 0 && look.There == look.Still
	if look.None {
		if certain {
			return 0, fmt.Errorf("session %d was there, and was not found", look.There)
		}
		return 0, nil
	}
	r.mutex.Lock()
	generation, known := r.entries[look.Entry], look.Entry != ""
	if !known {
		generation = r.keys[look.Key]
	}
	r.mutex.Unlock()
	switch {
	case generation == 0:
		return 0, fmt.Errorf("%d bytes were found that are no session which was ever published: half of one, or parts of two",
			len(look.Entry)+len(look.Key))
	case generation < look.Floor:
		return 0, fmt.Errorf("session %d was found after those before %d were over", generation, look.Floor)
	case certain && generation != look.There:
		return 0, fmt.Errorf("session %d was found where %d was", generation, look.There)
	default:
		return generation, nil
	}
}
