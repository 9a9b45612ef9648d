package signin

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/problem"
)

const colleague = "555032000100"

var (
	admin  = ersclient.Permission{BusinessFunction: ersclient.ServiceProviderClinicianAdmin, OrgIdentifier: "R01"}
	acting = ersclient.Permission{BusinessFunction: ersclient.ServiceProviderClinicianAdmin, OrgIdentifier: "R01", OnBehalfOf: colleague}

	noClinicians = &problem.Problem{Code: "ERS-A040-NONE"}
	staleToken   = (&problem.Problem{Code: "ERS-A040-401"}).Because(ersclient.ErrProofRefused)
	spentRefresh = errors.Join(&problem.Problem{Code: "CIS2-REFUSED"}, ersclient.ErrRefreshRefused)
)

// browsing is a platform that signs in through a browser, and switches roles within its grant.
func browsing() terms {
	made := agreed
	made.MaxAge = 12 * time.Hour
	made.about.InPlace = true
	return made
}

func token(key string, at time.Time) Grant {
	grant := refreshable(key, at)
	grant.ExpiresAt, grant.Permission = morning.Add(12*time.Hour), ersclient.Permission{}
	grant.User.Permissions = []ersclient.Permission{referrer, clinician, admin}
	return grant
}

func inRole(key string, permission ersclient.Permission, at time.Time) Grant {
	grant := token(key, at)
	grant.Permission = permission
	return grant
}

// inPlace is what happens on such a platform. What is common with the other is in happenings.
var inPlace = append(common(
	"leftoverCleared: nothing was left", "another program asks for a sign-in", "user: sign in", "user: cancel",
	"user: choose an offered role", "user: choose a role not offered", "user: switch role", "user: sign out", "user: try again", "user: renew",
	"user: quit", "the computer shuts down", "keyring: published", "keyring: locked", "ended: all well", "ended: entry not cleared",
	"the entry is there", "the entry is gone", "the screen is locked", "another user takes over", "a second passes",
), []happening{
	{"the browser has come back", morning, func(*machine) event {
		return Report{Kind: ProofAppeared, Proof: proof("code", morning)}
	}},
	{"the card is removed", morning, always(gone(missingCard))},
	{"the browser is open", morning, func(*machine) event {
		return Report{Browser: &Browser{Address: "https://sign-in.example", Until: morning.Add(5 * time.Minute)}}
	}},
	{"asked: not in time", morning, func(m *machine) event { return prompted{m.attempt, &problem.Problem{Code: "CIS2-TIME"}} }},
	{"opened", morning, func(m *machine) event { return opened{m.attempt, token("one", morning), clinician, nil} }},
	{"opened: the code is refused", morning, func(m *machine) event { return opened{attempt: m.attempt, err: refusal} }},
	{"user: choose the clinicians' administrator", morning, intent(Choose{admin})},
	{"user: choose a clinician", morning, intent(Choose{acting})},
	{"user: choose a clinician not offered", morning, intent(Choose{ersclient.Permission{
		BusinessFunction: admin.BusinessFunction, OrgIdentifier: admin.OrgIdentifier, OnBehalfOf: "555000000000",
	}})},
	{"selected", morning, func(m *machine) event { return selected{m.attempt, inRole("one", m.state.Chosen, morning), nil} }},
	{"selected: clinicians to choose from", morning, func(m *machine) event {
		grant := m.grant
		grant.Clinicians = []string{colleague, "555032000200"}
		return selected{m.attempt, grant, nil}
	}},
	{"selected: no clinicians", morning, func(m *machine) event { return selected{m.attempt, m.grant, noClinicians} }},
	{"selected: the token is refused", morning, func(m *machine) event { return selected{m.attempt, m.grant, staleToken} }},
	{"selected: stopped", morning, func(m *machine) event { return selected{m.attempt, m.grant, context.Canceled} }},
	{"eight minutes pass", morning.Add(refreshAfter), always(tick{})},
	{"refreshed", morning.Add(refreshAfter), func(m *machine) event {
		return refreshed{m.attempt, inRole("two", m.grant.Permission, morning.Add(refreshAfter)), nil}
	}},
	{"refreshed: refused", morning.Add(refreshAfter), func(m *machine) event { return refreshed{attempt: m.attempt, err: spentRefresh} }},
	{"refreshed: out of reach", morning.Add(refreshAfter), func(m *machine) event { return refreshed{attempt: m.attempt, err: offline} }},
	{"keyring: replaced", morning.Add(refreshAfter), func(m *machine) event { return published{attempt: m.attempt} }},
	{"keyring: nothing to replace", morning.Add(refreshAfter), func(m *machine) event {
		return published{attempt: m.attempt, err: handoff.ErrNotFound}
	}},
	{"the screen is unlocked", morning, always(CameBack)},
	{"no one has used the computer", morning, always(WentIdle)},
	{"twelve hours pass", morning.Add(12 * time.Hour), always(tick{})},
}...)

