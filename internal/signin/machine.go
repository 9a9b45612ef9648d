package signin

import (
	"context"
	"errors"
	"time"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/problem"
)

// terms are the parameters of a machine, constant for a run.
type terms struct {
	Terms
	// about is what the platform says of itself.
	about About
	// reachEvery is how often a flow that waits looks whether e-RS can be reached. A hospital's
	// workstations must not do it all at once, nor so often that e-RS would feel it.
	reachEvery time.Duration
	// refreshRetry is how long after a refresh that has failed the next one is tried, and after that
	// refreshSpread times as long: another time on each workstation, since all of them may have failed
	// at once.
	refreshRetry time.Duration
}

// machine is the flow's state machine: every decision of a sign-in, and nothing that takes time.
// [machine.handle] takes one event and returns what is to be done; what comes of that returns as a
// later event. It is not safe for concurrent use, and need not be: one goroutine owns it.
type machine struct {
	terms terms
	state State

	// attempt numbers the sign-ins. An answer that carries an older number belongs to one that was
	// given up.
	attempt int
	attemptState

	// proof is the one that there is, as the platform reports it. It is the only source of proofs, the
	// answer to a prompt included: two sources could disagree about a card that was pulled in between.
	proof Proof
	// holder is who signed in with that proof; zero if it was not used yet.
	holder User
	// status is the platform's last report: what a user without a proof has to do next.
	status Report
	// refused is the last proof that e-RS did not accept. Trying again with it would be refused again.
	refused Proof
	// waitForUser: the user did not start the program themselves. A proof that was there then begins
	// nothing by itself.
	waitForUser bool

	// next is where an ending session leads.
	next destination
	// resume is the pair to select without asking, once the session is open, because the user has
	// chosen it already; and the clinician, if e-RS still offers that one. It goes with everything
	// that is not on the way there.
	resume *chosen
	// failedFor is the user whose last choice has failed, or "". The pair of last time is not offered to
	// them next: they had chosen another one, and Enter must not take it.
	failedFor string
	// noGrace: the computer does not wait, so a session is closed as soon as the keyring is clear.
	noGrace bool
	// userAway: the screen is locked, or another user works at the computer. Nothing is refreshed
	// then. wokeAt is when the computer woke.
	userAway bool
	wokeAt   time.Time
	// background counts the calls that go on for sign-ins that were given up.
	background int

	// cleared: the keyring has no session of an earlier run, or of one that has ended, as far as it
	// can be read.
	cleared bool
	// entryUnread: the keyring was locked, at entryUnreadAt, so that what an earlier run has left in
	// it is not known.
	entryUnread   bool
	entryUnreadAt time.Time
	// entryLocked: the keyring asks the user about that entry alone, which must not happen before a
	// sign-in.
	entryLocked bool
	// generation is the last one published.
	generation int64

	// notices are those of the services of a run, and keyringTrouble is why the keyring could not be
	// used when it was looked at last.
	notices        []Notice
	keyringTrouble *problem.Problem
	// probedAt is when the keyring was looked at last, and reachedAt when e-RS was reached, or not.
	probedAt, reachedAt time.Time
}

