package workstation

import "sync"

// presence merges all sources of whether the user is at the computer, each of which may know half
// of it: not every desktop reports a lock to logind, not every screen saver is on the bus, and
// where both do, one follows the other.
type presence struct {
	emit func(Event)

	mutex  sync.Mutex
	locked map[string]bool
	away   bool
}

func newPresence(emit func(Event)) *presence {
	return &presence{emit: emit, locked: map[string]bool{}}
}

// lock records one source's state. The screen is locked while any source reports it as locked.
func (p *presence) lock(source string, locked bool) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	before := len(p.locked) > 0
	if locked {
		p.locked[source] = true
	} else {
		delete(p.locked, source)
	}
	switch after := len(p.locked) > 0; {
	case after && !before:
		p.emit(Locked)
	case before && !after:
		p.emit(Unlocked)
	}
}

// askToLock handles a request to lock or unlock the screen. Each lock is reported: a desktop that
// does not confirm the lock does not confirm the unlock either, and the next request is a new lock.
// While a source reports the screen as locked, it will report the unlock.
func (p *presence) askToLock(lock bool) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	switch {
	case lock:
		p.emit(Locked)
	case len(p.locked) == 0:
		p.emit(Unlocked)
	}
}

// switchAway reports whether another user has the screen.
func (p *presence) switchAway(away bool) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	switch {
	case away && !p.away:
		p.emit(UserSwitchedAway)
	case p.away && !away:
		p.emit(UserSwitchedBack)
	}
	p.away = away
}
