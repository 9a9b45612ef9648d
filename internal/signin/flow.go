// Package signin is the flow: from a proof of the user, through a session at e-RS and the choice of
// a role, to an entry in the keyring, and back to nothing. It owns every decision and has no
// window, network or keyring of its own; all of them are handed in. Decisions take the time from
// [Clock]; deadlines use Go's timers. Where proofs come from and which calls make a session of them
// is a [Platform]'s: package hscn is the one with smartcards, and package fhir the one with a web
// browser.
//
// The decisions are a state machine: what an event changes, and what is then to be done, depends on
// the state, the time and the event alone. Around it runs one event loop: [Flow.Run] takes what
// happens to the proof, at the window and at the neighbours, one at a time, and starts what the
// machine asks for beside itself, so that nothing that blocks ever blocks the flow. What comes of
// it is an event again.
//
// Three rules shape it. No session outlives its reason: when the proof is gone, the age is reached
// or the user leaves, the keyring is cleared first and the session closed next (A003-01, A003-02).
// While the clearing hangs, the session is closed after 6 seconds nevertheless (clearWithin). No
// session is orphaned: the answer to a call that opens one is still waited for after it was given
// up, and its session closed. And nothing uncertain is repeated: after a selection whose answer was
// lost, the session is closed and the sign-in starts again with the proof.
package signin

import (
	"context"
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/secret"
)

// Keyring is the OS keyring as the flow needs it. Every error is a *problem.Problem; that of Read
// is handoff.ErrNotFound in its chain when there is no entry.
type Keyring interface {
	Publish(context.Context, handoff.Entry) error
	// Read never prompts. ReadUnlocking asks the user to unlock the keyring if it has to.
	Read(context.Context) (handoff.Entry, error)
	ReadUnlocking(context.Context) (handoff.Entry, error)
	Clear(context.Context) error
	// Check reports whether the keyring could be used now, and never prompts.
	Check(context.Context) error
}

// Memory keeps each user's last choice.
type Memory interface {
	Last(userIdentifier string) (ersclient.Permission, bool)
	Remember(userIdentifier string, chosen ersclient.Permission) error
}

// Clock is the wall clock.
type Clock interface {
	Now() time.Time
	// Tick delivers now and then, until stop is called.
	Tick(every time.Duration) (ticks <-chan time.Time, stop func())
}

// SystemClock is the wall clock of the computer.
type SystemClock struct{}

// Now returns the wall-clock time alone. Go's monotonic reading is taken off, since it stands still
// while a laptop sleeps: with it, a session of ten hours would survive a night in a closed lid.
func (SystemClock) Now() time.Time { return time.Now().Round(0) }

// Tick is time.NewTicker.
func (SystemClock) Tick(every time.Duration) (<-chan time.Time, func()) {
	ticker := time.NewTicker(every)
	return ticker.C, ticker.Stop
}

// Config holds the parameters of a Flow. All collaborators are required, unless they say otherwise.
type Config struct {
	Platform Platform
	Keyring  Keyring
	Memory   Memory
	Clock    Clock
	Log      logrus.FieldLogger
	// Workstation delivers what happens to the workstation, and Notices what the services want the
	// user to know. Both may be nil.
	Workstation <-chan WorkstationEvent
	Notices     <-chan []Notice
	// Observe gets every state, in order. It is called by the event loop and must not block.
	Observe func(State)
	// Guard gets every secret as soon as it is known, so that the log can mask it wherever it turns
	// up.
	Guard func(secret.Text)
	// QuitWithin bounds what is still done after Quit: clearing the keyring and closing the session.
	QuitWithin time.Duration

	Terms
}

// Terms are what a flow decides by.
type Terms struct {
	// Publisher is this program's name and version, which stand in the keyring entry.
	Publisher string
	// MaxAge is how long a session may live.
	MaxAge time.Duration
	// Grace is how long a session stays open once it is out of the keyring, where the user asked for its
	// end: calls of other applications under way must not fail (A003-02).
	Grace time.Duration
	// EndWhenLocked ends a session when the screen is locked or another user takes over the
	// workstation.
	EndWhenLocked bool
	// ManualStart has a proof that is there at the start wait until the user wants to sign in,
	// because the user did not start the program.
	ManualStart bool
}

