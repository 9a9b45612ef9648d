package signin_test

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
	"github.com/ers-login/ers-login/internal/signin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	ticketText = "AQIC5wM2LY4Sfcyw62EbAOsRpdfbGYUOyvkfZ4M6U7W52lM=@AAJTSQACMDE=#"
	keyText    = "pro-xapi-session_94414701-70d0-4570-a674-f6f2125ab571"
	baseURL    = "https://ers.example/ers-api"
	asid       = "200000000205"
)

var role = ersclient.Permission{BusinessFunction: ersclient.ReferringClinician, OrgIdentifier: "R01", OrgName: "NHST_X3"}

// neighbours stands for everything around a flow, in memory: the real ones are tested in their own
// packages and end to end. It records the order of the calls, and hangs where a test wants it to.
type neighbours struct {
	mu    sync.Mutex
	calls []string
	// entry is nil if there is none.
	entry handoff.Entry
	hang  map[string]bool
	// locked is the keyring, until a user is asked to unlock it.
	locked bool
	// unlockErr is what asking ends with instead.
	unlockErr error
	// stuck is a keyring that does not let itself be cleared.
	stuck bool
	// question is what the user is asked before the keyring is cleared, answered when it is closed.
	question chan struct{}
	// shut is what keeps the keyring from being used, nil if it can be.
	shut    error
	reports chan signin.Report
	// refreshAfter is how long a session lasts without being refreshed; zero is for ever.
	refreshAfter time.Duration
}

func newNeighbours() *neighbours {
	return &neighbours{hang: map[string]bool{}, reports: make(chan signin.Report)}
}

func (n *neighbours) call(ctx context.Context, name string) error {
	n.mu.Lock()
	n.calls = append(n.calls, name)
	hang := n.hang[name]
	n.mu.Unlock()
	if hang {
		<-ctx.Done()
		return ctx.Err()
	}
	return nil
}

func (n *neighbours) noted() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]string(nil), n.calls...)
}

func (n *neighbours) About() signin.About {
	return signin.About{Ready: missingIntent, NotClosed: &problem.Problem{Title: "not closed"}}
}

var missingIntent = signin.Missing{Name: "intent"}

