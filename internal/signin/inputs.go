package signin

import (
	"slices"
	"time"

	"github.com/ers-login/ers-login/ersclient"
)

// onReport follows the proof. What else is reported changes only what State says to a waiting user.
func (m *machine) onReport(now time.Time, r Report) []effect {
	m.state.Links.Proof, m.status = r.Source, r
	m.nameOrganisations(r.OrgNames)
	switch r.Kind {
	case ProofAppeared, ProofChanged:
		m.waitForUser = m.waitForUser && r.Kind == ProofAppeared
		return m.onProof(now, r.Proof)
	case ProofGone:
		return m.onProofGone(now)
	case StatusChanged:
	}
	if m.state.Phase == Prompting {
		m.state.Browser = r.Browser
	}
	if m.state.Phase == Failed && r.Begun && m.cleared && m.unfinishedEnd == NotEnded {
		// Perhaps it is another person, whose card has none of the last one's trouble.
		effects := m.closeOrphan(m.unclosed)
		return append(effects, m.wait(now, NotEnded)...)
	}
	if m.state.Phase == Waiting && m.proof.IsZero() {
		m.state.Missing = r.Missing
		if r.Begun {
			// Perhaps it is another person, to whom the end of the last session means nothing.
			m.state.Reason = NotEnded
		}
	}
	return nil
}

// nameOrganisations fills in names that have become known. What other applications read has them
// with its next replacement. The window still has the list before: a new one is made.
func (m *machine) nameOrganisations(names map[string]string) {
	if len(names) == 0 {
		return
	}
	fill := func(p *ersclient.Permission) {
		if name := names[p.OrgIdentifier]; p.OrgName == "" && name != "" {
			p.OrgName = name
		}
	}
	m.state.Permissions = slices.Clone(m.state.Permissions)
	for i := range m.state.Permissions {
		fill(&m.state.Permissions[i])
	}
	m.grant.User.Permissions = m.state.Permissions
	fill(&m.state.Chosen)
	fill(&m.grant.Permission)
	if m.state.LastUsed != nil {
		last := *m.state.LastUsed
		fill(&last)
		m.state.LastUsed = &last
	}
}

func (m *machine) onProof(now time.Time, proof Proof) []effect {
	if m.terms.about.InPlace && m.state.Phase != Prompting {
		// The user has given up, or has left, while the browser came back.
		return nil
	}
	same := m.proof.Equal(proof)
	m.proof = proof
	if !same {
		m.holder = User{}
	}
	switch m.state.Phase {
	case Waiting, Prompting, Failed:
		if !m.cleared {
			return nil
		}
		if m.waitForUser {
			return m.wait(now, m.state.Reason)
		}
		return m.signIn(now)
	case SigningIn, Choosing, ChoosingClinician, Selecting, SignedIn:
		if same {
			return nil
		}
		// Perhaps it is another person's: a new proof needs a new session.
		return m.end(now, TicketChanged, destination{phase: SigningIn})
	case Starting, Ending:
		m.newProof = true
	case Closed:
	}
	return nil
}

func (m *machine) onProofGone(now time.Time) []effect {
	m.proof, m.holder, m.newProof, m.waitForUser = Proof{}, User{}, false, false
	switch m.state.Phase {
	case Waiting:
		return m.wait(now, m.state.Reason)
	case SigningIn, Choosing, ChoosingClinician, Selecting, SignedIn:
		return m.end(now, CardRemoved, destination{phase: Waiting})
	case Ending:
		if m.goesOn() {
			m.state.Reason, m.next, m.resume = CardRemoved, destination{phase: Waiting}, nil
		}
	case Failed:
		if m.failedByStatus {
			return m.wait(now, m.state.Reason)
		}
	case Prompting:
		if m.terms.about.InPlace {
			// A platform reports no removal during a prompt, except in the demonstration: this one
			// was on its way when the prompt began. Its user has left, so nothing goes on by itself.
			m.resume = nil
		}
	case Starting, Closed:
	}
	return nil
}