// common returns happenings of both platforms by name.
func common(names ...string) []happening {
	var found []happening
	for _, name := range names {
		for _, h := range happenings {
			if h.name == name {
				found = append(found, h)
			}
		}
	}
	return found
}

var inPlaceSituations = func() []situation {
	waiting := []string{"leftoverCleared: nothing was left"}
	prompting := append(waiting[:1:1], "user: sign in", "the browser is open")
	signingIn := append(prompting[:3:3], "the browser has come back")
	choosing := append(signingIn[:4:4], "opened")
	selecting := append(choosing[:5:5], "user: choose an offered role")
	signedIn := append(selecting[:6:6], "selected", "keyring: published")
	switching := append(signedIn[:8:8], "user: switch role")
	clinicians := append(choosing[:5:5], "user: choose the clinicians' administrator", "selected: clinicians to choose from")
	return []situation{
		{"waiting", waiting},
		{"the browser is open", prompting},
		{"signing in", signingIn},
		{"choosing", choosing},
		{"choosing, being refreshed", append(choosing[:5:5], "eight minutes pass")},
		{"choosing, there was no clinician to work for", append(selecting[:6:6], "selected: no clinicians")},
		{"choosing a clinician", clinicians},
		{"selecting", selecting},
		{"selecting, for a clinician", append(clinicians[:7:7], "user: choose a clinician")},
		{"selecting, being refreshed", append(choosing[:5:5], "eight minutes pass", "user: choose an offered role")},
		{"selecting: being published", append(selecting[:6:6], "selected")},
		{"signed in", signedIn},
		{"signed in, being refreshed", append(signedIn[:8:8], "eight minutes pass")},
		{"signed in, the screen was locked", append(signedIn[:8:8], "the screen is locked", "ended: all well")},
		{"switching", switching},
		{"switching, being refreshed", append(switching[:9:9], "eight minutes pass")},
		{"switching, a clinician to choose", append(switching[:9:9], "user: choose the clinicians' administrator", "selected: clinicians to choose from")},
		{"switching: selecting", append(switching[:9:9], "user: choose an offered role")},
		{"ending: signing out", append(signedIn[:8:8], "user: sign out")},
		{"ending: renewing", append(signedIn[:8:8], "user: renew")},
		{"failed: the code was refused", append(signingIn[:4:4], "opened: the code is refused")},
		{"failed: the refresh was refused", append(signedIn[:8:8], "eight minutes pass", "refreshed: refused", "ended: all well")},
		{"closed", append(waiting[:1:1], "user: quit")},
	}
}()

// TestTransitionsInPlace is TestTransitions for a platform of the browser.
func TestTransitionsInPlace(t *testing.T) {
	words := strings.NewReplacer("A001", "open", "A002", "select", "A003", "close", "getTicket", "browser", "getNewTicket", "browser")
	checkTransitions(t, "transitions-inplace.txt", words, browsing(), inPlaceSituations, inPlace)
}

// at is a machine of such a platform in a situation of the table.
func at(t *testing.T, name string) *machine {
	t.Helper()
	for _, s := range inPlaceSituations {
		if s.name == name {
			return s.of(t, browsing(), inPlace)
		}
	}
	require.Fail(t, "no such situation", name)
	return nil
}

