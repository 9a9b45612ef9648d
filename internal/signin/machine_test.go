package signin

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
)

var update = flag.Bool("update", false, "write testdata/transitions.txt and transitions-inplace.txt anew; read every changed line before you commit it")

var (
	morning = time.Date(2026, 11, 20, 8, 42, 0, 0, time.UTC)
	evening = morning.Add(10 * time.Hour)

	clinician = ersclient.Permission{BusinessFunction: ersclient.ServiceProviderClinician, OrgIdentifier: "R01", OrgName: "NHST_X3"}
	referrer  = ersclient.Permission{BusinessFunction: ersclient.ReferringClinician, OrgIdentifier: "R01", OrgName: "NHST_X3"}
	stranger  = ersclient.Permission{BusinessFunction: ersclient.Commissioner, OrgIdentifier: "X99"}

	missingCard, missingReader    = Missing{Name: "card"}, Missing{Name: "reader"}
	missingPasscode, missingAgent = Missing{Name: "passcode"}, Missing{Name: "agent"}
	missingIntent                 = Missing{Name: "intent"}

	refusal   = answered("A001", 403, "refused")
	rejection = answered("A002", 403, "pair not valid")
	hiccup    = answered("A003", 500, "server error")
	locked    = (&problem.Problem{Code: "KEYRING-LOCKED", Title: "locked"}).Because(handoff.ErrLocked)
	noBus     = &problem.Problem{Code: "KEYRING-NO_BUS", Title: "no bus"}
	// A status that was not agreed on says nothing of what e-RS has done.
	errLost = errors.Join(answered("A002", 202, "odd"), ersclient.ErrStartAgain)
	// A gateway that sheds load must not get three more calls for it: the user is asked (IO-06).
	errShed = answered("A002", 503, "busy")
	useless = (&problem.Problem{Code: "ERS-A001-ANSWER", Title: "could not be used"}).Because(ersclient.ErrAnswered)
	offline = &problem.Problem{Code: "NET-OFFLINE", Title: "no network"}
	blocked = &problem.Problem{Code: "CARD-PIN_BLOCKED", Title: "card blocked"}
)

// answered returns the Problem of a status other than a call's success, as package hscn makes it.
func answered(call string, status int, title string) *problem.Problem {
	made := &problem.Problem{Code: fmt.Sprintf("ERS-%s-%d", call, status), Title: title, Retry: call == "A001"}
	meanings := map[string]error{
		"A001 403": ersclient.ErrProofRefused, "A003 404": ersclient.ErrSessionGone, "A003 410": ersclient.ErrSessionGone,
	}
	return made.Because(&transport.StatusError{Call: call, Status: status, Meaning: meanings[fmt.Sprint(call, " ", status)]})
}

// proof is one that was given at a time, and is good for ten hours.
func proof(text string, at time.Time) Proof { return Proof{secret.New(text), at.Add(10 * time.Hour)} }

func keyOnly(key string) Grant { return Grant{Key: secret.New(key)} }

func provisional(key string) Grant {
	return Grant{
		Key:       secret.New(key),
		User:      ersclient.User{Identifier: "555020964101", FirstName: "SA Assurance", LastName: "GP-Card", Permissions: []ersclient.Permission{referrer, clinician}},
		ExpiresAt: evening,
	}
}

func valid(key string) Grant {
	grant := provisional(key)
	grant.Permission = clinician
	return grant
}

func roleless(key string) Grant {
	grant := provisional(key)
	grant.User.Permissions = nil
	return grant
}

// happening is a named event. Its function sees the machine, since answers carry the attempt they
// belong to.
type happening struct {
	name string
	at   time.Time
	make func(m *machine) event
}

func always(e event) func(*machine) event { return func(*machine) event { return e } }

func intent(i Intent) func(*machine) event { return always(i) }

// The reports of a platform with cards. What its readers show is the text of its link.
const (
	cardIn, cardOut = "card in", "card out"
)

func given(text string, at time.Time) Report {
	return Report{Kind: ProofAppeared, Proof: proof(text, at), Source: Link{Health: HealthGood}}
}

func replaced(text string, at time.Time) Report {
	r := given(text, at)
	r.Kind = ProofChanged
	return r
}

func gone(missing Missing) Report {
	return Report{Kind: ProofGone, Source: Link{Health: HealthAttention}, Missing: missing}
}

// seeing is a report as it is with the card that the platform sees, as far as m knows.
func seeing(m *machine, r Report) event {
	r.Source.Text = m.state.Links.Proof.Text
	if r.Source.Text == cardIn && r.Missing == missingCard {
		r.Missing = missingPasscode
	}
	return r
}

