package signin

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/problem"
)

// onLeftoverCleared leaves Starting. A locked keyring is no reason to wait: its contents cannot be read,
// and handing over a session prompts to unlock it. Any other fault of the keyring is reported now,
// not after the user has chosen.
func (m *machine) onLeftoverCleared(now time.Time, e leftoverCleared) []effect {
	if !m.returned(clearingLeftover) {
		return nil
	}
	m.generation = max(m.generation, e.generation)
	m.entryUnread, m.entryUnreadAt = e.err != nil && isLocked(e.err), now
	m.entryLocked = errors.Is(e.err, handoff.ErrItemLocked)
	m.cleared = e.err == nil || m.entryUnread
	m.seeKeyring(e.err)
	effects := m.closeOrphan(e.leftover)
	switch {
	case m.state.Phase == Ending:
		m.closeIfIdle(now)
		return effects
	case !m.cleared:
		m.fail(now, e.err)
		return effects
	case !m.proof.IsZero() && !m.waitForUser && (m.unfinishedEnd == NotEnded || m.newProof):
		return append(effects, m.signIn(now)...)
	default:
		return append(effects, m.wait(now, m.unfinishedEnd)...)
	}
}

// onPrompted takes the outcome of a prompt. A proof that the user has given is reported.
func (m *machine) onPrompted(now time.Time, e prompted) []effect {
	if e.attempt != m.attempt || m.state.Phase != Prompting {
		return nil
	}
	switch {
	case e.err == nil:
		m.promisedAt = now
		return nil
	case errors.Is(e.err, ErrPromptCancelled):
		return m.wait(now, Cancelled)
	default:
		m.fail(now, e.err)
		return nil
	}
}

func (m *machine) onOpened(now time.Time, e opened) []effect {
	m.answered(now, e.err)
	if e.attempt != m.attempt || !m.returned(opening) {
		return m.onOrphan(now, e)
	}
	if e.err != nil {
		if errors.Is(e.err, ersclient.ErrProofRefused) {
			m.refused = m.proof
		}
		m.dropSpentProof()
		m.fail(now, e.err)
		return m.closeOrphan(e.grant)
	}
	m.grant, m.createdAt = e.grant, now
	m.state.User = User{Name: e.grant.User.Name(), Identifier: e.grant.User.Identifier}
	m.holder = m.state.User
	m.state.Permissions = e.grant.User.Permissions
	m.state.LastUsed = nil
	failedFor := m.failedFor
	m.failedFor = ""
	if last, offered := find(m.state.Permissions, e.last); offered && (failedFor == "" || failedFor != m.state.User.Identifier) {
		m.state.LastUsed = &last
	}
	if len(m.state.Permissions) == 0 {
		return m.end(now, Abandoned, destination{Failed, m.terms.about.NoRoles})
	}
	if m.resume != nil && m.resume.user == m.state.User.Identifier {
		if permission, offered := find(m.state.Permissions, m.resume.pair); offered {
			// Whom the user can work for is asked anew: it may have changed.
			permission.OnBehalfOf = ""
			return m.choose(now, permission)
		}
	}
	m.resume = nil
	m.enter(now, Choosing)
	return nil
}

// onOrphan takes a session that was opened for an attempt that was given up.
func (m *machine) onOrphan(now time.Time, e opened) []effect {
	m.background = max(0, m.background-1)
	effects := m.closeOrphan(e.grant)
	m.closeIfIdle(now)
	return effects
}

