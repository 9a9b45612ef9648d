package fhir

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sirupsen/logrus/hooks/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/cis2test"
	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/ersclient/testserver"
	"github.com/ers-login/ers-login/internal/secret"
	"github.com/ers-login/ers-login/internal/signin"
)

// run is a flow at a desk, with a keyring in memory.
type run struct {
	*desk
	*signin.Flow
	clock   aheadClock
	keyring heldEntry

	mu    sync.Mutex
	state signin.State
}

// aheadClock is a clock that can be set ahead.
type aheadClock struct{ ahead atomic.Int64 }

func (c *aheadClock) Now() time.Time { return time.Now().Round(0).Add(time.Duration(c.ahead.Load())) }

func (c *aheadClock) Tick(time.Duration) (<-chan time.Time, func()) {
	return signin.SystemClock{}.Tick(5 * time.Millisecond)
}

// heldEntry is a keyring, and a memory that remembers nothing.
type heldEntry struct {
	mu    sync.Mutex
	entry handoff.Entry
}

func (k *heldEntry) set(entry handoff.Entry) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.entry = entry
	return nil
}

func (k *heldEntry) Publish(_ context.Context, entry handoff.Entry) error { return k.set(entry) }
func (k *heldEntry) Clear(context.Context) error                          { return k.set(nil) }
func (k *heldEntry) Check(context.Context) error                          { return nil }
func (k *heldEntry) ReadUnlocking(ctx context.Context) (handoff.Entry, error) {
	return k.Read(ctx)
}

func (k *heldEntry) Read(context.Context) (handoff.Entry, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.entry == nil {
		return nil, handoff.ErrNotFound
	}
	return k.entry, nil
}

func (k *heldEntry) Last(string) (ersclient.Permission, bool) {
	return ersclient.Permission{}, false
}
func (k *heldEntry) Remember(string, ersclient.Permission) error { return nil }

// newRun starts a flow, which is quit with the test. Its calls have a timeout, or the default one.
func newRun(t *testing.T, persona string, timeout time.Duration) *run {
	t.Helper()
	r := &run{desk: unwatched(t, persona, nil)}
	r.Gateway, r.ERS = clients(t, r.server, timeout)
	log, _ := test.NewNullLogger()
	r.Flow = signin.New(signin.Config{
		Platform: r.Platform, Keyring: &r.keyring, Memory: &r.keyring, Clock: &r.clock, Log: log,
		Observe: func(state signin.State) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.state = state
		},
		Guard: func(secret.Text) {}, QuitWithin: enough, Terms: signin.Terms{MaxAge: 12 * time.Hour},
	})
	go r.Run(context.WithoutCancel(t.Context()))
	t.Cleanup(func() {
		r.Send(signin.Quit{})
		<-r.Done()
		require.Equal(t, signin.Closed, r.now().Phase)
		r.requireNothing(t)
	})
	r.await(t, signin.Waiting)
	return r
}

func (r *run) now() signin.State {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state
}

func (r *run) await(t *testing.T, phase signin.Phase) signin.State {
	t.Helper()
	return r.awaitState(t, func(s signin.State) bool { return s.Phase == phase })
}

func (r *run) awaitState(t *testing.T, holds func(signin.State) bool) signin.State {
	t.Helper()
	var found signin.State
	require.Eventually(t, func() bool { found = r.now(); return holds(found) }, enough, time.Millisecond)
	return found
}

// pass lets time pass for the flow until its state is as wanted.
func (r *run) pass(t *testing.T, holds func(signin.State) bool) signin.State {
	t.Helper()
	var found signin.State
	require.Eventually(t, func() bool {
		r.clock.ahead.Add(int64(5 * time.Second))
		found = r.now()
		return holds(found)
	}, enough, 20*time.Millisecond)
	return found
}

func (r *run) awaitProblem(t *testing.T, phase signin.Phase, code string) {
	t.Helper()
	state := r.awaitState(t, func(s signin.State) bool { return s.Phase == phase && s.Problem != nil })
	assert.Equal(t, code, state.Problem.Code)
}

// requireNothing fails if other applications could read a session.
func (r *run) requireNothing(t *testing.T) {
	t.Helper()
	_, err := r.keyring.Read(t.Context())
	require.ErrorIs(t, err, handoff.ErrNotFound)
}