func report(r Report) func(*machine) event { return func(m *machine) event { return seeing(m, r) } }

// unchanged reports what m knows, with another health.
func unchanged(health Health) func(*machine) event {
	return func(m *machine) event {
		r := m.status
		r.Kind, r.Begun, r.Source.Health = StatusChanged, false, health
		return r
	}
}

// readers report a card, or that there is none. Where they are out of sight they report nothing.
func readers(card string) func(*machine) event {
	return func(m *machine) event {
		r := m.status
		r.Kind, r.Begun, r.Source.Text = StatusChanged, r.Source.Text == cardOut && card == cardIn, card
		switch {
		case card == cardIn && r.Missing == missingCard:
			r.Missing = missingPasscode
		case card != cardIn && r.Missing == missingPasscode:
			r.Missing = missingCard
		}
		return r
	}
}

// happenings is every event, with each outcome that is decided upon.
var happenings = []happening{
	{"the first ticket appears", morning, report(given("first-ticket", morning))},
	{"another ticket takes its place", morning, report(replaced("second-ticket", morning))},
	{"the ticket is gone: no card", morning, report(gone(missingCard))},
	{"the ticket is gone: no reader", morning, report(gone(missingReader))},
	{"the ticket is gone: no Identity Agent", morning, report(gone(missingAgent))},
	{"the ticket is gone: card blocked", morning, func(m *machine) event {
		r := gone(missingCard)
		r.Problem = blocked
		return seeing(m, r)
	}},
	{"the agent is unsure", morning, unchanged(HealthBad)},
	{"the agent is sure again: the first ticket", morning, unchanged(HealthGood)},
	{"a card is seen in a reader", morning, readers(cardIn)},
	{"no card is seen in a reader", morning, readers(cardOut)},
	{"the readers go out of sight", morning, readers("")},
	{"user: sign in", morning, intent(SignIn{})},
	{"another program asks for a sign-in", morning, intent(Requested{By: "Vendor App"})},
	{"no program asks any more", morning, intent(Requested{})},
	{"user: cancel", morning, intent(Cancel{})},
	{"user: choose an offered role", morning, intent(Choose{clinician})},
	{"user: choose a role not offered", morning, intent(Choose{stranger})},
	{"user: switch role", morning, intent(SwitchRole{})},
	{"user: sign out", morning, intent(SignOut{})},
	{"user: try again", morning, intent(TryAgain{})},
	{"user: renew", morning, intent(Renew{})},
	{"user: quit", morning, intent(Quit{})},
	{"the computer shuts down", morning, intent(Quit{AtOnce: true})},
	{"leftoverCleared: nothing was left", morning, always(leftoverCleared{})},
	{"leftoverCleared: a session was left", morning, always(leftoverCleared{leftover: keyOnly("left"), generation: 7})},
	{"leftoverCleared: keyring locked", morning, always(leftoverCleared{err: locked})},
	{"leftoverCleared: no bus", morning, always(leftoverCleared{err: noBus})},
	{"asked: the agent has a ticket", morning, func(m *machine) event { return prompted{m.attempt, nil} }},
	{"asked: the user gave up", morning, func(m *machine) event { return prompted{m.attempt, ErrPromptCancelled} }},
	{"asked: card blocked", morning, func(m *machine) event { return prompted{m.attempt, blocked} }},
	{"asked: an earlier attempt", morning, func(m *machine) event { return prompted{m.attempt - 1, blocked} }},
	{"A001: created", morning, func(m *machine) event { return opened{m.attempt, provisional("one"), clinician, nil} }},
	{"A001: created, no roles", morning, func(m *machine) event { return opened{attempt: m.attempt, grant: roleless("one")} }},
	{"A001: refused", morning, func(m *machine) event { return opened{attempt: m.attempt, err: refusal} }},
	{"A001: an answer of no use but for its key", morning, func(m *machine) event {
		return opened{attempt: m.attempt, grant: keyOnly("one"), err: useless}
	}},
	{"A001: created for an earlier attempt", morning, func(m *machine) event {
		m.background++ // every earlier attempt has been counted when it was given up
		return opened{attempt: m.attempt - 1, grant: provisional("late")}
	}},
	{"A001: refused for an earlier attempt", morning, func(m *machine) event {
		m.background++
		return opened{attempt: m.attempt - 1, err: refusal}
	}},
	{"A002: selected", morning, func(m *machine) event { return selected{m.attempt, valid("two"), nil} }},
	{"A002: refused", morning, func(m *machine) event { return selected{attempt: m.attempt, err: rejection} }},
	{"A002: answer lost", morning, func(m *machine) event { return selected{attempt: m.attempt, err: errLost} }},
	{"A002: load was shed", morning, func(m *machine) event { return selected{attempt: m.attempt, err: errShed} }},
	{"A002: an answer of no use but for its key", morning, func(m *machine) event {
		return selected{attempt: m.attempt, grant: keyOnly("two"), err: useless}
	}},
	{"A002: stopped", morning, func(m *machine) event { return selected{attempt: m.attempt, err: context.Canceled} }},
	{"A002: an earlier attempt", morning, func(m *machine) event { return selected{m.attempt - 1, valid("late"), nil} }},
	{"keyring: published", morning, func(m *machine) event { return published{attempt: m.attempt, looked: true} }},
	{"keyring: published, a session was left", morning, func(m *machine) event {
		return published{attempt: m.attempt, looked: true, leftover: keyOnly("left")}
	}},
	{"keyring: locked", morning, func(m *machine) event { return published{attempt: m.attempt, err: locked} }},
	{"keyring: an earlier attempt", morning, func(m *machine) event { return published{attempt: m.attempt - 1} }},
	{"ended: all well", morning, always(ended{})},
	{"ended: entry not cleared", morning, always(ended{clearErr: locked})},
	{"ended: A003 failed", morning, always(ended{closeErr: hiccup})},
	{"an orphan is deleted", morning, func(m *machine) event { m.background++; return orphanClosed{} }},
	{"probe: e-RS out of reach", morning, always(linkSeen{linkERS, offline})},
	{"probe: keyring unlocked", morning, always(linkSeen{linkKeyring, nil})},
	{"probe after a minute: keyring unlocked", morning.Add(time.Minute), always(linkSeen{linkKeyring, nil})},
	{"probe: keyring locked", morning, always(linkSeen{linkKeyring, locked})},
	{"the entry is there", morning, func(m *machine) event { return entrySeen{m.attempt, m.generation, nil} }},
	{"the entry is gone", morning, func(m *machine) event { return entrySeen{m.attempt, 0, handoff.ErrNotFound} }},
	{"the entry cannot be read", morning, func(m *machine) event { return entrySeen{m.attempt, 0, locked} }},
	{"the entry is another one", morning, func(m *machine) event { return entrySeen{m.attempt, m.generation + 1, nil} }},
	{"the entry of an earlier attempt is gone", morning, func(m *machine) event { return entrySeen{m.attempt - 1, 0, handoff.ErrNotFound} }},
	{"the screen is locked", morning, always(Locked)},
	{"another user takes over", morning, always(SwitchedAway)},
	{"the computer wakes after a minute", morning.Add(time.Minute), always(Woke)},
	{"the computer wakes after ten hours", evening, always(Woke)},
	{"something is noticed", morning, always([]Notice{{Problem: locked}})},
	{"five minutes are left", evening.Add(-5 * time.Minute), always(tick{})},
	{"a second passes", morning.Add(time.Second), always(tick{})},
	{"time passes", morning.Add(time.Minute), always(tick{})},
	{"ten hours pass", evening, always(tick{})},
	{"time to quit is up", morning, always(quitDeadline{})},
}

