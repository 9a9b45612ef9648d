package pcsc_test

import (
	"context"
	"debug/elf"
	"errors"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/testing/pcsctest"
	"github.com/ers-login/ers-login/smartcard/pcsc"
	"github.com/ers-login/ers-login/smartcard/pcsc/presence"
)

// The two slots of the virtual reader.
const (
	left  = "Virtual PCD 00 00"
	right = "Virtual PCD 00 01"
)

// start starts a pcscd and ends it with the test.
func start(t *testing.T, options ...pcsctest.Option) *pcsctest.Daemon {
	t.Helper()
	daemon, err := pcsctest.Start(t.Context(), folder, options...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, daemon.Close()) })
	return daemon
}

func insert(t *testing.T, daemon *pcsctest.Daemon, slot int) *pcsctest.Card {
	t.Helper()
	card, err := daemon.InsertInto(slot)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, card.Remove()) })
	return card
}

// outage expects the events of a killed service: first a lost connection, perhaps a refusal while the
// process is dying, then none.
func (s *stream) outage() {
	s.t.Helper()
	for {
		event := s.next()
		require.Equal(s.t, presence.ServiceGone, event.Kind)
		if errors.Is(event.Err, errNoService) {
			return
		}
		s.t.Log(event.Err)
	}
}

// If a card is not seen to come and go, a session outlives the card that is pulled out (AUT-004).
func TestACardComesAndGoes(t *testing.T) {
	for name, options := range map[string][]pcsctest.Option{"prompt": nil, "polled": {pcsctest.Polled()}} {
		t.Run(name, func(t *testing.T) {
			daemon := start(t, options...)
			events := watch(t, pcsc.Settings{})
			events.expect(connected(left), connected(right))
			card := insert(t, daemon, 0)
			events.expect(inserted(left))
			require.NoError(t, card.Remove())
			events.expect(removed(left))
			other := insert(t, daemon, 1)
			events.expect(inserted(right))
			insert(t, daemon, 0)
			events.expect(inserted(left))
			require.NoError(t, other.Remove())
			events.expect(removed(right))
		})
	}
}

// A user whose card is in when the program starts must not have to pull it out first.
func TestTheFirstLookReportsWhatIsThere(t *testing.T) {
	daemon := start(t)
	first := watch(t, pcsc.Settings{})
	first.expect(connected(left), connected(right))
	insert(t, daemon, 1)
	first.expect(inserted(right))
	first.end()
	watch(t, pcsc.Settings{}).expect(connected(left), connected(right), inserted(right))
}

// Two people who change cards quickly must not share a session: that a card is in again does not hide that one was out.
func TestAFastChangeOfCardsIsARemovalAndAnInsertion(t *testing.T) {
	for name, options := range map[string][]pcsctest.Option{"prompt": nil, "polled": {pcsctest.Polled()}} {
		t.Run(name, func(t *testing.T) {
			daemon := start(t, options...)
			events := watch(t, pcsc.Settings{})
			events.expect(connected(left), connected(right))
			card := insert(t, daemon, 0)
			events.expect(inserted(left))
			for range 3 {
				require.NoError(t, card.Remove())
				card = insert(t, daemon, 0)
			}
			// Of three changes at least one is sent, and the last event is the insertion.
			events.expect(removed(left), inserted(left))
			insert(t, daemon, 1)
			event := events.next()
			for ; event == removed(left); event = events.next() {
				events.expect(inserted(left))
			}
			require.Equal(t, inserted(right), event)
		})
	}
}

// On a busy computer the helper may not look while the card is out. The daemon's count reveals it.
func TestACardThatWasOutUnseenIsReportedAsRemoved(t *testing.T) {
	daemon := start(t)
	held, free := make(chan struct{}), make(chan struct{})
	goOn := sync.OnceFunc(func() { close(free) })
	var next atomic.Bool
	events := watch(t, pcsc.Settings{Establish: hooked(nil, func() {
		if next.CompareAndSwap(true, false) {
			close(held)
			<-free
		}
	})})
	t.Cleanup(goOn)
	events.expect(connected(left), connected(right))
	card := insert(t, daemon, 0)
	events.expect(inserted(left))

	next.Store(true)
	insert(t, daemon, 1)
	<-held // the watch has seen the other card, and sees nothing from now on
	require.NoError(t, card.Remove())
	insert(t, daemon, 0)
	goOn()
	events.expect(inserted(right), removed(left), inserted(left))
}

// hooked connects to the daemon, and calls a function before and after each wait, where there is one.
func hooked(before, after func()) func() (pcsc.Context, error) {
	return func() (pcsc.Context, error) {
		line, err := pcsc.Establish()
		return hook{line, before, after}, err
	}
}

type hook struct {
	pcsc.Context
	before, after func()
}

func (h hook) GetStatusChange(readers []pcsc.ReaderState, limit time.Duration) error {
	if h.before != nil {
		h.before()
	}
	err := h.Context.GetStatusChange(readers, limit)
	if h.after != nil {
		h.after()
	}
	return err
}

// When pcscd is updated or crashes, card removal must work again as soon as it is back, without a new start of the program.
func TestTheDaemonIsKilledAndStartedAgain(t *testing.T) {
	daemon := start(t)
	events := watch(t, pcsc.Settings{})
	events.expect(connected(left), connected(right))
	insert(t, daemon, 0)
	events.expect(inserted(left))

	require.NoError(t, daemon.Kill())
	events.outage()
	require.NoError(t, daemon.Restart())
	events.expect(back, removed(left)) // the virtual card does not stay in a reader that was without power
	card := insert(t, daemon, 0)
	events.expect(inserted(left))
	require.NoError(t, card.Remove())
	events.expect(removed(left))

	insert(t, daemon, 1)
	events.expect(inserted(right))
	require.NoError(t, daemon.Kill())
	events.outage()
	require.NoError(t, daemon.Restart(pcsctest.WithoutReader()))
	events.expect(back, disconnected(left), removed(right), disconnected(right))
}

