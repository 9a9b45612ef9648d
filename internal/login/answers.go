package login

import (
	"errors"
	"time"

	"github.com/ers-login/ers-login/ersclient"
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
	m.recovered = e.err == nil || isLocked(e.err)
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
	case !m.seen.IsZero():
		return append(effects, m.signIn(now)...)
	default:
		return append(effects, m.wait(now, NotEnded)...)
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
	m.answered(e.err)
	if e.attempt != m.attempt || !m.returned(creating) {
		return m.onOrphan(now, e)
	}
	if e.err != nil {
		if refusedTicket(e.err) {
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
	if m.resume != nil {
		if permission, offered := find(m.state.Permissions, *m.resume); offered {
			return m.choose(now, permission)
		}
	}
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
	m.answered(e.err)
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
		m.running = publishing
		m.generation = max(m.generation+1, now.UnixMilli())
		return []effect{publish{m.attempt, m.handover(now)}}
	}
	if ersclient.AnswerLost(e.err) && !m.repeated {
		// Nobody knows whether the role was selected, and selecting twice is an error: start again at A001, once.
		m.repeated = true
		chosen := m.state.Chosen
		effects := m.end(now, Abandoned, destination{phase: SigningIn})
		m.resume = &chosen
		return effects
	}
	return m.end(now, Abandoned, destination{Failed, problem.Of(e.err)})
}

func (m *machine) onPublished(now time.Time, e published) []effect {
	if e.attempt != m.attempt || !m.returned(publishing) {
		return nil
	}
	if m.state.Phase == Ending {
		return m.close()
	}
	m.state.Links.Keyring = keyringHealth(e.err)
	if e.err != nil {
		return m.end(now, Abandoned, destination{Failed, problem.Of(e.err)})
	}
	m.state.SignedInAt, m.state.ExpiresAt = now, m.createdAt.Add(m.terms.maxAge)
	m.enter(now, SignedIn)
	return []effect{remember{m.state.User.Identifier, m.state.Chosen}}
}

func (m *machine) onEnded(now time.Time, e ended) []effect {
	if !m.returned(closing) {
		return nil
	}
	m.session = ersclient.Session{}
	m.answered(e.deleteErr)
	m.state.Links.Keyring = keyringHealth(e.clearErr)
	if e.clearErr != nil {
		// What could not be cleared is a leftover now: trying again and quitting both begin with it.
		m.recovered = false
	}
	return m.leave(now, e)
}

// leave goes where an ending session leads.
func (m *machine) leave(now time.Time, e ended) []effect {
	reason, after := m.state.Reason, m.after
	// What was left behind is told to a user who waits for the answer. After a card removal Spine has ended the e-RS session
	// by itself, so that a refused A003 is what is to be expected.
	asked := reason == SignedOut || reason == RoleSwitched
	switch {
	case after.phase == Closed:
		m.closeIfIdle(now)
		return nil
	case after.phase == Failed:
		m.fail(now, after.problem)
		return nil
	case e.clearErr != nil:
		m.fail(now, e.clearErr)
		return nil
	case e.deleteErr != nil && asked:
		m.fail(now, e.deleteErr)
		return nil
	case (after.phase == SigningIn || m.fresh) && !m.seen.IsZero():
		resume, repeated := m.resume, m.repeated
		effects := m.signIn(now)
		m.resume, m.repeated = resume, repeated
		return effects
	default:
		return m.wait(now, reason)
	}
}