func (m *machine) onSelected(now time.Time, e selected) []effect {
	m.answered(now, e.err)
	if e.attempt != m.attempt || !m.returned(selecting) {
		return nil
	}
	if m.gaveUpRole && m.state.Phase == Selecting {
		// Whatever has come of it: nothing was handed over.
		m.gaveUpRole = false
		return m.chooseAgain(now, nil)
	}
	switch {
	case e.err == nil:
		m.grant = e.grant
	case !e.grant.Key.IsZero():
		// Of an answer that is of no use, the key still is: it is what the session is closed by.
		m.grant.Key = e.grant.Key
	}
	if m.state.Phase == Ending {
		return m.close()
	}
	resume := m.resume
	m.resume = nil
	if e.err == nil && len(m.grant.Clinicians) > 0 {
		m.state.Clinicians, m.grant.Clinicians = m.grant.Clinicians, nil
		if resume != nil && slices.Contains(m.state.Clinicians, resume.pair.OnBehalfOf) {
			acting := m.state.Chosen
			acting.OnBehalfOf = resume.pair.OnBehalfOf
			return m.choose(now, acting)
		}
		m.enter(now, ChoosingClinician)
		return nil
	}
	if e.err == nil {
		m.running, m.handedOver, m.state.Switching = publishing, true, false
		m.generation, m.issued, m.revision = nextGeneration(m.generation, now), now, 0
		return []effect{publish{attempt: m.attempt, grant: m.grant, details: m.entryDetails(), look: m.entryUnread}}
	}
	if m.terms.about.InPlace && !errors.Is(e.err, ersclient.ErrProofRefused) {
		if errors.Is(e.err, context.Canceled) {
			e.err = nil
		}
		return m.chooseAgain(now, e.err)
	}
	if errors.Is(e.err, ersclient.ErrStartAgain) && !m.startedAgain {
		// The role may have been selected, and selecting twice is an error: start again with the proof,
		// once.
		m.startedAgain = true
		again := &chosen{m.state.User.Identifier, m.state.Chosen}
		effects := m.end(now, Abandoned, destination{phase: SigningIn})
		m.resume = again
		return effects
	}
	m.failedFor = m.state.User.Identifier
	return m.end(now, Abandoned, destination{Failed, problem.Of(e.err)})
}

// onRefreshed replaces the grant, and the entry by the next revision of the same generation, if it
// was handed over. A refresh that has failed is tried again for half an hour, beyond the key's end,
// since an outage is no reason for thousands of users to sign in anew; one whose answer was lost is
// repeated once, since it may have been carried out. A service that answers that it does not work
// may have carried it out as well: the next refresh shows it.
func (m *machine) onRefreshed(now time.Time, e refreshed) []effect {
	if e.attempt != m.attempt || !m.returned(refreshing) {
		return nil
	}
	if e.err == nil {
		m.grant, m.refreshFailure = e.grant, refreshFailure{}
		m.showNotices()
	}
	if m.state.Phase == Ending {
		return m.close()
	}
	lost := errors.Is(e.err, ersclient.ErrAnswerLost) && !errors.Is(e.err, ersclient.ErrUnavailable)
	switch {
	case errors.Is(e.err, ersclient.ErrRefreshRefused), lost && m.refreshLost,
		e.err != nil && !m.refreshUntil.IsZero() && !now.Before(m.refreshUntil):
		return m.end(now, Abandoned, destination{Failed, problem.Of(e.err)})
	case e.err != nil:
		m.refreshFailed(now, e.err, lost)
	case m.handedOver:
		// The old token may be dead, whatever is chosen next.
		m.running = publishing
		m.revision++
		return []effect{publish{attempt: m.attempt, grant: m.grant, details: m.entryDetails(), replace: true}}
	}
	return m.undefer(now)
}

// undefer carries out a choice that had to wait for a call.
func (m *machine) undefer(now time.Time) []effect {
	if m.deferredChoice == nil {
		return nil
	}
	return m.choose(now, *m.deferredChoice)
}

// nextGeneration returns a generation higher than the last known one, and than that of any other
// run unless the clock was set back.
func nextGeneration(last int64, now time.Time) int64 {
	if last < 0 || last >= handoff.MaxGeneration {
		// An entry that is not one of this program's must not prevent signing in.
		last = 0
	}
	return max(last+1, now.UnixMilli())
}

func (m *machine) onPublished(now time.Time, e published) []effect {
	if e.attempt != m.attempt || !m.returned(publishing) {
		return nil
	}
	effects := m.closeOrphan(e.leftover)
	if m.entryUnread {
		// Without a look nothing was handed over, and what an earlier run has left must not be cleared
		// unseen.
		m.entryUnread, m.handedOver = !e.looked, e.looked
	}
	if m.state.Phase == Ending {
		return append(effects, m.close()...)
	}
	replaced := m.state.Phase != Selecting || m.deferredChoice != nil
	if replaced && errors.Is(e.err, handoff.ErrNotFound) {
		m.onEntrySeen(entrySeen{attempt: e.attempt, err: e.err})
		return append(effects, m.undefer(now)...)
	}
	m.seeKeyring(e.err)
	if e.err != nil {
		return append(effects, m.end(now, Abandoned, destination{Failed, problem.Of(e.err)})...)
	}
	m.state.ExpiresAt, m.probedAt = m.expires(), now
	if replaced {
		return append(effects, m.undefer(now)...)
	}
	m.noteEntry(nil)
	m.state.EntryGone = false
	m.state.SignedInAt = now
	m.enter(now, SignedIn)
	return append(effects, remember{m.state.User.Identifier, m.state.Chosen})
}