// situation is a machine brought to a phase by the events that lead there, so that it is one that
// can be.
type situation struct {
	name string
	path []string
}

var (
	toWaiting   = []string{"leftoverCleared: nothing was left", "the ticket is gone: no card"}
	toSigningIn = append(toWaiting[:2:2], "the first ticket appears")
	toChoosing  = append(toSigningIn[:3:3], "A001: created")
	toSelecting = append(toChoosing[:4:4], "user: choose an offered role")
	toPublished = append(toSelecting[:5:5], "A002: selected")
	toSignedIn  = append(toPublished[:6:6], "keyring: published")
)

var situations = []situation{
	{"starting", nil},
	{"starting, a ticket is there", []string{"the first ticket appears"}},
	{"waiting for a card", toWaiting},
	{"waiting for a card, the keyring was locked at the start", []string{"leftoverCleared: keyring locked", "the ticket is gone: no card"}},
	{"waiting, signed out with the ticket still there", append(toSignedIn[:7:7], "user: sign out", "ended: all well")},
	{"waiting for a card, none is in a reader", append(toWaiting[:2:2], "no card is seen in a reader")},
	{"waiting for the passcode", append(toWaiting[:2:2], "no card is seen in a reader", "a card is seen in a reader")},
	{"waiting, cancelled, no card is in a reader", append(toWaiting[:2:2], "no card is seen in a reader", "user: sign in", "user: cancel")},
	{"waiting, another program asks for a sign-in", append(toWaiting[:2:2], "another program asks for a sign-in")},
	{"choosing, another program asks for a sign-in", append(toChoosing[:4:4], "another program asks for a sign-in")},
	{"prompting", append(toWaiting[:2:2], "user: sign in")},
	{"prompting, the agent has a ticket that was not seen yet", append(toWaiting[:2:2], "user: sign in", "asked: the agent has a ticket")},
	{"prompting, a card is in a reader", append(toWaiting[:2:2], "a card is seen in a reader", "user: sign in")},
	{"signing in", toSigningIn},
	{"choosing", toChoosing},
	{"selecting: A002 under way", toSelecting},
	{"selecting: A002 under way for the second time", append(toSelecting[:5:5], "A002: answer lost", "ended: all well", "A001: created")},
	{"selecting: being published", toPublished},
	{"signed in", toSignedIn},
	{"signed in, the entry was removed", append(toSignedIn[:7:7], "the entry is gone")},
	{"ending: signing out", append(toSignedIn[:7:7], "user: sign out")},
	{"ending: signing out, quitting meanwhile", append(toSignedIn[:7:7], "user: sign out", "user: quit")},
	{"ending: switching role", append(toSignedIn[:7:7], "user: switch role")},
	{"ending: renewing", append(toSignedIn[:7:7], "user: renew")},
	{"ending: screen locked", append(toSignedIn[:7:7], "the screen is locked")},
	{"ending: card removed", append(toSignedIn[:7:7], "the ticket is gone: no card")},
	{"ending: role given up, A002 not back yet", append(toSelecting[:5:5], "user: cancel")},
	{"ending: card removed, A002 not back yet", append(toSelecting[:5:5], "the ticket is gone: no card")},
	{"ending: an A002 was lost", append(toSelecting[:5:5], "A002: answer lost")},
	{"ending: no roles", append(toSigningIn[:3:3], "A001: created, no roles")},
	{"ending: quitting", append(toSignedIn[:7:7], "user: quit")},
	{"ending: shutting down", append(toSignedIn[:7:7], "the computer shuts down")},
	{"ending: quitting, A001 not back yet", append(toSigningIn[:3:3], "user: quit")},
	{"renewed: A001 under way", append(toSignedIn[:7:7], "user: renew", "ended: all well")},
	{"failed: e-RS refused the ticket", append(toSigningIn[:3:3], "A001: refused")},
	{"failed: card blocked, no ticket", append(toWaiting[:2:2], "the ticket is gone: card blocked")},
	{"failed: card blocked, after Sign in", append(toWaiting[:2:2], "a card is seen in a reader", "user: sign in", "asked: card blocked")},
	{"failed: signed out, but the entry is still there", append(toSignedIn[:7:7], "user: sign out", "ended: entry not cleared")},
	{"failed: signed out, but the session was not closed", append(toSignedIn[:7:7], "user: sign out", "ended: A003 failed")},
	{"failed: no keyring", []string{"leftoverCleared: no bus"}},
	{"closed", append(toWaiting[:2:2], "user: quit")},
}

