package smartcard

import (
	"context"
	"errors"
	"time"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/problem"
)

// EventKind is what an [Event] tells.
type EventKind int

// The kinds of events.
const (
	// TicketAppeared: somebody is signed in, who was not before.
	TicketAppeared EventKind = iota + 1
	// TicketChanged: there is another ticket than before. Somebody, perhaps another person, has signed in anew.
	TicketChanged
	// TicketGone: nobody is signed in, for the reason in Err; told again whenever the reason becomes another.
	TicketGone
	// AgentUnsure: the agent gives no answer from which the ticket could be told, as Err says. What was told before may
	// still hold.
	AgentUnsure
	// AgentSure follows an AgentUnsure when the agent answers again and what was told before that holds still.
	AgentSure
)

// String returns the kind in words, for the log.
func (k EventKind) String() string {
	switch k {
	case TicketAppeared:
		return "ticket appeared"
	case TicketChanged:
		return "ticket changed"
	case TicketGone:
		return "ticket gone"
	case AgentUnsure:
		return "agent unsure"
	case AgentSure:
		return "agent sure"
	}
	return "unknown event"
}

// Event is one piece of news from [Watch].
type Event struct {
	Kind EventKind
	// Ticket is the ticket that there is now: with TicketAppeared, TicketChanged and an AgentSure that confirms one.
	Ticket ersclient.Ticket
	// Err is a *problem.Problem: why there is no ticket (TicketGone, and an AgentSure that confirms it), or why the agent
	// cannot tell (AgentUnsure). For a ticket that is gone its chain holds the agent's [Code], if the agent gave one.
	Err error
}

// WatchSettings tunes [Watch]. The zero value is right for the Identity Agent.
type WatchSettings struct {
	// Interval is the pause between two questions to the agent, 1 s if it is not set.
	Interval time.Duration
	// Patience is for how long answers that say nothing are borne before the ticket counts as gone, 10 s if it is not set.
	Patience time.Duration
	// PollTimeout is how long one answer may take, 5 s if it is not set. The context given to the agent carries it.
	PollTimeout time.Duration
	// Nudge asks for a question at once, for example because a card reader has seen something move. It may be nil.
	Nudge <-chan struct{}
	// Clock is the system's if it is nil.
	Clock Clock
}

// Clock is the time for [Watch]. Patience is measured between two Now, as wall-clock time: a timer stands still on a laptop
// that sleeps, and a session that nobody could confirm during the night is not to be trusted in the morning.
type Clock interface {
	Now() time.Time
	After(time.Duration) <-chan time.Time
}

// Watch asks an agent again and again whether there is a ticket (getTicketNoAuth, which never prompts) and tells what
// changes. The first answer is always news. It serves AUT-003 and AUT-004: to notice a time-out and the removal of the
// card.
//
// An answer that says nothing about the ticket (SERVER_BUSY, SERVER_COMM_FAILED, INTERNAL, INTERNAL_ERROR,
// RESOURCE_ALLOCATION_FAILED, a time-out, an error without a [Code]) does not mean that the ticket is gone. It leads to one
// AgentUnsure, and to TicketGone once there was nothing else for as long as Patience.
//
// News waits for its reader without growing old: a slow reader gets one event from what it was last told to what is true
// now. So a ticket that was replaced unseen is a TicketChanged, and one that was away for a moment and is the same
// again is no news.
//
// The channel is closed when the context has ended and the last question to the agent is over.
func Watch(ctx context.Context, agent Agent, settings WatchSettings) <-chan Event {
	w := &watch{WatchSettings: settings.orDefaults(), agent: agent, answers: make(chan answer, 1)}
	events := make(chan Event)
	go func() {
		defer close(events)
		w.run(ctx, events)
	}()
	return events
}

func (s WatchSettings) orDefaults() WatchSettings {
	if s.Interval <= 0 {
		s.Interval = time.Second
	}
	if s.Patience <= 0 {
		s.Patience = 10 * time.Second
	}
	if s.PollTimeout <= 0 {
		s.PollTimeout = 5 * time.Second
	}
	if s.Clock == nil {
		s.Clock = systemClock{}
	}
	return s
}

