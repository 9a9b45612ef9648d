package signin

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/secret"
)

// world plays the neighbours of a machine in a random order: every call answers some time, well or
// badly, while the card comes and goes and the user presses whatever there is. It keeps what is
// really there: sessions at e-RS, the keyring's entry.
type world struct {
	t       *testing.T
	random  *rand.Rand
	machine *machine
	now     time.Time

	pending []effect
	stopped bool
	// locked is the keyring, until a session is handed over; no program can read it meanwhile.
	locked bool
	// lost: another program has deleted the entry of a signed-in user, and it stays deleted until the user
	// goes on.
	lost bool
	// refreshes: the platform wants its sessions refreshed. inPlace: it is one of the browser.
	refreshes     bool
	inPlace       bool
	used          map[string]bool
	stoppedEnding bool
	sessions      map[string]bool
	entry         string
	serial        int
	proof         Proof
	trace         []string
}

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{
		t: t, random: rand.New(rand.NewPCG(seed, seed)), now: morning, sessions: map[string]bool{},
		machine: newMachine(agreed, morning), used: map[string]bool{},
	}
	w.machine.terms.EndWhenLocked, w.refreshes, w.inPlace = w.chance(50), w.chance(50), w.chance(50)
	w.machine.terms.about.InPlace = w.inPlace
	w.pending = w.machine.begin()
	if w.chance(50) {
		// An earlier run was killed while it was signed in, and perhaps the keyring is locked.
		w.entry, w.locked = "left", w.chance(50)
		w.sessions[w.entry] = true
	}
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
		switch todo.(type) {
		case stopCalls:
			w.stopped = true
			continue
		case stopEnding:
			require.False(w.t, w.stoppedEnding, "an end is stopped twice:\n%v", w.trace)
			w.stoppedEnding = true
			continue
		}
		w.pending = append(w.pending, todo)
	}
	w.check()
}

// check holds what must be true after every step.
func (w *world) check() {
	var exclusive int
	var replacing bool
	for _, e := range w.pending {
		if todo, publishes := e.(publish); publishes {
			if !w.inPlace {
				require.Equal(w.t, w.machine.state.Phase == SignedIn, todo.replace && !w.stopped, "an entry that was removed is published again:\n%v", w.trace)
			}
			replacing = todo.replace
		}
		switch e.(type) {
		case selectRole, refreshGrant, publish, endSession, clearLeftover:
			exclusive++
		}
	}
	require.LessOrEqual(w.t, exclusive, 1, "two calls that exclude each other are under way:\n%v", w.trace)
	switch w.machine.state.Phase {
	case Waiting, Prompting, SigningIn, Choosing, ChoosingClinician:
		if w.machine.state.Switching {
			w.checkEntry(replacing)
			break
		}
		require.True(w.t, w.entry == "" || w.locked, "other applications could read a session in the phase %v:\n%v", w.machine.state.Phase, w.trace)
	case SignedIn:
		w.checkEntry(replacing)
	}
	require.GreaterOrEqual(w.t, w.machine.background, 0, "%v", w.trace)
}

// checkEntry holds what other applications read of a signed-in user.
func (w *world) checkEntry(replacing bool) {
	switch {
	case w.lost:
		require.Empty(w.t, w.entry, "an entry that was lost is there again, and still taken for lost:\n%v", w.trace)
	case replacing:
		require.NotEmpty(w.t, w.entry, "there is a moment without an entry:\n%v", w.trace)
	default:
		require.Equal(w.t, w.machine.grant.Key.Reveal(), w.entry, "the keyring has another session:\n%v", w.trace)
		require.True(w.t, w.sessions[w.entry], "the keyring has a session that is closed:\n%v", w.trace)
	}
}