// Without a reader the program works, and a removed card must not be made up.
func TestThereIsNoReader(t *testing.T) {
	daemon := start(t, pcsctest.WithoutReader())
	waits := make(chan struct{}, 1)
	events := watch(t, pcsc.Settings{Establish: hooked(func() {
		select {
		case waits <- struct{}{}:
		default:
		}
	}, nil)})
	<-waits
	require.NoError(t, daemon.Kill()) // the only news there can be
	events.outage()
	require.NoError(t, daemon.Restart(pcsctest.WithoutReader()))
	events.expect(back)
}

// Without pcscd Diagnostics shows that, and the card is seen once pcscd is there.
func TestThereIsNoDaemon(t *testing.T) {
	require.NoError(t, os.RemoveAll(pcsctest.Socket(folder)))
	events := watch(t, pcsc.Settings{})
	event := events.next()
	require.Equal(t, presence.ServiceGone, event.Kind)
	require.ErrorIs(t, event.Err, errNoService)
	t.Log(event.Err)
	daemon := start(t)
	events.expect(back, connected(left), connected(right))
	insert(t, daemon, 0)
	events.expect(inserted(left))
}

// A reader that is unplugged fails first and is gone then. The removal must be sent with the
// failure, which comes sooner.
func TestAReaderThatFailsHoldsNoCard(t *testing.T) {
	daemon := start(t)
	events := watch(t, pcsc.Settings{})
	events.expect(connected(left), connected(right))
	insert(t, daemon, 0)
	events.expect(inserted(left))
	require.NoError(t, daemon.Break())
	events.expect(removed(left))
	require.NoError(t, daemon.Mend())
	events.expect(inserted(left))
}

// A helper that does not end with its program would hold the reader's service for ever.
func TestItEndsAtOnceAtAnyMoment(t *testing.T) {
	daemon := start(t)
	insert(t, daemon, 0)
	for i := range 60 {
		ctx, cancel := context.WithCancel(t.Context())
		events := pcsc.Watch(ctx)
		for range i % 4 { // from before the first call to while it waits
			<-events
		}
		cancel()
		s := &stream{t: t, events: events, stop: cancel}
		s.end()
	}
}

// A daemon that hangs must not keep the helper from ending.
func TestItEndsThoughTheDaemonHangs(t *testing.T) {
	daemon := start(t)
	released := make(chan struct{})
	events := watch(t, pcsc.Settings{Establish: func() (pcsc.Context, error) {
		line, err := pcsc.Establish()
		return releasing{line, released}, err
	}})
	events.expect(connected(left), connected(right))
	require.NoError(t, daemon.Freeze())
	events.end()
	require.NoError(t, daemon.Thaw())
	<-released // and what was left behind ends as soon as it can
}

// releasing is a connection that reports its release.
type releasing struct {
	pcsc.Context
	released chan struct{}
}

func (r releasing) Release() error {
	defer close(r.released)
	return r.Context.Release()
}

// A helper runs for days. It must not run out of anything.
func TestManyCyclesLeaveNothingBehind(t *testing.T) {
	daemon := start(t)
	events := watch(t, pcsc.Settings{})
	events.expect(connected(left), connected(right))
	before := 0
	for restart := range 4 {
		for range 25 {
			card := insert(t, daemon, 0)
			events.expect(inserted(left))
			require.NoError(t, card.Remove())
			events.expect(removed(left))
		}
		if now := openFiles(t); restart == 0 {
			before = now
		} else {
			require.LessOrEqual(t, now, before, "open files")
		}
		require.NoError(t, daemon.Kill())
		events.outage()
		require.NoError(t, daemon.Restart())
		events.expect(back)
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	return len(files)
}

// The budget from removal to empty keyring is 300 ms. How much of it goes here is in the log of this test; a time is not
// asserted.
func TestTheDelayOfARemoval(t *testing.T) {
	for _, reader := range []struct {
		name    string
		options []pcsctest.Option
		times   int
	}{
		{"prompt (the driver reports within 5 ms, as a USB reader does)", nil, 12},
		{"polled (pcscd looks every 400 ms)", []pcsctest.Option{pcsctest.Polled()}, 4},
	} {
		t.Run(reader.name, func(t *testing.T) {
			daemon := start(t, reader.options...)
			events := watch(t, pcsc.Settings{})
			events.expect(connected(left), connected(right))
			var took []time.Duration
			for range reader.times {
				card := insert(t, daemon, 0)
				events.expect(inserted(left))
				done, began := make(chan error, 1), time.Now()
				go func() { done <- card.Remove() }()
				events.expect(removed(left))
				took = append(took, time.Since(began))
				require.NoError(t, <-done)
			}
			slices.Sort(took)
			t.Logf("removal to event, %d times: median %s, fastest %s, slowest %s",
				len(took), took[len(took)/2], took[0], took[len(took)-1])
		})
	}
}

// If this is no longer so, the rule that only the helper imports this package can go. While it is, a program that breaks the
// rule does not start on a computer without PC/SC.
func TestAProgramThatImportsThisNeedsTheLibrary(t *testing.T) {
	path, err := os.Executable()
	require.NoError(t, err)
	program, err := elf.Open(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, program.Close()) }()
	libraries, err := program.ImportedLibraries()
	require.NoError(t, err)
	require.Contains(t, libraries, "libpcsclite.so.1")
}
