package signin

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/problem"
)

// signedIn is a machine with a session that other applications can read.
func signedIn(t *testing.T) *machine {
	t.Helper()
	m := situation{"signed in", toSignedIn}.machine(t)
	require.Equal(t, SignedIn, m.state.Phase)
	return m
}

func names(effects []effect) []string {
	var list []string
	for _, e := range effects {
		list = append(list, effectName(e))
	}
	return list
}

// A session ends with everything that ends it at Spine, and the keyring is cleared before the
// session is closed: otherwise other applications would work on with a dead session, or for a user
// who has left.
func TestAUT003AUT004WhatEndsASession(t *testing.T) {
	removed := gone(missingCard)
	other := replaced("second-ticket", morning)
	for name, test := range map[string]struct {
		happens event
		at      time.Time
		reason  Reason
		// grace is given only where the user asked for the end.
		grace bool
	}{
		"card removed":             {removed, morning, CardRemoved, false},
		"another ticket":           {other, morning, TicketChanged, false},
		"maximum age":              {tick{}, evening, Expired, false},
		"woken after its end":      {Woke, evening, Expired, false},
		"screen locked":            {Locked, morning, ScreenLocked, false},
		"another user":             {SwitchedAway, morning, UserSwitched, false},
		"signed out":               {SignOut{}, morning, SignedOut, true},
		"role switched":            {SwitchRole{}, morning, RoleSwitched, true},
		"renewed":                  {Renew{}, morning, Renewed, true},
		"window closed":            {Quit{}, morning, Quitting, true},
		"log-off or shutting down": {Quit{AtOnce: true}, morning, Quitting, false},
	} {
		t.Run(name, func(t *testing.T) {
			m := signedIn(t)
			effects := m.handle(test.at, test.happens)
			assert.Equal(t, Ending, m.state.Phase)
			assert.Equal(t, test.reason, m.state.Reason)
			require.IsType(t, endSession{}, effects[len(effects)-1])
			end := effects[len(effects)-1].(endSession) //nolint:errcheck // the line before looks
			assert.True(t, end.clear, "the keyring is cleared")
			assert.True(t, end.grant.Key.Equal(valid("two").Key), "and then the session is closed")
			assert.Equal(t, test.grace, end.grace > 0, "the grace")
		})
	}
}

// An organisation may want its users to keep their session while the screen is locked: the Identity
// Agent has its own time limit.
func TestAUT004AScreenLockEndsASessionOnlyIfItIsWanted(t *testing.T) {
	for _, happened := range []WorkstationEvent{Locked, SwitchedAway} {
		m := signedIn(t)
		m.terms.EndWhenLocked = false
		assert.Empty(t, m.handle(morning, happened))
		assert.Equal(t, SignedIn, m.state.Phase)
	}
}

// Five minutes before its end a session is said to end soon, and one press keeps organisation and
// role.
func TestAUT003RenewingKeepsTheRole(t *testing.T) {
	m := signedIn(t)
	m.terms.MaxAge = 4 * time.Hour
	soon := morning.Add(4 * time.Hour).Add(-warnBefore)
	m.handle(soon.Add(-time.Second), tick{})
	assert.False(t, m.state.EndsSoon)
	m.handle(soon, tick{})
	assert.True(t, m.state.EndsSoon)
	assert.False(t, m.state.RenewAsks, "the ticket is good for longer")

	m.handle(soon, Renew{})
	m.handle(soon, ended{})
	require.Equal(t, SigningIn, m.state.Phase)
	effects := m.handle(soon, opened{m.attempt, provisional("three"), referrer, nil})
	require.Equal(t, Selecting, m.state.Phase, "no one is asked again")
	require.Equal(t, []string{"A002 SERVICE_PROVIDER_CLINICIAN"}, names(effects), "the role of before, not the last used one")
	m.handle(soon, selected{m.attempt, valid("four"), nil})
	m.handle(soon, published{attempt: m.attempt, looked: true})
	assert.Equal(t, SignedIn, m.state.Phase)
	assert.False(t, m.state.EndsSoon)
	assert.Equal(t, soon.Add(4*time.Hour), m.state.ExpiresAt)
}