// attemptState is what one attempt owns. It goes when the next one begins, and when there is no
// session any more.
type attemptState struct {
	// running is the call whose answer the flow waits for. While one uses the session, the session is
	// not closed (A003-02).
	running call
	// promisedAt is when a prompt said that there is a proof now, which is still to be reported.
	promisedAt time.Time

	// used is the proof that the grant was opened with.
	used Proof
	// grant is what exists at e-RS, its key empty before it is opened.
	grant     Grant
	createdAt time.Time
	// issued is when the session was first handed over, and revision how often it was refreshed.
	issued   time.Time
	revision int64
	// startedAgain: this sign-in has started again once already, since the answer to a selection was
	// lost.
	startedAgain bool
	refreshFailure
	// deferredChoice is a choice made during a refresh, whose answer must not be lost.
	deferredChoice *ersclient.Permission
	// gaveUpRole: the user gave up the role that is being selected.
	gaveUpRole bool
	// handedOver: the session was handed to the keyring, or may have been, so that its end begins with
	// clearing that.
	handedOver bool
	// entryTrouble is why other applications cannot read the session.
	entryTrouble *problem.Problem

	// newProof: a proof has appeared since the session began to end, so a sign-in follows.
	newProof bool
	// restartEnd: the end under way was stopped, since there is less time for it now, and is to be
	// begun anew.
	restartEnd bool

	// failedByStatus: the Problem that is shown is the one of the platform's status, and goes with it.
	failedByStatus bool
	// unfinishedEnd is why a session has ended whose end has failed in part: going on from that
	// Problem leads to Waiting, not to a sign-in that the user has not asked for. unclosed is that
	// session, if it could not be closed.
	unfinishedEnd Reason
	unclosed      Grant
}

// refreshFailure is what is known of refreshes that have failed in a row.
type refreshFailure struct {
	// refreshErr is why the last one has failed; nil if none has. refreshTries counts them.
	refreshErr   error
	refreshTries int
	// failedAt is when it has, retryAt when the next one is tried, and refreshUntil until when.
	failedAt, retryAt, refreshUntil time.Time
	// refreshLost: the answer to one was lost already.
	refreshLost bool
	// refreshTrouble is why other applications have a key that has ended.
	refreshTrouble *problem.Problem
}

// chosen is a role at an organisation that a user has chosen. It does not apply to another user.
type chosen struct {
	user string
	pair ersclient.Permission
}

// call is a call that takes time, of which there is one at a time. A prompt does not count:
// stopCalls ends it.
type call int

const (
	noCall call = iota
	clearingLeftover
	opening
	selecting
	refreshing
	publishing
	closing
)

const (
	// promiseKept is how long after a successful prompt the proof may take to be reported.
	promiseKept = 10 * time.Second
	// probeEvery is how often the flow looks at the keyring. At e-RS it looks less often
	// (terms.reachEvery), and not again so soon after a call or a look.
	probeEvery = 30 * time.Second
	// unlockedEvery is how often it looks while an entry is still to be cleared.
	unlockedEvery = 2 * time.Second
	// refreshAtLeast is for how long a refresh is tried. If an outage of ten minutes ended all sessions,
	// their users would sign in again in the same minutes, at three calls each.
	refreshAtLeast = 30 * time.Minute
	// refreshSpread multiplies terms.refreshRetry once two refreshes have failed. After an outage that
	// all workstations share they come back within eleven minutes, about as many a minute as on other
	// days; more would be refused (TestAFleetStaysBelowTheGatewaysLimits).
	refreshSpread = 16
	// networkBack is how long a computer that wakes may need for its network: it is tried more often.
	networkBack = 2 * time.Minute
	// warnBefore is how long before its end a session is said to end soon, unless it is a short one.
	warnBefore = 5 * time.Minute
)

// destination is where an ending session leads: a phase, and the Problem to show if it is Failed.
type destination struct {
	phase   Phase
	problem *problem.Problem
}

func newMachine(terms terms, now time.Time) *machine {
	return &machine{
		terms: terms, state: State{Phase: Starting, Since: now, Words: &terms.about.Words, Links: Links{Proof: terms.about.Start.Source}},
		status: terms.about.Start, attemptState: attemptState{running: clearingLeftover}, waitForUser: terms.ManualStart,
	}
}

// begin returns what a machine does before the first event.
func (m *machine) begin() []effect { return []effect{clearLeftover{}} }