// agreed is what an organisation may have agreed on, with all that can be switched on.
var agreed = terms{
	reachEvery: 5 * time.Minute, refreshRetry: 30 * time.Second,
	Terms: Terms{MaxAge: 10 * time.Hour, Grace: 2 * time.Second, EndWhenLocked: true, Publisher: "ers-login test"},
	about: About{
		Ready:     missingIntent,
		Unseen:    &problem.Problem{Code: "CARD-TICKET_NOT_AVAILABLE"},
		NoRoles:   &problem.Problem{Code: "ERS-A001-NO_ROLES"},
		NotClosed: &problem.Problem{Title: "not closed", Steps: []string{"remove your card"}},
	},
}

func (s situation) machine(t *testing.T) *machine {
	t.Helper()
	return s.of(t, agreed, happenings)
}

// of returns the machine of a platform with these terms, on which these things happen.
func (s situation) of(t *testing.T, terms terms, happenings []happening) *machine {
	t.Helper()
	m := newMachine(terms, morning)
	for _, name := range s.path {
		found := false
		for _, h := range happenings {
			if h.name == name {
				m.handle(h.at, h.make(m))
				found = true
			}
		}
		require.True(t, found, "no event is called %q", name)
	}
	return m
}

// TestTransitions holds every situation against every event. The table is testdata/transitions.txt,
// to be read as what the program promises; a line that says nothing happens is a promise too. A
// user loses a session that stays open, or gets one that is not theirs, when a line is wrong.
func TestTransitions(t *testing.T) {
	seen := checkTransitions(t, "transitions.txt", strings.NewReplacer(), agreed, situations, happenings)
	for phase := range phaseNames {
		assert.Equal(t, phase != ChoosingClinician, seen[phase], "a situation shows the phase %v", phase)
	}
}

