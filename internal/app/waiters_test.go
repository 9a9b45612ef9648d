package app

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/instance"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/signin"
)

// at returns a state in a phase.
func at(phase signin.Phase, changes ...func(*signin.State)) signin.State {
	state := signin.State{Phase: phase}
	for _, change := range changes {
		change(&state)
	}
	return state
}

func because(reason signin.Reason) func(*signin.State) {
	return func(s *signin.State) { s.Reason = reason }
}
func askedBy(name string) func(*signin.State) { return func(s *signin.State) { s.AskedBy = name } }
func failing(code string) func(*signin.State) {
	return func(s *signin.State) { s.Problem = &problem.Problem{Code: code} }
}
func uncleared(s *signin.State)   { s.Uncleared = true }
func canBeMended(s *signin.State) { s.Problem.Retry = true }

// beforeTheFlow accepts what a failed start does: it begins no sign-in.
func beforeTheFlow(intent signin.Intent) bool { return intent != signin.Intent(signin.SignIn{}) }

// A vendor's program that learns too early that its user has given up asks again and again; one
// that never does hangs.
func TestHowASignInEnds(t *testing.T) {
	const app = "Vendor App"
	given, closed := GivenUp.Code, WindowClosed.Code
	for name, test := range map[string]struct {
		by     string
		states []signin.State
		// answer is the answer to the last state: "" for OK, "-" for none yet.
		answer string
		sent   []signin.Intent
	}{
		"the program cannot begin": {
			app, []signin.State{at(signin.Starting), at(signin.Failed, failing("SETTING-SEVERAL"))}, "SETTING-SEVERAL",
			[]signin.Intent{signin.Requested{By: app}, signin.Requested{By: app}, signin.SignIn{}},
		},
		"the program cannot begin, not asked": {
			"", []signin.State{at(signin.Failed, failing("SETTING-SEVERAL"))}, "SETTING-SEVERAL", []signin.Intent{signin.SignIn{}},
		},
		"the program cannot begin, and the user can mend that": {
			app, []signin.State{
				at(signin.Failed, failing("KEYRING-LOCKED"), canBeMended),
				at(signin.Failed, failing("KEYRING-LOCKED"), canBeMended, askedBy(app)),
				at(signin.Starting), at(signin.SigningIn), at(signin.SigningIn, askedBy(app)), at(signin.SignedIn),
			},
			"", []signin.Intent{
				signin.Requested{By: app}, signin.SignIn{}, signin.SignIn{}, signin.Requested{By: app}, signin.Requested{By: app},
			},
		},
		"signed in already": {app, []signin.State{at(signin.SignedIn)}, "", nil},
		"from the start on": {
			app, []signin.State{
				at(signin.Starting), at(signin.Waiting, askedBy(app)), at(signin.Prompting, askedBy(app)), at(signin.Choosing, askedBy(app)),
				at(signin.SignedIn),
			},
			"", []signin.Intent{signin.Requested{By: app}, signin.SignIn{}},
		},
		"signed out an hour ago": {
			app, []signin.State{at(signin.Waiting, because(signin.SignedOut)), at(signin.Waiting, because(signin.SignedOut), askedBy(app))},
			"-", []signin.Intent{signin.Requested{By: app}, signin.SignIn{}},
		},
		"cancelled a minute ago, not asked": {
			"", []signin.State{at(signin.Waiting, because(signin.Cancelled))}, "-", []signin.Intent{signin.SignIn{}},
		},
		"given up while choosing": {
			app, []signin.State{at(signin.Choosing, askedBy(app)), at(signin.Ending, because(signin.Cancelled))}, given, nil,
		},
		"given up while choosing, not asked": {
			"", []signin.State{at(signin.Choosing), at(signin.Ending, because(signin.Cancelled))}, given, nil,
		},
		"another role, says the user": {
			app, []signin.State{
				at(signin.Selecting, askedBy(app)), at(signin.Ending, because(signin.RoleGivenUp), askedBy(app)),
				at(signin.SigningIn, because(signin.RoleGivenUp), askedBy(app)), at(signin.Choosing, because(signin.RoleGivenUp), askedBy(app)),
			}, "-", nil,
		},
		"signed out while choosing": {
			"", []signin.State{at(signin.Choosing), at(signin.Ending, because(signin.SignedOut))}, given, nil,
		},
		"not now, says the user who waits for a card": {
			app, []signin.State{at(signin.Waiting, askedBy(app)), at(signin.Waiting)}, given, []signin.Intent{signin.SignIn{}},
		},
		"the card is removed and may come back": {
			app, []signin.State{
				at(signin.Choosing, askedBy(app)), at(signin.Ending, because(signin.CardRemoved), askedBy(app)),
				at(signin.Waiting, because(signin.CardRemoved), askedBy(app)),
			}, "-", nil,
		},
		"e-RS refuses, and the user may try again": {
			app, []signin.State{at(signin.SigningIn, askedBy(app)), at(signin.Failed, askedBy(app))}, "-", nil,
		},
		"another program asks after this one": {
			app, []signin.State{at(signin.Choosing, askedBy(app)), at(signin.Choosing, askedBy("Other App"))}, "-", nil,
		},
		"the window closes":            {app, []signin.State{at(signin.Choosing, askedBy(app)), at(signin.Ending, because(signin.Quitting))}, closed, nil},
		"the window closes at once":    {app, []signin.State{at(signin.Closed)}, closed, nil},
		"while the session is renewed": {app, []signin.State{at(signin.Ending, because(signin.Renewed), askedBy(app)), at(signin.SignedIn)}, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			var sent []signin.Intent
			watch := &signInWatch{by: test.by, send: func(intent signin.Intent) bool {
				sent = append(sent, intent)
				return !strings.HasPrefix(name, "the program cannot begin") || beforeTheFlow(intent)
			}}
			checkWatch(t, watch.look, test.states, test.answer)
			assert.Equal(t, test.sent, sent)
		})
	}
}

