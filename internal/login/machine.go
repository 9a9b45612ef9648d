package login

import (
	"context"
	"errors"
	"time"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/smartcard"
)

// terms is what a machine needs to know of its surroundings: constants for a run.
type terms struct {
	// maxAge is how long a session may live.
	maxAge time.Duration
	// baseURL, asid and publisher stand in the keyring entry.
	baseURL, asid, publisher string
	// grace is how long a session stays open once nobody can find it any more, where the user asked for its end: calls of other
	// applications that are under way shall not fail (A003's rule).
	grace time.Duration
	// reachEvery is how often a flow that waits looks whether e-RS can be reached. A hospital's workstations must not do it all at
	// once, nor so often that e-RS would feel it.
	reachEvery time.Duration
	// endWhenLocked ends a session when nobody is at the workstation any more.
	endWhenLocked bool
	// held has a ticket that is there at the start wait for the user.
	held bool
}

// machine is the flow's state machine: every decision of a sign-in, and nothing that takes time. [machine.handle] takes one
// event and returns what is to be done; what comes of that returns as a later event. It is not safe for concurrent use,
// and need not be: one goroutine owns it.
type machine struct {
	terms terms
	state State

	// attempt numbers the sign-ins. An answer that carries an older number belongs to one that was given up.
	attempt int
	// seen is the ticket as the card events tell it, empty while there is none. It is the only source of tickets, the answer
	// to a prompt included: two sources could disagree about a card that was pulled in between.
	seen ersclient.Ticket
	// known is the last ticket that was seen, and knownAt when it was seen first: it may be older, so that Spine's session may end
	// earlier than is to be told from it, and not later.
	known   ersclient.Ticket
	knownAt time.Time
	// absence is why there is no ticket, as far as the agent said.
	absence error
	// absent: the Problem that is shown is the reason of the absence, and goes with it.
	absent bool
	// refused is the last ticket that e-RS did not accept. Trying again with it would be refused again.
	refused ersclient.Ticket
	// promisedAt is when the agent said that it has a ticket now, which the card events are still to show.
	promisedAt time.Time
	// held: the user did not start the program themselves. A ticket that was there then begins nothing by itself.
	held bool
	// fresh: a ticket has appeared since the session began to end, so somebody wants to sign in.
	fresh bool

	// session is what exists at e-RS for this attempt, its key empty before A001 has answered.
	session   ersclient.Session
	createdAt time.Time
	// running is the call whose answer the flow waits for. While one uses the session, the session is not closed (A003's rule).
	running call
	// after is where an ending session leads.
	after destination
	// resume is the pair to select without asking, once A001 has answered, because the user has chosen it already. It goes with
	// everything that is not on the way there.
	resume *chosen
	// repeated: an A002 whose answer was lost has been repeated once already, from A001 on.
	repeated bool

	// recovered: what an earlier run left has been cleared, as far as it can be seen.
	recovered bool
	// unread: the keyring was locked, at unreadAt, so that nobody could look what an earlier run has left in it.
	unread   bool
	unreadAt time.Time
	// asks: it would ask about that entry alone, which must not happen before somebody signs in.
	asks bool
	// rest is why a session has ended whose end has failed in part: going on from that Problem leads to Waiting, not to a sign-in
	// that nobody has asked for. unclosed is that session's key, if e-RS could not be told.
	rest     Reason
	unclosed ersclient.SessionKey
	// handed: the session was handed to the keyring, or may have been, so that its end begins with clearing that.
	handed bool
	// entry is what was handed over.
	entry handoff.Session
	// noted is what the neighbours want to be known, and entryTrouble why other applications cannot read the session.
	noted        []Notice
	entryTrouble *problem.Problem
	// again: the end under way was stopped, since there is less time for it now, and is to be begun anew.
	again bool
	// hurried: the computer does not wait, so nobody is given a grace.
	hurried bool
	// probedAt is when the keyring was looked at last, and reachedAt when e-RS was reached, or not.
	probedAt, reachedAt time.Time
	// generation is the last one published.
	generation int64
	// outstanding counts the calls that go on in the background for sign-ins that were given up.
	outstanding int
}

// chosen is a pair that a user has chosen. Whoever takes their place has not.
type chosen struct {
	user string
	pair ersclient.Permission
}

// call is a call that takes time, of which there is one at a time. The agent's prompt is none of them: it is over as soon as
// the flow has moved on.
type call int

const (
	noCall call = iota
	recovering
	creating
	selecting
	publishing
	closing
)

