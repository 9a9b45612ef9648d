//go:build !darwin

package pcsc_test

import (
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/smartcard/pcsc"
	"github.com/ers-login/ers-login/smartcard/pcsc/presence"
)

// The names of the readers in memory.
const a, b, c = "Reader A", "Reader B", "Reader C"

// platforms are the ways in which PC/SC services differ.
var platforms = map[string]func(*service){
	"windows":          func(s *service) { s.nameless = true },
	"pcsc-lite":        func(*service) {},
	"pcsc-lite, numb":  func(s *service) { s.numb = true },
	"without counting": func(s *service) { s.forgetful = true },
}

// observe starts a watch over a service in memory, and sees to it that it was used as it must be.
func observe(t *testing.T, s *service) *stream {
	t.Helper()
	t.Cleanup(func() { // after the end of the watch
		require.Empty(t, s.misuse)
		require.Empty(t, s.lines, "connections that are not released")
	})
	return watch(t, pcsc.Settings{Establish: s.establish, After: fast})
}

// expectNothing checks that no event is left: the next one is of a change made here.
func (s *stream) expectNothing(service *service) {
	s.t.Helper()
	if service.down != nil {
		service.do(s.t, service.start)
		s.expect(back)
	}
	service.do(s.t, func() { service.plug("a reader that was not there") })
	s.expect(connected("a reader that was not there"))
}

// fast makes every pause a millisecond.
func fast(time.Duration) <-chan time.Time { return time.After(time.Millisecond) }

// If one platform's report of a change is not understood, cards come and go unseen there (AUT-004).
func TestEveryChangeIsSent(t *testing.T) {
	for _, test := range []struct {
		name   string
		cards  []string // the readers that have one at first, of A and B
		happen func(*service)
		then   []pcsc.Event
	}{
		{"a card is put in", nil, func(s *service) { s.put(a) }, []pcsc.Event{inserted(a)}},
		{"cards are put in both readers", nil, func(s *service) { s.put(a); s.put(b) }, []pcsc.Event{inserted(a), inserted(b)}},
		{"a card is pulled out", []string{a, b}, func(s *service) { s.pull(a) }, []pcsc.Event{removed(a)}},
		{"a card changes readers", []string{a}, func(s *service) { s.pull(a); s.put(b) }, []pcsc.Event{removed(a), inserted(b)}},
		{"a reader is plugged in", nil, func(s *service) { s.plug(c) }, []pcsc.Event{connected(c)}},
		{
			"a reader is plugged in with a card", nil,
			func(s *service) { s.plug(c); s.put(c) },
			[]pcsc.Event{connected(c), inserted(c)},
		},
		{"a reader is unplugged", nil, func(s *service) { s.unplug(a) }, []pcsc.Event{disconnected(a)}},
		{
			"a reader is unplugged with its card", []string{a, b},
			func(s *service) { s.unplug(a) },
			[]pcsc.Event{removed(a), disconnected(a)},
		},
		{
			"all readers are unplugged", []string{b},
			func(s *service) { s.unplug(a); s.unplug(b) },
			[]pcsc.Event{disconnected(a), removed(b), disconnected(b)},
		},
		{
			"a reader takes another's place", []string{a},
			func(s *service) { s.unplug(a); s.plug(c) },
			[]pcsc.Event{removed(a), disconnected(a), connected(c)},
		},
		{"a reader gives no answer", []string{a}, func(s *service) { s.slot(a).mute = true }, []pcsc.Event{removed(a)}},
	} {
		for platform, set := range platforms {
			t.Run(test.name+"/"+platform, func(t *testing.T) {
				s := newService(a, b)
				set(s)
				there := []pcsc.Event{connected(a), connected(b)}
				for _, reader := range test.cards {
					s.slot(reader).card = true
					there = append(there, inserted(reader))
				}
				events := observe(t, s)
				events.expectByReader(there...)
				s.do(t, func() { test.happen(s) })
				events.expectByReader(test.then...)
				events.expectNothing(s)
			})
		}
	}
}

