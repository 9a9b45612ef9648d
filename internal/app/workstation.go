package app

import (
	"context"
	"errors"
	"time"

	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/internal/workstation"
)

// station is what a controller needs of the workstation; *workstation.Watcher is one.
type station interface {
	Events() <-chan workstation.Event
	Release()
	MissingEvents() error
}

// workstationEvents passes workstation events on to a flow (AUT-003, AUT-004).
type workstationEvents struct {
	station station
	// taken delivers to the flow.
	taken chan<- signin.WorkstationEvent
	// look polls the Identity Agent, and leave ends the session at once.
	look, leave func()
	// board gets events that are not delivered. An organisation that ends sessions on lock must know
	// of them, and so must one whose sessions do not end at an idle computer though they should.
	board       *signin.Board
	lockMatters bool
}

// unseenEvery is the interval of checks for undelivered events. A desktop may start after the
// program.
const unseenEvery = 30 * time.Second

// run watches the workstation until its events end with the context.
func (a workstationEvents) run(ctx context.Context) {
	ticks := time.NewTicker(unseenEvery)
	defer ticks.Stop()
	events := a.station.Events()
	for {
		select {
		case event, open := <-events:
			if !open {
				return
			}
			a.take(ctx, event)
		case <-ticks.C:
			a.note()
		}
	}
}

func (a workstationEvents) take(ctx context.Context, event workstation.Event) {
	switch event {
	case workstation.Locked:
		a.send(ctx, signin.Locked)
	case workstation.UserSwitchedAway:
		a.send(ctx, signin.SwitchedAway)
	case workstation.Woke:
		a.send(ctx, signin.Woke)
		a.look()
	case workstation.Sleeping:
		// A session may sleep: its state is checked on waking. The computer is not kept from
		// sleeping.
		a.station.Release()
	case workstation.SessionEnding:
		// The computer is released when the flow has ended.
		a.leave()
	case workstation.CameBack:
		a.send(ctx, signin.CameBack)
		a.look()
	case workstation.WentIdle:
		a.send(ctx, signin.WentIdle)
	}
}

func (a workstationEvents) send(ctx context.Context, event signin.WorkstationEvent) {
	select {
	case a.taken <- event:
	case <-ctx.Done():
	}
}

func (a workstationEvents) note() {
	var found *problem.Problem
	err := a.station.MissingEvents()
	if err != nil {
		found = workstation.Unseen.Because(err)
	}
	if a.lockMatters || errors.Is(err, workstation.ErrIdleUnseen) {
		a.board.Set("workstation", found)
	} else {
		a.board.SetQuiet("workstation", found)
	}
}