func (r *run) signIn(t *testing.T, phase signin.Phase) signin.State {
	t.Helper()
	r.Send(signin.SignIn{})
	return r.await(t, phase)
}

// as is the permission of a function.
func as(t *testing.T, state signin.State, function ersclient.BusinessFunction) ersclient.Permission {
	t.Helper()
	for _, permission := range state.Permissions {
		if permission.BusinessFunction == function {
			return permission
		}
	}
	require.Fail(t, "there is no such role")
	return ersclient.Permission{}
}

// codeOf returns the code of a failure of e-RS's call, unless it is the network's.
func codeOf(call, failure string) string {
	if strings.HasPrefix(failure, "NET-") {
		return failure
	}
	return "ERS-" + call + "-" + failure
}

// Every failure of the network and of the services, at every call: what the user sees, and that
// nothing is left of it.
func TestFaults(t *testing.T) {
	const often = 10 // Calls that change nothing are repeated.
	for name, one := range map[string]struct {
		fault testserver.Fault
		// oauth is the code of token, userinfo and refresh, ers that of A030 and A040 (codeOf).
		oauth, ers string
		// lost: a refresh may have been carried out, and is repeated once.
		lost bool
		// done: it was, so that the repetition is refused.
		done bool
		// silent: there is no answer.
		silent bool
	}{
		"cut before":        {testserver.Fault{Kind: testserver.CutBefore}, "NET-CUT", "NET-CUT", true, false, false},
		"cut after":         {testserver.Fault{Kind: testserver.CutAfter}, "NET-CUT", "NET-CUT", true, true, false},
		"cut in the middle": {testserver.Fault{Kind: testserver.CutDuring}, "NET-CUT", "NET-CUT", true, true, false},
		"a hang":            {testserver.Fault{Kind: testserver.Hang}, "NET-TIMEOUT", "NET-TIMEOUT", true, false, true},
		"a drip":            {testserver.Fault{Kind: testserver.Drip, Delay: 500 * time.Millisecond}, "NET-TIMEOUT", "NET-TIMEOUT", true, true, true},
		"HTML":              {testserver.Fault{Kind: testserver.HTML}, "NET-HTML", "NET-HTML", true, false, false},
		"half of the JSON":  {testserver.Fault{Kind: testserver.TruncatedJSON}, "CIS2-ANSWER", "ANSWER", true, true, false},
		"two megabytes":     {testserver.Fault{Kind: testserver.HugeBody}, "CIS2-ANSWER", "ANSWER", true, false, false},
		"429":               {testserver.Fault{Kind: testserver.Status, Status: 429, RetryAfter: "5"}, "CIS2-BUSY", "429", false, false, false},
		"503":               {testserver.Fault{Kind: testserver.Status, Status: 503, RetryAfter: "60"}, "CIS2-UNAVAILABLE", "503", false, false, false},
		"500":               {testserver.Fault{Kind: testserver.Status, Status: 500}, "CIS2-UNAVAILABLE", "500", false, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			fails := func(t *testing.T, persona string, call testserver.Call) *run {
				t.Helper()
				t.Parallel()
				timeout := time.Minute
				if one.silent {
					timeout = 3 * time.Second
				}
				r := newRun(t, persona, timeout)
				fault := one.fault
				if fault.Times = often; one.done && call == cis2test.Refresh {
					fault.Times = 1
				}
				require.NoError(t, r.server.Fail(call, fault))
				return r
			}
			t.Run("token", func(t *testing.T) {
				r := fails(t, cis2test.GP, cis2test.Token)
				state := r.signIn(t, signin.Failed)
				r.awaitProblem(t, signin.Failed, one.oauth)
				if title := state.Problem.Expand(state.Problem.Title); one.oauth != "NET-HTML" {
					assert.NotContains(t, title, "e-RS", "it was not asked")
					assert.NotContains(t, title, "{{")
				}
				assert.NotContains(t, []signin.Health{signin.HealthBad, signin.HealthAttention}, state.Links.ERS, "it was not asked")
				r.requireNothing(t)
				r.server.Forgive(cis2test.Token)
				r.signIn(t, signin.Choosing)
			})
			t.Run("userinfo", func(t *testing.T) {
				r := fails(t, cis2test.GP, cis2test.UserInfo)
				state := r.signIn(t, signin.Choosing)
				assert.Empty(t, state.User.Name, "a name is for display alone")
				assert.NotEmpty(t, state.User.Identifier)
			})
			t.Run("A030", func(t *testing.T) {
				r := fails(t, cis2test.GP, cis2test.A030)
				r.signIn(t, signin.Failed)
				r.awaitProblem(t, signin.Failed, codeOf("A030", one.ers))
				r.requireNothing(t)
				r.server.Forgive(cis2test.A030)
				r.signIn(t, signin.Choosing)
			})
			t.Run("A040", func(t *testing.T) {
				r := fails(t, cis2test.Admin, cis2test.A040)
				state := r.signIn(t, signin.Choosing)
				acting := as(t, state, ersclient.ServiceProviderClinicianAdmin)
				r.Send(signin.Choose{Permission: acting})
				r.awaitProblem(t, signin.Choosing, codeOf("A040", one.ers))
				r.requireNothing(t)
				r.server.Forgive(cis2test.A040)
				r.Send(signin.TryAgain{})
				r.Send(signin.Choose{Permission: acting})
				r.await(t, signin.ChoosingClinician)
			})
			t.Run("refresh", func(t *testing.T) {
				r := fails(t, cis2test.GP, cis2test.Refresh)
				state := r.signIn(t, signin.Choosing)
				r.Send(signin.Choose{Permission: state.Permissions[0]})
				r.await(t, signin.SignedIn)
				before, err := r.keyring.Read(t.Context())
				require.NoError(t, err)
				r.clock.ahead.Store(int64(9 * time.Minute))
				tried := func(times int) func() bool {
					return func() bool {
						calls := 0
						for _, request := range r.server.Requests() {
							if request.Call == cis2test.Refresh {
								calls++
							}
						}
						return calls >= times
					}
				}
				require.Eventually(t, tried(1), enough, time.Millisecond)
				assert.Equal(t, signin.SignedIn, r.now().Phase, "the user sees nothing while the token is good")
				assert.Empty(t, r.now().Notices)
				after, err := r.keyring.Read(t.Context())
				require.NoError(t, err)
				assert.Equal(t, before.Details(), after.Details())
				assert.True(t, signin.SecretOf(before).Equal(signin.SecretOf(after)))

				if one.lost {
					r.pass(t, func(s signin.State) bool { return s.Phase == signin.Failed })
					want := one.oauth
					if one.done {
						want = "CIS2-REFRESH_LOST"
					}
					r.awaitProblem(t, signin.Failed, want)
					require.True(t, tried(2)())
					require.False(t, tried(3)(), "it is repeated once")
					r.requireNothing(t)
					return
				}
				state = r.pass(t, func(s signin.State) bool { return len(s.Notices) > 0 })
				assert.Equal(t, one.oauth, state.Notices[0].Problem.Code)
				r.server.Forgive(cis2test.Refresh)
				r.Send(signin.SignOut{})
				r.await(t, signin.Waiting)
				r.requireNothing(t)
			})
		})
	}
}

// A slow answer is one.
func TestASlowAnswerIsUsed(t *testing.T) {
	r := newRun(t, cis2test.Admin, 0)
	for _, call := range []testserver.Call{cis2test.Token, cis2test.UserInfo, cis2test.A030, cis2test.A040, cis2test.Refresh} {
		require.NoError(t, r.server.Fail(call, testserver.Fault{Kind: testserver.Slow, Delay: 50 * time.Millisecond}))
	}
	state := r.signIn(t, signin.Choosing)
	require.NotEmpty(t, state.User.Name)
	acting := as(t, state, ersclient.ServiceProviderClinicianAdmin)
	r.Send(signin.Choose{Permission: acting})
	acting.OnBehalfOf = r.await(t, signin.ChoosingClinician).Clinicians[0]
	r.Send(signin.Choose{Permission: acting})
	r.await(t, signin.SignedIn)
	r.clock.ahead.Store(int64(9 * time.Minute))
	require.Eventually(t, func() bool {
		entry, err := r.keyring.Read(t.Context())
		return err == nil && entry.Details().Revision > 0
	}, enough, time.Millisecond)
}