// If this fails, other applications lose their session while a user looks for another role, or work
// on in the old one after the user has chosen.
func TestSwitchingInPlace(t *testing.T) {
	t.Run("another role replaces the entry, as another generation", func(t *testing.T) {
		m := at(t, "signed in")
		generation := m.generation
		require.Empty(t, m.handle(morning, SwitchRole{}))
		require.Equal(t, []string{"A002 REFERRING_CLINICIAN"}, names(m.handle(morning, Choose{referrer})))
		require.Equal(t, []string{"publish"}, names(m.handle(morning, selected{m.attempt, inRole("one", referrer, morning), nil})))
		m.handle(morning, published{attempt: m.attempt})
		assert.Equal(t, SignedIn, m.state.Phase)
		assert.Greater(t, m.generation, generation)
		assert.Equal(t, referrer, m.state.Chosen)
	})
	t.Run("keeping the role changes nothing", func(t *testing.T) {
		m := at(t, "signed in")
		before := m.state
		m.handle(morning, SwitchRole{})
		require.Empty(t, m.handle(morning, Cancel{}))
		before.LastUsed = &clinician
		assert.Equal(t, before, m.state)
	})
	t.Run("a role that cannot be had leaves the present one", func(t *testing.T) {
		m := at(t, "switching")
		m.handle(morning, Choose{referrer})
		require.Empty(t, m.handle(morning, selected{m.attempt, m.grant, noClinicians}))
		assert.Equal(t, Choosing, m.state.Phase)
		assert.Equal(t, noClinicians, m.state.Problem)
		assert.Equal(t, referrer, m.state.Chosen, "it is said which")
		require.Empty(t, m.handle(morning, TryAgain{}))
		require.Empty(t, m.handle(morning, Cancel{}))
		assert.Equal(t, SignedIn, m.state.Phase)
		assert.Equal(t, clinician, m.state.Chosen)
	})
	t.Run("a session that was removed is stored again, in the same role", func(t *testing.T) {
		m := at(t, "signed in")
		m.handle(morning, entrySeen{m.attempt, 0, handoff.ErrNotFound})
		m.handle(morning, SwitchRole{})
		require.Equal(t, []string{"A002 SERVICE_PROVIDER_CLINICIAN"}, names(m.handle(morning, Choose{clinician})))
		require.Equal(t, []string{"publish"}, names(m.handle(morning, selected{m.attempt, inRole("one", clinician, morning), nil})))
		m.handle(morning, published{attempt: m.attempt})
		assert.Equal(t, SignedIn, m.state.Phase)
		assert.False(t, m.state.EntryGone)
		assert.Empty(t, m.state.Notices)
	})
	t.Run("and with a new token, since it was not refreshed meanwhile", func(t *testing.T) {
		m := at(t, "signed in")
		m.handle(morning, entrySeen{m.attempt, 0, handoff.ErrNotFound})
		m.handle(morning, SwitchRole{})
		now := morning.Add(refreshAfter)
		require.Equal(t, []string{"refresh one"}, names(m.handle(now, Choose{clinician})))
		require.Equal(t, []string{"replace by two"}, names(m.handle(now, refreshed{m.attempt, inRole("two", clinician, now), nil})))
		effects := m.handle(now, published{attempt: m.attempt, err: handoff.ErrNotFound})
		require.Equal(t, []string{"A002 SERVICE_PROVIDER_CLINICIAN"}, names(effects))
		m.handle(now, selected{m.attempt, inRole("two", clinician, now), nil})
		m.handle(now, published{attempt: m.attempt})
		assert.Equal(t, SignedIn, m.state.Phase)
		assert.False(t, m.state.EntryGone)
	})
	t.Run("and with the old one, if there is no new one to be had now", func(t *testing.T) {
		m := at(t, "signed in")
		m.handle(morning, entrySeen{m.attempt, 0, handoff.ErrNotFound})
		m.handle(morning, SwitchRole{})
		now := morning.Add(refreshAfter)
		m.handle(now, Choose{clinician})
		effects := m.handle(now, refreshed{m.attempt, Grant{}, errors.New("down")})
		require.Equal(t, []string{"A002 SERVICE_PROVIDER_CLINICIAN"}, names(effects))
	})
	t.Run("the token is refreshed meanwhile, in the role of before", func(t *testing.T) {
		m := at(t, "switching")
		now := morning.Add(refreshAfter)
		require.Equal(t, []string{"refresh one"}, names(m.handle(now, tick{})))
		m.handle(now, Choose{referrer})
		require.Equal(t, Selecting, m.state.Phase, "the choice waits for the answer, which must not be lost")
		effects := m.handle(now, refreshed{m.attempt, inRole("two", clinician, now), nil})
		require.Equal(t, []string{"replace by two"}, names(effects), "other applications must not keep a token that is dead")
		effects = m.handle(now, published{attempt: m.attempt})
		require.Equal(t, []string{"A002 REFERRING_CLINICIAN"}, names(effects))
		assert.Equal(t, "two", m.grant.Key.Reveal())
	})
}

