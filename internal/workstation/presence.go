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

// absent reports whether the screen is locked or another user has it.
func (p *presence) absent() bool { return p.away || len(p.locked) > 0 }

func newPresence(emit func(Event)) *presence {
	return &presence{emit: emit, locked: map[string]bool{}}
}

// lock records one source's state. The screen is locked while any source reports it as locked.
func (p *presence) lock(source string, locked bool) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	before, absent := len(p.locked) > 0, p.absent()
	if locked {
		p.locked[source] = true
	} else {
		delete(p.locked, source)
	}
	if !before && locked {
		p.emit(Locked)
	}
	p.welcome(absent)
}

func (p *presence) switchAway(away bool) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	before, absent := p.away, p.absent()
	p.away = away
	if !before && away {
		p.emit(UserSwitchedAway)
	}
	p.welcome(absent)
}

// welcome sends CameBack if nothing keeps the user away any more. A screen given back to its user
// usually is still locked.
func (p *presence) welcome(absent bool) {
	if absent && !p.absent() {
		p.emit(CameBack)
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
	case !p.absent():
		p.emit(CameBack)
	}
}