// A session of e-RS ends with Spine's, ten hours after the ticket at the latest. Renewing it from
// the same ticket would promise time that it does not have; so the user is asked for card and
// passcode, and the role is kept all the same.
func TestAUT003RenewingAnOldTicket(t *testing.T) {
	soon := evening.Add(-warnBefore)
	before := func(t *testing.T) *machine {
		m := signedIn(t)
		m.handle(soon, tick{})
		require.True(t, m.state.EndsSoon)
		assert.True(t, m.state.RenewAsks)
		m.handle(soon, Renew{})
		effects := m.handle(soon, ended{})
		require.Equal(t, []string{"getNewTicket"}, names(effects))
		m.handle(soon, replaced("second-ticket", soon))
		require.Equal(t, SigningIn, m.state.Phase)
		return m
	}
	t.Run("the same user", func(t *testing.T) {
		m := before(t)
		effects := m.handle(soon, opened{m.attempt, provisional("three"), referrer, nil})
		assert.Equal(t, []string{"A002 SERVICE_PROVIDER_CLINICIAN"}, names(effects))
		renewed := valid("four")
		renewed.ExpiresAt = m.proof.ExpiresAt
		m.handle(soon, selected{m.attempt, renewed, nil})
		m.handle(soon, published{attempt: m.attempt, looked: true})
		assert.Equal(t, soon.Add(10*time.Hour), m.state.ExpiresAt)
	})
	t.Run("another user", func(t *testing.T) {
		m := before(t)
		other := provisional("three")
		other.User.Identifier = "555032000100"
		assert.Empty(t, m.handle(soon, opened{m.attempt, other, referrer, nil}))
		assert.Equal(t, Choosing, m.state.Phase, "they have chosen nothing yet (AUT-005)")
	})
	t.Run("given up", func(t *testing.T) {
		m := signedIn(t)
		m.handle(soon, tick{})
		m.handle(soon, Renew{})
		m.handle(soon, ended{})
		m.handle(soon, prompted{m.attempt, ErrPromptCancelled})
		require.Equal(t, Waiting, m.state.Phase)
		require.Equal(t, []string{"getNewTicket"}, names(m.handle(soon, SignIn{})))
		m.handle(soon, replaced("second-ticket", soon))
		m.handle(soon, opened{m.attempt, provisional("three"), referrer, nil})
		assert.Equal(t, Choosing, m.state.Phase, "what was to be kept is over with it")
	})
}

// Signing in with a ticket that is as good as over would end at once, again and again: a new one is
// asked for.
func TestAUT003SigningInWithAnOldTicket(t *testing.T) {
	m := signedIn(t)
	m.handle(evening, tick{})
	m.handle(evening, ended{})
	require.Equal(t, Waiting, m.state.Phase)
	require.Equal(t, missingIntent, m.state.Missing, "the agent still hands it out")
	assert.Equal(t, []string{"getNewTicket"}, names(m.handle(evening, SignIn{})))
}

// A session that was made from an old ticket ends with that ticket, and its entry says so to other
// applications.
func TestAUT003ASessionEndsWithSpines(t *testing.T) {
	m := signedIn(t)
	later := morning.Add(9 * time.Hour)
	m.handle(later, SwitchRole{})
	m.handle(later, ended{})
	m.handle(later, opened{m.attempt, provisional("three"), referrer, nil})
	m.handle(later, Choose{clinician})
	effects := m.handle(later, selected{m.attempt, valid("four"), nil})
	require.Equal(t, []string{"publish"}, names(effects))
	assert.Equal(t, evening.UTC(), effects[0].(publish).details.ExpiresAt) //nolint:errcheck,forcetypeassert // a panic fails the test just as well
	m.handle(later, published{attempt: m.attempt, looked: true})
	assert.Equal(t, evening, m.state.ExpiresAt)
}

// A session whose end no user waits for is closed once more if that fails the first time: it must
// not stay open until Spine ends.
func TestA00302AFailedEndIsToldOnceMore(t *testing.T) {
	for name, happens := range map[string]event{
		"screen locked": Locked, "another user": SwitchedAway, "maximum age": tick{},
	} {
		t.Run(name, func(t *testing.T) {
			m := signedIn(t)
			m.handle(evening, happens)
			effects := m.handle(evening, ended{closeErr: hiccup})
			assert.Equal(t, Waiting, m.state.Phase)
			assert.Contains(t, names(effects), "A003 two beside")
		})
	}
}

