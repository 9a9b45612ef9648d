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
	// numbers leads from an entry or a secret to the number of its session: the first to be published
	// is 1.
	numbers map[string]int64
	last    int64
	// details are those of the last session.
	details   handoff.Details
	published int
	lives     int64
}

// NewRecord makes a record with its board in a folder.
func NewRecord(folder string) (*Record, error) {
	path := filepath.Join(folder, "board")
	board, err := OpenBoard(path)
	if err != nil {
		return nil, err
	}
	return &Record{path: path, board: board, numbers: map[string]int64{}}, nil
}

// Publishing notes that a session is about to be written: from now on it may be read, and so may
// the one that it replaces.
func (r *Record) Publishing(session handoff.Entry) error {
	entry, err := handoff.Encode(session)
	if err != nil {
		return err
	}
	secret := secretOf(session)
	r.mutex.Lock()
	defer r.mutex.Unlock()
	next := session.Details()
	if next.Generation < r.details.Generation || next.Generation == r.details.Generation && next.Revision <= r.details.Revision {
		return fmt.Errorf("generation %d, revision %d comes after generation %d, revision %d",
			next.Generation, next.Revision, r.details.Generation, r.details.Revision)
	}
	if _, known := r.numbers[secret]; known {
		return fmt.Errorf("generation %d, revision %d has the secret of an earlier one, which cannot be distinguished",
			next.Generation, next.Revision)
	}
	r.last++
	r.numbers[string(entry)], r.numbers[secret] = r.last, r.last
	r.details = next
	r.board.There.Store(0)
	return nil
}

// secretOf is what stands in the other entry, alone.
func secretOf(session handoff.Entry) string {
	switch session := session.(type) {
	case handoff.Session:
		return session.SessionKey.Reveal()
	case handoff.FHIRSession:
		return session.AccessToken.Reveal()
	default:
		return ""
	}
}

// Published notes that the last session was written: from now on nothing else may be read.
func (r *Record) Published() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.published++
	if r.board.Life.Load() == 0 {
		r.lives++
		r.board.Life.Store(r.lives)
	}
	r.board.Floor.Store(r.last)
	r.board.There.Store(r.last)
}

// Clearing notes that the session is about to be removed.
func (r *Record) Clearing() {
	r.board.Life.Store(0)
	r.board.There.Store(0)
}

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
	if number, known := r.numbers[key]; known && r.board.Floor.Load() <= number {
		return fmt.Errorf("session %d is closed before it was cleared", number)
	}
	return nil
}

// Sessions is how many sessions were published.
func (r *Record) Sessions() int {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.published
}

// judge returns the number of the session that was looked at, 0 for none, or an error for a look that
// must not be. No error contains the entry, which may have a secret.
func (r *Record) judge(look Look) (number int64, err error) {
	if look.Trouble != "" {
		return 0, errors.New(look.Trouble)
	}
	certain := look.There != 0 && look.There == look.Still
	switch {
	case !look.None:
	case certain:
		return 0, fmt.Errorf("session %d was there, and was not found", look.There)
	case look.Life != 0 && look.Life == look.Lives:
		return 0, fmt.Errorf("none was found while one after session %d was replaced in place", look.Floor-1)
	default:
		return 0, nil
	}
	r.mutex.Lock()
	number = r.numbers[look.Entry]
	if look.Entry == "" {
		number = r.numbers[look.Key]
	}
	r.mutex.Unlock()
	switch {
	case number == 0:
		return 0, fmt.Errorf("%d bytes were found that are no session which was ever published: half of one, or parts of two",
			len(look.Entry)+len(look.Key))
	case number < look.Floor:
		return 0, fmt.Errorf("session %d was found after those before %d were over", number, look.Floor)
	case certain && number != look.There:
		return 0, fmt.Errorf("session %d was found where %d was", number, look.There)
	default:
		return number, nil
	}
}
