package workstation

import (
	"errors"
	"maps"
	"slices"
	"sync"
)

// unseen keeps what each source cannot see.
type unseen struct {
	mutex sync.Mutex
	notes map[string]error
}

func newUnseen() *unseen { return &unseen{notes: map[string]error{}} }

// note says why a source is silent, or with nil that it is not.
func (u *unseen) note(source string, err error) {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	if err == nil {
		delete(u.notes, source)
		return
	}
	u.notes[source] = err
}

// err returns all notes in the order of their sources' names.
func (u *unseen) err() error {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	var notes []error
	for _, source := range slices.Sorted(maps.Keys(u.notes)) {
		notes = append(notes, u.notes[source])
	}
	return errors.Join(notes...)
}