// A user who signs out is shown what they leave behind, in words for a user who leaves; a session
// that e-RS does not know any more is closed.
func TestA00303AFailedEndIsToldToWhoeverLeaves(t *testing.T) {
	m := signedIn(t)
	m.handle(morning, SignOut{})
	m.handle(morning, ended{closeErr: hiccup})
	require.Equal(t, Failed, m.state.Phase)
	assert.Equal(t, "ERS-A003-500", m.state.Problem.Code)
	assert.Equal(t, agreed.about.NotClosed.Title, m.state.Problem.Title)
	assert.Equal(t, agreed.about.NotClosed.WhatToDo(), m.state.Problem.WhatToDo())
	assert.Equal(t, agreed.about.NotClosed.Button, m.state.Problem.Button)
	for _, status := range []int{404, 410} {
		m := signedIn(t)
		m.handle(morning, SignOut{})
		m.handle(morning, ended{closeErr: answered("A003", status, "not there")})
		assert.Equal(t, Waiting, m.state.Phase, status)
	}
}

// If the second half of a renewal or a switch fails, the entry stays cleared and the user is shown
// why.
func TestASwitchWhoseSecondHalfFails(t *testing.T) {
	for name, wish := range map[string]Intent{"switch": SwitchRole{}, "renew": Renew{}} {
		t.Run(name, func(t *testing.T) {
			m := signedIn(t)
			m.handle(morning, wish)
			m.handle(morning, ended{})
			effects := m.handle(morning, opened{attempt: m.attempt, err: refusal})
			assert.Equal(t, Failed, m.state.Phase)
			assert.Equal(t, "ERS-A001-403", m.state.Problem.Code)
			assert.Empty(t, effects, "nothing is handed over")
		})
	}
}

// A user with more than one role chooses one for each session; none is chosen for them, not even
// their last one.
func TestAUT005ARoleIsChosenForEachSession(t *testing.T) {
	m := situation{"signing in", toSigningIn}.machine(t)
	effects := m.handle(morning, opened{m.attempt, provisional("one"), clinician, nil})
	assert.Empty(t, effects, "nothing is selected unasked")
	require.Equal(t, Choosing, m.state.Phase)
	assert.Len(t, m.state.Permissions, 2)
	assert.Equal(t, &clinician, m.state.LastUsed, "it is only offered first")
	assert.Empty(t, m.handle(morning, Choose{stranger}), "a pair that A001 has not offered cannot be selected (A002-01)")
	assert.Equal(t, []string{"A002 REFERRING_CLINICIAN"}, names(m.handle(morning, Choose{referrer})))
}

// After a choice that has failed Enter must not take the pair of last time: the user wanted another.
func TestAFailedChoiceOffersNoOther(t *testing.T) {
	m := situation{"signing in", toSigningIn}.machine(t)
	m.handle(morning, opened{m.attempt, provisional("one"), clinician, nil})
	m.handle(morning, Choose{referrer})
	m.handle(morning, selected{m.attempt, provisional("one"), answered("A002", 500, "down")})
	m.handle(morning, ended{})
	require.Equal(t, Failed, m.state.Phase)
	require.Equal(t, referrer, m.state.Chosen, "it is said which")
	m.handle(morning, TryAgain{})
	require.Zero(t, m.state.Chosen)
	m.handle(morning, opened{m.attempt, provisional("two"), clinician, nil})
	require.Equal(t, Choosing, m.state.Phase)
	require.Nil(t, m.state.LastUsed)
	m.handle(morning, SignOut{})
	m.handle(morning, ended{})
	m.handle(morning, SignIn{})
	m.handle(morning, opened{m.attempt, provisional("three"), clinician, nil})
	require.Equal(t, &clinician, m.state.LastUsed, "the next sign-in offers it again")
}

// When the professional session ends, so does the session at e-RS.
func TestA00301TheAPISessionEndsWithTheProfessionalSession(t *testing.T) {
	for name, path := range map[string][]string{"chosen": toSignedIn, "not chosen yet": toChoosing} {
		t.Run(name, func(t *testing.T) {
			m := situation{name, path}.machine(t)
			effects := m.handle(morning, gone(missingCard))
			require.IsType(t, endSession{}, effects[len(effects)-1])
			end := effects[len(effects)-1].(endSession) //nolint:errcheck // the line before looks
			assert.True(t, end.grant.Key.Equal(m.grant.Key), "its session is deleted")
		})
	}
}