// Two people who change cards quickly must not share a session. Between two looks only the count
// shows it.
func TestTheCountRevealsUnseenChanges(t *testing.T) {
	for _, test := range []struct {
		name   string
		card   bool // is in the reader at first
		happen func(*service)
		then   []pcsc.Event
	}{
		{"out and in", true, func(s *service) { s.pull(a); s.put(a) }, []pcsc.Event{removed(a), inserted(a)}},
		{"in and out", false, func(s *service) { s.put(a); s.pull(a) }, []pcsc.Event{inserted(a), removed(a)}},
		{
			"in, out and in", false,
			func(s *service) { s.put(a); s.pull(a); s.put(a) },
			[]pcsc.Event{inserted(a), removed(a), inserted(a)},
		},
		{"out, in and out", true, func(s *service) { s.pull(a); s.put(a); s.pull(a) }, []pcsc.Event{removed(a)}},
		{"over the end of the count", true, func(s *service) { s.pull(a); s.put(a) }, []pcsc.Event{removed(a), inserted(a)}},
		{"reset by the reader's failure", true, func(s *service) { s.slot(a).count++ }, []pcsc.Event{removed(a), inserted(a)}},
		{"failure of an empty reader", false, func(s *service) { s.slot(a).count++ }, nil},
	} {
		for _, count := range []uint16{0, 7, 0xFFFE, 0xFFFF} {
			t.Run(test.name+" from "+strconv.Itoa(int(count)), func(t *testing.T) {
				s := newService(a)
				s.slot(a).card, s.slot(a).count = test.card, count
				events := observe(t, s)
				events.expect(connected(a))
				if test.card {
					events.expect(inserted(a))
				}
				s.do(t, func() { test.happen(s) })
				events.expect(test.then...)
				events.expectNothing(s)
			})
		}
	}
}

// A reader that failed and works again must not be taken for a removal that was not, nor for an insertion.
func TestAReaderThatWorksAgain(t *testing.T) {
	for name, card := range map[string]bool{"with a card": true, "empty": false} {
		t.Run(name, func(t *testing.T) {
			s := newService(a)
			s.slot(a).card = card
			events := observe(t, s)
			events.expect(connected(a))
			if card {
				events.expect(inserted(a))
			}
			s.do(t, func() { s.slot(a).mute = true })
			if card {
				events.expect(removed(a))
			}
			s.do(t, func() { s.slot(a).mute = false; s.slot(a).count += 5 })
			if card {
				events.expect(inserted(a))
			}
			events.expectNothing(s)
		})
	}
}

// Windows can list a reader that it does not know yet, and marks it as one to ignore. It must be
// watched all the same.
func TestAReaderThatIsListedAndNotKnown(t *testing.T) {
	s := newService(a)
	s.nameless = true
	s.slot(a).card = true
	events := observe(t, s)
	events.expect(connected(a), inserted(a))
	s.do(t, func() { s.slot(a).lost = true })
	events.expect(removed(a))
	s.do(t, func() { s.slot(a).lost = false })
	events.expect(inserted(a))
}

// Readers are unplugged every day. That must never add up to a service that does not work.
func TestManyReadersAreUnplugged(t *testing.T) {
	s := newService()
	s.numb = true
	for i := range 12 {
		s.plug("Reader " + strconv.Itoa(i))
	}
	// Each is unplugged between the list and the wait, where pcsc-lite gives an error.
	unplug := ""
	s.onWait = func() {
		s.mutex.Lock()
		defer s.mutex.Unlock()
		s.unplug(unplug)
	}
	events := observe(t, s)
	for i := range 12 {
		events.expect(connected("Reader " + strconv.Itoa(i)))
	}
	for i := range 12 {
		name := "Reader " + strconv.Itoa(i)
		s.settle(t)
		s.mutex.Lock()
		unplug = name
		s.lines[0].cancel <- struct{}{} // not this program's: it makes the watch list and wait again
		s.mutex.Unlock()
		events.expect(disconnected(name))
	}
	events.expectNothing(s)
}