// Watch hands on what a test reports.
func (n *neighbours) Watch(ctx context.Context) <-chan signin.Report {
	reports := make(chan signin.Report)
	go func() {
		defer close(reports)
		for {
			select {
			case report := <-n.reports:
				select {
				case reports <- report:
				case <-ctx.Done():
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return reports
}

func (n *neighbours) Look() {}

func (n *neighbours) Prompt(ctx context.Context, _ bool) error { return n.call(ctx, "getTicket") }

func (n *neighbours) Open(ctx context.Context, proof signin.Proof, _ <-chan struct{}) (signin.Grant, error) {
	if err := n.call(ctx, "A001"); err != nil {
		return signin.Grant{}, err
	}
	user := ersclient.User{Identifier: "555020964101", LastName: "GP-Card", Permissions: []ersclient.Permission{role}}
	return signin.Grant{Key: secret.New("provisional"), Credential: proof.Text, User: user}, nil
}

func (n *neighbours) Select(ctx context.Context, grant signin.Grant, chosen ersclient.Permission) (signin.Grant, error) {
	if err := n.call(ctx, "A002"); err != nil {
		return signin.Grant{}, err
	}
	grant.Key, grant.Permission = secret.New(keyText), chosen
	return n.lasting(grant), nil
}

func (n *neighbours) Refresh(ctx context.Context, grant signin.Grant) (signin.Grant, error) {
	err := n.call(ctx, "refresh")
	grant.Key = secret.New(grant.Key.Reveal() + "+")
	return n.lasting(grant), err
}

func (n *neighbours) lasting(grant signin.Grant) signin.Grant {
	if n.refreshAfter > 0 {
		grant.RefreshAt = signin.SystemClock{}.Now().Add(n.refreshAfter)
	}
	return grant
}

func (n *neighbours) Close(ctx context.Context, grant signin.Grant) error {
	if !grant.Key.Equal(secret.New(keyText)) {
		return n.call(ctx, "A003 of another session")
	}
	return n.call(ctx, "A003")
}

func (n *neighbours) Reach(context.Context) error { return nil }

func (n *neighbours) Entry(grant signin.Grant, details signin.EntryDetails) handoff.Entry {
	if n.refreshAfter > 0 {
		return handoff.FHIRSession{
			AccessToken: handoff.AccessToken{Text: grant.Key}, Generation: details.Generation, Revision: details.Revision,
			IssuedAt: details.IssuedAt,
		}
	}
	return handoff.Session{
		SessionKey: handoff.SessionKey{Text: grant.Key}, BaseURL: baseURL, ASID: asid, Generation: details.Generation,
		OrgIdentifier: grant.Permission.OrgIdentifier, BusinessFunction: string(grant.Permission.BusinessFunction),
	}
}

func (n *neighbours) Leftover(left handoff.Entry) signin.Grant {
	session, ofHSCN := left.(handoff.Session)
	if !ofHSCN || session.BaseURL != baseURL {
		return signin.Grant{}
	}
	return signin.Grant{Key: session.SessionKey.Text}
}

func (n *neighbours) Publish(ctx context.Context, session handoff.Entry) error {
	err := n.call(ctx, "publish")
	n.mu.Lock()
	defer n.mu.Unlock()
	n.entry = session
	return err
}

func (n *neighbours) Read(context.Context) (handoff.Entry, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.locked:
		return nil, (&problem.Problem{Code: "KEYRING-LOCKED"}).Because(handoff.ErrLocked)
	case n.entry == nil:
		return nil, handoff.ErrNotFound
	}
	return n.entry, nil
}

func (n *neighbours) ReadUnlocking(ctx context.Context) (handoff.Entry, error) {
	n.mu.Lock()
	n.locked = n.unlockErr != nil
	err := n.unlockErr
	n.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return n.Read(ctx)
}

func (n *neighbours) Clear(ctx context.Context) error {
	err := n.call(ctx, "clear")
	n.mu.Lock()
	defer n.mu.Unlock()
	if question := n.question; question != nil {
		n.mu.Unlock()
		select {
		case <-question:
		case <-ctx.Done():
			err = ctx.Err()
		}
		n.mu.Lock()
		if err != nil {
			return err
		}
	}
	if n.shut != nil {
		return n.shut
	}
	if n.stuck {
		return &problem.Problem{Code: "KEYRING-LEFTOVER", Title: "stuck"}
	}
	n.entry = nil
	return err
}

func (n *neighbours) Check(context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.locked:
		return (&problem.Problem{Code: "KEYRING-LOCKED"}).Because(handoff.ErrLocked)
	case n.shut != nil:
		return n.shut
	}
	return nil
}

func (n *neighbours) Last(string) (ersclient.Permission, bool) { return role, true }

func (n *neighbours) Remember(string, ersclient.Permission) error {
	return n.call(context.Background(), "remember")
}

// run is a flow in motion.
type run struct {
	*signin.Flow
	*neighbours
	t       *testing.T
	states  chan signin.State
	guarded map[string]bool
	log     bytes.Buffer
	cancel  context.CancelFunc
	ended   chan struct{}
}

func start(t *testing.T, around *neighbours, quitWithin time.Duration) *run {
	t.Helper()
	return startWith(t, around, around, quitWithin)
}

func startWith(t *testing.T, around *neighbours, platform signin.Platform, quitWithin time.Duration) *run {
	t.Helper()
	return startWithConfig(t, around, platform, func(c *signin.Config) { c.QuitWithin = quitWithin })
}

// startWithConfig starts a flow with what a test wants to be different. Nil for the platform is the
// neighbours' own.
func startWithConfig(t *testing.T, around *neighbours, platform signin.Platform, change func(*signin.Config)) *run {
	t.Helper()
	if platform == nil {
		platform = around
	}
	r := &run{neighbours: around, t: t, states: make(chan signin.State, 200), guarded: map[string]bool{}, ended: make(chan struct{})}
	log := logrus.New()
	log.SetOutput(&r.log)
	log.SetLevel(logrus.TraceLevel)
	var mu sync.Mutex
	settings := signin.Config{
		Platform: platform, Keyring: around, Memory: around, Clock: signin.SystemClock{}, Log: log,
		Observe: r.observe,
		Guard: func(text secret.Text) {
			mu.Lock()
			defer mu.Unlock()
			r.guarded[text.Reveal()] = true
		},
		QuitWithin: time.Minute, Terms: signin.Terms{Publisher: "ers-login test", MaxAge: 10 * time.Hour},
	}
	change(&settings)
	r.Flow = signin.New(settings)
	ctx, cancel := context.WithCancel(t.Context())
	r.cancel = cancel
	go func() {
		defer close(r.ended)
		r.Run(ctx)
	}()
	t.Cleanup(func() { cancel(); r.wait() })
	return r
}

// patience bounds every wait of these tests. It is for tests that fail: none is about time.
const patience = time.Minute

// wait waits for the flow's end. If a flow does not end, it prints all goroutines instead of
// blocking the other tests.
func (r *run) wait() {
	r.t.Helper()
	select {
	case <-r.ended:
	case <-time.After(patience):
		stacks := make([]byte, 1<<20)
		r.t.Fatalf("the flow has not ended; calls so far: %v\n%s", r.noted(), stacks[:runtime.Stack(stacks, true)])
	}
}

// observe keeps the states for until. A test that does not read them must not block the flow.
func (r *run) observe(state signin.State) {
	select {
	case r.states <- state:
	default:
		r.t.Error("the flow has more states than this test can keep")
	}
}

func (r *run) until(phase signin.Phase) signin.State {
	r.t.Helper()
	for {
		select {
		case state := <-r.states:
			if state.Phase == phase {
				return state
			}
		case <-time.After(patience):
			require.FailNow(r.t, "the flow has not come to a phase", "%v; calls so far: %v", phase, r.noted())
		}
	}
}

func (r *run) appear() {
	r.t.Helper()
	select {
	case r.reports <- signin.Report{Kind: signin.ProofAppeared, Proof: signin.Proof{Text: secret.New(ticketText)}}:
	case <-time.After(patience):
		require.FailNow(r.t, "the flow does not take reports")
	}
}

func (r *run) signIn() signin.State {
	r.until(signin.Waiting)
	r.appear()
	r.until(signin.Choosing)
	r.Send(signin.Choose{Permission: role})
	return r.until(signin.SignedIn)
}

// The whole main job, and its order: a reader of the keyring never sees a session that is closed
// already.
func TestFromCardToKeyringAndBack(t *testing.T) {
	r := start(t, newNeighbours(), time.Minute)
	state := r.signIn()
	assert.Equal(t, "555020964101", state.User.Identifier)
	assert.Equal(t, role, state.Chosen)
	assert.Equal(t, 10*time.Hour, state.ExpiresAt.Sub(state.SignedInAt).Round(time.Minute))

	read, err := r.Read(t.Context())
	require.NoError(t, err)
	entry, ofHSCN := read.(handoff.Session)
	require.True(t, ofHSCN)
	assert.True(t, entry.SessionKey.Equal(ersclient.NewSessionKey(keyText).Text), "A002's id is the one to publish")
	assert.Equal(t, []string{baseURL, asid, "R01", "REFERRING_CLINICIAN"}, []string{entry.BaseURL, entry.ASID, entry.OrgIdentifier, entry.BusinessFunction})
	assert.Positive(t, entry.Generation)

	r.Send(signin.SignOut{})
	waiting := r.until(signin.Waiting)
	assert.Equal(t, signin.SignedOut, waiting.Reason)
	assert.Equal(t, missingIntent, waiting.Missing, "no user is signed in again behind their back")
	assert.Equal(t, []string{"clear", "A001", "A002", "publish", "clear", "A003"}, without(r.noted(), "remember"))
	_, err = r.Read(t.Context())
	assert.ErrorIs(t, err, handoff.ErrNotFound)

	r.Send(signin.Quit{})
	r.wait()
}

func without(calls []string, name string) []string {
	var kept []string
	for _, call := range calls {
		if call != name {
			kept = append(kept, call)
		}
	}
	return kept
}

// Every secret is made known to the log's filter, and none reaches the log even without that
// filter.
func TestSecretsAreGuardedAndNotLogged(t *testing.T) {
	r := start(t, newNeighbours(), time.Minute)
	r.signIn()
	r.Send(signin.Quit{})
	r.wait()
	assert.True(t, r.guarded[ticketText], "the ticket is guarded")
	assert.True(t, r.guarded[keyText], "the session key is guarded")
	assert.False(t, bytes.Contains(r.log.Bytes(), []byte(ticketText)), "the log shows the ticket")
	assert.False(t, bytes.Contains(r.log.Bytes(), []byte(keyText)), "the log shows the session key")
}

// Where the user asked for the end, other applications get a moment to finish their calls: the
// keyring is cleared, and after a grace the session is closed (A003-02). Log-off and shutdown cut
// the grace short, and the session is closed all the same.
func TestA003TheGrace(t *testing.T) {
	t.Run("signing out", func(t *testing.T) {
		around := newNeighbours()
		r := startGraceful(t, around, time.Millisecond)
		r.signIn()
		r.Send(signin.SignOut{})
		r.until(signin.Waiting)
		assert.Equal(t, []string{"clear", "A001", "A002", "publish", "clear", "A003"}, without(r.noted(), "remember"))
	})
	t.Run("a computer that shuts down during the grace", func(t *testing.T) {
		around := newNeighbours()
		r := startGraceful(t, around, time.Hour)
		r.signIn()
		r.Send(signin.SignOut{})
		r.until(signin.Ending)
		require.Eventually(t, func() bool {
			calls := without(r.noted(), "remember")
			return slices.Contains(calls, "publish") && calls[len(calls)-1] == "clear"
		}, patience, time.Millisecond)
		assert.NotContains(t, r.noted(), "A003", "calls of other applications may be under way")
		r.cancel()
		r.wait()
		assert.Contains(t, r.noted(), "A003")
	})
	t.Run("a window that is closed has little time", func(t *testing.T) {
		around := newNeighbours()
		r := startWithConfig(t, around, around, func(c *signin.Config) { c.Grace, c.QuitWithin = time.Hour, 2200*time.Millisecond })
		r.signIn()
		r.Send(signin.Quit{})
		r.wait()
		assert.Equal(t, []string{"clear", "A001", "A002", "publish", "clear", "A003"}, without(r.noted(), "remember"))
	})
}

func startGraceful(t *testing.T, around *neighbours, grace time.Duration) *run {
	t.Helper()
	return startWithConfig(t, around, around, func(c *signin.Config) { c.Grace = grace })
}

// What happens to the workstation reaches the flow, and what is noticed the window.
func TestIncidentsAndNotices(t *testing.T) {
	events, board := make(chan signin.WorkstationEvent), signin.NewBoard()
	r := startWithConfig(t, newNeighbours(), nil, func(c *signin.Config) {
		c.Workstation, c.Notices, c.EndWhenLocked = events, board.Changes(), true
	})
	r.signIn()
	board.Set("clock", &problem.Problem{Code: "CLOCK-WRONG"})
	noticed := r.until(signin.SignedIn)
	require.Len(t, noticed.Notices, 1)
	assert.Equal(t, "CLOCK-WRONG", noticed.Notices[0].Problem.Code)
	events <- signin.Locked
	waiting := r.until(signin.Waiting)
	assert.Equal(t, signin.ScreenLocked, waiting.Reason)
	assert.Len(t, waiting.Notices, 1, "what is wrong with the workstation does not go with the session")
	assert.Contains(t, r.noted(), "A003")
}

// A neighbour that hangs must not keep a clinician from leaving: the flow ends in its bounded time,
// and whatever could be cleared is.
func TestQuitIsBounded(t *testing.T) {
	t.Run("A003 hangs", func(t *testing.T) {
		around := newNeighbours()
		around.hang["A003"] = true
		r := start(t, around, 300*time.Millisecond)
		r.signIn()
		r.Send(signin.Quit{})
		r.wait()
		_, err := r.Read(t.Context())
		assert.ErrorIs(t, err, handoff.ErrNotFound, "the keyring is cleared before e-RS is asked")
	})
	t.Run("A002 hangs", func(t *testing.T) {
		around := newNeighbours()
		around.hang["A002"] = true
		r := start(t, around, 5*time.Second)
		r.until(signin.Waiting)
		r.appear()
		r.until(signin.Choosing)
		r.Send(signin.Choose{Permission: role})
		r.until(signin.Selecting)
		r.cancel() // a log-off
		r.wait()
		assert.Contains(t, r.noted(), "A003 of another session", "the provisional session is deleted")
	})
	t.Run("A001 hangs", func(t *testing.T) {
		around := newNeighbours()
		around.hang["A001"] = true
		r := start(t, around, 300*time.Millisecond)
		r.until(signin.Waiting)
		r.appear()
		r.until(signin.SigningIn)
		r.Send(signin.Quit{})
		r.wait()
	})
	t.Run("A003 hangs, and the user quits meanwhile", func(t *testing.T) {
		around := newNeighbours()
		around.hang["A003"] = true
		r := start(t, around, 300*time.Millisecond)
		r.signIn()
		r.Send(signin.SignOut{})
		r.until(signin.Ending)
		r.Send(signin.Quit{})
		r.wait()
		_, err := r.Read(t.Context())
		assert.ErrorIs(t, err, handoff.ErrNotFound)
	})
	t.Run("the keyring hangs", func(t *testing.T) {
		around := newNeighbours()
		around.hang["publish"] = true
		r := start(t, around, 5*time.Second)
		r.until(signin.Waiting)
		r.appear()
		r.until(signin.Choosing)
		r.Send(signin.Choose{Permission: role})
		r.until(signin.Selecting)
		r.Send(signin.Quit{})
		r.wait()
		assert.Contains(t, r.noted(), "A003", "a session that could not be handed over is closed")
	})
}

// A cancelled A001 is awaited, since only its answer has the key of the session to delete.
func TestAGivenUpSignInLeavesNoSession(t *testing.T) {
	ers := &slow{neighbours: newNeighbours(), answer: make(chan struct{}), asked: make(chan struct{})}
	r := startWith(t, ers.neighbours, ers, time.Minute)
	r.until(signin.Waiting)
	r.appear()
	<-ers.asked
	r.Send(signin.Cancel{})
	r.until(signin.Waiting)
	r.Send(signin.Quit{})
	close(ers.answer)
	r.wait()
	assert.Equal(t, []string{"clear", "A001", "A003 of another session"}, r.noted())
}

// slow answers A001 when the test wants it to.
type slow struct {
	*neighbours
	asked, answer chan struct{}
}

func (s *slow) Open(ctx context.Context, proof signin.Proof, givenUp <-chan struct{}) (signin.Grant, error) {
	close(s.asked)
	select {
	case <-s.answer:
	case <-ctx.Done(): // the test is over
	}
	return s.neighbours.Open(ctx, proof, givenUp)
}

// What a killed run has left is cleared at once; its session is closed only where it was created.
func TestLeftovers(t *testing.T) {
	left := handoff.Session{SessionKey: handoff.NewSessionKey(keyText), BaseURL: baseURL, ASID: asid, Generation: 7}
	elsewhere := left
	elsewhere.BaseURL = "https://other.example/ers-api"
	for name, test := range map[string]struct {
		left  handoff.Entry
		calls []string
	}{
		"of the same platform":       {left, []string{"clear", "A003"}},
		"of another e-RS":            {elsewhere, []string{"clear"}},
		"an access token's platform": {handoff.FHIRSession{AccessToken: handoff.NewAccessToken("left")}, []string{"clear"}},
		"nothing":                    {nil, []string{"clear"}},
	} {
		t.Run(name, func(t *testing.T) {
			around := newNeighbours()
			around.entry = test.left
			r := start(t, around, time.Minute)
			r.until(signin.Waiting)
			r.Send(signin.Quit{})
			r.wait()
			assert.Equal(t, test.calls, r.noted())
			_, err := r.Read(t.Context())
			assert.ErrorIs(t, err, handoff.ErrNotFound)
		})
	}
}

// A keyring that was locked at the start may have the session of a killed run in it. It is found
// when the keyring is unlocked to take the new one, and closed: replacing its entry alone would
// leave it open at e-RS.
func TestLeftoversBehindALock(t *testing.T) {
	around := newNeighbours()
	around.entry = handoff.Session{SessionKey: handoff.NewSessionKey("left"), BaseURL: baseURL, ASID: asid, Generation: 7}
	around.locked = true
	r := start(t, around, time.Minute)
	r.signIn()
	r.Send(signin.Quit{})
	r.wait()
	assert.Contains(t, r.noted(), "A003 of another session", "the session that was left is still open")
	assert.Equal(t, []string{"A001", "A002", "publish", "clear", "A003"}, without(without(r.noted(), "remember"), "A003 of another session"))
}

// A user who does not unlock the keyring has not shown what is in it: it must be neither replaced
// nor cleared unseen.
func TestALeftoverThatCouldNotBeSeenStays(t *testing.T) {
	for code, cause := range map[string]error{
		"KEYRING-DISMISSED": handoff.ErrDismissed, "KEYRING-TIMEOUT": handoff.ErrTimeout,
		"KEYRING-CRASHED": errors.New("crashed"), "KEYRING-LOCKED": handoff.ErrLocked,
	} {
		t.Run(code, func(t *testing.T) {
			around := newNeighbours()
			around.entry = handoff.Session{SessionKey: handoff.NewSessionKey("left"), BaseURL: baseURL, ASID: asid, Generation: 7}
			around.locked, around.unlockErr = true, (&problem.Problem{Code: code}).Because(cause)
			r := start(t, around, time.Minute)
			r.until(signin.Waiting)
			r.appear()
			r.until(signin.Choosing)
			r.Send(signin.Choose{Permission: role})
			assert.Equal(t, code, r.until(signin.Failed).Problem.Code)
			r.Send(signin.Quit{})
			r.wait()
			assert.Equal(t, []string{"A001", "A002", "A003"}, r.noted(), "nothing of the keyring is touched")
			left, ofHSCN := around.entry.(handoff.Session)
			require.True(t, ofHSCN)
			assert.True(t, left.SessionKey.Equal(handoff.NewSessionKey("left").Text))
		})
	}
}

// A user who wanted to sign out must not be signed in again by the button that finishes it.
func TestAnEndThatFailedIsFinished(t *testing.T) {
	around := newNeighbours()
	r := start(t, around, time.Minute)
	r.signIn()
	around.mu.Lock()
	around.stuck = true
	around.mu.Unlock()
	r.Send(signin.SignOut{})
	failed := r.until(signin.Failed)
	assert.Equal(t, "KEYRING-LEFTOVER", failed.Problem.Code)
	assert.True(t, failed.Problem.Retry)
	r.Send(signin.TryAgain{})
	again := r.until(signin.Failed)
	assert.Equal(t, failed.Problem.Title, again.Problem.Title, "what was true is not taken back")

	around.mu.Lock()
	around.stuck = false
	around.mu.Unlock()
	r.Send(signin.TryAgain{})
	waiting := r.until(signin.Waiting)
	assert.Equal(t, signin.SignedOut, waiting.Reason)
	assert.Equal(t, missingIntent, waiting.Missing)
	_, err := r.Read(t.Context())
	assert.ErrorIs(t, err, handoff.ErrNotFound)
	assert.Equal(t, []string{"clear", "A001", "A002", "publish", "clear", "A003", "clear", "clear"}, without(r.noted(), "remember"))
	r.Send(signin.Quit{})
	r.wait()
}

// A failure is shown with its own Problem, logged, and left by trying again.
func TestAFailureIsShownAndLeft(t *testing.T) {
	around := newNeighbours()
	busy := (&problem.Problem{Code: "ERS-A001-503", Retry: true}).Because(errors.New("busy"))
	r := startWith(t, around, &refusing{neighbours: around, err: busy}, time.Minute)
	r.until(signin.Waiting)
	r.appear()
	failed := r.until(signin.Failed)
	assert.Equal(t, "ERS-A001-503", failed.Problem.Code)
	assert.False(t, failed.ProblemAt.IsZero())
	r.Send(signin.TryAgain{})
	r.until(signin.Choosing)
	r.Send(signin.Quit{})
	r.wait()
	assert.Contains(t, r.log.String(), "ERS-A001-503")
}

// refusing fails the first A001.
type refusing struct {
	*neighbours
	err  error
	once sync.Once
}

func (r *refusing) Open(ctx context.Context, proof signin.Proof, givenUp <-chan struct{}) (signin.Grant, error) {
	var err error
	r.once.Do(func() { err = r.err })
	if err != nil {
		return signin.Grant{}, err
	}
	return r.neighbours.Open(ctx, proof, givenUp)
}

// The keyring was locked meanwhile, and prompts for its password when a user signs out. However
// late they type it, the entry is cleared then, and the session is closed long before.
func TestAKeyringThatAsksAtSignOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, newNeighbours(), time.Minute)
		r.signIn()
		question := make(chan struct{})
		r.mu.Lock()
		r.question = question
		r.mu.Unlock()
		r.Send(signin.SignOut{})
		time.Sleep(10 * time.Second)
		assert.Equal(t, "A003", r.noted()[len(r.noted())-1], "e-RS does not wait for the answer")
		time.Sleep(10 * time.Second)
		close(question)
		assert.Equal(t, signin.SignedOut, r.until(signin.Waiting).Reason)
		_, err := r.Read(t.Context())
		assert.ErrorIs(t, err, handoff.ErrNotFound)
		r.Send(signin.Quit{})
		r.wait()
	})
}

