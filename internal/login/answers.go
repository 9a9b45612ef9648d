package login

import (
	"errors"
	"time"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/smartcard"
)

// onRecovered leaves Starting. A locked keyring is no reason to wait: nobody can read what is in it, and handing over a
// session asks for it to be unlocked. Anything else wrong with the keyring is said now, and not after the user has chosen.
func (m *machine) onRecovered(now time.Time, e recovered) []effect {
	if !m.returned(recovering) {
		return nil
	}
	m.generation = max(m.generation, e.generation)
	m.unread, m.unreadAt = e.err != nil && isLocked(e.err), now
	m.asks = errors.Is(e.err, handoff.ErrItemLocked)
	m.recovered = e.err == nil || m.unread
	m.state.Links.Keyring = keyringHealth(e.err)
	var effects []effect
	if !e.leftover.IsZero() {
		effects = m.deleteOrphan(e.leftover)
	}
	switch {
	case m.state.Phase == Ending:
		m.closeIfIdle(now)
		return effects
	case !m.recovered:
		m.fail(now, e.err)
		return effects
	case !m.seen.IsZero() && !m.held && (m.rest == NotEnded || m.fresh):
		return append(effects, m.signIn(now)...)
	default:
		return append(effects, m.wait(now, m.rest)...)
	}
}

// onAsked takes the agent's answer to a prompt. A ticket that it has handed out arrives as a card event.
func (m *machine) onAsked(now time.Time, e asked) []effect {
	if e.attempt != m.attempt || m.state.Phase != Prompting {
		return nil
	}
	switch {
	case e.err == nil:
		m.promisedAt = now
		return nil
	case errors.Is(e.err, smartcard.UserAbort), errors.Is(e.err, smartcard.TicketNotAvailable):
		return m.wait(now, Cancelled)
	default:
		m.fail(now, e.err)
		return nil
	}
}

func (m *machine) onCreated(now time.Time, e created) []effect {
	m.answered(now, e.err)
	if e.attempt != m.attempt || !m.returned(creating) {
		return m.onOrphan(now, e)
	}
	if e.err != nil {
		if errors.Is(e.err, ersclient.ErrProofRefused) {
			m.refused = m.seen
		}
		m.fail(now, e.err)
		return m.deleteOrphan(e.session.Key)
	}
	m.session, m.createdAt = e.session, now
	m.state.User = User{Name: e.session.User.Name(), Identifier: e.session.User.Identifier}
	m.state.Permissions = e.session.User.Permissions
	m.state.LastUsed = nil
	if last, offered := find(m.state.Permissions, e.last); offered {
		m.state.LastUsed = &last
	}
	if len(m.state.Permissions) == 0 {
		return m.end(now, Abandoned, destination{Failed, NoRoles})
	}
	if m.resume != nil && m.resume.user == m.state.User.Identifier {
		if permission, offered := find(m.state.Permissions, m.resume.pair); offered {
			return m.choose(now, permission)
		}
	}
	m.resume = nil
	m.enter(now, Choosing)
	return nil
}

// onOrphan takes the answer to an A001 that was given up.
func (m *machine) onOrphan(now time.Time, e created) []effect {
	m.outstanding = max(0, m.outstanding-1)
	effects := m.deleteOrphan(e.session.Key)
	m.closeIfIdle(now)
	return effects
}

func (m *machine) onSelected(now time.Time, e selected) []effect {
	m.answered(now, e.err)
	if e.attempt != m.attempt || !m.returned(selecting) {
		return nil
	}
	switch {
	case e.err == nil:
		m.session = e.session
	case !e.session.Key.IsZero():
		// Of an answer that is of no use, the id still is: it is what the session is deleted by.
		m.session.Key = e.session.Key
	}
	if m.state.Phase == Ending {
		return m.close()
	}
	if e.err == nil {
		m.running, m.handed = publishing, true
		m.generation = nextGeneration(m.generation, now)
		m.entry = m.handover(now)
		return []effect{publish{m.attempt, m.entry, m.unread}}
	}
	if errors.Is(e.err, ersclient.ErrStartAgain) && !m.repeated {
		// Nobody knows whether the role was selected, and selecting twice is an error: start again at A001, once.
		m.repeated = true
		again := &chosen{m.state.User.Identifier, m.state.Chosen}
		effects := m.end(now, Abandoned, destination{phase: SigningIn})
		m.resume = again
		return effects
	}
	return m.end(now, Abandoned, destination{Failed, problem.Of(e.err)})
}

// nextGeneration is a generation that is higher than the last one that is known, and that of any other run unless the clock was set back.
func nextGeneration(last int64, now time.Time) int64 {
	if last < 0 || last >= handoff.MaxGeneration {
		// An entry that no program of ours has written must not keep anybody from signing in.
		last = 0
	}
	return max(last+1, now.UnixMilli())
}

