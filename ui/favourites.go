package ui

import (
	"errors"
	"sync/atomic"

	"github.com/ers-login/ers-login/ersclient"
)

// Favourites keeps the pairs marked with a star. Each has a place, from 2 on, of which those up to 9
// are digits; 1 is the pair used last. A pair keeps its place, so that its digit can be learned.
type Favourites interface {
	// FavouritePlaces returns the pairs that a user has marked, without the organisation's name. It is called
	// on Fyne's goroutine, and must not block.
	FavouritePlaces(userIdentifier string) map[ersclient.Permission]int
	// Mark marks a pair, with a place. It is not called on Fyne's goroutine, and never concurrently
	// with itself or Unmark.
	Mark(userIdentifier string, permission ersclient.Permission, place int) error
	// Unmark takes a mark away. It is called like Mark.
	Unmark(userIdentifier string, permission ersclient.Permission) error
}

// pairOf returns a pair without the organisation's name, which can change.
func pairOf(p ersclient.Permission) ersclient.Permission {
	return ersclient.Permission{BusinessFunction: p.BusinessFunction, OrgIdentifier: p.OrgIdentifier}
}

// mostWaiting bounds a queue: far more than a user can press while a disk hangs.
const mostWaiting = 100

var errTooMuch = errors.New("too much is waiting to be saved")

// queue runs blocking functions, such as saving, one after the other and off Fyne's goroutine.
type queue struct {
	// then runs a function on Fyne's goroutine, later.
	then func(func())
	// last is closed when the last one has run, and open counts those that have not.
	last chan struct{}
	open atomic.Int32
}

// add runs run later, and then done with its result on Fyne's goroutine, on which add is called
// too.
func (q *queue) add(run func() error, done func(error)) {
	if q.open.Load() > mostWaiting {
		done(errTooMuch)
		return
	}
	before, ran := q.last, make(chan struct{})
	q.last = ran
	q.open.Add(1)
	go func() {
		defer close(ran)
		if before != nil {
			<-before
		}
		err := run()
		q.open.Add(-1)
		q.then(func() { done(err) })
	}()
}