// answer plays one of the pending calls to its end.
func (w *world) answer(faults int) {
	i := w.random.IntN(len(w.pending))
	todo := w.pending[i]
	w.pending = append(w.pending[:i:i], w.pending[i+1:]...)
	switch call := todo.(type) {
	case clearLeftover:
		switch {
		case w.chance(faults):
			w.tell(leftoverCleared{err: noBus})
		case w.locked:
			w.tell(leftoverCleared{err: locked})
		default:
			outcome := leftoverCleared{leftover: keyOnly(w.entry)}
			w.entry = ""
			w.tell(outcome)
		}
	case promptUser:
		switch {
		case w.stopped:
			w.tell(prompted{call.attempt, context.Canceled})
		case w.chance(faults):
			w.tell(prompted{call.attempt, ErrPromptCancelled})
		default:
			w.tell(prompted{call.attempt, nil})
		}
	case openGrant:
		if w.inPlace {
			require.False(w.t, w.used[call.proof.Reveal()], "a code is used twice:\n%v", w.trace)
			w.used[call.proof.Reveal()] = true
		}
		if w.chance(faults) {
			w.tell(opened{attempt: call.attempt, err: refusal})
			return
		}
		w.serial++
		key := fmt.Sprintf("session-%d", w.serial)
		w.sessions[key] = true
		answer := provisional(key)
		if w.chance(faults) {
			answer = roleless(key)
		}
		answer.ExpiresAt = call.proof.ExpiresAt
		w.promise(&answer)
		w.tell(opened{attempt: call.attempt, grant: answer})
	case selectRole:
		switch {
		case w.stopped && w.chance(50), w.chance(faults):
			w.tell(selected{attempt: call.attempt, err: errLost})
		case w.chance(faults):
			w.tell(selected{attempt: call.attempt, err: rejection})
		case w.inPlace && call.permission.OnBehalfOf == "" && w.chance(30):
			answer := call.grant
			answer.Clinicians = []string{colleague}
			w.tell(selected{call.attempt, answer, nil})
		case w.inPlace:
			answer := call.grant
			answer.Permission = call.permission
			w.tell(selected{call.attempt, answer, nil})
		default:
			// A002 answers with another id; the session is the same.
			delete(w.sessions, call.grant.Key.Reveal())
			key := call.grant.Key.Reveal() + "+"
			w.sessions[key] = true
			answer := valid(key)
			w.promise(&answer)
			w.tell(selected{call.attempt, answer, nil})
		}
	case refreshGrant:
		switch {
		case w.stopped && w.chance(50), w.chance(faults):
			w.tell(refreshed{attempt: call.attempt, err: errors.Join(offline, ersclient.ErrAnswerLost)})
		case w.chance(faults):
			w.tell(refreshed{attempt: call.attempt, err: errors.Join(offline, ersclient.ErrRefreshRefused)})
		case w.chance(faults):
			w.tell(refreshed{attempt: call.attempt, err: offline})
		default:
			answer := call.grant
			w.promise(&answer)
			// The session is the same, and the entry is to be another one.
			delete(w.sessions, answer.Key.Reveal())
			answer.Key = secret.New(answer.Key.Reveal() + "r")
			w.sessions[answer.Key.Reveal()] = true
			w.tell(refreshed{call.attempt, answer, nil})
		}
	case publish:
		outcome := published{attempt: call.attempt}
		if call.replace && w.entry == "" {
			outcome.err = handoff.ErrNotFound
			w.tell(outcome)
			return
		}
		if call.look && w.stopped && w.chance(50) {
			outcome.err = locked
			w.tell(outcome)
			return
		}
		if call.look {
			outcome.looked, outcome.leftover = true, keyOnly(w.entry)
			w.locked = false
		}
		if w.stopped && w.chance(50) || w.chance(faults) {
			if w.chance(50) {
				w.entry, w.lost = call.grant.Key.Reveal(), false // half-way
			}
			outcome.err = noBus
			w.tell(outcome)
			return
		}
		w.entry, w.lost = call.grant.Key.Reveal(), false
		w.tell(outcome)
	case lookAtEntry:
		switch {
		case w.stopped || w.chance(faults):
			w.tell(entrySeen{call.attempt, 0, context.DeadlineExceeded})
		case w.entry == "":
			w.tell(entrySeen{call.attempt, 0, handoff.ErrNotFound})
		default:
			w.tell(entrySeen{call.attempt, w.machine.generation, nil})
		}
	case endSession:
		outcome := ended{}
		switch {
		case !call.clear:
		case w.chance(faults):
			outcome.clearErr = noBus
		default:
			require.False(w.t, w.locked, "what an earlier run has left is cleared unseen:\n%v", w.trace)
			w.entry, w.lost = "", false
		}
		if !call.grant.Key.IsZero() && w.chance(faults) {
			outcome.closeErr = hiccup
		}
		// e-RS was asked, and what it does is its own.
		delete(w.sessions, call.grant.Key.Reveal())
		w.stoppedEnding = false
		w.tell(outcome)
	case closeOrphan:
		delete(w.sessions, call.grant.Key.Reveal())
		w.tell(orphanClosed{})
	case probeLinks:
		if w.locked {
			w.tell(linkSeen{linkKeyring, locked})
		} else {
			w.tell(linkSeen{linkKeyring, nil})
		}
	}
	w.stopped = w.stopped && w.underWay()
}