func (m *machine) onPublished(now time.Time, e published) []effect {
	if e.attempt != m.attempt || !m.returned(publishing) {
		return nil
	}
	effects := m.deleteOrphan(e.leftover)
	if m.unread {
		// Without a look nothing was handed over, and what an earlier run has left must not be cleared unseen.
		m.unread, m.handed = !e.looked, e.looked
	}
	if m.state.Phase == Ending {
		return append(effects, m.close()...)
	}
	m.state.Links.Keyring = keyringHealth(e.err)
	if e.err != nil {
		return append(effects, m.end(now, Abandoned, destination{Failed, problem.Of(e.err)})...)
	}
	m.state.SignedInAt, m.state.ExpiresAt = now, m.expires()
	m.probedAt = now
	m.enter(now, SignedIn)
	return append(effects, remember{m.state.User.Identifier, m.state.Chosen})
}

// onEntrySeen takes what was found in the keyring of a signed-in user. An entry that is gone is not handed over again: what
// removed it may have ended the session, too. That other applications cannot read it is said.
func (m *machine) onEntrySeen(e entrySeen) []effect {
	if e.attempt != m.attempt || m.state.Phase != SignedIn || m.running != noCall {
		return nil
	}
	m.state.EntryGone = errors.Is(e.err, handoff.ErrNotFound)
	switch {
	case m.state.EntryGone:
		m.state.Links.Keyring = HealthGood
		m.noteEntry(entryGone)
		return nil
	case e.err == nil && e.generation != m.entry.Generation:
		m.noteEntry(otherEntry)
	default:
		m.noteEntry(notReadable(e.err))
	}
	m.state.Links.Keyring = keyringHealth(e.err)
	return nil
}

// noteEntry notes why other applications cannot read the session; nil if they can.
func (m *machine) noteEntry(trouble *problem.Problem) {
	m.entryTrouble = trouble
	m.showNotices()
}

func (m *machine) onEnded(now time.Time, e ended) []effect {
	if !m.returned(closing) {
		return nil
	}
	if m.again && (e.clearErr != nil || e.deleteErr != nil) {
		m.again = false
		return m.close()
	}
	if errors.Is(e.deleteErr, ersclient.ErrSessionGone) {
		// e-RS does not know the session any more, and that is all that was wanted.
		e.deleteErr = nil
	}
	m.answered(now, e.deleteErr)
	if m.handed {
		if e.clearErr != nil || m.after.problem == nil {
			// There is nothing to clear in a keyring that is why the session ends.
			m.state.Links.Keyring = keyringHealth(e.clearErr)
		}
		// What could not be cleared is a leftover now: trying again and quitting both begin with it.
		m.recovered = e.clearErr == nil
	}
	return m.leave(now, e)
}

// leave goes where an ending session leads.
func (m *machine) leave(now time.Time, e ended) []effect {
	key, reason, after := m.session.Key, m.state.Reason, m.after
	m.session = ersclient.Session{}
	// What was left behind is told to a user who waits for the answer. After a card removal Spine has ended the e-RS session
	// by itself, so that a refused A003 is what is to be expected.
	asked := reason == SignedOut || reason == RoleSwitched || reason == Renewed
	expected := reason == CardRemoved || reason == TicketChanged
	switch {
	case after.phase == Closed:
		m.closeIfIdle(now)
		return nil
	case after.phase == Failed:
		m.fail(now, after.problem)
	case e.clearErr != nil:
		m.fail(now, notCleared(e.clearErr, e.deleteErr == nil && !key.IsZero()))
	case e.deleteErr != nil && asked:
		m.fail(now, notClosed(e.deleteErr))
	case after.phase == Prompting && !m.fresh:
		resume := m.resume
		effects := m.prompt(now, true)
		m.resume = resume
		return effects
	case (after.phase == SigningIn || m.fresh) && !m.seen.IsZero():
		resume, repeated := m.resume, m.repeated
		effects := m.signIn(now)
		m.resume, m.repeated = resume, repeated
		if e.deleteErr != nil && !expected {
			effects = append(effects, m.deleteOrphan(key)...)
		}
		return effects
	default:
		effects := m.wait(now, reason)
		if e.deleteErr != nil && !expected {
			// Nobody is waiting for it any more; it is told once more beside.
			effects = append(effects, m.deleteOrphan(key)...)
		}
		return effects
	}
	if after.phase == Waiting {
		m.rest = reason
	}
	if e.deleteErr != nil && !expected {
		// Told once more, beside whatever comes next.
		m.unclosed = key
	}
	return nil
}

// finish goes on with an end that has failed in part. An entry that could not be cleared is tried until it can; e-RS is told once
// more beside, since a user must not be kept by a session that cannot be closed.
func (m *machine) finish(now time.Time) []effect {
	rest, key := m.rest, m.unclosed
	if m.recovered {
		return append(m.wait(now, rest), m.deleteOrphan(key)...)
	}
	m.forget()
	m.session.Key, m.handed = key, true
	m.state.Reason, m.after = rest, destination{phase: Waiting}
	m.enter(now, Ending)
	return m.close()
}