const (
	// promiseKept is how long after a successful prompt the ticket may take to be seen.
	promiseKept = 10 * time.Second
	// probeEvery is how often the flow looks at the keyring. At e-RS it looks less often (terms.reachEvery), and not again so soon
	// after a call or a look.
	probeEvery = 30 * time.Second
	// unlockedEvery is how often it looks while an entry is still to be cleared.
	unlockedEvery = 2 * time.Second
	// spineAge is how long a Spine session lives at most. No session of e-RS outlives it.
	spineAge = 10 * time.Hour
	// warnBefore is how long before its end a session is said to end soon, unless it is a short one.
	warnBefore = 5 * time.Minute
)

// destination is where an ending session leads: a phase, and the Problem to show if it is Failed.
type destination struct {
	phase   Phase
	problem *problem.Problem
}

func newMachine(terms terms, now time.Time) *machine {
	return &machine{terms: terms, state: State{Phase: Starting, Since: now}, running: recovering, held: terms.held}
}

// begin returns what a machine does before the first event.
func (m *machine) begin() []effect { return []effect{recoverLeftovers{}} }

// handle takes one event. Each kind of event has a method of its own, which looks at the phase it arrives in.
func (m *machine) handle(now time.Time, happened event) []effect {
	if m.state.Phase == Closed {
		return nil
	}
	switch e := happened.(type) {
	case cardEvent:
		return m.onCard(now, e.Event)
	case presenceEvent:
		m.onPresence(e.Presence)
	case intentEvent:
		return m.onIntent(now, e.Intent)
	case recovered:
		return m.onRecovered(now, e)
	case asked:
		return m.onAsked(now, e)
	case created:
		return m.onCreated(now, e)
	case selected:
		return m.onSelected(now, e)
	case published:
		return m.onPublished(now, e)
	case ended:
		return m.onEnded(now, e)
	case orphanDeleted:
		m.outstanding = max(0, m.outstanding-1)
		m.closeIfIdle(now)
	case linkSeen:
		return m.onLink(now, e)
	case entrySeen:
		return m.onEntrySeen(e)
	case incidentEvent:
		return m.onIncident(now, e.Incident)
	case noticed:
		m.noted = e.notices
		m.showNotices()
	case tick:
		return m.onTick(now)
	case deadline:
		m.enter(now, Closed)
	}
	return nil
}

func (m *machine) onLink(now time.Time, e linkSeen) []effect {
	switch e.link {
	case linkERS:
		m.state.Links.ERS = ersHealth(e.err)
	case linkKeyring:
		m.state.Links.Keyring = keyringHealth(e.err)
		if e.err == nil && m.unread && !m.asks && m.state.Phase == Waiting && now.Sub(m.unreadAt) >= probeEvery {
			// It is unlocked now, so that everybody can read what an earlier run has left. One that is said to be unlocked and turns out
			// to be locked must not be looked at again and again.
			return m.recover(now, m.state.Reason)
		}
		if e.err == nil && m.awaitsKeyring() {
			return m.finish(now)
		}
	}
	return nil
}

// awaitsKeyring reports whether a session has ended whose entry could not be cleared since the keyring was shut: it is cleared as
// soon as the keyring can be used. One that asks about each entry (ErrItemLocked) would ask again and again.
func (m *machine) awaitsKeyring() bool {
	return m.state.Phase == Failed && m.rest != NotEnded && !m.recovered && shut(m.state.Problem) &&
		!errors.Is(m.state.Problem, handoff.ErrItemLocked)
}

// onTick looks at the wall clock: a timer lies on a laptop that slept.
func (m *machine) onTick(now time.Time) []effect {
	switch m.state.Phase {
	case Prompting:
		if !m.promisedAt.IsZero() && now.Sub(m.promisedAt) > promiseKept {
			m.attempt++
			m.fail(now, smartcard.TicketNotAvailable.Problem())
		}
	case Waiting:
		if now.Sub(m.reachedAt) >= m.terms.reachEvery {
			return m.probe(now)
		}
		if now.Sub(m.probedAt) >= probeEvery {
			m.probedAt = now
			return []effect{probeLinks{}}
		}
	case Failed:
		if m.awaitsKeyring() && now.Sub(m.probedAt) >= unlockedEvery {
			m.probedAt = now
			return []effect{probeLinks{}}
		}
	case Choosing, SignedIn:
		return m.onAge(now)
	default:
	}
	return nil
}

