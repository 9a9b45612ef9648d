//go:build !darwin

package pcsc_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/smartcard/pcsc"
	"github.com/ers-login/ers-login/smartcard/pcsc/presence"
)

// guard is when a test gives up. Nothing here takes as long.
const guard = 30 * time.Second

// stream is a watch and what has come of it.
type stream struct {
	t      *testing.T
	events <-chan pcsc.Event
	stop   context.CancelFunc
	begun  bool
}

// watch starts one and stops it with the test. No two may run at a time.
func watch(t *testing.T, settings pcsc.Settings) *stream {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	s := &stream{t: t, events: pcsc.WatchWith(ctx, settings), stop: cancel}
	t.Cleanup(s.end)
	return s
}

// end stops the watch and waits until it has ended.
func (s *stream) end() {
	s.t.Helper()
	s.stop()
	limit := time.After(guard)
	for {
		select {
		case _, open := <-s.events:
			if !open {
				return
			}
		case <-limit:
			require.FailNow(s.t, "the watch does not end")
		}
	}
}

// next returns the next event. The first says whether there is a service, and is left out if so.
func (s *stream) next() pcsc.Event {
	s.t.Helper()
	select {
	case event, open := <-s.events:
		require.True(s.t, open, "the events have ended")
		if s.begun {
			return event
		}
		s.begun = true
		if event == back {
			return s.next()
		}
		require.Equal(s.t, presence.ServiceGone, event.Kind, "the first event")
		return event
	case <-time.After(guard):
		require.FailNow(s.t, "no event comes")
	}
	return pcsc.Event{}
}

// expect takes as many events as it is given, which have to be those. Why a service is gone is not compared.
func (s *stream) expect(want ...pcsc.Event) {
	s.t.Helper()
	for i, event := range want {
		got := s.next()
		if event.Kind == presence.ServiceGone {
			require.Error(s.t, got.Err)
			got.Err = nil
		}
		require.Equal(s.t, event, got, "event %d of %d", i+1, len(want))
	}
}

// expectByReader takes as many events as it is given. Those of one reader have to come in that order.
func (s *stream) expectByReader(want ...pcsc.Event) {
	s.t.Helper()
	var got []pcsc.Event
	for range want {
		got = append(got, s.next())
	}
	byReader := func(a, b pcsc.Event) int { return strings.Compare(a.Reader, b.Reader) }
	slices.SortStableFunc(got, byReader)
	want = slices.Clone(want)
	slices.SortStableFunc(want, byReader)
	require.Equal(s.t, want, got)
}

// Errors of the service that the watch does not distinguish.
const (
	errInvalidHandle pcsc.Code = 0x80100003
	errNoService     pcsc.Code = 0x8010001D
	errNoAccess      pcsc.Code = 0x80100027
)

// expectGone takes a ServiceGone for an error.
func (s *stream) expectGone(code pcsc.Code) {
	s.t.Helper()
	event := s.next()
	require.Equal(s.t, presence.ServiceGone, event.Kind)
	require.ErrorIs(s.t, event.Err, code)
}

func connected(reader string) pcsc.Event {
	return pcsc.Event{Kind: presence.ReaderConnected, Reader: reader}
}

func disconnected(reader string) pcsc.Event {
	return pcsc.Event{Kind: presence.ReaderDisconnected, Reader: reader}
}

func inserted(reader string) pcsc.Event {
	return pcsc.Event{Kind: presence.CardInserted, Reader: reader}
}
func removed(reader string) pcsc.Event { return pcsc.Event{Kind: presence.CardRemoved, Reader: reader} }

var (
	gone = pcsc.Event{Kind: presence.ServiceGone}
	back = pcsc.Event{Kind: presence.ServiceBack}
)