// A session whose entry could not be cleared is cleared as soon as the keyring can be used, without
// a key press.
func TestAKeyringThatIsUnlockedAfterSignOut(t *testing.T) {
	for code, cause := range map[string]error{
		"KEYRING-LOCKED": handoff.ErrLocked, "KEYRING-NO_BUS": handoff.ErrNoBus,
		"KEYRING-NO_SERVICE": handoff.ErrNoService, "KEYRING-NO_COLLECTION": handoff.ErrNoCollection,
	} {
		shut := (&problem.Problem{Code: code}).Because(cause)
		t.Run(code, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { testUnlockedLater(t, shut) }) })
	}
}

func testUnlockedLater(t *testing.T, shut *problem.Problem) {
	t.Helper()
	r := start(t, newNeighbours(), time.Minute)
	r.signIn()
	set := func(why error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.shut = why
	}
	set(shut)
	r.Send(signin.SignOut{})
	assert.Equal(t, shut.Code, r.until(signin.Failed).Problem.Code)
	logged := func() int {
		synctest.Wait() // what was written before is seen
		r.mu.Lock()     // and what is written later has looked at the keyring first
		defer r.mu.Unlock()
		return len(r.log.String())
	}
	before := logged()
	time.Sleep(time.Hour)
	assert.Less(t, logged(), before+10_000, "each look is logged")
	clears := len(r.noted())
	set(nil)
	assert.Equal(t, signin.SignedOut, r.until(signin.Waiting).Reason)
	assert.Equal(t, []string{"clear"}, r.noted()[clears:], "and it is not asked about before")
	_, err := r.Read(t.Context())
	assert.ErrorIs(t, err, handoff.ErrNotFound)
	r.Send(signin.Quit{})
	r.wait()
}