// onAge ends a session that has reached its maximum age, and warns before. In between it looks whether other applications can
// still read it.
func (m *machine) onAge(now time.Time) []effect {
	expires := m.expires()
	if !now.Before(expires) {
		return m.end(now, Expired, destination{phase: Waiting})
	}
	if m.state.Phase != SignedIn {
		return nil
	}
	m.state.EndsSoon = !now.Before(expires.Add(-min(warnBefore, m.terms.maxAge/2)))
	m.state.RenewAsks = m.state.EndsSoon && m.ticketIsOld(now)
	if m.running == noCall && now.Sub(m.probedAt) >= probeEvery {
		m.probedAt = now
		return []effect{lookAtEntry{m.attempt}}
	}
	return nil
}

// expires is when the session ends: at its own highest age, or with the ticket that it was made from.
func (m *machine) expires() time.Time {
	own, spines := m.createdAt.Add(m.terms.maxAge), m.knownAt.Add(spineAge)
	if !m.knownAt.IsZero() && spines.Before(own) {
		return spines
	}
	return own
}

// ticketIsOld tells whether a new session from the same ticket would end as soon as the present one.
func (m *machine) ticketIsOld(now time.Time) bool {
	return !m.knownAt.IsZero() && m.knownAt.Add(spineAge).Sub(now) <= warnBefore
}

// signIn begins an attempt with the ticket that is there (A001).
func (m *machine) signIn(now time.Time) []effect {
	var effects []effect
	if m.state.Phase == Prompting {
		effects = append(effects, stopCalls{})
	}
	effects = append(effects, m.deleteOrphan(m.unclosed)...)
	m.attempt++
	m.forget()
	m.enter(now, SigningIn)
	m.running = creating
	return append(effects, createSession{m.attempt, m.seen})
}

// prompt has the Identity Agent ask for card and passcode.
func (m *machine) prompt(now time.Time, fresh bool) []effect {
	effects := m.deleteOrphan(m.unclosed)
	m.attempt++
	m.forget()
	m.enter(now, Prompting)
	return append(effects, askTicket{m.attempt, fresh})
}

// choose selects a pair (A002).
func (m *machine) choose(now time.Time, permission ersclient.Permission) []effect {
	m.resume = nil
	m.state.Chosen = permission
	m.enter(now, Selecting)
	m.running = selecting
	return []effect{selectRole{m.attempt, m.session, permission}}
}

// wait has no session. What it waits for depends on what the agent says of the ticket.
func (m *machine) wait(now time.Time, reason Reason) []effect {
	m.forget()
	m.resume = nil
	m.enter(now, Waiting)
	m.state.Reason = reason
	if !m.seen.IsZero() {
		m.state.Missing = MissingIntent
		return m.probe(now)
	}
	missing, known := missing(m.absence, m.state.Links.Card)
	m.state.Missing = missing
	if !known {
		// The agent says that something is wrong which no card mends, such as a blocked one.
		m.fail(now, m.absence)
		m.absent = true
		return nil
	}
	return m.probe(now)
}

// probe looks at the keyring, and at e-RS if that was not heard of for a while.
func (m *machine) probe(now time.Time) []effect {
	m.probedAt = now
	if now.Sub(m.reachedAt) < probeEvery {
		return []effect{probeLinks{}}
	}
	m.reachedAt = now
	return []effect{probeLinks{reach: true}}
}

// recover clears what is left of an earlier run, or of a session whose entry could not be cleared. If there is a reason to rest,
// it leads back to Waiting.
func (m *machine) recover(now time.Time, rest Reason) []effect {
	effects := m.deleteOrphan(m.unclosed)
	m.forget()
	m.resume = nil
	m.enter(now, Starting)
	m.running, m.rest = recovering, rest
	return append(effects, m.begin()...)
}

func (m *machine) fail(now time.Time, err error) {
	m.forget()
	m.resume = nil
	m.enter(now, Failed)
	m.state.Problem, m.state.ProblemAt, m.state.Uncleared = problem.Of(err), now, !m.recovered
}

// end leaves a session, or what there is of one. The keyring is cleared before anything else, whatever the reason.
func (m *machine) end(now time.Time, reason Reason, after destination) []effect {
	m.after, m.fresh, m.resume = after, false, nil
	m.state.Reason = reason
	m.enter(now, Ending)
	switch m.running {
	case creating:
		// A001 goes on in the background: only its answer has the key of the session that it may have created.
		m.running = noCall
		m.attempt++
		m.outstanding++
		return append([]effect{stopCalls{}}, m.leave(now, ended{})...)
	case selecting, publishing:
		return []effect{stopCalls{}}
	default:
		// Looking at the keyring's entry must not delay its end.
		return append([]effect{stopCalls{}}, m.close()...)
	}
}