// onEntrySeen takes what was found in the keyring of a signed-in user. An entry that is gone is not
// handed over again: what removed it may have ended the session, too. That other applications
// cannot read it is said.
func (m *machine) onEntrySeen(e entrySeen) []effect {
	if e.attempt != m.attempt || !m.handedOver || m.state.Phase == Ending || m.running != noCall {
		return nil
	}
	m.state.EntryGone = errors.Is(e.err, handoff.ErrNotFound)
	switch {
	case m.state.EntryGone:
		m.state.Links.Keyring = HealthGood
		m.noteEntry(entryGone)
		return nil
	case e.err == nil && e.generation != m.generation:
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
	if m.restartEnd && (e.clearErr != nil || e.closeErr != nil) {
		m.restartEnd = false
		return m.close()
	}
	if errors.Is(e.closeErr, ersclient.ErrSessionGone) {
		// e-RS does not know the session any more, and that is all that was wanted.
		e.closeErr = nil
	}
	m.answered(now, e.closeErr)
	if m.handedOver {
		if e.clearErr != nil || m.next.problem == nil {
			// There is nothing to clear in a keyring that is why the session ends.
			m.state.Links.Keyring = keyringHealth(e.clearErr)
		}
		// What could not be cleared is a leftover now: trying again and quitting both begin with it.
		m.cleared = e.clearErr == nil
	}
	return m.afterEnd(now, e)
}

// afterEnd goes where an ending session leads.
func (m *machine) afterEnd(now time.Time, e ended) []effect {
	grant, reason, after := m.grant, m.state.Reason, m.next
	m.grant = Grant{}
	m.dropSpentProof()
	// What was left behind is shown to a user who waits for the answer. After a card removal Spine has
	// ended the e-RS session itself, so a refused A003 is expected.
	asked := reason == SignedOut || reason == RoleSwitched || reason == Renewed
	expected := reason == CardRemoved || reason == TicketChanged
	switch {
	case after.phase == Closed:
		m.closeIfIdle(now)
		return nil
	case after.phase == Failed:
		m.fail(now, after.problem)
	case e.clearErr != nil:
		m.fail(now, notCleared(e.clearErr, e.closeErr == nil && !m.terms.about.InPlace))
	case e.closeErr != nil && asked:
		m.fail(now, notClosed(e.closeErr, m.terms.about.NotClosed))
	case after.phase == Prompting && !m.newProof:
		resume := m.resume
		effects := m.prompt(now, true)
		m.resume = resume
		return effects
	case (after.phase == SigningIn || m.newProof) && !m.proof.IsZero():
		resume, repeated := m.resume, m.startedAgain
		effects := m.signIn(now)
		m.resume, m.startedAgain = resume, repeated
		if e.closeErr != nil && !expected {
			effects = append(effects, m.closeOrphan(grant)...)
		}
		return effects
	default:
		effects := m.wait(now, reason)
		if e.closeErr != nil && !expected {
			// No user waits for it any more; it is closed once more in the background.
			effects = append(effects, m.closeOrphan(grant)...)
		}
		return effects
	}
	if after.phase == Waiting {
		m.unfinishedEnd = reason
	}
	if e.closeErr != nil && !expected {
		// Closed once more, in the background.
		m.unclosed = grant
	}
	return nil
}

// dropSpentProof drops the proof of this attempt, if it cannot be used again.
func (m *machine) dropSpentProof() {
	if m.terms.about.InPlace && m.proof.Equal(m.used) {
		m.proof = Proof{}
	}
}

// retryEnd goes on with an end that has failed in part. An entry that could not be cleared is tried
// until it can; the session is closed once more in the background, since a user must not be kept by
// one that cannot be closed.
func (m *machine) retryEnd(now time.Time) []effect {
	reason, grant := m.unfinishedEnd, m.unclosed
	if m.cleared {
		return append(m.wait(now, reason), m.closeOrphan(grant)...)
	}
	m.forget()
	m.grant, m.handedOver = grant, true
	m.state.Reason, m.next = reason, destination{phase: Waiting}
	m.enter(now, Ending)
	return m.close()
}