// pcsc-lite does not wake a wait for a card older than itself that is out and in again. A later
// look must find it.
func TestATimeLimitFindsWhatThereWasNoCallFor(t *testing.T) {
	s := newService(a)
	s.numb = true
	s.slot(a).card = true
	events := observe(t, s)
	events.expect(connected(a), inserted(a))
	s.do(t, func() { s.pull(a); s.put(a) })
	s.expire(t)
	events.expect(removed(a), inserted(a))
}

// A reader that is plugged in between two waits must not stay unseen.
func TestAReaderThatComesBetweenTwoCalls(t *testing.T) {
	for name, test := range map[string]struct {
		numb   bool
		expire bool
	}{"is counted": {false, false}, "is found by the time limit": {true, true}} {
		t.Run(name, func(t *testing.T) {
			s := newService(a)
			s.numb = test.numb
			waits := 0
			s.onWait = func() {
				if waits++; waits == 2 { // the first is a look at the state of A
					s.mutex.Lock()
					defer s.mutex.Unlock()
					s.plug(b)
				}
			}
			events := observe(t, s)
			events.expect(connected(a))
			if test.expire {
				s.expire(t)
			}
			events.expect(connected(b))
		})
	}
}

// A slow reader of the events must still see that the card was out, and must get no stale event.
func TestASlowReaderGetsWhatMatters(t *testing.T) {
	type steps []func(*service)
	put, pull := func(s *service) { s.put(a) }, func(s *service) { s.pull(a) }
	plug, unplug := func(s *service) { s.plug(a) }, func(s *service) { s.unplug(a) }
	stop, start := func(s *service) { s.stop() }, func(s *service) { s.start() }
	for _, test := range []struct {
		name  string
		card  bool // is in the reader at first
		steps steps
		then  []pcsc.Event
	}{
		{"removal and insertion", true, steps{pull, put}, []pcsc.Event{removed(a), inserted(a)}},
		{"many of both", true, steps{pull, put, pull, put, pull, put}, []pcsc.Event{removed(a), inserted(a)}},
		{"two removals", true, steps{pull, put, pull}, []pcsc.Event{removed(a)}},
		{"insertion and removal", false, steps{put, pull}, []pcsc.Event{inserted(a), removed(a)}},
		{"two insertions", false, steps{put, pull, put}, []pcsc.Event{inserted(a), removed(a), inserted(a)}},
		{"unplugged and plugged in", false, steps{unplug, plug}, []pcsc.Event{disconnected(a), connected(a)}},
		{
			"unplugged and plugged in, with a card", true, steps{unplug, plug, put},
			[]pcsc.Event{removed(a), disconnected(a), connected(a), inserted(a)},
		},
		{
			"unplugged twice, with a card in between", false, steps{unplug, plug, put, unplug},
			[]pcsc.Event{inserted(a), removed(a), disconnected(a)},
		},
		{
			"another reader comes and goes", false, steps{
				func(s *service) { s.plug(b) },
				func(s *service) { s.unplug(b) },
			}, nil,
		},
		{
			"another reader comes and goes, and a card with it", false, steps{
				func(s *service) { s.plug(b); s.put(b) },
				func(s *service) { s.unplug(b) },
			},
			[]pcsc.Event{connected(b), inserted(b), removed(b), disconnected(b)},
		},
		{
			"another reader comes, goes and comes, and a card in between", false, steps{
				func(s *service) { s.plug(b); s.put(b) },
				func(s *service) { s.unplug(b) },
				func(s *service) { s.plug(b) },
			},
			[]pcsc.Event{connected(b), inserted(b), removed(b), disconnected(b), connected(b)},
		},
		{"an outage", true, steps{stop, start}, []pcsc.Event{gone, back}},
		{"removal, then outage", true, steps{pull, stop}, []pcsc.Event{removed(a), gone}},
		{"removal during an outage", true, steps{stop, pull, start}, []pcsc.Event{gone, back, removed(a)}},
		{"insertion, removal, outage", false, steps{put, pull, stop}, []pcsc.Event{inserted(a), removed(a), gone}},
		{"two outages", true, steps{stop, start, stop}, []pcsc.Event{gone}},
		{"two outages and a removal in between", true, steps{stop, start, pull, stop}, []pcsc.Event{removed(a), gone}},
		{"two outages and an end", true, steps{stop, start, stop, start}, []pcsc.Event{gone, back}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newService(a)
			s.slot(a).card = test.card
			events := observe(t, s)
			events.expect(connected(a))
			if test.card {
				events.expect(inserted(a))
			}
			for _, step := range test.steps {
				s.do(t, func() { step(s) })
			}
			events.expect(test.then...)
			events.expectNothing(s)
		})
	}
}

