package signin

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
)

const (
	refreshAfter = 8 * time.Minute
	keyLives     = 10 * time.Minute
)

// refreshable is a grant of a platform whose keys live for ten minutes.
func refreshable(key string, at time.Time) Grant {
	grant := valid(key)
	grant.RefreshAt, grant.KeyExpiresAt = at.Add(refreshAfter), at.Add(keyLives)
	return grant
}

// due is a signed-in machine whose session is being refreshed, and the time.
func due(t *testing.T) (*machine, time.Time) {
	t.Helper()
	m := situation{"selecting", toSelecting}.machine(t)
	m.handle(morning, selected{m.attempt, refreshable("two", morning), nil})
	m.handle(morning, published{attempt: m.attempt, looked: true})
	require.Equal(t, SignedIn, m.state.Phase)
	now := morning.Add(refreshAfter)
	require.NotContains(t, names(m.handle(now.Add(-time.Second), tick{})), "refresh two")
	require.Equal(t, []string{"refresh two"}, names(m.handle(now, tick{})))
	return m, now
}

// If this fails, a session whose key lives for minutes ends while a user works with it, or goes on
// after e-RS has ended it.
func TestRefreshing(t *testing.T) {
	refused := errors.Join(&problem.Problem{Code: "CIS2-REFUSED"}, ersclient.ErrRefreshRefused)
	lost := errors.Join(offline, ersclient.ErrAnswerLost)
	failed := func(err error) func(*machine) event {
		return func(m *machine) event { return refreshed{attempt: m.attempt, err: err} }
	}
	type step struct {
		after   time.Duration // since the refresh was due
		happens func(*machine) event
		effects []string
	}
	second, retry := always(tick{}), agreed.refreshRetry
	succeeds := func(m *machine) event {
		return refreshed{m.attempt, refreshable("three", morning.Add(refreshAfter)), nil}
	}
	for name, test := range map[string]struct {
		steps   []step
		phase   Phase
		problem string
	}{
		"it succeeds, and the entry is replaced": {[]step{
			{0, succeeds, []string{"replace by three"}},
			{time.Second, func(m *machine) event { return published{attempt: m.attempt} }, nil},
			{refreshAfter, second, []string{"refresh three"}},
		}, SignedIn, ""},
		"one at a time": {[]step{
			{time.Second, second, nil},
			{time.Minute, second, nil},
			{time.Minute, succeeds, []string{"replace by three"}},
			{time.Minute, second, nil},
		}, SignedIn, ""},
		"it is refused": {[]step{
			{0, failed(refused), []string{"stop calls", "clear keyring, A003 two"}},
			{0, always(ended{}), nil},
		}, Failed, "CIS2-REFUSED"},
		"e-RS is out of reach, and is again": {[]step{
			{0, failed(offline), nil},
			{time.Second, second, nil},
			{retry, second, []string{"refresh two"}},
			{retry, failed(offline), nil},
			{2 * retry, second, []string{"refresh two"}},
			{2 * retry, succeeds, []string{"replace by three"}},
		}, SignedIn, ""},
		"e-RS is out of reach until the key ends": {[]step{
			{0, failed(offline), nil},
			{keyLives - refreshAfter, second, []string{"refresh two"}},
			{keyLives - refreshAfter, failed(offline), []string{"stop calls", "clear keyring, A003 two"}},
			{keyLives - refreshAfter, always(ended{}), nil},
		}, Failed, "NET-OFFLINE"},
		"an answer is lost, and the repetition succeeds": {[]step{
			{0, failed(lost), nil},
			{retry, second, []string{"refresh two"}},
			{retry, succeeds, []string{"replace by three"}},
		}, SignedIn, ""},
		"the answer to the repetition is lost, too": {[]step{
			{0, failed(lost), nil},
			{retry, second, []string{"refresh two"}},
			{retry, failed(lost), []string{"stop calls", "clear keyring, A003 two"}},
			{retry, always(ended{}), nil},
		}, Failed, "NET-OFFLINE"},
		"signing out meanwhile: what uses the session comes back first": {[]step{
			{0, intent(SignOut{}), []string{"stop calls"}},
			{0, failed(context.Canceled), []string{"clear keyring, grace, A003 two"}},
			{0, always(ended{}), []string{"probe keyring"}},
		}, Waiting, ""},
		"signing out meanwhile, and it succeeds": {[]step{
			{0, intent(SignOut{}), []string{"stop calls"}},
			{0, succeeds, []string{"clear keyring, grace, A003 three"}},
		}, Ending, ""},
		"signing out while the entry is replaced": {[]step{
			{0, succeeds, []string{"replace by three"}},
			{0, intent(SignOut{}), []string{"stop calls"}},
			{0, func(m *machine) event { return published{attempt: m.attempt, err: context.Canceled} }, []string{"clear keyring, grace, A003 three"}},
		}, Ending, ""},
		"the card is removed meanwhile": {[]step{
			{0, always(gone(missingCard)), []string{"stop calls"}},
			{0, failed(context.Canceled), []string{"clear keyring, A003 two"}},
		}, Ending, ""},
		"the keyring does not take the entry": {[]step{
			{0, succeeds, []string{"replace by three"}},
			{0, func(m *machine) event { return published{attempt: m.attempt, err: noBus} }, []string{"stop calls", "clear keyring, A003 three"}},
			{0, always(ended{}), nil},
		}, Failed, "KEYRING-NO_BUS"},
		"another program has removed the entry": {[]step{
			{0, succeeds, []string{"replace by three"}},
			{0, func(m *machine) event { return published{attempt: m.attempt, err: handoff.ErrNotFound} }, nil},
			{2 * refreshAfter, second, []string{"look"}},
		}, SignedIn, ""},
		"the computer has slept over several refreshes": {[]step{
			{0, failed(offline), nil},
			{3 * time.Hour, always(incidentEvent{Woke}), []string{"refresh two"}},
			{3 * time.Hour, second, nil},
			{3 * time.Hour, func(m *machine) event {
				return refreshed{m.attempt, refreshable("three", morning.Add(refreshAfter+3*time.Hour)), nil}
			}, []string{"replace by three"}},
			{3 * time.Hour, func(m *machine) event { return published{attempt: m.attempt} }, nil},
			{3*time.Hour + time.Second, second, nil},
		}, SignedIn, ""},
		"the computer has slept until the session's end": {[]step{
			{0, failed(offline), nil},
			{10 * time.Hour, always(incidentEvent{Woke}), []string{"stop calls", "clear keyring, A003 two"}},
		}, Ending, ""},
		"an earlier attempt": {[]step{
			{0, func(m *machine) event { return refreshed{m.attempt - 1, refreshable("late", morning), nil} }, nil},
			{0, succeeds, []string{"replace by three"}},
		}, SignedIn, ""},
	} {
		t.Run(name, func(t *testing.T) {
			m, now := due(t)
			generation := m.generation
			for i, s := range test.steps {
				assert.Equal(t, s.effects, names(m.handle(now.Add(s.after), s.happens(m))), "step %d", i)
			}
			require.Equal(t, test.phase, m.state.Phase)
			assert.Equal(t, generation, m.generation, "readers compare it to detect another session")
			if test.problem != "" {
				assert.Equal(t, test.problem, m.state.Problem.Code)
			}
		})
	}
}