// handle takes one event. Each kind of event has a method of its own, which looks at the phase it
// arrives in.
func (m *machine) handle(now time.Time, happened event) []effect {
	if m.state.Phase == Closed {
		return nil
	}
	switch e := happened.(type) {
	case Report:
		return m.onReport(now, e)
	case Intent:
		return m.onIntent(now, e)
	case leftoverCleared:
		return m.onLeftoverCleared(now, e)
	case prompted:
		return m.onPrompted(now, e)
	case opened:
		return m.onOpened(now, e)
	case selected:
		return m.onSelected(now, e)
	case refreshed:
		return m.onRefreshed(now, e)
	case published:
		return m.onPublished(now, e)
	case ended:
		return m.onEnded(now, e)
	case orphanClosed:
		m.background = max(0, m.background-1)
		m.closeIfIdle(now)
	case linkSeen:
		return m.onLink(now, e)
	case entrySeen:
		return m.onEntrySeen(e)
	case WorkstationEvent:
		return m.onWorkstation(now, e)
	case []Notice:
		m.notices = e
		m.showNotices()
	case tick:
		return m.onTick(now)
	case quitDeadline:
		m.enter(now, Closed)
	}
	return nil
}

func (m *machine) onLink(now time.Time, e linkSeen) []effect {
	switch e.link {
	case linkERS:
		m.state.Links.ERS = ersHealth(e.err)
	case linkKeyring:
		m.seeKeyring(e.err)
		if e.err == nil && m.entryUnread && !m.entryLocked && m.state.Phase == Waiting && now.Sub(m.entryUnreadAt) >= probeEvery {
			// It is unlocked now, so that all programs can read what an earlier run has left. A keyring that
			// is reported unlocked and turns out to be locked must not be read again and again.
			return m.clearAgain(now, m.state.Reason)
		}
		if e.err == nil && m.awaitsKeyring() {
			return m.retryEnd(now)
		}
	}
	return nil
}

// seeKeyring takes what was seen of the keyring. A user who waits learns before a passcode what is
// wrong with it.
func (m *machine) seeKeyring(err error) {
	m.state.Links.Keyring = keyringHealth(err)
	m.keyringTrouble = notUsable(err)
	m.showNotices()
}

// awaitsKeyring reports whether a session has ended whose entry could not be cleared because the
// keyring was locked: it is cleared as soon as the keyring can be used. One that asks about each
// entry (ErrItemLocked) would ask again and again.
func (m *machine) awaitsKeyring() bool {
	return m.state.Phase == Failed && m.unfinishedEnd != NotEnded && !m.cleared && shut(m.state.Problem) &&
		!errors.Is(m.state.Problem, handoff.ErrItemLocked)
}

// onTick looks at the wall clock: a timer lies on a laptop that slept.
func (m *machine) onTick(now time.Time) []effect {
	switch m.state.Phase {
	case Prompting:
		if !m.promisedAt.IsZero() && now.Sub(m.promisedAt) > promiseKept {
			m.attempt++
			m.fail(now, m.terms.about.Unseen)
		}
	case Waiting:
		if now.Sub(m.reachedAt) >= m.terms.reachEvery {
			return m.probe(now)
		}
		if now.Sub(m.probedAt) >= probeEvery {
			m.probedAt = now
			return []effect{probeLinks{keyring: true}}
		}
	case Failed:
		if m.awaitsKeyring() && now.Sub(m.probedAt) >= unlockedEvery {
			m.probedAt = now
			return []effect{probeLinks{keyring: true}}
		}
	case Choosing, ChoosingClinician, SignedIn:
		return m.onAge(now)
	default:
	}
	return nil
}

