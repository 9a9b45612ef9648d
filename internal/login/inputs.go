package login

import (
	"time"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/smartcard"
)

// onCard follows the ticket, which is the truth about the session: card presence is only a faster hint.
func (m *machine) onCard(now time.Time, e smartcard.Event) []effect {
	switch e.Kind {
	case smartcard.TicketAppeared, smartcard.TicketChanged:
		m.held = m.held && e.Kind == smartcard.TicketAppeared
		return m.onTicket(now, e.Ticket)
	case smartcard.TicketGone:
		return m.onTicketGone(now, e.Err)
	case smartcard.AgentUnsure:
		m.state.Links.Agent = HealthBad
	case smartcard.AgentSure:
		m.state.Links.Agent = agentHealth(e.Err)
	}
	return nil
}

func (m *machine) onTicket(now time.Time, ticket ersclient.Ticket) []effect {
	same := m.seen.Equal(ticket)
	m.seen, m.absence = ticket, nil
	if !m.known.Equal(ticket) {
		m.known, m.knownAt = ticket, now
	}
	m.state.Links.Agent = HealthGood
	switch m.state.Phase {
	case Waiting, Prompting, Failed:
		if !m.recovered {
			return nil
		}
		if m.held {
			return m.wait(now, m.state.Reason)
		}
		return m.signIn(now)
	case SigningIn, Choosing, Selecting, SignedIn:
		if same {
			return nil
		}
		// Somebody has authenticated anew, perhaps somebody else: their session is a new one.
		return m.end(now, TicketChanged, destination{phase: SigningIn})
	case Starting, Ending:
		m.fresh = true
	case Closed:
	}
	return nil
}

func (m *machine) onTicketGone(now time.Time, why error) []effect {
	m.seen, m.absence, m.fresh, m.held = ersclient.Ticket{}, why, false, false
	m.state.Links.Agent = agentHealth(why)
	switch m.state.Phase {
	case Waiting:
		return m.wait(now, m.state.Reason)
	case SigningIn, Choosing, Selecting, SignedIn:
		return m.end(now, CardRemoved, destination{phase: Waiting})
	case Ending:
		if m.goesOn() {
			m.state.Reason, m.after, m.resume = CardRemoved, destination{phase: Waiting}, nil
		}
	case Failed:
		if m.absent {
			return m.wait(now, m.state.Reason)
		}
	case Starting, Prompting, Closed:
	}
	return nil
}

// onPresence follows the card in the reader, which tells a waiting user what to do next. It begins and ends nothing: the Identity Agent
// asks for the passcode by itself, and what comes of that is the ticket.
func (m *machine) onPresence(card Presence) {
	inserted := m.state.Links.Card == CardOut && card == CardIn
	m.state.Links.Card = card
	if m.state.Phase != Waiting || !m.seen.IsZero() {
		return
	}
	m.state.Missing, _ = missing(m.absence, card)
	if inserted {
		// Whoever inserts a card begins anew, perhaps somebody else: how it ended before is of no use to them.
		m.state.Reason = NotEnded
	}
}

// onIntent takes a wish of the user, where the phase allows it. A wish that came too late, such as a second press of a
// button, is not an error.
func (m *machine) onIntent(now time.Time, intent Intent) []effect {
	switch wish := intent.(type) {
	case SignIn, TryAgain:
		m.held = false
		return m.onStartOver(now)
	case Requested:
		if m.state.Phase != SignedIn {
			m.state.AskedBy = wish.By
		}
	case Cancel:
		m.state.AskedBy = ""
		return m.onCancel(now)
	case Choose:
		return m.onChoose(now, wish.Permission)
	case SwitchRole:
		if m.state.Phase == SignedIn {
			return m.end(now, RoleSwitched, destination{phase: SigningIn})
		}
	case Renew:
		return m.onRenew(now)
	case SignOut:
		if m.state.Phase == SignedIn || m.state.Phase == Choosing {
			m.state.AskedBy = ""
			return m.end(now, SignedOut, destination{phase: Waiting})
		}
	case Quit:
		return m.onQuit(now, wish)
	}
	return nil
}