// A session of a few minutes is not said to end soon from its beginning.
func TestTheWarningOfAShortSession(t *testing.T) {
	m := signedIn(t)
	m.terms.MaxAge = 6 * time.Minute
	m.handle(morning.Add(2*time.Minute), tick{})
	assert.False(t, m.state.EndsSoon)
	m.handle(morning.Add(3*time.Minute), tick{})
	assert.True(t, m.state.EndsSoon)
}

// After a check of the computer the status bar shows what the check saw, and looking changes nothing
// else.
func TestLooking(t *testing.T) {
	for name, c := range map[string]struct {
		machine *machine
		want    []string
	}{
		"starting":   {newMachine(terms{}, morning), nil},
		"waiting":    {situation{"waiting", toWaiting}.machine(t), []string{"probe"}},
		"signed in":  {signedIn(t), []string{"look", "probe"}},
		"signing in": {situation{"signing in", toSigningIn}.machine(t), []string{"probe"}},
	} {
		t.Run(name, func(t *testing.T) {
			before := c.machine.state
			assert.Equal(t, c.want, names(c.machine.handle(morning, Look{})))
			assert.Equal(t, before, c.machine.state)
		})
	}
}

// A program that removes the entry may have closed the session: it is not published again, and the
// user is asked how to go on.
func TestAnEntryThatIsRemovedStaysRemoved(t *testing.T) {
	m := signedIn(t)
	later := morning.Add(probeEvery)
	require.Equal(t, []string{"look"}, names(m.handle(later, tick{})))
	require.Empty(t, m.handle(later.Add(time.Second), tick{}), "one look at a time is enough")

	require.Empty(t, m.handle(later, entrySeen{m.attempt, 0, handoff.ErrNotFound}))
	require.Equal(t, SignedIn, m.state.Phase)
	assert.True(t, m.state.EntryGone)
	require.Len(t, m.state.Notices, 1)
	assert.Equal(t, "KEYRING-REMOVED", m.state.Notices[0].Problem.Code)
	assert.True(t, m.state.Notices[0].Session)
	require.Equal(t, []string{"look"}, names(m.handle(later.Add(probeEvery), tick{})), "it is looked at as before")

	// A keyring that was away for a while has it again.
	m.handle(later, entrySeen{m.attempt, m.generation, nil})
	assert.Empty(t, m.state.Notices, "all is well again")
	assert.False(t, m.state.EntryGone)
}

// The user whose entry was removed goes on with a session of its own, or leaves: neither takes the
// old one up again.
func TestAfterARemovedEntryTheUserDecides(t *testing.T) {
	for name, wish := range map[string]Intent{"switch role": SwitchRole{}, "sign out": SignOut{}, "renew": Renew{}} {
		t.Run(name, func(t *testing.T) {
			m := signedIn(t)
			m.handle(morning, entrySeen{m.attempt, 0, handoff.ErrNotFound})
			effects := m.handle(morning, wish)
			require.Equal(t, []string{"stop calls", "clear keyring, grace, A003 two"}, names(effects))
			effects = m.handle(morning, ended{})
			assert.NotContains(t, names(effects), "publish")
			assert.False(t, m.state.EntryGone)
			assert.Empty(t, m.state.Notices)
		})
	}
}

// A link in a web page opens the window where a card is in: that alone makes no session.
func TestAHeldTicketWaitsForTheUser(t *testing.T) {
	start := func(first Report) *machine {
		manual := agreed
		manual.ManualStart = true
		m := newMachine(manual, morning)
		m.handle(morning, first)
		require.Equal(t, []string{"probe"}, names(m.handle(morning, leftoverCleared{})))
		require.Equal(t, Waiting, m.state.Phase)
		return m
	}
	appeared, again := given("first-ticket", morning), given("second-ticket", morning)
	creates := []string{"A001"}

	t.Run("until they press Sign in", func(t *testing.T) {
		m := start(appeared)
		assert.Equal(t, missingIntent, m.state.Missing)
		assert.NotContains(t, names(m.handle(morning, tick{})), creates[0])
		assert.Equal(t, creates, names(m.handle(morning, SignIn{})))
	})
	t.Run("seen after the keyring", func(t *testing.T) {
		manual := agreed
		manual.ManualStart = true
		m := newMachine(manual, morning)
		m.handle(morning, leftoverCleared{})
		require.NotContains(t, names(m.handle(morning, appeared)), creates[0])
		assert.Equal(t, missingIntent, m.state.Missing)
		assert.Equal(t, creates, names(m.handle(morning, SignIn{})))
	})
	t.Run("or insert the card", func(t *testing.T) {
		m := start(gone(missingCard))
		assert.Equal(t, creates, names(m.handle(morning, again)))
	})
	t.Run("or insert it anew", func(t *testing.T) {
		m := start(appeared)
		m.handle(morning, gone(missingCard))
		assert.Equal(t, creates, names(m.handle(morning, again)))
	})
}