// onAge ends a session that has reached its maximum age, and warns before. In between it is
// refreshed when the platform wants that, and it is looked whether other applications can still
// read it.
func (m *machine) onAge(now time.Time) []effect {
	expires := m.expires()
	if !now.Before(expires) {
		return m.end(now, Expired, destination{phase: Waiting})
	}
	if m.state.Phase == SignedIn {
		m.state.EndsSoon = !now.Before(expires.Add(-min(warnBefore, m.terms.MaxAge/2)))
		m.state.RenewAsks = m.state.EndsSoon && (m.terms.about.InPlace || m.proofEndsSoon(now))
	}
	m.noteRefresh(now)
	switch {
	case m.running != noCall:
	case m.refreshDue(now):
		m.running = refreshing
		return []effect{refreshGrant{m.attempt, m.grant}}
	case m.handedOver && now.Sub(m.probedAt) >= probeEvery:
		m.probedAt = now
		return []effect{lookAtEntry{m.attempt}}
	}
	return nil
}

// refreshDue reports whether the session is to be refreshed now. One whose entry was removed is
// not: it would not be handed over again, and may have been closed. Nor is one that no user works
// with: many computers stay locked overnight, and e-RS bears all of them.
func (m *machine) refreshDue(now time.Time) bool {
	return !m.state.EntryGone && !m.userAway && m.refreshPassed(now)
}

func (m *machine) refreshPassed(now time.Time) bool {
	return !m.grant.RefreshAt.IsZero() && !now.Before(m.grant.RefreshAt) && !now.Before(m.retryAt)
}

// refreshFailed notes a refresh that has failed, and when the next one is tried.
func (m *machine) refreshFailed(now time.Time, err error, lost bool) {
	m.refreshErr, m.failedAt, m.refreshLost = err, now, m.refreshLost || lost
	m.refreshTries++
	if m.refreshUntil.IsZero() {
		m.refreshUntil = later(m.grant.KeyExpiresAt, now.Add(refreshAtLeast))
	}
	wait := m.terms.refreshRetry
	if m.refreshTries > 1 && now.Sub(m.wokeAt) >= networkBack {
		wait *= refreshSpread
	}
	m.retryAt = now.Add(wait)
	m.noteRefresh(now)
}

// refreshNeeded has a refresh that has failed tried again soon: a user, or another program, needs
// the session now.
func (m *machine) refreshNeeded() {
	if soon := m.failedAt.Add(m.terms.refreshRetry); m.refreshErr != nil && m.retryAt.After(soon) {
		m.retryAt = soon
	}
}

// noteRefresh says why other applications have a key that has ended.
func (m *machine) noteRefresh(now time.Time) {
	if m.handedOver && m.refreshErr != nil && m.refreshTrouble == nil && !now.Before(m.grant.KeyExpiresAt) {
		m.refreshTrouble = notReadable(m.refreshErr)
		m.showNotices()
	}
}

