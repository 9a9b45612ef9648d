package smartcard

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/problem"
)

// EventKind is the kind of an [Event], in words for logs.
type EventKind string

// The kinds of events.
const (
	// TicketAppeared: a user is signed in, and none was before.
	TicketAppeared EventKind = "ticket appeared"
	// TicketChanged: there is another ticket; the user may be another one, too.
	TicketChanged EventKind = "ticket changed"
	// TicketGone: no user is signed in, for the reason in Err. Sent again when the reason changes.
	TicketGone EventKind = "ticket gone"
	// AgentUnsure: the agent gives no answer about the ticket, for the reason in Err. What was
	// reported before may still hold.
	AgentUnsure EventKind = "agent unsure"
	// AgentSure follows an AgentUnsure: the agent answers again, and what was reported before it
	// still holds.
	AgentSure EventKind = "agent sure"
)

// Event is one change that [Watch] reports.
type Event struct {
	Kind EventKind
	// Ticket is the current ticket: with TicketAppeared, TicketChanged and an AgentSure that
	// confirms one.
	Ticket ersclient.Ticket
	// Err is a *problem.Problem: why there is no ticket (TicketGone, and an AgentSure that confirms
	// it), or why the agent gives no answer (AgentUnsure). If a ticket is gone, the chain holds the
	// agent's [Code], if any.
	Err error
}

// WatchSettings configures [Watch]. The zero value suits the Identity Agent.
type WatchSettings struct {
	// Interval is the pause between two polls; 0 means 1 s. A quarter of it, but at least 200 ms, is
	// the pause while CardIn reports true and a user may be signing in: see [Watch].
	Interval time.Duration
	// CardIn reports whether there is a card in a reader. It may be nil, where readers are not seen.
	CardIn func() bool
	// Patience is how long inconclusive answers are accepted before the ticket counts as gone; 0
	// means 10 s.
	Patience time.Duration
	// PollTimeout is the deadline of one poll, as a deadline of the agent's context; 0 means 5 s.
	PollTimeout time.Duration
	// Nudge requests a poll at once, for example when a card reader reports a change. It may be
	// nil.
	Nudge <-chan struct{}
	// Now replaces the system's clock, if it is not nil. Patience is compared with the difference of
	// two Now, which is wall-clock time: timers stand still while a laptop sleeps, and a session that
	// was unconfirmed all night is not to be trusted in the morning.
	Now func() time.Time
}

// Watch polls the agent for a ticket (getTicketNoAuth, which never prompts) and sends every change;
// the first answer is always sent. It serves AUT-003 and AUT-004: to notice a time-out and the
// removal of the card.
//
// An answer that says nothing about the ticket (SERVER_BUSY, SERVER_COMM_FAILED, INTERNAL,
// INTERNAL_ERROR, RESOURCE_ALLOCATION_FAILED, a time-out, an error without a [Code]) does not mean
// that the ticket is gone. It leads to one AgentUnsure, and to TicketGone after Patience without
// any other answer.
//
// Events do not queue: a slow reader receives one event from the state that it knows to the current
// one. So a ticket that was replaced unseen is a TicketChanged, and one that was away for a moment
// and came back is no event.
//
// With a card in a reader and a clear answer that there is no ticket, the user is probably entering
// their passcode: for two minutes after the last such change, or the last Nudge, polls come four
// times as often. A card that is left in for a day, and an agent that is busy, are not polled so.
//
// The channel is closed when ctx has ended and the last poll is over.
func Watch(ctx context.Context, agent Agent, settings WatchSettings) <-chan Event {
	w := &watch{WatchSettings: settings.orDefaults(), agent: agent, answers: make(chan answer, 1)}
	events := make(chan Event)
	go func() {
		defer close(events)
		w.run(ctx, events)
	}()
	return events
}

const (
	// eagerFor is how long after a change the agent is polled more often: time to find a passcode.
	eagerFor = 2 * time.Minute
	// shortest bounds the pause between two of those polls. An organisation's own agent is a program
	// that is started for each.
	shortest = 200 * time.Millisecond
)

