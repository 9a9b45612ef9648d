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
	broken := answered("refresh", 503, "busy")
	second, retry := always(tick{}), agreed.refreshRetry
	again := retry + refreshSpread*retry
	slept := 3 * time.Hour
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
			{2 * retry, second, []string{"look"}},
			{again, second, []string{"refresh two"}},
			{again, succeeds, []string{"replace by three"}},
		}, SignedIn, ""},
		"e-RS is out of reach beyond the key's end": {[]step{
			{0, failed(offline), nil},
			{keyLives - refreshAfter, second, []string{"refresh two"}},
			{keyLives - refreshAfter, failed(offline), nil},
			{refreshAtLeast - time.Second, second, []string{"refresh two"}},
			{refreshAtLeast - time.Second, succeeds, []string{"replace by three"}},
		}, SignedIn, ""},
		"e-RS is out of reach for half an hour": {[]step{
			{0, failed(offline), nil},
			{refreshAtLeast, second, []string{"refresh two"}},
			{refreshAtLeast, failed(offline), []string{"stop calls", "clear keyring, A003 two"}},
			{refreshAtLeast, always(ended{}), nil},
		}, Failed, "NET-OFFLINE"},
		"e-RS is out of reach, and the user comes back": {[]step{
			{0, failed(offline), nil},
			{retry, second, []string{"refresh two"}},
			{retry, failed(offline), nil},
			{2 * retry, always(CameBack), []string{"refresh two"}},
			{2 * retry, failed(offline), nil},
			{3 * retry, second, []string{"refresh two"}},
		}, SignedIn, ""},
		"e-RS is out of reach, and another program needs it": {[]step{
			{0, failed(offline), nil},
			{retry, second, []string{"refresh two"}},
			{retry, failed(offline), nil},
			{2*retry - time.Second, intent(Requested{"another"}), nil},
			{2 * retry, second, []string{"refresh two"}},
		}, SignedIn, ""},
		"the computer wakes, and its network does not": {[]step{
			{slept, always(Woke), nil},
			{slept, failed(offline), nil},
			{slept + retry, second, []string{"refresh two"}},
			{slept + retry, failed(offline), nil},
			{slept + 2*retry, second, []string{"refresh two"}},
			{slept + 2*retry, failed(offline), nil},
		}, SignedIn, ""},
		"the gateway answers that it does not work": {[]step{
			{0, failed(broken), nil},
			{retry, second, []string{"refresh two"}},
			{retry, failed(broken), nil},
			{again, second, []string{"refresh two"}},
		}, SignedIn, ""},
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
			{3 * time.Hour, always(Woke), []string{"refresh two"}},
			{3 * time.Hour, second, nil},
			{3 * time.Hour, func(m *machine) event {
				return refreshed{m.attempt, refreshable("three", morning.Add(refreshAfter+3*time.Hour)), nil}
			}, []string{"replace by three"}},
			{3 * time.Hour, func(m *machine) event { return published{attempt: m.attempt} }, nil},
			{3*time.Hour + time.Second, second, nil},
		}, SignedIn, ""},
		"the computer has slept until the session's end": {[]step{
			{0, failed(offline), nil},
			{10 * time.Hour, always(Woke), []string{"stop calls", "clear keyring, A003 two"}},
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
		Generation: m.generation, Revision: 1, IssuedAt: morning.UTC(), ExpiresAt: grant.ExpiresAt.UTC(), Publisher: agreed.Publisher,
	}, effects[0].(publish).details) //nolint:errcheck,forcetypeassert // a panic fails the test just as well
	m.handle(now, published{attempt: m.attempt})
	before.ExpiresAt = grant.ExpiresAt
	before.Links.ERS = HealthGood
	assert.Equal(t, before, m.state)
}

// A key that has ended is of no use to other applications, which the user is to know.
func TestAKeyThatHasEnded(t *testing.T) {
	m, now := due(t)
	m.handle(now, refreshed{attempt: m.attempt, err: offline})
	require.Empty(t, m.state.Notices, "the key is still good")
	ends := m.grant.KeyExpiresAt
	m.handle(ends, tick{})
	require.Len(t, m.state.Notices, 1)
	noted := m.state.Notices
	assert.Equal(t, offline.Code, noted[0].Problem.Code)
	assert.Contains(t, noted[0].Problem.Title, "Other applications cannot use")
	m.handle(ends.Add(time.Second), refreshed{attempt: m.attempt, err: offline})
	m.handle(ends.Add(2*time.Second), tick{})
	require.Equal(t, noted, m.state.Notices)

	back := ends.Add(20 * time.Minute)
	require.Equal(t, []string{"refresh two"}, names(m.handle(back, tick{})))
	m.handle(back, refreshed{m.attempt, refreshable("three", back), nil})
	require.Empty(t, m.state.Notices)
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