// refreshAnew forgets the refreshes that failed before the user came back, or the computer woke.
func (m *machine) refreshAnew() {
	m.refreshFailure = refreshFailure{refreshLost: m.refreshLost}
	m.showNotices()
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// expires is when the session ends: at the highest age that is allowed here, or at the platform's
// own bound.
func (m *machine) expires() time.Time {
	own, bound := m.createdAt.Add(m.terms.MaxAge), m.grant.ExpiresAt
	if !bound.IsZero() && bound.Before(own) {
		return bound
	}
	return own
}

// proofEndsSoon reports whether a new session from the same proof would end as soon as the present
// one.
func (m *machine) proofEndsSoon(now time.Time) bool {
	return !m.proof.ExpiresAt.IsZero() && m.proof.ExpiresAt.Sub(now) <= warnBefore
}

// signIn begins an attempt with the proof that is there.
func (m *machine) signIn(now time.Time) []effect {
	var effects []effect
	if m.state.Phase == Prompting {
		effects = append(effects, stopCalls{})
	}
	effects = append(effects, m.closeOrphan(m.unclosed)...)
	m.attempt++
	m.forget()
	m.enter(now, SigningIn)
	m.running, m.used = opening, m.proof
	return append(effects, openGrant{m.attempt, m.proof})
}

// prompt has the platform ask the user for a proof.
func (m *machine) prompt(now time.Time, fresh bool) []effect {
	effects := m.closeOrphan(m.unclosed)
	m.attempt++
	m.forget()
	m.enter(now, Prompting)
	m.state.Missing = m.terms.about.Prompting
	return append(effects, promptUser{m.attempt, fresh})
}

// choose selects a pair.
func (m *machine) choose(now time.Time, permission ersclient.Permission) []effect {
	m.deferredChoice = nil
	m.state.Chosen, m.state.Problem, m.state.Clinicians = permission, nil, nil
	m.enter(now, Selecting)
	if m.running != noCall {
		m.deferredChoice = &permission
		return nil
	}
	if m.state.EntryGone && m.refreshPassed(now) {
		// It was not refreshed without its entry.
		m.deferredChoice, m.running = &permission, refreshing
		return []effect{refreshGrant{m.attempt, m.grant}}
	}
	m.running = selecting
	return []effect{selectRole{m.attempt, m.grant, permission}}
}

// chooseAgain goes back to the choice of a role, and shows why the last one has failed, if it has.
func (m *machine) chooseAgain(now time.Time, failed error) []effect {
	m.resume, m.deferredChoice = nil, nil
	m.state.Problem, m.state.Clinicians = nil, nil
	m.enter(now, Choosing)
	if failed == nil {
		m.state.Chosen = m.grant.Permission
	} else {
		m.state.Problem, m.state.ProblemAt = problem.Of(failed), now
		if !m.state.Switching {
			m.state.LastUsed = nil // as after failedFor
		}
	}
	return nil
}

// wait enters Waiting, without a session. State.Missing says what the user must do next.
func (m *machine) wait(now time.Time, reason Reason) []effect {
	m.forget()
	m.resume = nil
	m.enter(now, Waiting)
	m.state.Reason = reason
	if !m.proof.IsZero() {
		m.state.Missing, m.state.Holder = m.terms.about.Ready, m.holder
		return m.probe(now)
	}
	m.state.Missing = m.status.Missing
	if m.status.Problem != nil {
		m.fail(now, m.status.Problem)
		m.failedByStatus = true
		return nil
	}
	return m.probe(now)
}

// probe looks at the keyring, and at e-RS if that was not heard of for a while.
func (m *machine) probe(now time.Time) []effect {
	m.probedAt = now
	if now.Sub(m.reachedAt) < probeEvery {
		return []effect{probeLinks{keyring: true}}
	}
	m.reachedAt = now
	return []effect{probeLinks{reach: true, keyring: true}}
}

// clearAgain clears what is left of an earlier run, or of a session whose entry could not be
// cleared. With the reason of that end it leads back to Waiting.
func (m *machine) clearAgain(now time.Time, reason Reason) []effect {
	effects := m.closeOrphan(m.unclosed)
	m.forget()
	m.resume = nil
	m.enter(now, Starting)
	m.running, m.unfinishedEnd = clearingLeftover, reason
	return append(effects, m.begin()...)
}

func (m *machine) fail(now time.Time, err error) {
	chosen, proven := m.state.Chosen, m.state.Phase == SigningIn || m.state.Phase == Ending
	m.forget()
	m.resume = nil
	m.enter(now, Failed)
	m.state.Chosen, m.state.Proven = chosen, proven
	m.state.Problem, m.state.ProblemAt, m.state.Uncleared = problem.Of(err), now, !m.cleared
	if aboutKeyring(err) {
		// Nothing may look good beside the Problem that contradicts it.
		m.state.Links.Keyring = keyringHealth(err)
	}
}

// end leaves a session, or what there is of one. It first stops a call under way that uses the
// session (selecting, refreshing, publishing), and clears the keyring once that has returned.
// Without one it clears the keyring at once, if there may be anything in it.
func (m *machine) end(now time.Time, reason Reason, after destination) []effect {
	m.next, m.newProof, m.resume = after, false, nil
	m.state.Reason = reason
	m.enter(now, Ending)
	switch m.running {
	case opening:
		// It goes on in the background: only its answer has the key of the session that it may have
		// created.
		m.running = noCall
		m.attempt++
		m.background++
		return append([]effect{stopCalls{}}, m.afterEnd(now, ended{})...)
	case selecting, refreshing, publishing:
		return []effect{stopCalls{}}
	default:
		// Looking at the keyring's entry must not delay its end.
		return append([]effect{stopCalls{}}, m.close()...)
	}
}

// close clears the keyring, if there is anything of this session in it, and then closes the
// session, which no call of this program uses any more (A003-02).
func (m *machine) close() []effect {
	m.running = closing
	var grace time.Duration
	if m.handedOver && !m.noGrace && !m.grant.Key.IsZero() {
		switch m.state.Reason {
		case SignedOut, RoleSwitched, Renewed, Quitting:
			grace = m.terms.Grace
		default:
		}
	}
	return []effect{endSession{m.grant, m.handedOver, grace}}
}

// returned records that a call has returned, and reports whether the flow waits for it.
func (m *machine) returned(which call) bool {
	if m.running != which {
		return false
	}
	m.running = noCall
	return true
}

// closeOrphan closes a session beside the flow, if there is one: an answer that cannot be used may
// still have its key.
func (m *machine) closeOrphan(grant Grant) []effect {
	if grant.Key.IsZero() {
		return nil
	}
	m.background++
	return []effect{closeOrphan{grant}}
}

// closeIfIdle closes a flow that was asked to quit, once nothing is left to be done. The deadline
// does it otherwise.
func (m *machine) closeIfIdle(now time.Time) {
	quitting := m.state.Phase == Ending && m.next.phase == Closed
	if quitting && m.running == noCall && m.background == 0 {
		m.enter(now, Closed)
	}
}

// forget drops all that belongs to one attempt.
func (m *machine) forget() {
	m.attemptState = attemptState{}
	m.state = State{
		Phase: m.state.Phase, Since: m.state.Since, Reason: m.state.Reason, AskedBy: m.state.AskedBy, Words: m.state.Words, Links: m.state.Links,
	}
	m.showNotices()
}

// showNotices shows what is wrong without keeping a user from working.
func (m *machine) showNotices() {
	m.state.Notices = m.notices
	for _, trouble := range []Notice{
		{Problem: m.keyringTrouble}, {Problem: m.entryTrouble, Session: true}, {Problem: m.refreshTrouble, Session: true},
	} {
		if trouble.Problem != nil {
			m.state.Notices = append([]Notice{trouble}, m.state.Notices...)
		}
	}
}

func (m *machine) enter(now time.Time, phase Phase) {
	if m.state.Phase != phase {
		m.state.Phase, m.state.Since = phase, now
	}
	if phase == SignedIn {
		// What was asked for is done.
		m.state.AskedBy = ""
	}
}

// answered notes what a call's outcome says about the way to e-RS.
func (m *machine) answered(now time.Time, err error) {
	if !errors.Is(err, context.Canceled) && !errors.Is(err, ErrNotERS) {
		m.reachedAt = now
		m.state.Links.ERS = ersHealth(err)
	}
}

// entryDetails is what the entry says besides the grant.
func (m *machine) entryDetails() EntryDetails {
	return EntryDetails{
		Generation: m.generation, Revision: m.revision, IssuedAt: m.issued.UTC(), ExpiresAt: m.expires().UTC(),
		Publisher: m.terms.Publisher,
	}
}

// find returns the wanted permission as it is offered, for the clinician that is wanted.
func find(offered []ersclient.Permission, wanted ersclient.Permission) (ersclient.Permission, bool) {
	for _, permission := range offered {
		if permission.Same(wanted) {
			permission.OnBehalfOf = wanted.OnBehalfOf
			return permission, true
		}
	}
	return ersclient.Permission{}, false
}