// onIntent takes a wish of the user, where the phase allows it. A wish that came too late, such as
// a second press of a button, is not an error.
func (m *machine) onIntent(now time.Time, intent Intent) []effect {
	m.refreshNeeded()
	if _, another := intent.(Requested); !another {
		// A desktop that was asked to lock the screen and did not, or reports no unlock, has a user.
		m.userAway = false
	}
	switch wish := intent.(type) {
	case SignIn, TryAgain:
		m.waitForUser = false
		return m.onStartOver(now)
	case Requested:
		if m.state.Phase != SignedIn {
			m.state.AskedBy = wish.By
		}
	case Cancel:
		return m.onCancel(now)
	case Choose:
		return m.onChoose(now, wish.Permission)
	case SwitchRole:
		return m.onSwitchRole(now)
	case Renew:
		return m.onRenew(now)
	case SignOut:
		switch m.state.Phase {
		case Choosing, ChoosingClinician, Selecting, SignedIn:
			m.state.AskedBy = ""
			return m.end(now, SignedOut, destination{phase: Waiting})
		default:
		}
	case Look:
		return m.look(now)
	case Quit:
		return m.onQuit(now, wish)
	}
	return nil
}

// look looks at e-RS and the keyring, and in a session at its entry, which says more than the keyring.
func (m *machine) look(now time.Time) []effect {
	switch m.state.Phase {
	case Starting, Ending, Closed:
		return nil
	case SignedIn:
		m.probedAt = time.Time{}
		return append(m.onAge(now), probeLinks{reach: true})
	default:
		return []effect{probeLinks{reach: true, keyring: true}}
	}
}

func (m *machine) onStartOver(now time.Time) []effect {
	switch {
	case m.state.Phase == Choosing && m.state.Problem != nil:
		return m.chooseAgain(now, nil)
	case m.state.Phase != Waiting && m.state.Phase != Failed:
		return nil
	case m.unfinishedEnd != NotEnded:
		return m.retryEnd(now)
	case !m.cleared, m.state.Phase == Failed && noKeyring(m.state.Problem):
		// The keyring is looked at first: a user must not choose a role in vain again.
		return m.clearAgain(now, NotEnded)
	case m.proof.IsZero():
		return m.prompt(now, false)
	case m.proof.Equal(m.refused), m.proofEndsSoon(now):
		return m.prompt(now, true)
	default:
		return m.signIn(now)
	}
}

// onCancel gives up what is under way. A user who gives up a role chooses again.
func (m *machine) onCancel(now time.Time) []effect {
	switch m.state.Phase {
	case Selecting:
		return m.giveUpRole(now)
	case ChoosingClinician:
		return m.chooseAgain(now, nil)
	case Choosing:
		if m.state.Problem != nil {
			return m.chooseAgain(now, nil)
		}
		if m.state.Switching {
			m.state.Switching = false
			m.enter(now, SignedIn)
			return nil
		}
	default:
	}
	m.state.AskedBy = ""
	switch m.state.Phase {
	case Prompting:
		m.attempt++
		return append([]effect{stopCalls{}}, m.wait(now, Cancelled)...)
	case SigningIn, Choosing:
		return m.end(now, Cancelled, destination{phase: Waiting})
	default:
		return nil
	}
}

// giveUpRole offers the choice again, in a new session from the same proof: the present one may have
// a role already, and is not given a second one. In place the session has none before it is handed
// over, and the same one goes on.
func (m *machine) giveUpRole(now time.Time) []effect {
	switch {
	case !m.terms.about.InPlace:
		return m.end(now, RoleGivenUp, destination{phase: SigningIn})
	case m.deferredChoice != nil:
		return m.chooseAgain(now, nil)
	case m.running == selecting:
		m.gaveUpRole = true
		return []effect{stopCalls{}}
	default:
		return m.end(now, Cancelled, destination{phase: Waiting})
	}
}

