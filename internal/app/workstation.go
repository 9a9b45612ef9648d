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

// passedOn are the events for the flow.
var passedOn = map[workstation.Event]signin.WorkstationEvent{
	workstation.Locked: signin.Locked, workstation.UserSwitchedAway: signin.SwitchedAway, workstation.Woke: signin.Woke,
	workstation.CameBack: signin.CameBack, workstation.WentIdle: signin.WentIdle,
}

func (a workstationEvents) take(ctx context.Context, event workstation.Event) {
	switch event {
	case workstation.Sleeping:
		// A session may sleep: its state is checked on waking. The computer is not kept from
		// sleeping.
		a.station.Release()
	case workstation.SessionEnding:
		// The computer is released when the flow has ended.
		a.leave()
	default:
		passed, known := passedOn[event]
		if !known {
			return
		}
		select {
		case a.taken <- passed:
		case <-ctx.Done():
		}
		if event == workstation.Woke || event == workstation.CameBack {
			a.look()
		}
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