// A script that has signed out relies on there being no session.
func TestHowASignOutEnds(t *testing.T) {
	for name, test := range map[string]struct {
		states []signin.State
		answer string
		sent   []signin.Intent
	}{
		"no user is signed in": {[]signin.State{at(signin.Waiting)}, "", nil},
		"signed in": {
			[]signin.State{at(signin.SignedIn), at(signin.SignedIn), at(signin.Ending), at(signin.Waiting)}, "", []signin.Intent{signin.SignOut{}},
		},
		"a sign-in under way": {
			[]signin.State{at(signin.SigningIn), at(signin.Ending), at(signin.Waiting)}, "", []signin.Intent{signin.Cancel{}},
		},
		"a role is being opened": {
			[]signin.State{at(signin.Selecting), at(signin.Ending), at(signin.Waiting)}, "", []signin.Intent{signin.SignOut{}},
		},
		"what an earlier run has left": {[]signin.State{at(signin.Starting), at(signin.Waiting)}, "", nil},
		"a role is switched": {
			[]signin.State{at(signin.Ending), at(signin.SigningIn), at(signin.Choosing)}, "-", []signin.Intent{signin.Cancel{}, signin.SignOut{}},
		},
		"the entry stays": {
			[]signin.State{at(signin.SignedIn), at(signin.Ending), at(signin.Failed, failing("KEYRING-LEFTOVER"), uncleared)}, "KEYRING-LEFTOVER",
			[]signin.Intent{signin.SignOut{}},
		},
		"the entry has stayed, and goes": {
			[]signin.State{
				at(signin.Failed, failing("KEYRING-LOCKED"), uncleared), at(signin.Failed, failing("KEYRING-LOCKED"), uncleared),
				at(signin.Ending), at(signin.Waiting),
			}, "", []signin.Intent{signin.TryAgain{}},
		},
		"the entry has stayed, and stays": {
			[]signin.State{
				at(signin.Failed, failing("KEYRING-LOCKED"), uncleared), at(signin.Ending), at(signin.Failed, failing("KEYRING-DISMISSED"), uncleared),
			}, "KEYRING-DISMISSED", []signin.Intent{signin.TryAgain{}},
		},
		"what an earlier run has left stayed, and goes; a card is there": {
			[]signin.State{
				at(signin.Failed, failing("KEYRING-TIMEOUT"), uncleared), at(signin.Starting), at(signin.SigningIn), at(signin.Ending), at(signin.Waiting),
			}, "", []signin.Intent{signin.TryAgain{}, signin.Cancel{}},
		},
		"the program cannot begin, and has cleared what it could": {
			[]signin.State{
				at(signin.Failed, failing("SETTING-ASID"), uncleared), at(signin.Starting), at(signin.Failed, failing("SETTING-ASID"), uncleared),
			}, "", []signin.Intent{signin.TryAgain{}},
		},
		"the session could not be handed over": {[]signin.State{at(signin.Failed, failing("KEYRING-DISMISSED"))}, "", nil},
		"e-RS was not reached":                 {[]signin.State{at(signin.Ending), at(signin.Failed, failing("ERS-A003-500"))}, "", nil},
		"the window closes":                    {[]signin.State{at(signin.Ending), at(signin.Closed)}, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			var sent []signin.Intent
			watch := &signOutWatch{send: func(intent signin.Intent) bool { sent = append(sent, intent); return true }}
			checkWatch(t, watch.look, test.states, test.answer)
			assert.Equal(t, test.sent, sent)
			ended := ""
			switch {
			case slices.Contains(sent, signin.Intent(signin.SignOut{})), slices.Contains(sent, signin.Intent(signin.TryAgain{})):
				ended = instance.EndedSession
			case len(sent) > 0:
				ended = instance.EndedSignIn
			}
			assert.Equal(t, ended, watch.ended())
		})
	}
}

// checkWatch passes states, of which the last has the answer.
func checkWatch(t *testing.T, look func(signin.State) (instance.Answer, bool), states []signin.State, want string) {
	t.Helper()
	for i, state := range states {
		answer, known := look(state)
		last := i == len(states)-1
		require.Equal(t, last && want != "-", known, "state %d", i)
		if known {
			assert.Equal(t, instance.Answer{OK: want == "", Code: want}, answer)
		}
	}
}

// Waiters of a closing window, and those that go away, are released; and each gets its answer once.
func TestWaitersAreReleased(t *testing.T) {
	var l waiters
	never := func(signin.State) (instance.Answer, bool) { return instance.Answer{}, false }
	ctx, cancel := context.WithCancel(t.Context())
	answer := l.await(ctx, &waiter{by: "Vendor App", watch: never}, cancel)
	assert.Equal(t, WindowClosed.Code, answer.Code)
	assert.Empty(t, l.waiting)

	seen := 0
	once := func(signin.State) (instance.Answer, bool) { seen++; return instance.Answer{OK: true}, seen > 1 }
	answer = l.await(t.Context(), &waiter{watch: once}, func() {
		l.see(at(signin.Waiting))
		l.see(at(signin.SignedIn))
	})
	assert.True(t, answer.OK)
	assert.Equal(t, 2, seen)
	assert.Empty(t, l.lastBy())
}
