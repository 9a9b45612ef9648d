package commands

import (
	"context"
	"time"

	"github.com/ers-login/ers-login/internal/login"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/workstation"
)

// station is what an controller needs of the workstation; *workstation.Watcher is one.
type station interface {
	Events() <-chan workstation.Event
	Release()
	Unseen() error
}

// workstationEvents passes on to a flow what happens to the workstation (AUT-003, AUT-004).
type workstationEvents struct {
	station station
	// incidents is for the flow.
	incidents chan login.Incident
	// look has the Identity Agent polled, and leave ends the session at once.
	look, leave func()
	// board is told what cannot be seen; whoever wants sessions to end with a locked screen has to know.
	board       *login.Board
	lockMatters bool
}

// unseenEvery is how often it is looked what cannot be seen. A desktop may come up after the program.
const unseenEvery = 30 * time.Second

// run attends the workstation until its events end with the context.
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
		a.tell(ctx, login.Locked)
	case workstation.UserSwitchedAway:
		a.tell(ctx, login.SwitchedAway)
	case workstation.Woke:
		a.tell(ctx, login.Woke)
		a.look()
	case workstation.Sleeping:
		// A session may sleep: what has become of it is looked at on waking. The computer is not kept from it.
		a.station.Release()
	case workstation.SessionEnding:
		// The computer is released when the flow has ended.
		a.leave()
	case workstation.Unlocked, workstation.UserSwitchedBack:
		a.look()
	}
}

func (a workstationEvents) tell(ctx context.Context, incident login.Incident) {
	select {
	case a.incidents <- incident:
	case <-ctx.Done():
	}
}

func (a workstationEvents) note() {
	var found *problem.Problem
	if err := a.station.Unseen(); err != nil {
		found = workstation.Unseen.Because(err)
	}
	if a.lockMatters {
		a.board.Set("workstation", found)
	} else {
		a.board.SetQuiet("workstation", found)
	}
}