// A keyring of two minds, that says it is unlocked and then cannot be read, must not keep the flow
// busy for ever.
func TestAKeyringOfTwoMindsIsNotAskedAllTheTime(t *testing.T) {
	m := situation{"waiting", []string{"leftoverCleared: keyring locked", "the ticket is gone: no card"}}.machine(t)
	assert.Empty(t, names(m.handle(morning.Add(time.Second), linkSeen{linkKeyring, nil})))
	assert.Equal(t, []string{"clear what is left"}, names(m.handle(morning.Add(probeEvery), linkSeen{linkKeyring, nil})))
	m.handle(morning.Add(probeEvery), leftoverCleared{err: locked})
	assert.Empty(t, names(m.handle(morning.Add(probeEvery+time.Second), linkSeen{linkKeyring, nil})))
}

// Beside a Problem with the keyring nothing says that it is well, also after the session was taken
// back, and trying again looks at the keyring before a passcode is asked for and a role chosen.
func TestNothingLooksGoodBesideItsProblem(t *testing.T) {
	for cause, want := range map[error]struct {
		health Health
		again  string
	}{
		handoff.ErrNoCollection: {HealthBad, "clear what is left"},
		handoff.ErrNoService:    {HealthBad, "clear what is left"},
		handoff.ErrTimeout:      {HealthBad, "A001"},
		handoff.ErrDismissed:    {HealthBad, "A001"},
		handoff.ErrLocked:       {HealthAttention, "A001"},
	} {
		t.Run(cause.Error(), func(t *testing.T) {
			m := situation{"published", toPublished}.machine(t)
			m.handle(morning, published{attempt: m.attempt, looked: true, err: (&problem.Problem{Code: "KEYRING-TEST"}).Because(cause)})
			m.handle(morning, ended{})
			require.Equal(t, Failed, m.state.Phase)
			assert.Equal(t, want.health, m.state.Links.Keyring)
			assert.Equal(t, []string{want.again}, names(m.handle(morning, TryAgain{})))
		})
	}
	for status, health := range map[int]Health{503: HealthAttention, 500: HealthAttention, 403: HealthGood} {
		m := situation{"signing in", toSigningIn}.machine(t)
		m.handle(morning, opened{attempt: m.attempt, err: answered("A001", status, "no")})
		assert.Equal(t, health, m.state.Links.ERS, "e-RS answered %d", status)
	}
}

// A user who waits reads what is wrong with the keyring, and that a locked one is no obstacle.
func TestATroubledKeyringIsNoticedWhileWaiting(t *testing.T) {
	m := situation{"waiting", toWaiting}.machine(t)
	m.handle(morning, linkSeen{linkKeyring, locked})
	require.Len(t, m.state.Notices, 1)
	said := m.state.Notices[0].Problem
	assert.Equal(t, locked.Code, said.Code)
	assert.Equal(t, "You can still sign in.", said.Happened)
	assert.Contains(t, said.WhatToDo()[0], "asks for the password")
	m.handle(morning, linkSeen{linkKeyring, noBus})
	assert.Equal(t, noBus.Code, m.state.Notices[0].Problem.Code)
	m.handle(morning, linkSeen{linkKeyring, nil})
	assert.Empty(t, m.state.Notices)
	assert.Equal(t, HealthGood, m.state.Links.Keyring)
}

