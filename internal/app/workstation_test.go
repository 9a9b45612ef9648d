package app

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/internal/workstation"
	"github.com/ers-login/ers-login/smartcard/simulator"
)

// playedStation is a workstation whose events the test sends.
type playedStation struct {
	events   chan workstation.Event
	released chan struct{}
	unseen   error
}

func newPlayedStation() *playedStation {
	return &playedStation{events: make(chan workstation.Event), released: make(chan struct{}, 8)}
}

func (s *playedStation) Events() <-chan workstation.Event { return s.events }
func (s *playedStation) Release()                         { s.released <- struct{}{} }
func (s *playedStation) MissingEvents() error             { return s.unseen }

// Workstation events reach the flow as what they mean for a session (AUT-003, AUT-004).
func TestAUT004WhatHappensToTheWorkstation(t *testing.T) {
	for event, want := range map[workstation.Event]struct {
		taken             []signin.WorkstationEvent
		looked, left, let bool
	}{
		workstation.Locked:           {taken: []signin.WorkstationEvent{signin.Locked}},
		workstation.UserSwitchedAway: {taken: []signin.WorkstationEvent{signin.SwitchedAway}},
		workstation.Woke:             {taken: []signin.WorkstationEvent{signin.Woke}, looked: true},
		workstation.Sleeping:         {let: true},
		workstation.SessionEnding:    {left: true},
		workstation.CameBack:         {taken: []signin.WorkstationEvent{signin.CameBack}, looked: true},
		workstation.WentIdle:         {taken: []signin.WorkstationEvent{signin.WentIdle}},
		"another":                    {},
	} {
		t.Run(string(event), func(t *testing.T) {
			played, events := newPlayedStation(), make(chan signin.WorkstationEvent, 1)
			var looked, left bool
			workstationEvents{
				station: played, taken: events, board: signin.NewBoard(),
				look: func() { looked = true }, leave: func() { left = true },
			}.take(t.Context(), event)
			close(events)
			var sent []signin.WorkstationEvent
			for event := range events {
				sent = append(sent, event)
			}
			assert.Equal(t, want.taken, sent)
			assert.Equal(t, want.looked, looked, "the Identity Agent is asked")
			assert.Equal(t, want.left, left, "the session ends")
			assert.Equal(t, want.let, len(played.released) > 0, "the computer is let go")
		})
	}
}

// A computer that shuts down waits until the session is closed, and is then released.
func TestAComputerThatShutsDownIsLetGoAfterTheFlow(t *testing.T) {
	card := simulator.New(0)
	defer card.Close()
	played := newPlayedStation()
	closed := false
	e := newTestController(t, func(context.Context) (Services, error) {
		return Services{
			platform: cardOnly(card, nil), keyring: emptyKeyring{},
			maxAge: time.Hour, idleLimit: 15 * time.Minute, close: func() { closed = true },
		}, nil
	}, func(e *Controller) {
		e.watch = func(ctx context.Context, limit time.Duration) station {
			assert.Equal(t, 15*time.Minute, limit)
			go func() { <-ctx.Done(); close(played.events) }()
			return played
		}
	})
	e.until(t, signin.Waiting)
	played.events <- workstation.SessionEnding
	e.until(t, signin.Closed)
	<-played.released
	require.NoError(t, <-e.ended)
	assert.True(t, closed)
}

// An organisation whose sessions end with a locked screen, or at an idle computer, must know if that
// is not reported; others need it only to find a fault.
func TestWhatCannotBeSeenIsNoticed(t *testing.T) {
	cases := map[string]struct {
		lockMatters bool
		unseen      error
		quiet       bool
	}{
		"locking matters":         {true, errors.New("no logind"), false},
		"locking does not matter": {false, errors.New("no logind"), true},
		"idleness is wanted":      {false, errors.Join(errors.New("no logind"), workstation.ErrIdleUnseen), false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			board, played := signin.NewBoard(), newPlayedStation()
			played.unseen = c.unseen
			a := workstationEvents{station: played, board: board, lockMatters: c.lockMatters}
			a.note()
			noticed := <-board.Changes()
			require.Len(t, noticed, 1)
			assert.Equal(t, "WORKSTATION-UNSEEN", noticed[0].Problem.Code)
			assert.Equal(t, c.quiet, noticed[0].Quiet)
			played.unseen = nil
			a.note()
			assert.Empty(t, <-board.Changes())
		})
	}
}
