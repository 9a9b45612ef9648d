//go:build !darwin

package pcsc_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/smartcard/pcsc"
)

// service is a PC/SC service in memory, for what the real one cannot be made to do in a test: to lose a reader, to be
// another platform's, to fail in a given way. What it does is taken from winscard_clnt.c and eventhandler.c of pcsc-lite and
// from [MS-RDPESC] 2.2.7. It has the reader that stands for new ones, which macOS has not.
type service struct {
	// forgetful does not count (macOS).
	forgetful bool
	// nameless returns StateUnknown for a reader that was gone before the wait (Windows), and not an error (pcsc-lite).
	nameless bool
	// numb returns no event for a reader whose count was 0, nor for one that came or went before
	// the wait (pcsc-lite).
	numb bool
	// onWait and onCancel are called at the beginning of each wait and at the end of each Cancel, if they are set.
	onWait, onCancel func()

	mutex   sync.Mutex
	readers []slot
	version int           // of the readers
	changed chan struct{} // closed and made anew with each version
	down    error         // what every call returns
	failing error         // what every wait returns
	lines   []*connection
	refused int // how many connections were
	most    int // the most names in one wait
	misuse  []string
}

// slot is a reader.
type slot struct {
	name  string
	card  bool
	count uint16
	mute  bool // it gives no answer
	lost  bool // it is listed but not known
}

func newService(readers ...string) *service {
	s := &service{changed: make(chan struct{})}
	for _, name := range readers {
		s.plug(name)
	}
	return s
}

// do changes something, which a watch sees all at once, and waits until it has.
func (s *service) do(t *testing.T, change func()) {
	t.Helper()
	s.settle(t)
	s.change(change)
	s.settle(t)
}

// change changes something, which a watch sees all at once.
func (s *service) change(change func()) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	change()
	s.version++
	close(s.changed)
	s.changed = make(chan struct{})
	s.refused = 0
}

// settle waits until the watch has seen how things are.
func (s *service) settle(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(guard); !s.settled(); time.Sleep(50 * time.Microsecond) {
		require.True(t, time.Now().Before(end), "the watch does not look")
	}
}

func (s *service) settled() bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.down != nil {
		return s.refused > 0
	}
	return slices.ContainsFunc(s.lines, func(c *connection) bool { return c.waits && c.seen == s.version })
}

// The changes. They are made within do or change, or before the watch.

func (s *service) slot(name string) *slot {
	for i := range s.readers {
		if s.readers[i].name == name {
			return &s.readers[i]
		}
	}
	return nil
}

func (s *service) put(name string)  { s.move(name, true) }
func (s *service) pull(name string) { s.move(name, false) }

func (s *service) move(name string, card bool) {
	reader := s.slot(name)
	reader.card = card
	if !s.forgetful {
		reader.count++
	}
}

func (s *service) plug(name string) { s.readers = append(s.readers, slot{name: name}) }

func (s *service) unplug(name string) {
	s.readers = slices.DeleteFunc(s.readers, func(reader slot) bool { return reader.name == name })
}

func (s *service) stop() { s.down = errNoService }

// start begins a service that knows nothing of the last one's connections, and counts from anew.
func (s *service) start() {
	s.down = nil
	for _, line := range s.lines {
		line.dead = true
	}
	for i := range s.readers {
		s.readers[i].count = 0
	}
}

// expire ends the wait as if its time were over.
func (s *service) expire(t *testing.T) {
	t.Helper()
	s.settle(t)
	s.mutex.Lock()
	line := s.lines[0]
	s.mutex.Unlock()
	line.expire <- struct{}{}
}

// establish connects.
func (s *service) establish() (pcsc.Context, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.down != nil {
		s.refused++
		return nil, s.down
	}
	line := &connection{service: s, cancel: make(chan struct{}, 1), expire: make(chan struct{})}
	s.lines = append(s.lines, line)
	return line, nil
}

// connection is a pcsc.Context.
type connection struct {
	service *service
	cancel  chan struct{} // takes a Cancel while there is a wait
	expire  chan struct{} // takes the end of a time limit
	waits   bool
	cancels int // how many Cancel there are just now
	seen    int // the version of the last look
	dead    bool
}