// After an outage it is unknown whether the card was out. The events must claim neither.
func TestAfterAnOutageComesWhatIsDifferent(t *testing.T) {
	for _, test := range []struct {
		name  string
		while func(*service)
		then  []pcsc.Event
	}{
		{"nothing", func(*service) {}, nil},
		{"the card was out and is in", func(s *service) { s.pull(a); s.put(a) }, nil},
		{"the card is out", func(s *service) { s.pull(a) }, []pcsc.Event{removed(a)}},
		{"a card is in the other reader", func(s *service) { s.put(b) }, []pcsc.Event{inserted(b)}},
		{"the reader is gone", func(s *service) { s.unplug(a) }, []pcsc.Event{removed(a), disconnected(a)}},
		{"there is another reader", func(s *service) { s.plug(c) }, []pcsc.Event{connected(c)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newService(a, b)
			s.slot(a).card, s.slot(a).count = true, 7
			events := observe(t, s)
			events.expectByReader(connected(a), connected(b), inserted(a))
			s.do(t, s.stop)
			events.expect(gone)
			s.do(t, func() { test.while(s) })
			s.do(t, s.start)
			events.expect(back)
			events.expectByReader(test.then...)
			events.expectNothing(s)
		})
	}
}

// Diagnostics shows why there are no card events: a service desk looks up the service's own error.
func TestWhyThereIsNoService(t *testing.T) {
	for _, code := range []pcsc.Code{errNoService, errInvalidHandle, errNoAccess, 6} {
		t.Run("at first, "+code.Error(), func(t *testing.T) {
			s := newService(a)
			s.down = code
			events := observe(t, s)
			events.expectGone(code)
			s.do(t, s.start)
			events.expect(back, connected(a))
		})
		t.Run("later, "+code.Error(), func(t *testing.T) {
			s := newService(a)
			events := observe(t, s)
			events.expect(connected(a))
			s.do(t, func() { s.down = code })
			events.expectGone(code)
			s.do(t, s.start)
			events.expect(back)
		})
	}
}

// A user without pcscd must not get news of that every two seconds; but if the error becomes another, Diagnostics
// must not show the old one.
func TestAnOutageIsReportedOncePerError(t *testing.T) {
	s := newService()
	s.stop()
	events := observe(t, s)
	events.expectGone(errNoService)
	for range 5 {
		s.do(t, func() {})
	}
	s.do(t, func() { s.down = errNoAccess })
	events.expectGone(errNoAccess)
	s.do(t, s.start)
	events.expect(back)
}

// A service that comes to be before the first event was never gone.
func TestAnOutageBeforeTheFirstEventDoesNotCount(t *testing.T) {
	s := newService(a)
	s.stop()
	events := observe(t, s)
	s.do(t, s.start)
	events.expect(connected(a)) // after a ServiceBack
}