// checkTransitions holds situations against happenings, and returns the phases of the situations.
func checkTransitions(
	t *testing.T, file string, words *strings.Replacer, terms terms, situations []situation, happenings []happening,
) (seen map[Phase]bool) {
	t.Helper()
	var table strings.Builder
	seen = map[Phase]bool{}
	for _, s := range situations {
		seen[s.of(t, terms, happenings).state.Phase] = true
		fmt.Fprintf(&table, "%s\n", s.name)
		for _, h := range happenings {
			m := s.of(t, terms, happenings)
			before := words.Replace(describe(m, nil))
			effects := m.handle(h.at, h.make(m))
			after := words.Replace(describe(m, effects))
			if after == before {
				after = "·"
			}
			fmt.Fprintf(&table, "  %-44s %s\n", h.name, after)
		}
		table.WriteString("\n")
	}
	path := filepath.Join("testdata", file)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(table.String()), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	wanted, got := strings.Split(string(want), "\n"), strings.Split(table.String(), "\n")
	require.Len(t, got, len(wanted))
	heading := ""
	for i := range wanted {
		if !strings.HasPrefix(wanted[i], "  ") {
			heading = wanted[i]
		}
		assert.Equal(t, wanted[i], got[i], "in the situation %q", heading)
	}
	return seen
}

// describe returns phase, what is shown of it, and what is to be done.
func describe(m *machine, effects []effect) string {
	line := m.state.Phase.String()
	switch m.state.Phase {
	case Waiting:
		line += " (" + m.state.Missing.String() + ")"
		if m.state.Reason != NotEnded {
			line += " after " + string(m.state.Reason)
		}
	case Ending:
		line += " (" + string(m.state.Reason) + ") for " + m.next.phase.String()
	case Failed:
		line += " (" + m.state.Problem.Code + ")"
	case SignedIn:
		if m.state.EndsSoon {
			line += ", ends soon"
		}
	case Choosing:
		if m.state.Switching {
			line += " another"
		}
		if m.state.Problem != nil {
			line += " (" + m.state.Problem.Code + ")"
		}
	default:
	}
	if seen := m.state.Links.Proof.Text; seen != "" {
		line += ", " + seen
	}
	if m.state.AskedBy != "" {
		line += ", for " + m.state.AskedBy
	}
	for _, notice := range m.state.Notices {
		line += ", noticed " + notice.Problem.Title
	}
	todo := make([]string, 0, len(effects))
	for _, e := range effects {
		todo = append(todo, effectName(e))
	}
	if len(todo) > 0 {
		line += ": " + strings.Join(todo, ", ")
	}
	return line
}

func effectName(e effect) string {
	switch todo := e.(type) {
	case clearLeftover:
		return "clear what is left"
	case promptUser:
		if todo.fresh {
			return "getNewTicket"
		}
		return "getTicket"
	case openGrant:
		return "A001"
	case selectRole:
		if todo.permission.OnBehalfOf != "" {
			return "A002 " + string(todo.permission.BusinessFunction) + " for " + todo.permission.OnBehalfOf
		}
		return "A002 " + string(todo.permission.BusinessFunction)
	case refreshGrant:
		return "refresh " + todo.grant.Key.Reveal()
	case publish:
		if todo.look {
			return "look, publish"
		}
		if todo.replace {
			return "replace by " + todo.grant.Key.Reveal()
		}
		return "publish"
	case endSession:
		var steps []string
		if todo.clear {
			steps = append(steps, "clear keyring")
		}
		if todo.grace > 0 {
			steps = append(steps, "grace")
		}
		if !todo.grant.Key.IsZero() {
			steps = append(steps, "A003 "+todo.grant.Key.Reveal())
		}
		return strings.Join(steps, ", ")
	case closeOrphan:
		return "A003 " + todo.grant.Key.Reveal() + " beside"
	case remember:
		return "remember"
	case lookAtEntry:
		return "look"
	case probeLinks:
		if todo.reach {
			return "probe"
		}
		return "probe keyring"
	case stopCalls:
		return "stop calls"
	case stopEnding:
		return "stop ending"
	case hurry:
		return "hurry"
	default:
		return fmt.Sprintf("%T", e)
	}
}
