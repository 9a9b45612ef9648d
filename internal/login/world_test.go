package login

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/smartcard"
)

// world plays the neighbours of a machine in a random order: every call answers some time, well or badly, while the card comes
// and goes and the user presses whatever there is. It keeps what is really there: sessions at e-RS, the keyring's entry.
type world struct {
	t       *testing.T
	random  *rand.Rand
	machine *machine
	now     time.Time

	pending  []effect
	stopped  bool
	sessions map[string]bool
	entry    string
	serial   int
	ticket   smartcard.Ticket
	trace    []string
}

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{
		t: t, random: rand.New(rand.NewPCG(seed, seed)), now: morning, sessions: map[string]bool{},
		machine: newMachine(terms{10 * time.Hour, "https://ers.example/ers-api", "200000000205", "ers-login test"}, morning),
	}
	w.pending = w.machine.begin()
	return w
}

func (w *world) note(format string, arguments ...any) {
	w.trace = append(w.trace, fmt.Sprintf(format, arguments...))
}

func (w *world) chance(percent int) bool { return w.random.IntN(100) < percent }

func (w *world) tell(e event) {
	w.now = w.now.Add(time.Duration(w.random.IntN(90)) * time.Second)
	effects := w.machine.handle(w.now, e)
	w.note("%T %+v -> %s", e, e, describe(w.machine, effects))
	for _, todo := range effects {
		if _, stop := todo.(stopCalls); stop {
			w.stopped = true
			continue
		}
		w.pending = append(w.pending, todo)
	}
	w.check()
}

// check holds what must be true after every step.
func (w *world) check() {
	var exclusive int
	for _, e := range w.pending {
		switch e.(type) {
		case selectRole, publish, endSession, recoverLeftovers:
			exclusive++
		}
	}
	require.LessOrEqual(w.t, exclusive, 1, "two calls that exclude each other are under way:\n%v", w.trace)
	switch w.machine.state.Phase {
	case Waiting, Prompting, SigningIn, Choosing:
		require.Empty(w.t, w.entry, "other applications could read a session in the phase %v:\n%v", w.machine.state.Phase, w.trace)
	case SignedIn:
		require.Equal(w.t, w.machine.session.Key.Reveal(), w.entry, "the keyring has another session:\n%v", w.trace)
		require.True(w.t, w.sessions[w.entry], "the keyring has a session that is closed:\n%v", w.trace)
	}
	require.GreaterOrEqual(w.t, w.machine.outstanding, 0, "%v", w.trace)
}

// answer plays one of the pending calls to its end.
func (w *world) answer(faults int) {
	i := w.random.IntN(len(w.pending))
	todo := w.pending[i]
	w.pending = append(w.pending[:i:i], w.pending[i+1:]...)
	switch call := todo.(type) {
	case recoverLeftovers:
		outcome := recovered{}
		if w.entry != "" {
			outcome.leftover = ersclient.NewSessionKey(w.entry)
			w.entry = ""
		}
		if w.chance(faults) {
			outcome = recovered{err: noBus}
		}
		w.tell(outcome)
	case askTicket:
		switch {
		case w.stopped:
			w.tell(asked{call.attempt, context.Canceled})
		case w.chance(faults):
			w.tell(asked{call.attempt, smartcard.UserAbort.Problem()})
		default:
			w.tell(asked{call.attempt, nil})
		}
	case createSession:
		if w.chance(faults) {
			w.tell(created{attempt: call.attempt, err: refusal})
			return
		}
		w.serial++
		key := fmt.Sprintf("session-%d", w.serial)
		w.sessions[key] = true
		answer := provisional(key)
		if w.chance(faults) {
			answer = roleless(key)
		}
		w.tell(created{attempt: call.attempt, session: answer})
	case selectRole:
		switch {
		case w.stopped && w.chance(50), w.chance(faults):
			w.tell(selected{attempt: call.attempt, err: errLost})
		case w.chance(faults):
			w.tell(selected{attempt: call.attempt, err: rejection})
		default:
			// A002 answers with another id; the session is the same.
			delete(w.sessions, call.session.Key.Reveal())
			key := call.session.Key.Reveal() + "+"
			w.sessions[key] = true
			w.tell(selected{call.attempt, valid(key), nil})
		}
	case publish:
		if w.stopped && w.chance(50) || w.chance(faults) {
			if w.chance(50) {
				w.entry = call.session.SessionKey.Reveal() // half-way
			}
			w.tell(published{call.attempt, locked})
			return
		}
		w.entry = call.session.SessionKey.Reveal()
		w.tell(published{call.attempt, nil})
	case endSession:
		outcome := ended{}
		w.entry = ""
		if w.chance(faults) {
			outcome.deleteErr = hiccup
		}
		delete(w.sessions, call.key.Reveal())
		w.tell(outcome)
	case deleteOrphan:
		require.NotEqual(w.t, w.entry, call.key.Reveal(), "a session is closed while other applications read it:\n%v", w.trace)
		delete(w.sessions, call.key.Reveal())
		w.tell(orphanDeleted{})
	case probeLinks:
		w.tell(linkSeen{linkERS, nil})
	}
	w.stopped = w.stopped && w.underWay()
}

func (w *world) underWay() bool {
	for _, e := range w.pending {
		switch e.(type) {
		case askTicket, selectRole, publish:
			return true
		}
	}
	return false
}

// disturb is a user or a card doing something.
func (w *world) disturb() {
	intents := []Intent{SignIn{}, Cancel{}, Choose{clinician}, Choose{referrer}, Choose{stranger}, SwitchRole{}, SignOut{}, TryAgain{}}
	switch w.random.IntN(6) {
	case 0:
		w.serial++
		next, kind := smartcard.NewTicket(fmt.Sprintf("ticket-%d", w.serial)), smartcard.TicketAppeared
		if !w.ticket.IsZero() {
			kind = smartcard.TicketChanged
		}
		w.ticket = next
		w.tell(cardEvent{smartcard.Event{Kind: kind, Ticket: next}})
	case 1:
		w.ticket = smartcard.Ticket{}
		w.tell(cardEvent{smartcard.Event{Kind: smartcard.TicketGone, Err: smartcard.TicketNotAvailable.Problem()}})
	case 2:
		w.tell(tick{})
	default:
		w.tell(intentEvent{intents[w.random.IntN(len(intents))]})
	}
}

// TestNothingIsLeftBehind runs thousands of random lives to their end. If it fails, a clinician who pulls the card at the wrong
// moment leaves an open session at e-RS, or a key in the keyring.
func TestNothingIsLeftBehind(t *testing.T) {
	reached := map[Phase]int{}
	for seed := range uint64(3000) {
		w := newWorld(t, seed)
		for range 60 {
			if len(w.pending) > 0 && w.chance(65) {
				w.answer(12)
			} else {
				w.disturb()
			}
			reached[w.machine.state.Phase]++
		}
		w.tell(intentEvent{Quit{}})
		for steps := 0; w.machine.state.Phase != Closed; steps++ {
			require.Less(t, steps, 100, "the flow does not close:\n%v", w.trace)
			if len(w.pending) == 0 {
				require.Fail(t, "the flow waits for nothing", "%v", w.trace)
			}
			w.answer(0)
		}
		require.Empty(t, w.entry, "left in the keyring, seed %d:\n%v", seed, w.trace)
		require.Empty(t, w.sessions, "left open at e-RS, seed %d:\n%v", seed, w.trace)
	}
	for phase := range phaseNames {
		if phase != Closed {
			require.NotZero(t, reached[phase], "the walk never came to %v", phase)
		}
	}
}
