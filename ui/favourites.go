package ui

import (
	"errors"
	"sync"

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

// queue runs blocking functions, such as saving, one after the other and off Fyne's goroutine. It
// has a goroutine only while there are any.
type queue struct {
	// then runs a function on Fyne's goroutine, later.
	then func(func())

	mu      sync.Mutex
	waiting []func()
	running bool
}

// add runs run later, and then done with its result on Fyne's goroutine, on which add is called
// too.
func (q *queue) add(run func() error, done func(error)) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) >= mostWaiting {
		done(errTooMuch)
		return
	}
	q.waiting = append(q.waiting, func() {
		err := run()
		q.then(func() { done(err) })
	})
	if !q.running {
		q.running = true
		go q.drain()
	}
}

func (q *queue) drain() {
	for {
		q.mu.Lock()
		if len(q.waiting) == 0 {
			q.running = false
			q.mu.Unlock()
			return
		}
		next := q.waiting[0]
		q.waiting = q.waiting[1:]
		q.mu.Unlock()
		next()
	}
}