// A proof of the browser is a code that works once.
func TestAProofOfTheBrowserIsUsedOnce(t *testing.T) {
	for name, path := range map[string][]event{
		"signed out":        {SignOut{}, ended{}},
		"refused":           {tick{}, refreshed{attempt: 2, err: spentRefresh}, ended{}},
		"the card is gone":  {gone(missingCard), ended{}},
		"the computer idle": {WentIdle, ended{}},
	} {
		t.Run(name, func(t *testing.T) {
			m := at(t, "signed in")
			for _, e := range path {
				m.handle(morning.Add(refreshAfter), e)
			}
			require.Contains(t, []Phase{Waiting, Failed}, m.state.Phase)
			assert.Equal(t, []string{"getTicket"}, names(m.handle(morning.Add(refreshAfter), SignIn{})))
		})
	}
}

// A browser that comes back after the user has left must not open a session behind a locked screen,
// nor in the role of a session that was to be renewed.
func TestABrowserThatComesBackTooLate(t *testing.T) {
	back := Report{Kind: ProofAppeared, Proof: proof("late", morning)}
	renewing := func() *machine {
		m := at(t, "ending: renewing")
		require.Equal(t, []string{"getNewTicket"}, names(m.handle(morning, ended{})))
		return m
	}
	for name, happened := range map[string]event{
		"the screen is locked": Locked, "another user": SwitchedAway, "no one is there": WentIdle,
		"the user has given up": Cancel{},
	} {
		t.Run(name, func(t *testing.T) {
			m := renewing()
			require.Contains(t, names(m.handle(morning, happened)), "stop calls")
			require.Equal(t, Waiting, m.state.Phase)
			require.Empty(t, m.handle(morning, back))
			assert.Equal(t, Waiting, m.state.Phase)
		})
	}
	t.Run("the card is removed", func(t *testing.T) {
		m := renewing()
		m.handle(morning, gone(missingCard))
		m.handle(morning, back)
		require.Equal(t, SigningIn, m.state.Phase)
		m.handle(morning, opened{m.attempt, token("two", morning), clinician, nil})
		assert.Equal(t, Choosing, m.state.Phase, "the role is chosen anew")
	})
}

// A role that was given up is not handed over, although its selection was quicker.
func TestARoleThatWasGivenUp(t *testing.T) {
	m := at(t, "switching: selecting")
	require.Equal(t, []string{"stop calls"}, names(m.handle(morning, Cancel{})))
	require.Empty(t, m.handle(morning, selected{m.attempt, inRole("one", referrer, morning), nil}))
	assert.Equal(t, Choosing, m.state.Phase)
	assert.Equal(t, clinician, m.grant.Permission)
	require.Empty(t, m.handle(morning, Cancel{}))
	assert.Equal(t, SignedIn, m.state.Phase)
}