// Bounds of the loop's own. Most calls to e-RS and the keyring have shorter ones; these are the
// last resort. A quitting flow takes hurriedWithin for each half of the end, so that a keyring that
// hangs does not keep the session from being closed.
const (
	// clearWithin is how long a session stays open while the keyring is cleared. If that takes
	// longer, the keyring is presumably waiting for the user: clearing goes on up to answerWithin.
	clearWithin         = 6 * time.Second
	answerWithin        = 5 * time.Minute
	closeWithin         = 20 * time.Second
	hurriedWithin       = 2 * time.Second
	clearLeftoverWithin = 8 * time.Second
	probeWithin         = 6 * time.Second
	refreshWithin       = 30 * time.Second
	tickEvery           = time.Second
	reachAtLeast        = 4 * time.Minute
	retryAtLeast        = 20 * time.Second
	pendingIntents      = 16
)

// Flow runs sign-ins, one after the other. Create one with New, run it once with Run.
type Flow struct {
	config  Config
	machine *machine

	events  chan event
	intents chan Intent
	quit    chan struct{}
	once    sync.Once
	done    chan struct{}

	// cancelEnd cancels the end of a session that is under way.
	cancelEnd context.CancelFunc
	calls     sync.WaitGroup
	deadline  *time.Timer
	// quitBy is when a quitting flow has no more time; zero before it quits.
	quitBy time.Time
}

// New makes a Flow. It does nothing before Run.
func New(config Config) *Flow {
	return &Flow{
		config:  config,
		machine: newMachine(termsOf(config), config.Clock.Now()),
		events:  make(chan event),
		intents: make(chan Intent, pendingIntents),
		quit:    make(chan struct{}),
		done:    make(chan struct{}),
	}
}

// termsOf returns the parameters of a machine, with this run's share of what spreads load.
func termsOf(config Config) terms {
	return terms{
		Terms: config.Terms, about: config.Platform.About(),
		reachEvery:   reachAtLeast + rand.N(reachAtLeast), //nolint:gosec // G404: it spreads load, and keeps no secret
		refreshRetry: retryAtLeast + rand.N(retryAtLeast), //nolint:gosec // G404: as above
	}
}

// Send hands in a wish of the user. It never blocks: beyond sixteen wishes that wait, further ones
// are dropped, which a user who presses a button that often will not miss. Quit is never dropped.
func (f *Flow) Send(intent Intent) {
	if _, quitting := intent.(Quit); quitting {
		f.once.Do(func() { close(f.quit) })
		return
	}
	select {
	case f.intents <- intent:
	default:
		f.config.Log.Warn("too many intents at once: one is dropped")
	}
}

// Done is closed when the flow has ended: keyring cleared and session closed, as far as that was
// possible in time.
func (f *Flow) Done() <-chan struct{} { return f.done }

// Run runs the flow until Quit has been carried out. An ended context is taken for a computer that
// does not wait. When it returns, nothing of the flow is running any more.
func (f *Flow) Run(ctx context.Context) {
	defer close(f.done)
	// Calls outlive ctx on purpose: its end is what starts the clearing up. life ends all of them, and
	// work those of the present attempt.
	life, endLife := context.WithCancel(context.WithoutCancel(ctx))
	work, stopWork := context.WithCancel(life)
	watched := f.config.Platform.Watch(life)
	defer f.endCalls(watched)
	defer endLife()
	defer func() { stopWork() }()
	ticks, stopTicks := f.config.Clock.Tick(tickEvery)
	defer stopTicks()

	startAll := func(effects []effect) {
		for _, e := range effects {
			if _, stop := e.(stopCalls); stop {
				stopWork()
				work, stopWork = context.WithCancel(life)
				continue
			}
			f.start(life, work, e)
		}
	}
	f.tell(f.machine.state)
	startAll(f.machine.begin())
	reports, quit, stopped := watched, f.quit, ctx.Done()
	for f.machine.state.Phase != Closed {
		var happened event
		select {
		case happened = <-f.events:
		case report, open := <-reports:
			if !open {
				reports = nil
				continue
			}
			f.config.Guard(report.Proof.Text)
			happened = report
		case happened = <-f.intents:
		case <-quit:
			quit = nil
			happened = Quit{}
		case <-stopped:
			stopped = nil
			happened = Quit{AtOnce: true}
		case happened = <-f.config.Workstation:
		case happened = <-f.config.Notices:
		case <-ticks:
			happened = tick{}
		}
		f.logEvent(happened)
		before := f.machine.state
		startAll(f.machine.handle(f.config.Clock.Now(), happened))
		if !reflect.DeepEqual(before, f.machine.state) {
			f.tell(before)
		}
	}
}