// close clears the keyring, if there is anything of this session in it, and closes a session that no call of ours uses any more
// (A003).
func (m *machine) close() []effect {
	m.running = closing
	var grace time.Duration
	if m.handed && !m.hurried && !m.session.Key.IsZero() {
		switch m.state.Reason {
		case SignedOut, RoleSwitched, Renewed, Quitting:
			grace = m.terms.grace
		default:
		}
	}
	return []effect{endSession{m.session.Key, m.handed, grace}}
}

// returned notes that a call has returned, if it is the one that the flow waits for.
func (m *machine) returned(which call) bool {
	if m.running != which {
		return false
	}
	m.running = noCall
	return true
}

// deleteOrphan closes a session beside the flow, if there is one: an answer that cannot be used may still have its key.
func (m *machine) deleteOrphan(key ersclient.SessionKey) []effect {
	if key.IsZero() {
		return nil
	}
	m.outstanding++
	return []effect{deleteOrphan{key}}
}

// closeIfIdle closes a flow that was asked to quit, once nothing is left to be done. The deadline does it otherwise.
func (m *machine) closeIfIdle(now time.Time) {
	quitting := m.state.Phase == Ending && m.after.phase == Closed
	if quitting && m.running == noCall && m.outstanding == 0 {
		m.enter(now, Closed)
	}
}

// forget drops all that belongs to one attempt.
func (m *machine) forget() {
	m.session, m.createdAt, m.promisedAt = ersclient.Session{}, time.Time{}, time.Time{}
	m.running, m.repeated, m.fresh, m.again, m.handed = noCall, false, false, false, false
	m.rest, m.unclosed, m.absent = NotEnded, ersclient.SessionKey{}, false
	m.entry, m.entryTrouble = handoff.Session{}, nil
	m.state = State{
		Phase: m.state.Phase, Since: m.state.Since, Reason: m.state.Reason, AskedBy: m.state.AskedBy, Links: m.state.Links,
	}
	m.showNotices()
}

// showNotices shows what is wrong without keeping anybody from working.
func (m *machine) showNotices() {
	m.state.Notices = m.noted
	if m.entryTrouble != nil {
		m.state.Notices = append([]Notice{{Problem: m.entryTrouble}}, m.noted...)
	}
}

func (m *machine) enter(now time.Time, phase Phase) {
	if m.state.Phase != phase {
		m.state.Phase, m.state.Since = phase, now
	}
	if phase == SignedIn {
		// Whoever has asked for it has it.
		m.state.AskedBy = ""
	}
}

// answered notes what a call's outcome says about the way to e-RS.
func (m *machine) answered(now time.Time, err error) {
	if !errors.Is(err, context.Canceled) {
		m.reachedAt = now
		m.state.Links.ERS = ersHealth(err)
	}
}

func (m *machine) handover(now time.Time) handoff.Session {
	return handoff.Session{
		Version:          handoff.Version,
		Generation:       m.generation,
		SessionKey:       m.session.Key,
		BaseURL:          m.terms.baseURL,
		ASID:             m.terms.asid,
		UserIdentifier:   m.state.User.Identifier,
		UserName:         m.state.User.Name,
		OrgIdentifier:    m.state.Chosen.OrgIdentifier,
		OrgName:          m.state.Chosen.OrgName,
		BusinessFunction: string(m.state.Chosen.BusinessFunction),
		IssuedAt:         now.UTC(),
		ExpiresAt:        m.expires().UTC(),
		Publisher:        m.terms.publisher,
	}
}

// agentMissing is the Problem of the Identity Agent itself. A missing program of the organisation's own has another.
var agentMissing = smartcard.NotInstalled.Problem()

func find(offered []ersclient.Permission, wanted ersclient.Permission) (ersclient.Permission, bool) {
	for _, permission := range offered {
		if permission.Same(wanted) {
			return permission, true
		}
	}
	return ersclient.Permission{}, false
}

// missing tells what a user without a ticket has to do, and whether waiting can bring it. The agent answers the same whether there is
// no card or no passcode yet; where the readers can be seen, they tell the one from the other.
func missing(absence error, card Presence) (Missing, bool) {
	switch {
	case absence == nil:
		return MissingUnknown, true
	case errors.Is(absence, smartcard.TicketNotAvailable) && card == CardIn:
		return MissingPasscode, true
	case errors.Is(absence, smartcard.TicketNotAvailable):
		return MissingCard, true
	case errors.Is(absence, smartcard.ReaderNotAvailable):
		return MissingReader, true
	case errors.Is(absence, agentMissing):
		return MissingAgent, true
	default:
		return MissingCard, false
	}
}