func TestBoard(t *testing.T) {
	board := NewBoard()
	board.Set("clock", locked)
	board.SetQuiet("readers", noBus)
	assert.Equal(t, []Notice{{Problem: locked}, {Problem: noBus, Quiet: true}}, <-board.Changes(), "only the latest list is reported")
	board.Set("clock", nil)
	assert.Equal(t, []Notice{{Problem: noBus, Quiet: true}}, <-board.Changes())
	board.Set("clock", hiccup)
	assert.Equal(t, []Notice{{Problem: hiccup}, {Problem: noBus, Quiet: true}}, <-board.Changes(), "each has its place")
	select {
	case <-board.Changes():
		t.Error("nothing has changed")
	default:
	}
}

// A session lives and ends with the ticket. If this fails, a card that was moved in its reader ends
// a session that Spine goes on with, or a session without a ticket goes on.
func TestAUT004PresenceEndsAndBeginsNothing(t *testing.T) {
	m := signedIn(t)
	for _, card := range []string{cardIn, cardOut, "", cardIn} {
		assert.Empty(t, m.handle(morning, readers(card)(m)))
		assert.Equal(t, SignedIn, m.state.Phase)
		assert.Equal(t, card, m.state.Links.Proof.Text)
	}
}

// If this fails, a user who inserts their card is shown how the sign-in before ended, which may
// have been another's.
func TestAnInsertedCardBeginsAnew(t *testing.T) {
	for name, test := range map[string]struct {
		path []string
		want Reason
	}{
		"after a cancelled one":       {[]string{"no card is seen in a reader", "user: sign in", "user: cancel", "a card is seen in a reader"}, NotEnded},
		"a card that was in already":  {[]string{"a card is seen in a reader", "user: sign in", "user: cancel", "a card is seen in a reader"}, Cancelled},
		"a card that was not seen":    {[]string{"user: sign in", "user: cancel", "a card is seen in a reader"}, Cancelled},
		"a card that is taken out":    {[]string{"a card is seen in a reader", "user: sign in", "user: cancel", "no card is seen in a reader"}, Cancelled},
		"readers that are seen again": {[]string{"no card is seen in a reader", "user: sign in", "user: cancel", "the readers go out of sight", "a card is seen in a reader"}, Cancelled},
	} {
		t.Run(name, func(t *testing.T) {
			m := situation{name, append(toWaiting[:2:2], test.path...)}.machine(t)
			require.Equal(t, Waiting, m.state.Phase)
			assert.Equal(t, test.want, m.state.Reason)
		})
	}
}

// If this fails, the page of the last user's trouble is what the next one sees, with their own card
// in, and acts by.
func TestAnInsertedCardEndsAFailure(t *testing.T) {
	for name, path := range map[string][]string{
		"a card that is blocked": {"a card is seen in a reader", "user: sign in", "asked: card blocked"},
		"a refused ticket":       {"a card is seen in a reader", "the first ticket appears", "A001: refused", "the ticket is gone: no card"},
	} {
		t.Run(name, func(t *testing.T) {
			failed := append(toWaiting[:2:2], path...)
			m := situation{name, append(failed[:len(failed):len(failed)], "no card is seen in a reader")}.machine(t)
			require.Equal(t, Failed, m.state.Phase, "its user still reads it")
			m = situation{name, append(failed, "no card is seen in a reader", "a card is seen in a reader")}.machine(t)
			require.Equal(t, Waiting, m.state.Phase)
			assert.Nil(t, m.state.Problem)
			assert.Equal(t, NotEnded, m.state.Reason)
		})
	}
}