// What is replaced is the same session: the user sees none of it, but for an end that the platform
// has moved.
func TestARefreshIsNotSeen(t *testing.T) {
	m, now := due(t)
	before := m.state
	grant := refreshable("three", now)
	grant.ExpiresAt = evening.Add(-time.Hour)
	effects := m.handle(now, refreshed{m.attempt, grant, nil})
	assert.Equal(t, EntryDetails{
		Generation: m.generation, Revision: 1, IssuedAt: morning.UTC(), ExpiresAt: grant.ExpiresAt.UTC(), Publisher: agreed.publisher,
	}, effects[0].(publish).details) //nolint:errcheck,forcetypeassert // a panic fails the test just as well
	m.handle(now, published{attempt: m.attempt})
	before.ExpiresAt = grant.ExpiresAt
	before.Links.ERS = HealthGood
	assert.Equal(t, before, m.state)
}

// A platform that sets no time for it is never asked to refresh.
func TestWhatNeedNotBeRefreshedIsNot(t *testing.T) {
	m := signedIn(t)
	for age := time.Duration(0); age < 10*time.Hour; age += time.Minute {
		for _, todo := range m.handle(morning.Add(age), tick{}) {
			_, refreshes := todo.(refreshGrant)
			require.False(t, refreshes)
		}
		m.handle(morning.Add(age), entrySeen{m.attempt, m.generation, nil})
	}
	assert.Equal(t, secret.New("two").Reveal(), m.grant.Key.Reveal())
}