// A hospital's computers stay locked overnight. Refreshing them would use up the calls that its
// application may make.
func TestALockedComputerIsNotRefreshed(t *testing.T) {
	cases := map[string]struct {
		happens []event
		refresh bool
	}{
		"locked":                           {[]event{Locked}, false},
		"locked, and asleep":               {[]event{Locked, Woke}, false},
		"another user":                     {[]event{SwitchedAway}, false},
		"unlocked":                         {[]event{Locked, CameBack}, true},
		"locked again":                     {[]event{Locked, CameBack, Locked}, false},
		"asleep without a lock":            {[]event{Woke}, true},
		"another program asks":             {[]event{Locked, Requested{}}, false},
		"used, though no unlock was heard": {[]event{Locked, Cancel{}}, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			m := at(t, "signed in")
			m.terms.EndWhenLocked = false
			for _, e := range c.happens {
				require.Empty(t, m.handle(morning, e))
			}
			assert.Equal(t, c.refresh, slices.Contains(names(m.handle(morning.Add(time.Hour), tick{})), "refresh one"))
		})
	}
	t.Run("at once on coming back", func(t *testing.T) {
		m := at(t, "signed in")
		m.terms.EndWhenLocked = false
		m.handle(morning, Locked)
		assert.Equal(t, []string{"refresh one"}, names(m.handle(morning.Add(time.Hour), CameBack)))
	})
}

// A computer that wakes with a token that has ended has no network yet.
func TestWakingWithATokenThatHasEnded(t *testing.T) {
	m := at(t, "signed in")
	woken := morning.Add(3 * time.Hour)
	require.Equal(t, []string{"refresh one"}, names(m.handle(woken, Woke)))
	require.Empty(t, m.handle(woken, refreshed{attempt: m.attempt, err: offline}))
	assert.Equal(t, SignedIn, m.state.Phase)
	again := woken.Add(m.terms.refreshRetry)
	require.Equal(t, []string{"refresh one"}, names(m.handle(again, tick{})))
	m.handle(again, refreshed{m.attempt, inRole("two", clinician, again), nil})
	assert.Equal(t, SignedIn, m.state.Phase)
}

// A user who renews goes on for the same clinician, without another choice, unless e-RS no longer
// has that clinician for them (A040).
func TestRenewingForAClinician(t *testing.T) {
	for name, test := range map[string]struct {
		clinicians []string
		phase      Phase
		effects    []string
	}{
		"still allowed": {[]string{"555032000200", colleague}, Selecting, []string{"A002 SERVICE_PROVIDER_CLINICIAN_ADMIN for " + colleague}},
		"no longer":     {[]string{"555032000200"}, ChoosingClinician, nil},
		"no clinician":  {nil, Choosing, nil},
	} {
		t.Run(name, func(t *testing.T) {
			m := at(t, "selecting, for a clinician")
			m.handle(morning, selected{m.attempt, inRole("one", acting, morning), nil})
			m.handle(morning, published{attempt: m.attempt})
			m.handle(morning, Renew{})
			m.handle(morning, ended{})
			m.handle(morning, Report{Kind: ProofAppeared, Proof: proof("renewed", morning)})
			effects := m.handle(morning, opened{m.attempt, token("two", morning), clinician, nil})
			require.Len(t, effects, 1)
			require.Equal(t, admin, effects[0].(selectRole).permission, "whom for is asked") //nolint:errcheck,forcetypeassert // a panic fails the test just as well
			outcome := selected{attempt: m.attempt, grant: m.grant}
			if outcome.grant.Clinicians = test.clinicians; len(test.clinicians) == 0 {
				outcome.err = noClinicians
			}
			assert.Equal(t, test.effects, names(m.handle(morning, outcome)))
			assert.Equal(t, test.phase, m.state.Phase)
			if test.phase == Selecting {
				assert.Equal(t, acting, m.state.Chosen)
				m.handle(morning, selected{m.attempt, inRole("two", acting, morning), nil})
				m.handle(morning, published{attempt: m.attempt})
				assert.Equal(t, SignedIn, m.state.Phase)
			}
		})
	}
}