// watch is the work behind Watch. All but the agent's call happens in one goroutine.
type watch struct {
	WatchSettings
	agent   Agent
	answers chan answer

	truth standing // as far as the agent told us
	told  standing // as far as we told the reader
	// doubtful is since when there were only answers that say nothing. It counts while truth.doubt is set.
	doubtful time.Time
}

// answer is what came back from one question.
type answer struct {
	ticket ersclient.Ticket
	err    error
}

// standing is what somebody knows. The zero value is to know nothing yet.
type standing struct {
	// ticket is there, or absence says why not.
	ticket  ersclient.Ticket
	absence *problem.Problem
	// doubt is why this may no longer hold, nil if it does.
	doubt *problem.Problem
}

// run asks and tells until the context ends. A question runs beside the loop, so that news is handed on meanwhile.
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
			w.told = w.told.after(event, w.truth)
			continue
		case answer := <-w.answers:
			if ctx.Err() != nil {
				return // the answer may be no more than the end of the context
			}
			w.learn(answer)
			if !again {
				due = w.Clock.After(w.Interval)
				continue
			}
		case _, open := <-nudge:
			if !open {
				nudge = nil
				continue
			}
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

// ask puts one question to the agent. There is never more than one under way.
func (w *watch) ask(ctx context.Context) {
	go func() {
		ctx, cancel := context.WithTimeout(ctx, w.PollTimeout)
		defer cancel()
		ticket, err := w.agent.TicketNoAuth(ctx)
		w.answers <- answer{ticket, err}
	}()
}

// learn brings the truth up to date.
func (w *watch) learn(a answer) {
	if a.err == nil && a.ticket.IsZero() {
		a.err = TicketNotAvailable.Problem()
	}
	if a.err == nil {
		w.truth = standing{ticket: a.ticket}
		return
	}
	if conclusive(a.err) {
		w.truth = standing{absence: explain(a.err)}
		return
	}
	// Without the monotonic reading, which stands still while the computer sleeps. A clock that was put back starts the wait
	// anew, or it could last for hours.
	now := w.Clock.Now().Round(0)
	if w.truth.doubt == nil || now.Before(w.doubtful) {
		w.doubtful = now
	}
	w.truth.doubt = explain(a.err)
	if now.Sub(w.doubtful) >= w.Patience {
		w.truth = standing{absence: w.truth.doubt, doubt: w.truth.doubt}
	}
}

// news returns the event, if there is one, that leads from what the reader was told to the truth.
func (w *watch) news() (Event, bool) {
	told, truth := w.told, w.truth
	switch {
	case !truth.ticket.IsZero() && told.ticket.IsZero():
		return Event{Kind: TicketAppeared, Ticket: truth.ticket}, true
	case !truth.ticket.IsZero() && !truth.ticket.Equal(told.ticket):
		return Event{Kind: TicketChanged, Ticket: truth.ticket}, true
	case truth.absence != nil && (told.absence == nil || told.absence.Code != truth.absence.Code):
		return Event{Kind: TicketGone, Err: truth.absence}, true
	case truth.doubt != nil && told.doubt == nil:
		return Event{Kind: AgentUnsure, Err: truth.doubt}, true
	case truth.doubt == nil && told.doubt != nil:
		event := Event{Kind: AgentSure, Ticket: truth.ticket}
		if truth.absence != nil {
			event.Err = truth.absence
		}
		return event, true
	}
	return Event{}, false
}

// after returns what a reader knows who has received event on the way to truth.
func (told standing) after(event Event, truth standing) standing {
	switch {
	case event.Kind == AgentUnsure:
		told.doubt = truth.doubt
		return told
	case event.Kind == TicketGone && truth.absence == truth.doubt:
		return truth // gone because of the doubt, which is thereby told
	}
	truth.doubt = nil // still to be told, if there is one
	return truth
}

// conclusive tells whether an error says that there is no ticket, rather than nothing about it.
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

// explain returns the Problem in the error's chain, or the one that fits an error without.
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

// systemClock is the time of the computer.
type systemClock struct{}

func (systemClock) Now() time.Time                         { return time.Now() }
func (systemClock) After(d time.Duration) <-chan time.Time { return time.After(d) }