func (c *connection) ListReaders() ([]string, error) {
	s := c.service
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if err := c.check(); err != nil {
		return nil, err
	}
	if len(s.readers) == 0 {
		return nil, pcsc.ErrNoReadersAvailable
	}
	names := make([]string, len(s.readers))
	for i, reader := range s.readers {
		names[i] = reader.name
	}
	return names, nil
}

func (c *connection) GetStatusChange(readers []pcsc.ReaderState, _ time.Duration) error {
	s := c.service
	if s.onWait != nil {
		s.onWait()
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.most = max(s.most, len(readers))
	known := len(s.readers)
	for _, reader := range readers {
		if reader.Reader != plugAndPlay && s.slot(reader.Reader) == nil && !s.nameless {
			return pcsc.ErrUnknownReader
		}
	}
	for {
		if err := c.check(); err != nil {
			return err
		}
		if s.failing != nil {
			return s.failing
		}
		if c.look(readers, known) {
			return nil
		}
		if err := c.wait(); err != nil {
			return err
		}
	}
}

// check returns why a call cannot be answered.
func (c *connection) check() error {
	switch {
	case c.service.down != nil:
		return c.service.down
	case c.dead:
		return errInvalidHandle
	}
	return nil
}

// look fills in the states and reports whether one differs.
func (c *connection) look(readers []pcsc.ReaderState, known int) (done bool) {
	s := c.service
	c.seen = s.version
	for i := range readers {
		reader := &readers[i]
		if reader.Current&pcsc.StateIgnore != 0 {
			continue
		}
		slot := s.slot(reader.Reader)
		switch {
		case reader.Reader == plugAndPlay:
			reader.Event = s.arrivals(known)
		case slot == nil, slot.lost:
			reader.Event = pcsc.StateUnknown | pcsc.StateUnavailable
		case slot.mute:
			reader.Event = pcsc.StateUnavailable
		case slot.card:
			reader.Event = pcsc.State(slot.count)<<16 | pcsc.StatePresent
		default:
			reader.Event = pcsc.State(slot.count)<<16 | pcsc.StateEmpty
		}
		difference := reader.Event ^ reader.Current
		if s.numb && reader.Current != pcsc.StateUnaware && reader.Current>>16 == 0 {
			difference &= 0xFFFF
		}
		if difference != 0 {
			reader.Event |= pcsc.StateChanged
			done = true
		}
		if reader.Event&pcsc.StateUnknown != 0 {
			reader.Event |= pcsc.StateIgnore
		}
	}
	return done
}

// plugAndPlay stands for the readers that come and go.
const plugAndPlay = `\\?PnP?\Notification`

// arrivals is the state of the reader that stands for those that come and go.
func (s *service) arrivals(known int) pcsc.State {
	if !s.numb {
		return pcsc.State(len(s.readers)) << 16
	}
	if len(s.readers) != known {
		return pcsc.StateChanged
	}
	return pcsc.StateUnaware
}

// wait lets go of the lock until something happens.
func (c *connection) wait() error {
	s, changed := c.service, c.service.changed
	c.waits = true
	s.mutex.Unlock()
	defer func() {
		s.mutex.Lock()
		c.waits = false
	}()
	select {
	case <-changed:
		return nil
	case <-c.cancel:
		return pcsc.ErrCancelled
	case <-c.expire:
		return pcsc.ErrTimeout
	}
}

func (c *connection) Cancel() error {
	s := c.service
	s.mutex.Lock()
	c.cancels++
	if !slices.Contains(s.lines, c) {
		s.misuse = append(s.misuse, "Cancel after Release")
	}
	if c.waits {
		select {
		case c.cancel <- struct{}{}:
		default:
		}
	}
	s.mutex.Unlock()
	if s.onCancel != nil {
		s.onCancel()
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	c.cancels--
	return c.check()
}

func (c *connection) Release() error {
	s := c.service
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if !slices.Contains(s.lines, c) {
		s.misuse = append(s.misuse, "Release twice")
	}
	if c.waits || c.cancels > 0 {
		s.misuse = append(s.misuse, "Release during another call")
	}
	s.lines = slices.DeleteFunc(s.lines, func(line *connection) bool { return line == c })
	return c.check()
}