func (m *machine) onStartOver(now time.Time) []effect {
	switch {
	case m.state.Phase != Waiting && m.state.Phase != Failed:
		return nil
	case m.rest != NotEnded:
		return m.finish(now)
	case !m.recovered:
		return m.recover(now, NotEnded)
	case m.seen.IsZero():
		return m.prompt(now, false)
	case m.seen.Equal(m.refused), m.ticketIsOld(now):
		return m.prompt(now, true)
	default:
		return m.signIn(now)
	}
}

func (m *machine) onCancel(now time.Time) []effect {
	switch m.state.Phase {
	case Prompting:
		m.attempt++
		return append([]effect{stopCalls{}}, m.wait(now, Cancelled)...)
	case SigningIn, Choosing, Selecting:
		return m.end(now, Cancelled, destination{phase: Waiting})
	default:
		return nil
	}
}

func (m *machine) onChoose(now time.Time, wanted ersclient.Permission) []effect {
	if m.state.Phase != Choosing {
		return nil
	}
	permission, offered := find(m.state.Permissions, wanted)
	if !offered {
		return nil
	}
	return m.choose(now, permission)
}

// onRenew replaces a session by a new one in the same role, which A001 and A002 make from the same ticket. If that is as good as
// over, the Identity Agent asks for a new one.
func (m *machine) onRenew(now time.Time) []effect {
	if m.state.Phase != SignedIn {
		return nil
	}
	again := &chosen{m.state.User.Identifier, m.state.Chosen}
	after := SigningIn
	if m.ticketIsOld(now) {
		after = Prompting
	}
	effects := m.end(now, Renewed, destination{phase: after})
	m.resume = again
	return effects
}

// goesOn tells whether the end of a session is the beginning of another one.
func (m *machine) goesOn() bool { return m.after.phase == SigningIn || m.after.phase == Prompting }

// onIncident takes what has happened to the workstation (AUT-003, AUT-004).
func (m *machine) onIncident(now time.Time, incident Incident) []effect {
	reason := ScreenLocked
	switch incident {
	case Woke:
		return m.onTick(now)
	case SwitchedAway:
		reason = UserSwitched
	case Locked:
	}
	if !m.terms.endWhenLocked {
		return nil
	}
	switch m.state.Phase {
	case SigningIn, Choosing, Selecting, SignedIn:
		return m.end(now, reason, destination{phase: Waiting})
	case Ending:
		if m.goesOn() {
			m.state.Reason, m.after, m.resume = reason, destination{phase: Waiting}, nil
		}
	default:
	}
	return nil
}

func (m *machine) onQuit(now time.Time, wish Quit) []effect {
	effects := []effect{hurry{}}
	m.hurried = m.hurried || wish.AtOnce
	switch m.state.Phase {
	case SigningIn, Choosing, Selecting, SignedIn:
		return append(effects, m.end(now, Quitting, destination{phase: Closed})...)
	case Starting:
		// A start under way is not cut: what it clears would have to be cleared by the next one.
	case Failed:
		if !m.recovered {
			m.running = recovering
			effects = append(effects, recoverLeftovers{})
		}
		effects = append(effects, m.deleteOrphan(m.unclosed)...)
	case Prompting:
		m.attempt++
		effects = append(effects, stopCalls{})
	case Ending:
		if m.running == closing && !m.again {
			// What is being done at leisure is begun anew in a hurry.
			m.again = true
			effects = append(effects, stopEnding{})
		}
	case Waiting, Closed:
	}
	m.state.Reason, m.after, m.resume = Quitting, destination{phase: Closed}, nil
	m.enter(now, Ending)
	m.closeIfIdle(now)
	return effects
}