func (s WatchSettings) orDefaults() WatchSettings {
	s.Interval = cmp.Or(s.Interval, time.Second)
	s.Patience = cmp.Or(s.Patience, 10*time.Second)
	s.PollTimeout = cmp.Or(s.PollTimeout, 5*time.Second)
	if s.CardIn == nil {
		s.CardIn = func() bool { return false }
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	return s
}

// watch is the state of Watch. All but the agent's call runs in one goroutine.
type watch struct {
	WatchSettings
	agent   Agent
	answers chan answer

	truth    standing // as far as the agent has answered
	reported standing // as far as the reader has received events
	// doubtful is the time of the first of the inconclusive answers, while truth.doubt is set.
	doubtful time.Time
	// changed is when a card or the ticket moved last, as far as is known.
	changed time.Time
}

// answer is the result of one poll.
type answer struct {
	ticket ersclient.Ticket
	err    error
}

// standing is what is known of the ticket. The zero value is to know nothing yet.
type standing struct {
	// Exactly one is set: ticket, or absence, which is why there is none.
	ticket  ersclient.Ticket
	absence *problem.Problem
	// doubt is why this may no longer hold, or nil.
	doubt *problem.Problem
}

// run polls and sends until ctx ends. A poll runs beside the loop, so that events are sent
// meanwhile.
func (w *watch) run(ctx context.Context, events chan<- Event) {
	var (
		due   <-chan time.Time // nil while a question is under way
		again bool             // a nudge came while it was: what it asks about may be older
		nudge = w.Nudge
	)
	w.ask(ctx)
	for {
		event, news := w.news()
		out := events
		if !news {
			out = nil
		}
		select {
		case <-ctx.Done():
			if due == nil {
				<-w.answers
			}
			return
		case out <- event:
			w.reported = w.reported.after(event, w.truth)
			continue
		case answer := <-w.answers:
			if ctx.Err() != nil {
				return // the answer may be no more than the end of the context
			}
			w.learn(answer)
			if !again {
				due = time.After(w.pause())
				continue
			}
		case _, open := <-nudge:
			if !open {
				nudge = nil
				continue
			}
			w.changed = w.now()
			if due == nil {
				again = true
				continue
			}
		case <-due:
		}
		due, again = nil, false
		w.ask(ctx)
	}
}

// ask starts a poll. Only one runs at a time.
func (w *watch) ask(ctx context.Context) {
	go func() {
		ctx, cancel := context.WithTimeout(ctx, w.PollTimeout)
		defer cancel()
		ticket, err := w.agent.TicketNoAuth(ctx)
		w.answers <- answer{ticket, err}
	}()
}

// now is wall-clock time: Round drops the monotonic reading, which stands still while the computer
// sleeps.
func (w *watch) now() time.Time { return w.Now().Round(0) }

// pause returns the time to the next poll.
func (w *watch) pause() time.Duration {
	since := w.now().Sub(w.changed)
	if w.truth.absence == nil || w.truth.doubt != nil || since < 0 || since >= eagerFor || !w.CardIn() {
		return w.Interval
	}
	return min(w.Interval, max(w.Interval/4, shortest))
}

// learn updates truth with an answer.
func (w *watch) learn(a answer) {
	if a.err == nil && a.ticket.IsZero() {
		a.err = TicketNotAvailable.Problem()
	}
	if a.err == nil {
		w.truth = standing{ticket: a.ticket}
		return
	}
	if conclusive(a.err) {
		if w.truth.absence == nil {
			w.changed = w.now()
		}
		w.truth = standing{absence: explain(a.err)}
		return
	}
	// A clock that was put back restarts the wait, which could otherwise last for hours.
	now := w.now()
	if w.truth.doubt == nil || now.Before(w.doubtful) {
		w.doubtful = now
	}
	w.truth.doubt = explain(a.err)
	if now.Sub(w.doubtful) >= w.Patience {
		w.truth = standing{absence: w.truth.doubt, doubt: w.truth.doubt}
	}
}

// news returns the event that leads from what was reported to the truth, if they differ.
func (w *watch) news() (Event, bool) {
	reported, truth := w.reported, w.truth
	switch {
	case !truth.ticket.IsZero() && reported.ticket.IsZero():
		return Event{Kind: TicketAppeared, Ticket: truth.ticket}, true
	case !truth.ticket.IsZero() && !truth.ticket.Equal(reported.ticket):
		return Event{Kind: TicketChanged, Ticket: truth.ticket}, true
	case truth.absence != nil && (reported.absence == nil || !truth.absence.Is(reported.absence)):
		return Event{Kind: TicketGone, Err: truth.absence}, true
	case truth.doubt != nil && reported.doubt == nil:
		return Event{Kind: AgentUnsure, Err: truth.doubt}, true
	case truth.doubt == nil && reported.doubt != nil:
		event := Event{Kind: AgentSure, Ticket: truth.ticket}
		if truth.absence != nil {
			event.Err = truth.absence
		}
		return event, true
	}
	return Event{}, false
}

// after returns what a reader knows that has received event on the way to truth.
func (reported standing) after(event Event, truth standing) standing {
	switch {
	case event.Kind == AgentUnsure:
		reported.doubt = truth.doubt
		return reported
	case event.Kind == TicketGone && truth.absence == truth.doubt:
		return truth // gone because of the doubt, which the event carries
	}
	truth.doubt = nil // still to be reported, if there is one
	return truth
}

// conclusive reports whether an error means that there is no ticket, rather than nothing about it.
func conclusive(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return false
	}
	var code Code
	if !errors.As(err, &code) {
		return false
	}
	switch code {
	case Success, ServerBusy, ServerCommFailed, Internal, InternalError, ResourceAllocationFailed:
		return false
	}
	return true
}

// explain returns the Problem in the error's chain, or makes one for an error without.
func explain(err error) *problem.Problem {
	var known *problem.Problem
	if errors.As(err, &known) {
		return known
	}
	var code Code
	if errors.As(err, &code) && code != Success {
		return code.Problem().Because(err)
	}
	return AgentSilent.Because(err)
}