// A service that never reports the readers it lists must count as failing.
func TestAServiceThatDoesNotKnowItsOwnReaders(t *testing.T) {
	for _, code := range []pcsc.Code{pcsc.ErrUnknownReader, pcsc.ErrReaderUnavailable, pcsc.ErrNoReadersAvailable} {
		t.Run(code.Error(), func(t *testing.T) {
			s := newService(a)
			s.failing = code
			events := observe(t, s)
			events.expect(connected(a))
			events.expectGone(code)
		})
	}
}

// An absent service must not keep the processor busy, nor be missed for long once it is there.
func TestTheServiceIsTriedAgainEverMoreRarely(t *testing.T) {
	const ms = time.Millisecond
	pauses := []time.Duration{100 * ms, 200 * ms, 400 * ms, 800 * ms, 1600 * ms, 2000 * ms, 2000 * ms}
	s, clock := newService(a), newClock()
	s.stop()
	events := watch(t, pcsc.Settings{Establish: s.establish, After: clock.after})
	events.expect(gone)
	for i, pause := range pauses {
		require.Equal(t, pause, <-clock.asked)
		if i == len(pauses)-1 {
			s.change(s.start)
		}
		clock.ticks <- time.Time{}
	}
	events.expect(back, connected(a))
	s.settle(t) // once it is there, it is missed soon again
	s.change(s.stop)
	events.expect(gone)
	require.Equal(t, pauses[0], <-clock.asked)
}

// clock passes time on demand.
type clock struct {
	asked chan time.Duration // how long a caller waits
	ticks chan time.Time     // ends that
}

func newClock() *clock { return &clock{make(chan time.Duration, 1), make(chan time.Time)} }

func (c *clock) after(d time.Duration) <-chan time.Time {
	c.asked <- d
	return c.ticks
}

// More readers than pcsc-lite can watch in one call must not mean that none is watched.
func TestMoreReadersThanOneCallTakes(t *testing.T) {
	s := newService()
	for i := range 20 {
		s.plug("Reader " + strconv.Itoa(i))
	}
	events := observe(t, s)
	for i := range 15 {
		events.expect(connected("Reader " + strconv.Itoa(i)))
	}
	s.do(t, func() { s.put("Reader 14") })
	events.expect(inserted("Reader 14"))
	require.LessOrEqual(t, s.most, 16)
}

// A Cancel that comes before the wait has begun has no effect. The helper must end all the same.
func TestACancelThatComesTooSoonIsRepeated(t *testing.T) {
	s := newService()
	begun, cancelled := make(chan struct{}), make(chan struct{}, 1)
	s.onWait = func() {
		close(begun)
		<-cancelled
	}
	s.onCancel = func() {
		select {
		case cancelled <- struct{}{}:
		default:
		}
	}
	events := observe(t, s)
	<-begun
	events.end() // and no connection is left
}

// To release a connection while another thread cancels on it would crash the helper.
func TestNothingIsReleasedDuringACancel(t *testing.T) {
	s := newService()
	s.onCancel = func() { time.Sleep(20 * time.Millisecond) }
	events := observe(t, s)
	s.settle(t)
	events.end()
}

// A service that hangs, even when the wait is cancelled, must not keep the helper from ending.
func TestItEndsThoughTheServiceHangs(t *testing.T) {
	for name, hang := range map[string]func(*service, func()){
		"while it waits":       func(s *service, hang func()) { s.onWait, s.onCancel = hang, hang },
		"when it is cancelled": func(s *service, hang func()) { s.onCancel = hang },
	} {
		t.Run(name, func(t *testing.T) {
			s := newService()
			free := make(chan struct{})
			hang(s, func() { <-free })
			events := watch(t, pcsc.Settings{Establish: s.establish})
			events.end()
			close(free)
			for end := time.Now().Add(guard); ; time.Sleep(time.Millisecond) {
				s.mutex.Lock()
				left := len(s.lines)
				s.mutex.Unlock()
				if left == 0 {
					break
				}
				require.True(t, time.Now().Before(end), "a connection is not released")
			}
		})
	}
}

