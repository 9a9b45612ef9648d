package signin

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/secret"
	"github.com/ers-login/ers-login/internal/testing/timeline"
)

// The fleet: the computers of one registered application over a working day, in simulated time. The
// decisions are the machine's and the platform's; people are a cautious guess: all computers have a
// user all day, and all of these use e-RS.
const (
	// signInOAuth is the calls of a sign-in at the gateway: authorise, token and userinfo. Whether
	// authorise is counted there is not known.
	signInOAuth = 3
	// A user who sits down needs e-RS within a quarter of an hour, works for 25 minutes on average and
	// is away for ten, the screen locked.
	needs        = 15 * time.Minute
	works, rests = 25 * time.Minute, 9 * time.Minute
	// A user whose sign-in has failed tries again after one to four minutes, and after up to twice as
	// long each further time, six times at most.
	hesitates, hesitant = time.Minute, 4 * time.Minute
	maxFailures         = 6
	// idleAfter is the default of the setting idle_timeout.
	idleAfter = 15 * time.Minute
)

// Shift is when the users of some computers come and go.
type Shift struct {
	// Share is the part of the computers, between 0 and 1.
	Share float64
	// Begins and Ends are when the users come and go, each within Spread around it, most in its middle.
	Begins, Ends, Spread time.Duration
	// Breaks are when the users of a sitting go for lunch, each within twenty minutes around it, for 30
	// to 60 minutes.
	Breaks []time.Duration
}

// Fleet is a day of many computers.
type Fleet struct {
	Platform  Platform
	Computers int
	Shifts    []Shift
	// Idle ends the sessions of users who are away for a quarter of an hour.
	Idle bool
	// Down reports whether the gateway fails at a time of the day.
	Down func(time.Duration) bool

	begun  time.Time
	line   timeline.Timeline
	random *rand.Rand

	// OAuth and ERS count the calls of each minute, and SignIns those that were begun by hand.
	OAuth, ERS, SignIns []int
	// Lost counts sessions that have ended because they could not be refreshed.
	Lost int
	// Unusable is for how long signed-in users who were there had no token that is good.
	Unusable time.Duration
}

// Run simulates the day. It has to run in a bubble of package synctest, since it sleeps through it.
func (f *Fleet) Run() {
	f.begun, f.random = time.Now().Round(0), rand.New(rand.NewPCG(2027, 3))
	minutes := int(24 * time.Hour / time.Minute)
	f.OAuth, f.ERS, f.SignIns = make([]int, minutes), make([]int, minutes), make([]int, minutes)
	for _, shift := range f.Shifts {
		for i := range int(shift.Share * float64(f.Computers)) {
			f.employ(shift, i)
		}
	}
	for at, happens := f.line.Next(); happens != nil; at, happens = f.line.Next() {
		time.Sleep(at - f.now())
		happens()
	}
}

func (f *Fleet) now() time.Duration { return time.Now().Round(0).Sub(f.begun) }

func (f *Fleet) at(at time.Duration, happens func()) { f.line.Add(max(at, f.now()), happens) }

func (f *Fleet) after(wait time.Duration, happens func()) { f.at(f.now()+wait, happens) }

func (f *Fleet) count(calls []int, number int) { calls[int(f.now()/time.Minute)] += number }

// between returns a time, around which most are.
func (f *Fleet) between(least, most time.Duration) time.Duration {
	return least + time.Duration((f.random.Float64()+f.random.Float64())/2*float64(most-least))
}

func (f *Fleet) exponential(mean time.Duration) time.Duration {
	return time.Duration(f.random.ExpFloat64() * float64(mean))
}

// employ plans the day of one user.
func (f *Fleet) employ(shift Shift, number int) {
	w := &workstation{Fleet: f, machine: newMachine(termsOf(Config{Platform: f.Platform, Terms: Terms{MaxAge: 12 * time.Hour}}), f.begun)}
	begins := f.between(shift.Begins-shift.Spread, shift.Begins+shift.Spread)
	ends := f.between(shift.Ends-shift.Spread, shift.Ends+shift.Spread)
	f.at(begins, func() {
		w.tell(leftoverCleared{})
		w.sitDown()
	})
	sitting := shift.Breaks[number%len(shift.Breaks)]
	leaves := f.between(sitting-20*time.Minute, sitting+20*time.Minute)
	returns := leaves + f.between(30*time.Minute, time.Hour)
	f.at(leaves, w.leave)
	f.at(returns, w.comeBack)
	for at := begins + f.exponential(works); at < ends; {
		back := at + time.Minute + f.exponential(rests)
		if back < leaves || at > returns && back < ends {
			f.at(at, w.leave)
			f.at(back, w.comeBack)
		}
		at = back + f.exponential(works)
	}
	f.at(ends, func() {
		w.there = false
		w.tell(Cancel{})
		w.tell(SignOut{})
		w.tell(Quit{AtOnce: true})
	})
}