// tell logs and reports the present state.
func (f *Flow) tell(before State) {
	now := f.machine.state
	if before.Phase != now.Phase {
		entry := f.config.Log.WithField("phase", now.Phase.String())
		if now.Phase == Waiting || now.Phase == Ending {
			entry = entry.WithField("reason", string(now.Reason))
		}
		if now.Phase == Waiting {
			entry = entry.WithField("missing", now.Missing.String())
		}
		if now.Problem != nil {
			entry = entry.WithField("problem", now.Problem.Code)
		}
		entry.Info("phase")
	} else if now.Phase == Waiting && before.Missing != now.Missing {
		f.config.Log.WithField("missing", now.Missing.String()).Info("waiting")
	}
	for _, notice := range now.Notices {
		if !slices.ContainsFunc(before.Notices, func(n Notice) bool { return n.Problem.Is(notice.Problem) }) {
			f.config.Log.WithField("problem", notice.Problem.Code).Info("notice")
		}
	}
	f.config.Observe(now)
}

// start runs an effect beside the loop. stopCalls ends work, and only the flow's end ends life.
func (f *Flow) start(life, work context.Context, e effect) {
	// beside makes a call that may block, and hands its outcome to the loop.
	beside := func(do func() event) { f.calls.Go(func() { f.deliver(life, do()) }) }
	switch todo := e.(type) {
	case hurry:
		f.limitQuit(life)
	case clearLeftover:
		beside(func() event { return f.clearEarlier(life) })
	case promptUser:
		beside(func() event { return prompted{todo.attempt, f.config.Platform.Prompt(work, todo.fresh)} })
	case openGrant:
		beside(func() event { return f.open(life, todo, work.Done()) })
	case selectRole:
		beside(func() event {
			grant, err := f.config.Platform.Select(work, todo.grant, todo.permission)
			f.guard(grant)
			return selected{todo.attempt, grant, err}
		})
	case refreshGrant:
		beside(func() event { return f.refresh(work, todo) })
	case publish:
		beside(func() event { return f.handOver(work, todo) })
	case endSession:
		ctx, cancel := context.WithCancel(life)
		f.cancelEnd = cancel
		quitBy := f.quitBy
		beside(func() event {
			defer cancel()
			return f.clearAndClose(ctx, todo, quitBy)
		})
	case stopEnding:
		f.cancelEnd()
	case closeOrphan:
		beside(func() event { return f.closeGivenUp(life, todo) })
	case remember:
		f.calls.Go(func() {
			if err := f.config.Memory.Remember(todo.user, todo.permission); err != nil {
				f.config.Log.WithError(err).Warn("the chosen role could not be remembered")
			}
		})
	case lookAtEntry:
		beside(func() event { return f.readEntry(work, todo) })
	case probeLinks:
		probe := func(to link, ask func(context.Context) error) {
			beside(func() event { return linkSeen{to, within(life, probeWithin, ask)} })
		}
		if todo.reach {
			probe(linkERS, f.config.Platform.Reach)
		}
		if todo.keyring {
			probe(linkKeyring, f.config.Keyring.Check)
		}
	}
}

func (f *Flow) deliver(life context.Context, happened event) {
	select {
	case f.events <- happened:
	case <-life.Done():
	}
}

// endCalls waits for what is still running.
func (f *Flow) endCalls(reports <-chan Report) {
	if f.deadline != nil {
		f.deadline.Stop()
	}
	f.calls.Wait()
	for range reports {
		// The platform ends with its last report, and is waited for.
		continue
	}
}

// guard makes the secrets of a grant known to the log.
func (f *Flow) guard(grant Grant) {
	f.config.Guard(grant.Key)
	f.config.Guard(grant.Credential)
}