// promise sets when a grant is to be refreshed, if that is wanted.
func (w *world) promise(grant *Grant) {
	if w.refreshes {
		grant.RefreshAt, grant.KeyExpiresAt = w.now.Add(5*time.Minute), w.now.Add(10*time.Minute)
	}
}

func (w *world) underWay() bool {
	for _, e := range w.pending {
		switch e.(type) {
		case promptUser, selectRole, refreshGrant, publish, lookAtEntry:
			return true
		}
	}
	return false
}

// disturb is a user or a card doing something.
func (w *world) disturb() {
	intents := []Intent{SignIn{}, Cancel{}, Choose{clinician}, Choose{referrer}, Choose{stranger}, SwitchRole{}, Renew{}, SignOut{}, TryAgain{}}
	if offered := w.machine.state.Clinicians; len(offered) > 0 && w.chance(30) {
		chosen := w.machine.state.Chosen
		chosen.OnBehalfOf = offered[0]
		w.tell(Choose{chosen})
		return
	}
	switch w.random.IntN(9) {
	case 0:
		w.serial++
		next := given(fmt.Sprintf("ticket-%d", w.serial), w.now)
		if !w.proof.IsZero() {
			next.Kind = ProofChanged
		}
		w.proof = next.Proof
		w.tell(next)
	case 1:
		w.proof = Proof{}
		w.tell(gone(missingCard))
	case 2:
		w.tell(tick{})
	case 3:
		happened := []WorkstationEvent{Woke, Locked, SwitchedAway, CameBack, WentIdle}
		w.tell(happened[w.random.IntN(len(happened))])
	case 4:
		if w.machine.state.Phase == SignedIn && w.chance(20) {
			w.entry, w.lost = "", true
		}
		w.tell(tick{})
	case 5:
		// The readers may say what they like: a session lives with the ticket.
		w.tell(readers([]string{"", cardOut, cardIn}[w.random.IntN(3)])(w.machine))
	default:
		w.tell(intents[w.random.IntN(len(intents))])
	}
}

// TestNothingIsLeftBehind runs thousands of random lives to their end. If it fails, a clinician who
// pulls the card at the wrong moment leaves an open session at e-RS, or a key in the keyring.
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
		w.tell(Quit{AtOnce: w.chance(50)})
		for steps := 0; w.machine.state.Phase != Closed; steps++ {
			require.Less(t, steps, 100, "the flow does not close:\n%v", w.trace)
			if len(w.pending) == 0 {
				require.Fail(t, "the flow waits for nothing", "%v", w.trace)
			}
			w.answer(0)
		}
		if w.locked {
			// It could not be read, and no program can read it: the next start does.
			require.Equal(t, "left", w.entry)
			w.entry = ""
			delete(w.sessions, "left")
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
