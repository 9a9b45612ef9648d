package commands

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/instance"
	"github.com/ers-login/ers-login/internal/login"
	"github.com/ers-login/ers-login/internal/problem"
)

// at is a state in a phase.
func at(phase login.Phase, changes ...func(*login.State)) login.State {
	state := login.State{Phase: phase}
	for _, change := range changes {
		change(&state)
	}
	return state
}

func because(reason login.Reason) func(*login.State) {
	return func(s *login.State) { s.Reason = reason }
}
func askedBy(name string) func(*login.State) { return func(s *login.State) { s.AskedBy = name } }
func failing(code string) func(*login.State) {
	return func(s *login.State) { s.Problem = &problem.Problem{Code: code} }
}
func uncleared(s *login.State)   { s.Uncleared = true }
func canBeMended(s *login.State) { s.Problem.Retry = true }

// beforeTheFlow is what a start that has failed takes: it begins no sign-in.
func beforeTheFlow(intent login.Intent) bool { return intent != login.Intent(login.SignIn{}) }

// A vendor's program that is told too early that its user has given up asks them again and again; one that is never told hangs.
func TestHowASignInEnds(t *testing.T) {
	const app = "Vendor App"
	given, closed := givenUp.Code, windowClosed.Code
	for name, test := range map[string]struct {
		by     string
		states []login.State
		// answer is that to the last state, "" for OK; "-" is none yet.
		answer string
		sent   []login.Intent
	}{
		"the program cannot begin": {
			app, []login.State{at(login.Starting), at(login.Failed, failing("SETTING-SEVERAL"))}, "SETTING-SEVERAL",
			[]login.Intent{login.Requested{By: app}, login.Requested{By: app}, login.SignIn{}},
		},
		"the program cannot begin, asked by nobody": {
			"", []login.State{at(login.Failed, failing("SETTING-SEVERAL"))}, "SETTING-SEVERAL", []login.Intent{login.SignIn{}},
		},
		"the program cannot begin, and the user can mend that": {
			app, []login.State{
				at(login.Failed, failing("KEYRING-LOCKED"), canBeMended),
				at(login.Failed, failing("KEYRING-LOCKED"), canBeMended, askedBy(app)),
				at(login.Starting), at(login.SigningIn), at(login.SigningIn, askedBy(app)), at(login.SignedIn),
			},
			"", []login.Intent{
				login.Requested{By: app}, login.SignIn{}, login.SignIn{}, login.Requested{By: app}, login.Requested{By: app},
			},
		},
		"signed in already": {app, []login.State{at(login.SignedIn)}, "", nil},
		"from the start on": {
			app, []login.State{
				at(login.Starting), at(login.Waiting, askedBy(app)), at(login.Prompting, askedBy(app)), at(login.Choosing, askedBy(app)),
				at(login.SignedIn),
			},
			"", []login.Intent{login.Requested{By: app}, login.SignIn{}},
		},
		"signed out an hour ago": {
			app, []login.State{at(login.Waiting, because(login.SignedOut)), at(login.Waiting, because(login.SignedOut), askedBy(app))},
			"-", []login.Intent{login.Requested{By: app}, login.SignIn{}},
		},
		"cancelled a minute ago, asked by nobody": {
			"", []login.State{at(login.Waiting, because(login.Cancelled))}, "-", []login.Intent{login.SignIn{}},
		},
		"given up while choosing": {
			app, []login.State{at(login.Choosing, askedBy(app)), at(login.Ending, because(login.Cancelled))}, given, nil,
		},
		"given up while choosing, asked by nobody": {
			"", []login.State{at(login.Choosing), at(login.Ending, because(login.Cancelled))}, given, nil,
		},
		"signed out while choosing": {
			"", []login.State{at(login.Choosing), at(login.Ending, because(login.SignedOut))}, given, nil,
		},
		"not now, says the user who waits for a card": {
			app, []login.State{at(login.Waiting, askedBy(app)), at(login.Waiting)}, given, []login.Intent{login.SignIn{}},
		},
		"the card is removed and may come back": {
			app, []login.State{
				at(login.Choosing, askedBy(app)), at(login.Ending, because(login.CardRemoved), askedBy(app)),
				at(login.Waiting, because(login.CardRemoved), askedBy(app)),
			}, "-", nil,
		},
		"e-RS refuses, and the user may try again": {
			app, []login.State{at(login.SigningIn, askedBy(app)), at(login.Failed, askedBy(app))}, "-", nil,
		},
		"another program asks after this one": {
			app, []login.State{at(login.Choosing, askedBy(app)), at(login.Choosing, askedBy("Other App"))}, "-", nil,
		},
		"the window closes":            {app, []login.State{at(login.Choosing, askedBy(app)), at(login.Ending, because(login.Quitting))}, closed, nil},
		"the window closes at once":    {app, []login.State{at(login.Closed)}, closed, nil},
		"while the session is renewed": {app, []login.State{at(login.Ending, because(login.Renewed), askedBy(app)), at(login.SignedIn)}, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			var sent []login.Intent
			watch := &signInWatch{by: test.by, send: func(intent login.Intent) bool {
				sent = append(sent, intent)
				return !strings.HasPrefix(name, "the program cannot begin") || beforeTheFlow(intent)
			}}
			checkWatch(t, watch.look, test.states, test.answer)
			assert.Equal(t, test.sent, sent)
		})
	}
}