// limitQuit starts the time within which a quitting flow has to be done.
func (f *Flow) limitQuit(life context.Context) {
	if !f.quitBy.IsZero() {
		return
	}
	f.quitBy = time.Now().Add(f.config.QuitWithin)
	f.deadline = time.AfterFunc(f.config.QuitWithin, func() { f.deliver(life, quitDeadline{}) })
}

// clearEarlier clears what a run that was killed has left. Its session is to be closed even if
// its entry cannot be cleared.
func (f *Flow) clearEarlier(life context.Context) leftoverCleared {
	ctx, cancel := context.WithTimeout(life, clearLeftoverWithin)
	defer cancel()
	left, readErr := f.config.Keyring.Read(ctx)
	clearLeft := func() error { return within(life, answerWithin, f.config.Keyring.Clear) }
	if errors.Is(readErr, handoff.ErrNotFound) {
		// Without its main entry whatever else is there is left of an end that was cut short.
		err := clearLeft()
		if err == nil {
			// Where there is no keyring there is nothing to clear, and nothing could be handed over either.
			err = within(life, probeWithin, f.config.Keyring.Check)
		}
		return leftoverCleared{err: err}
	}
	if readErr != nil && !unreadable(readErr) {
		return leftoverCleared{err: readErr}
	}
	outcome := leftoverCleared{err: clearLeft()}
	if readErr != nil {
		// An entry that is no session is cleared as well: no program can use it.
		if outcome.err == nil {
			f.config.Log.WithError(readErr).Warn("an unreadable keyring entry of an earlier run was cleared")
		}
		return outcome
	}
	outcome.leftover, outcome.generation = f.leftover(left), left.Details().Generation
	if outcome.err == nil {
		f.config.Log.WithField("generation", outcome.generation).Warn("the session of an earlier run was cleared from the keyring")
	}
	return outcome
}

// unreadable reports whether an entry was read that is no session of this contract.
func unreadable(err error) bool {
	return errors.Is(err, handoff.ErrMalformed) || errors.Is(err, handoff.ErrVersion)
}

// leftover is the session that an earlier run has left, if it can be closed.
func (f *Flow) leftover(left handoff.Entry) Grant {
	f.config.Guard(SecretOf(left))
	return f.config.Platform.Leftover(left)
}

// SecretOf returns the session key or access token of an entry, for the log to be guarded against.
func SecretOf(entry handoff.Entry) secret.Text {
	switch session := entry.(type) {
	case handoff.Session:
		return session.SessionKey.Text
	case handoff.FHIRSession:
		return session.AccessToken.Text
	default:
		return secret.Text{}
	}
}

// handOver publishes the session. If the keyring was locked at the start, what an earlier run has
// left there is read first: its entry is about to be replaced, and its session would stay open.
func (f *Flow) handOver(ctx context.Context, todo publish) published {
	outcome := published{attempt: todo.attempt}
	if todo.look {
		left, err := f.config.Keyring.ReadUnlocking(ctx)
		switch {
		case err == nil:
			outcome.leftover = f.leftover(left)
		case errors.Is(err, handoff.ErrNotFound):
		case unreadable(err):
			f.config.Log.WithError(err).Warn("an unreadable keyring entry of an earlier run is replaced")
		default:
			// A prompt that was dismissed, or a keyring that does not answer: what is there is still not
			// known.
			outcome.err = err
			return outcome
		}
		outcome.looked = true
	}
	if todo.replace {
		if _, err := f.config.Keyring.Read(ctx); errors.Is(err, handoff.ErrNotFound) {
			outcome.err = err
			return outcome
		}
	}
	outcome.err = f.config.Keyring.Publish(ctx, f.config.Platform.Entry(todo.grant, todo.details))
	return outcome
}

func (f *Flow) open(life context.Context, todo openGrant, givenUp <-chan struct{}) opened {
	outcome := opened{attempt: todo.attempt}
	outcome.grant, outcome.err = f.config.Platform.Open(life, todo.proof, givenUp)
	f.guard(outcome.grant)
	if outcome.err == nil {
		outcome.last, _ = f.config.Memory.Last(outcome.grant.User.Identifier)
	}
	return outcome
}