// workstation is a computer with its user.
type workstation struct {
	*Fleet
	machine *machine
	there   bool
	// failures counts sign-ins that have failed since the user sat down.
	failures int
	// absence numbers the times that the user was away.
	absence int
	// ticking is when the machine is to look at the clock next, as far as that can matter.
	ticking time.Duration
	// lame is since when the session of a user who is there has no good token.
	lame time.Time
}

func (w *workstation) leave() {
	w.there = false
	w.absence++
	this := w.absence
	w.tell(Locked)
	if w.Idle {
		w.after(idleAfter, func() {
			if !w.there && w.absence == this {
				w.tell(WentIdle)
			}
		})
	}
}

func (w *workstation) comeBack() {
	if w.random.IntN(4) == 0 {
		w.tell(Woke)
	}
	w.tell(CameBack)
	w.sitDown()
}

// sitDown has the user sign in, if they are not.
func (w *workstation) sitDown() {
	w.there, w.failures = true, 0
	w.after(w.between(0, needs), w.signIn)
}

func (w *workstation) signIn() {
	if phase := w.machine.state.Phase; w.there && (phase == Waiting || phase == Failed) {
		w.count(w.SignIns, 1)
		w.tell(SignIn{})
	}
}

// tell hands an event to the machine, and plays the neighbours.
func (w *workstation) tell(e event) {
	before := w.machine.state.Phase
	for _, todo := range w.machine.handle(time.Now().Round(0), e) {
		w.carryOut(todo)
	}
	phase := w.machine.state.Phase
	if phase == Failed && before != Failed {
		if before == SignedIn || before == Ending {
			w.Lost++
		}
		if w.failures++; w.failures <= maxFailures {
			w.after(w.between(hesitates, hesitant<<(w.failures-1)), w.signIn)
		}
	}
	if phase == SignedIn {
		w.failures = 0
	}
	w.watch()
	w.tickWhenDue()
}

// watch adds up for how long the user has no good token.
func (w *workstation) watch() {
	now, ends := time.Now().Round(0), w.machine.grant.KeyExpiresAt
	lame := w.there && w.machine.state.Phase == SignedIn && now.After(ends)
	if !w.lame.IsZero() {
		w.Unusable += now.Sub(w.lame)
	}
	w.lame = time.Time{}
	if lame {
		w.lame = now
	}
}

// tickWhenDue has the machine look at the clock when the session is to be refreshed.
func (w *workstation) tickWhenDue() {
	m := w.machine
	if m.state.Phase != SignedIn && m.state.Phase != Choosing || m.running != noCall || m.userAway || m.grant.RefreshAt.IsZero() {
		return
	}
	due := later(m.grant.RefreshAt, m.retryAt).Sub(w.begun).Truncate(time.Second) + time.Second
	if w.ticking > w.now() && w.ticking <= due {
		return
	}
	w.ticking = due
	w.at(due, func() { w.tell(tick{}) })
}

func (w *workstation) carryOut(todo effect) {
	latency := w.between(100*time.Millisecond, time.Second)
	switch e := todo.(type) {
	case promptUser:
		// The page is opened, the user signs in there.
		w.count(w.OAuth, 1)
		if w.Down(w.now()) {
			w.after(latency, func() { w.tell(prompted{e.attempt, offline}) })
			return
		}
		w.after(w.between(15*time.Second, time.Minute), func() {
			w.tell(Report{Kind: ProofAppeared, Proof: Proof{Text: secret.New(time.Now().String())}})
		})
	case openGrant:
		w.count(w.OAuth, signInOAuth-1)
		w.count(w.ERS, 1)
		w.after(latency, func() {
			grant := Grant{Credential: secret.New("first"), User: ersclient.User{Permissions: []ersclient.Permission{clinician}}}
			grant, err := w.Platform.Refresh(context.Background(), grant)
			w.tell(opened{attempt: e.attempt, grant: grant, err: err})
			w.after(w.between(2*time.Second, 10*time.Second), func() { w.tell(Choose{clinician}) })
		})
	case selectRole:
		grant := e.grant
		grant.Permission = e.permission
		w.after(latency, func() { w.tell(selected{e.attempt, grant, nil}) })
	case refreshGrant:
		w.count(w.OAuth, 1)
		w.after(latency, func() {
			grant, err := w.Platform.Refresh(context.Background(), e.grant)
			w.tell(refreshed{e.attempt, grant, err})
		})
	case publish:
		w.after(0, func() { w.tell(published{attempt: e.attempt, looked: e.look}) })
	case endSession:
		w.after(latency, func() { w.tell(ended{}) })
	}
}

// Worst returns the most calls in a minute that keep allows, and when that is.
func Worst(calls []int, keep func(time.Duration) bool) (most int, at time.Duration) {
	for minute, number := range calls {
		if when := time.Duration(minute) * time.Minute; number > most && keep(when) {
			most, at = number, when
		}
	}
	return most, at
}

// Hourly returns the most calls in a minute of each hour.
func Hourly(calls []int) []int {
	var most []int
	for hour := range slices.Chunk(calls, 60) {
		most = append(most, slices.Max(hour))
	}
	return most
}