// A user who has no keyring yet learns that before they type their passcode, and not after.
func TestNoKeyringIsFoundAtTheStart(t *testing.T) {
	around := newNeighbours()
	around.shut = (&problem.Problem{Code: "KEYRING-NO_COLLECTION"}).Because(handoff.ErrNoCollection)
	r := start(t, around, time.Minute)
	state := r.until(signin.Failed)
	assert.Equal(t, "KEYRING-NO_COLLECTION", state.Problem.Code)
	assert.Equal(t, signin.HealthBad, state.Links.Keyring)
	around.mu.Lock()
	around.shut = nil
	around.mu.Unlock()
	r.Send(signin.TryAgain{})
	assert.Equal(t, signin.HealthGood, r.until(signin.Waiting).Links.Keyring)
}

// A session whose platform wants that is refreshed for hours: other applications always find an
// entry, of the same session.
func TestARefreshedSessionIsReplacedInPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		around := newNeighbours()
		around.refreshAfter = 8 * time.Minute
		r := start(t, around, time.Minute)
		r.signIn()
		first, err := r.Read(t.Context())
		require.NoError(t, err)
		before := len(r.noted())
		time.Sleep(time.Hour)
		read, err := r.Read(t.Context())
		require.NoError(t, err)
		entry, ofFHIR := read.(handoff.FHIRSession)
		require.True(t, ofFHIR)
		assert.Equal(t, keyText+"+++++++", entry.AccessToken.Reveal())
		assert.Equal(t, first.Details().Generation, entry.Generation)
		assert.Equal(t, []int64{0, 7}, []int64{first.Details().Revision, entry.Revision}, "readers compare it to detect another token")
		assert.Equal(t, first.Details().IssuedAt, entry.IssuedAt, "the session began when it began")
		calls := r.noted()[before:]
		assert.NotContains(t, calls, "clear")
		assert.Len(t, without(calls, "remember"), 14, "each refresh, and the entry after it: %v", calls)
		r.Send(signin.Quit{})
		r.wait()
		assert.True(t, r.guarded[keyText+"+++++++"], "the access token is guarded")
	})
}