func (f *Flow) refresh(ctx context.Context, todo refreshGrant) refreshed {
	outcome := refreshed{attempt: todo.attempt}
	outcome.err = within(ctx, refreshWithin, func(ctx context.Context) error {
		var err error
		outcome.grant, err = f.config.Platform.Refresh(ctx, todo.grant)
		return err
	})
	f.guard(outcome.grant)
	return outcome
}

// clearAndClose ends a session, in a hurry if quitBy is not zero.
func (f *Flow) clearAndClose(ctx context.Context, todo endSession, quitBy time.Time) (outcome ended) {
	clearLimit, closeLimit := answerWithin, closeWithin
	if !quitBy.IsZero() {
		clearLimit, closeLimit = hurriedWithin, hurriedWithin
	}
	cleared := make(chan error, 1)
	if todo.clear {
		f.calls.Go(func() { cleared <- within(ctx, clearLimit, f.config.Keyring.Clear) })
		select {
		case err := <-cleared:
			cleared <- err
		case <-time.After(min(clearLimit, clearWithin)):
			// No reader gets an entry that the user is asked about. The user has the rest of clearLimit to
			// answer; the session is closed meanwhile.
		}
		defer func() { outcome.clearErr = <-cleared }()
	}
	grace := todo.grace
	if !quitBy.IsZero() { // the session is still to be closed
		grace = min(grace, time.Until(quitBy)-hurriedWithin)
	}
	// What cuts the grace short leaves less time, and the end that follows closes the session.
	if outcome.closeErr = sleep(ctx, grace); outcome.closeErr != nil {
		return outcome
	}
	if !todo.grant.Key.IsZero() {
		outcome.closeErr = within(ctx, closeLimit, func(ctx context.Context) error {
			return f.config.Platform.Close(ctx, todo.grant)
		})
	}
	return outcome
}

// sleep waits, unless the context ends before.
func sleep(ctx context.Context, grace time.Duration) error {
	if grace <= 0 {
		return nil
	}
	select {
	case <-time.After(grace):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// readEntry reads what other applications read.
func (f *Flow) readEntry(ctx context.Context, todo lookAtEntry) entrySeen {
	seen := entrySeen{attempt: todo.attempt}
	seen.err = within(ctx, probeWithin, func(ctx context.Context) error {
		entry, err := f.config.Keyring.Read(ctx)
		if err == nil {
			f.config.Guard(SecretOf(entry))
			seen.generation = entry.Details().Generation
		}
		return err
	})
	return seen
}

func (f *Flow) closeGivenUp(life context.Context, todo closeOrphan) orphanClosed {
	err := within(life, closeWithin, func(ctx context.Context) error { return f.config.Platform.Close(ctx, todo.grant) })
	if err != nil {
		f.config.Log.WithError(err).Warn("a session that was given up could not be deleted")
	}
	return orphanClosed{}
}

func within(ctx context.Context, limit time.Duration, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return call(ctx)
}

// logEvent logs the workstation's events, and every failure, those that the user is not shown included
// (ERR-000).
func (f *Flow) logEvent(happened event) {
	failed := func(what string, err error) {
		switch {
		case err == nil || errors.Is(err, context.Canceled):
		case what == "probe" && shut(err) && f.machine.awaitsKeyring():
			// Every two seconds, and logged when it came to that.
		case isLocked(err):
			// Usual after a log-in without a password, and said to the user when it matters.
			f.config.Log.WithError(err).Info(what)
		default:
			f.config.Log.WithError(err).Error(what)
		}
	}
	calls := f.machine.terms.about.Calls
	switch e := happened.(type) {
	case WorkstationEvent:
		f.config.Log.WithField("incident", string(e)).Info("workstation")
	case leftoverCleared:
		failed("start: keyring", e.err)
	case prompted:
		failed(calls.Prompt, e.err)
	case opened:
		failed(calls.Open, e.err)
	case selected:
		failed(calls.Select, e.err)
	case refreshed:
		failed(calls.Refresh, e.err)
	case published:
		failed("keyring: publish", e.err)
	case ended:
		failed("keyring: clear", e.clearErr)
		failed(calls.Close, e.closeErr)
	case linkSeen:
		failed("probe", e.err)
	case entrySeen:
		failed("keyring: the session that other applications read", e.err)
	case quitDeadline:
		f.config.Log.Error("quitting: the time is up before everything was cleared; the next start goes on with it")
	}
}