// For every order of events and every speed of the reader: the events are consistent, lead to the
// actual state, and leave no removal out.
func TestWhateverHappensNoRemovalIsLost(t *testing.T) {
	for platform, set := range platforms {
		for seed := range uint64(25) {
			t.Run(platform+"/"+strconv.FormatUint(seed, 10), func(t *testing.T) {
				s := newService(a, b)
				set(s)
				play(t, s, rand.New(rand.NewPCG(seed, 0)))
			})
		}
	}
}

// play does something at random, again and again.
func play(t *testing.T, s *service, random *rand.Rand) {
	t.Helper()
	events := observe(t, s)
	events.begun = true
	heard := &hearer{t: t, readers: map[string]bool{}, cards: map[string]bool{}, owed: map[string]bool{}, gone: true}
	for range 20 {
		s.do(t, func() { heard.owe(s, step(s, random)) })
		for range random.IntN(3) {
			select {
			case event := <-events.events:
				heard.hear(event)
			default: // there is none just now
			}
		}
	}
	s.do(t, func() {
		if s.down != nil {
			s.start()
		}
	})
	s.do(t, func() { s.plug("the last one") })
	for event := events.next(); event != connected("the last one"); event = events.next() {
		heard.hear(event)
	}
	require.False(t, heard.gone, "the service is there")
	require.Empty(t, heard.owed, "removals that were not sent")
	there := map[string]bool{}
	for _, reader := range s.readers[:len(s.readers)-1] {
		there[reader.name] = true
		require.Equal(t, reader.card, heard.cards[reader.name], reader.name)
	}
	require.Equal(t, there, heard.readers)
}

// step does one thing that can be done, and returns the reader out of which a card went, empty for none.
func step(s *service, random *rand.Rand) (lost string) {
	name := []string{a, b, c}[random.IntN(3)]
	reader := s.slot(name)
	switch choice := random.IntN(10); {
	case choice == 0 && s.down == nil:
		s.stop()
	case choice < 5 && s.down != nil:
		s.start()
	case reader == nil:
		s.plug(name)
	case choice < 3:
		if reader.card {
			lost = name
		}
		s.unplug(name) // which invalidates reader
		return lost
	case reader.card:
		s.pull(name)
		return name
	default:
		s.put(name)
	}
	return ""
}

// hearer is the state according to the events received.
type hearer struct {
	t              *testing.T
	readers, cards map[string]bool
	owed           map[string]bool // the readers of which a removal must follow
	gone           bool
}

// owe records a removal that must be sent. One during an outage is sent only if the card is not
// back at its end.
func (k *hearer) owe(s *service, reader string) {
	if reader != "" && s.down == nil {
		k.owed[reader] = true
	}
}

func (k *hearer) hear(event pcsc.Event) {
	k.t.Helper()
	switch event.Kind {
	case presence.ReaderConnected:
		require.False(k.t, k.readers[event.Reader], event)
		k.readers[event.Reader] = true
	case presence.ReaderDisconnected:
		require.True(k.t, k.readers[event.Reader], event)
		require.False(k.t, k.cards[event.Reader], "the card's event has to come first: %v", event)
		delete(k.readers, event.Reader)
	case presence.CardInserted:
		require.True(k.t, k.readers[event.Reader] && !k.cards[event.Reader], event)
		k.cards[event.Reader] = true
	case presence.CardRemoved:
		require.True(k.t, k.cards[event.Reader], event)
		delete(k.cards, event.Reader)
		delete(k.owed, event.Reader)
	case presence.ServiceGone:
		require.Error(k.t, event.Err)
		k.gone = true
	case presence.ServiceBack:
		require.True(k.t, k.gone)
		k.gone = false
	default:
		require.FailNow(k.t, "an event of no kind", event)
	}
}
