package workstation

import (
	"errors"
	"maps"
	"slices"
	"sync"

	"github.com/ers-login/ers-login/internal/problem"
)

// Unseen is shown where [Watcher.MissingEvents] has an error.
var Unseen = &problem.Problem{
	Code:  "WORKSTATION-UNSEEN",
	Title: "Your session may stay open when the screen is locked",
	Happened: "This computer does not report when the screen is locked, another user signs in, the computer is not used, " +
		"or it sleeps. Your session may stay open when it should have ended.",
	Steps: []string{
		"Remove your smartcard, or press **Sign out**, when you leave this computer.",
		"If your organisation wants sessions to end when the screen is locked or the computer is not used, contact " +
			"your local service desk and quote the reference below.",
	},
}

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