func (m *machine) onChoose(now time.Time, wanted ersclient.Permission) []effect {
	permission, offered := find(m.state.Permissions, wanted)
	switch {
	case !offered:
		return nil
	case m.state.Phase == Choosing && m.state.Problem == nil:
		permission.OnBehalfOf = ""
		return m.choose(now, permission)
	case m.state.Phase == ChoosingClinician && m.state.Chosen.Same(permission) && slices.Contains(m.state.Clinicians, wanted.OnBehalfOf):
		return m.choose(now, permission)
	default:
		return nil
	}
}

// onSwitchRole offers the choice again. In place, the session goes on until there is another role.
func (m *machine) onSwitchRole(now time.Time) []effect {
	switch {
	case m.state.Phase != SignedIn:
		return nil
	case m.terms.about.InPlace:
		m.state.Switching, m.state.LastUsed = true, nil
		if last, offered := find(m.state.Permissions, m.state.Chosen); offered {
			m.state.LastUsed = &last
		}
		m.enter(now, Choosing)
		return nil
	default:
		return m.end(now, RoleSwitched, destination{phase: SigningIn})
	}
}

// onRenew replaces a session by a new one in the same role, from the same proof. If that is as good
// as over, the user is asked for a new one.
func (m *machine) onRenew(now time.Time) []effect {
	if m.state.Phase != SignedIn {
		return nil
	}
	again := &chosen{m.state.User.Identifier, m.state.Chosen}
	after := SigningIn
	if m.terms.about.InPlace || m.proofEndsSoon(now) {
		after = Prompting
	}
	effects := m.end(now, Renewed, destination{phase: after})
	m.resume = again
	return effects
}

// goesOn reports whether the end of a session is the beginning of another one.
func (m *machine) goesOn() bool { return m.next.phase == SigningIn || m.next.phase == Prompting }

// onWorkstation takes what has happened to the workstation (AUT-003, AUT-004).
func (m *machine) onWorkstation(now time.Time, happened WorkstationEvent) []effect {
	var reason Reason
	switch happened {
	case Woke:
		m.wokeAt = now
		m.refreshAnew()
		return m.onTick(now)
	case CameBack:
		m.userAway = false
		m.refreshAnew()
		return m.onTick(now)
	case SwitchedAway:
		reason, m.userAway = UserSwitched, true
	case Locked:
		reason, m.userAway = ScreenLocked, true
	case WentIdle:
		reason = Idle
	default:
		return nil
	}
	if !m.terms.EndWhenLocked && happened != WentIdle {
		return nil
	}
	switch m.state.Phase {
	case SigningIn, Choosing, ChoosingClinician, Selecting, SignedIn:
		return m.end(now, reason, destination{phase: Waiting})
	case Prompting:
		// The Identity Agent asks for itself. A browser could finish behind a locked screen.
		if m.terms.about.InPlace {
			m.attempt++
			return append([]effect{stopCalls{}}, m.wait(now, reason)...)
		}
	case Ending:
		if m.goesOn() {
			m.state.Reason, m.next, m.resume = reason, destination{phase: Waiting}, nil
		}
	default:
	}
	return nil
}

func (m *machine) onQuit(now time.Time, wish Quit) []effect {
	effects := []effect{hurry{}}
	m.noGrace = m.noGrace || wish.AtOnce
	switch m.state.Phase {
	case SigningIn, Choosing, ChoosingClinician, Selecting, SignedIn:
		return append(effects, m.end(now, Quitting, destination{phase: Closed})...)
	case Starting:
		// A start under way is not cut: what it clears would have to be cleared by the next one.
	case Failed:
		if !m.cleared {
			m.running = clearingLeftover
			effects = append(effects, clearLeftover{})
		}
		effects = append(effects, m.closeOrphan(m.unclosed)...)
	case Prompting:
		m.attempt++
		effects = append(effects, stopCalls{})
	case Ending:
		if m.running == closing && !m.restartEnd {
			// What is being done at leisure is begun anew in a hurry.
			m.restartEnd = true
			effects = append(effects, stopEnding{})
		}
	case Waiting, Closed:
	}
	m.state.Reason, m.next, m.resume = Quitting, destination{phase: Closed}, nil
	m.enter(now, Ending)
	m.closeIfIdle(now)
	return effects
}
