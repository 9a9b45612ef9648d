package workstation

import "sync"

// presence is whether somebody is in front of the computer, from all sources together, of which each may know half of it:
// not every desktop tells logind that it is locked, not every screen saver is on the bus, and where both tell, they do one
// after the other.
type presence struct {
	tell func(Event)

	mutex  sync.Mutex
	locked map[string]bool
	away   bool
}

func newPresence(tell func(Event)) *presence {
	return &presence{tell: tell, locked: map[string]bool{}}
}

// lock takes one source's word. The screen is locked as long as one source says so.
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
		p.tell(Locked)
	case before && !after:
		p.tell(Unlocked)
	}
}

// askToLock is somebody's request to lock the screen or to unlock it. A lock is told each time: a desktop that does not say
// that it has locked does not say either that it has unlocked, and the next request is a new lock. As long as a source says
// that the screen is locked, it will say when it no longer is.
func (p *presence) askToLock(lock bool) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	switch {
	case lock:
		p.tell(Locked)
	case len(p.locked) == 0:
		p.tell(Unlocked)
	}
}

// switchAway reports whether another user has the screen.
func (p *presence) switchAway(away bool) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	switch {
	case away && !p.away:
		p.tell(UserSwitchedAway)
	case p.away && !away:
		p.tell(UserSwitchedBack)
	}
	p.away = away
}