// A user who took the wrong role wants the list back, without the passcode. The session that was to
// have that role is closed: A002 is sent once for each session at most.
func TestGivingUpARoleLeadsBackToTheList(t *testing.T) {
	for name, c := range map[string]struct {
		path []string
		back happening
		end  string
	}{
		"while it is selected": {
			toSelecting, happening{make: func(m *machine) event { return selected{attempt: m.attempt, err: context.Canceled} }}, "A003 one",
		},
		"selected meanwhile": {
			toSelecting, happening{make: func(m *machine) event { return selected{m.attempt, valid("two"), nil} }}, "A003 two",
		},
		"while it is handed over": {
			toPublished, happening{make: func(m *machine) event { return published{attempt: m.attempt, looked: true} }},
			"clear keyring, A003 two",
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := situation{name, c.path}.machine(t)
			m.handle(morning, Requested{By: "Vendor App"})
			require.Equal(t, []string{"stop calls"}, names(m.handle(morning, Cancel{})))
			require.Equal(t, []string{c.end}, names(m.handle(morning, c.back.make(m))))
			require.Equal(t, []string{"A001"}, names(m.handle(morning, ended{})))
			require.Equal(t, "Vendor App", m.state.AskedBy, "the sign-in goes on")
			require.Empty(t, m.handle(morning, opened{m.attempt, provisional("three"), referrer, nil}))
			require.Equal(t, Choosing, m.state.Phase)
			effects := m.handle(morning, Choose{referrer})
			require.Equal(t, []string{"A002 REFERRING_CLINICIAN"}, names(effects))
			assert.Equal(t, "three", effects[0].(selectRole).grant.Key.Reveal()) //nolint:errcheck,forcetypeassert // a panic fails the test just as well
		})
	}
	t.Run("the card is removed meanwhile", func(t *testing.T) {
		m := situation{"selecting", toSelecting}.machine(t)
		m.handle(morning, Cancel{})
		m.handle(morning, gone(missingCard))
		m.handle(morning, selected{attempt: m.attempt, err: context.Canceled})
		m.handle(morning, ended{})
		assert.Equal(t, Waiting, m.state.Phase)
		assert.Equal(t, CardRemoved, m.state.Reason)
	})
}

// A session that a failed sign-in has left is closed although the next person's card comes first. If
// this fails, it stays open at e-RS, and the audit log has no end of it.
func TestTheNextCardClosesWhatAFailedSignInHasLeft(t *testing.T) {
	m := situation{"selecting", toSelecting}.machine(t)
	require.Equal(t, []string{"stop calls", "A003 one"}, names(m.handle(morning, selected{attempt: m.attempt, err: rejection})))
	require.Empty(t, m.handle(morning, ended{closeErr: hiccup}))
	require.Equal(t, Failed, m.state.Phase)
	require.Empty(t, m.handle(morning, gone(missingCard)))
	inserted := Report{Kind: StatusChanged, Missing: missingPasscode, Begun: true}
	assert.Equal(t, []string{"A003 one beside", "probe keyring"}, names(m.handle(morning, inserted)))
	assert.Equal(t, Waiting, m.state.Phase)
}

// Whose card it is that is still in: the next person must not sign in as the one before unknowingly.
func TestAWaitingUserSeesWhoseProofThereIs(t *testing.T) {
	out := func(t *testing.T) *machine {
		m := signedIn(t)
		m.handle(morning, SignOut{})
		require.Equal(t, User{}, m.state.Holder, "while it ends, the User is")
		m.handle(morning, ended{})
		require.Equal(t, Waiting, m.state.Phase)
		return m
	}
	holder := User{Name: "SA Assurance GP-Card", Identifier: "555020964101"}
	t.Run("signed out", func(t *testing.T) {
		m := out(t)
		assert.Equal(t, missingIntent, m.state.Missing)
		assert.Equal(t, holder, m.state.Holder)
		m.handle(morning, SignIn{})
		assert.Equal(t, User{}, m.state.Holder)
	})
	t.Run("signed out, after the entry could not be cleared", func(t *testing.T) {
		m := signedIn(t)
		m.handle(morning, SignOut{})
		m.handle(morning, ended{clearErr: locked})
		require.Equal(t, Failed, m.state.Phase)
		m.handle(morning, TryAgain{})
		m.handle(morning, ended{})
		assert.Equal(t, holder, m.state.Holder)
	})
	t.Run("the card is removed", func(t *testing.T) {
		m := out(t)
		m.handle(morning, gone(missingCard))
		assert.Equal(t, User{}, m.state.Holder)
	})
	t.Run("another proof, and no one has signed in with it", func(t *testing.T) {
		m := out(t)
		m.handle(morning, replaced("second-ticket", morning))
		require.Equal(t, SigningIn, m.state.Phase)
		m.handle(morning, Cancel{})
		require.Equal(t, Waiting, m.state.Phase)
		assert.Equal(t, User{}, m.state.Holder)
	})
	t.Run("no one has signed in yet", func(t *testing.T) {
		m := situation{"signing in", toSigningIn}.machine(t)
		m.handle(morning, Cancel{})
		assert.Equal(t, missingIntent, m.state.Missing)
		assert.Equal(t, User{}, m.state.Holder)
	})
}