// A script that has signed out relies on nobody being signed in.
func TestHowASignOutEnds(t *testing.T) {
	for name, test := range map[string]struct {
		states []login.State
		answer string
		sent   []login.Intent
	}{
		"nobody is signed in": {[]login.State{at(login.Waiting)}, "", nil},
		"signed in": {
			[]login.State{at(login.SignedIn), at(login.SignedIn), at(login.Ending), at(login.Waiting)}, "", []login.Intent{login.SignOut{}},
		},
		"a sign-in under way": {
			[]login.State{at(login.SigningIn), at(login.Ending), at(login.Waiting)}, "", []login.Intent{login.Cancel{}},
		},
		"what an earlier run has left": {[]login.State{at(login.Starting), at(login.Waiting)}, "", nil},
		"a role is switched": {
			[]login.State{at(login.Ending), at(login.SigningIn), at(login.Choosing)}, "-", []login.Intent{login.Cancel{}, login.SignOut{}},
		},
		"the entry stays": {
			[]login.State{at(login.SignedIn), at(login.Ending), at(login.Failed, failing("KEYRING-LEFTOVER"), uncleared)}, "KEYRING-LEFTOVER",
			[]login.Intent{login.SignOut{}},
		},
		"the entry has stayed, and goes": {
			[]login.State{
				at(login.Failed, failing("KEYRING-LOCKED"), uncleared), at(login.Failed, failing("KEYRING-LOCKED"), uncleared),
				at(login.Ending), at(login.Waiting),
			}, "", []login.Intent{login.TryAgain{}},
		},
		"the entry has stayed, and stays": {
			[]login.State{
				at(login.Failed, failing("KEYRING-LOCKED"), uncleared), at(login.Ending), at(login.Failed, failing("KEYRING-DISMISSED"), uncleared),
			}, "KEYRING-DISMISSED", []login.Intent{login.TryAgain{}},
		},
		"what an earlier run has left stayed, and goes; a card is there": {
			[]login.State{
				at(login.Failed, failing("KEYRING-TIMEOUT"), uncleared), at(login.Starting), at(login.SigningIn), at(login.Ending), at(login.Waiting),
			}, "", []login.Intent{login.TryAgain{}, login.Cancel{}},
		},
		"the program cannot begin, and has cleared what it could": {
			[]login.State{
				at(login.Failed, failing("SETTING-ASID"), uncleared), at(login.Starting), at(login.Failed, failing("SETTING-ASID"), uncleared),
			}, "", []login.Intent{login.TryAgain{}},
		},
		"the session could not be handed over": {[]login.State{at(login.Failed, failing("KEYRING-DISMISSED"))}, "", nil},
		"e-RS could not be told":               {[]login.State{at(login.Ending), at(login.Failed, failing("ERS-A003-500"))}, "", nil},
		"the window closes":                    {[]login.State{at(login.Ending), at(login.Closed)}, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			var sent []login.Intent
			watch := &signOutWatch{send: func(intent login.Intent) bool { sent = append(sent, intent); return true }}
			checkWatch(t, watch.look, test.states, test.answer)
			assert.Equal(t, test.sent, sent)
		})
	}
}

// checkWatch shows states, of which the last has the answer.
func checkWatch(t *testing.T, look func(login.State) (instance.Answer, bool), states []login.State, want string) {
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

// Whoever asks a window that closes, or goes away, is not left waiting; and a waiter gets its answer once.
func TestTheLobbyIsLeft(t *testing.T) {
	var l waiters
	never := func(login.State) (instance.Answer, bool) { return instance.Answer{}, false }
	ctx, cancel := context.WithCancel(t.Context())
	answer := l.await(ctx, &waiter{by: "Vendor App", watch: never}, cancel)
	assert.Equal(t, windowClosed.Code, answer.Code)
	assert.Empty(t, l.waiting)

	seen := 0
	once := func(login.State) (instance.Answer, bool) { seen++; return instance.Answer{OK: true}, seen > 1 }
	answer = l.await(t.Context(), &waiter{watch: once}, func() {
		l.see(at(login.Waiting))
		l.see(at(login.SignedIn))
	})
	assert.True(t, answer.OK)
	assert.Equal(t, 2, seen)
	assert.Empty(t, l.lastBy())
}
