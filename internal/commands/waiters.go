package commands

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/ers-login/ers-login/internal/instance"
	"github.com/ers-login/ers-login/internal/login"
	"github.com/ers-login/ers-login/internal/problem"
)

// answer returns what answers other starts of the program: they want this one's window, or something done in it.
func (e *controller) answer(raise func()) instance.Handler {
	return func(ctx context.Context, request instance.Request) instance.Answer {
		if e.life.Err() != nil || !e.shown.Load() {
			// Whoever asks waits a moment, and finds either a window or none.
			return instance.Answer{Code: instance.Leaving.Code}
		}
		switch {
		case request.Action == instance.SignOut && request.Wait:
			return e.waiters.await(ctx, &waiter{watch: (&signOutWatch{send: e.sendOn}).look}, nil)
		case request.Action == instance.SignOut:
			e.Send(login.SignOut{})
		case request.Action == instance.SignIn && request.Wait:
			return e.awaitSignIn(ctx, request.For, raise)
		case request.Action == instance.SignIn:
			raise()
			if request.For != "" {
				e.Send(login.Requested{By: request.For})
			}
			e.Send(login.SignIn{})
		default:
			raise()
			if request.For != "" {
				e.sendOn(login.Requested{By: request.For})
			}
			if request.Wanted != "" && request.Wanted != e.wanted {
				e.noteOther()
				return instance.Answer{Code: otherWindow.Code}
			}
			return instance.Answer{OK: true, Display: e.displays}
		}
		return instance.Answer{OK: true}
	}
}

// otherShown is how long the window says that it is not the one that was wanted.
const otherShown = 2 * time.Minute

// noteOther tells the user, who sees a window that comes to the front, that it is not the one that they wanted.
func (e *controller) noteOther() {
	e.board.Set("instance", startedOtherwise)
	time.AfterFunc(otherShown, func() { e.board.Set("instance", nil) })
}

// awaitSignIn has the user asked to sign in, and answers when it is known how that ends.
func (e *controller) awaitSignIn(ctx context.Context, by string, raise func()) instance.Answer {
	waiting := &waiter{by: by, watch: (&signInWatch{by: by, send: e.sendOn}).look}
	raised := false
	answer := e.waiters.await(ctx, waiting, func() {
		raised = true
		raise()
	})
	if !answer.OK && !raised {
		// It was known at once why nobody can sign in, and the user is to see it, too.
		raise()
	}
	if !answer.OK && by != "" {
		// It is over, or whoever asked is gone. The window shows the one before, if that one still waits.
		e.sendOn(login.Requested{By: e.waiters.lastBy()})
	}
	return answer
}

// sendOn sends an intent to the flow, and tells whether it arrives there. Before there is a flow, what a start that has failed understands
// arrives at that.
func (e *controller) sendOn(intent login.Intent) bool {
	if flow := e.flow.Load(); flow != nil {
		flow.Send(intent)
		return true
	}
	switch intent.(type) {
	case login.TryAgain, login.Requested:
		select {
		case e.early <- intent:
			if flow := e.flow.Load(); flow != nil {
				e.handOver(flow) // It has begun meanwhile.
			}
			return true
		default:
			// It is busy with what others want.
		}
	}
	return false
}

// waiters are other starts of the program that wait for something that takes time. They see every state, in order.
type waiters struct {
	mutex   sync.Mutex
	last    login.State
	waiting []*waiter
}

// waiter waits for an answer.
type waiter struct {
	// by is the program on whose behalf it waits, if it has said so.
	by string
	// watch looks at a state and tells whether it is the answer. It is called under the mutex of waiters and must not block.
	watch  func(login.State) (instance.Answer, bool)
	answer chan instance.Answer
}

// see shows all waiters a state. Those that have their answer leave.
func (l *waiters) see(state login.State) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.last = state
	var staying []*waiter
	for _, waiting := range l.waiting {
		if answer, known := waiting.watch(state); known {
			waiting.answer <- answer
			continue
		}
		staying = append(staying, waiting)
	}
	l.waiting = staying
}

// await returns a waiter's answer. Meanwhile is called if it is not known at once; it may be nil.
func (l *waiters) await(ctx context.Context, waiting *waiter, meanwhile func()) instance.Answer {
	waiting.answer = make(chan instance.Answer, 1)
	l.mutex.Lock()
	answer, known := waiting.watch(l.last)
	if !known {
		l.waiting = append(l.waiting, waiting)
	}
	l.mutex.Unlock()
	if known {
		return answer
	}
	defer l.leave(waiting)
	if meanwhile != nil {
		meanwhile()
	}
	select {
	case answer := <-waiting.answer:
		return answer
	case <-ctx.Done():
		return instance.Answer{Code: windowClosed.Code}
	}
}

func (l *waiters) leave(gone *waiter) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	var staying []*waiter
	for _, waiting := range l.waiting {
		if waiting != gone {
			staying = append(staying, waiting)
		}
	}
	l.waiting = staying
}

// lastBy returns the program that has asked last of those that still wait.
func (l *waiters) lastBy() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	for i := len(l.waiting) - 1; i >= 0; i-- {
		if by := l.waiting[i].by; by != "" {
			return by
		}
	}
	return ""
}

// signInWatch follows a sign-in that another program has asked for, and begins it.
type signInWatch struct {
	by   string
	send func(login.Intent) bool
	// begun: the sign-in was asked for. under: one was seen under way since. named: the window has shown who asks.
	begun, under, named bool
}

func (w *signInWatch) look(state login.State) (instance.Answer, bool) {
	switch state.Phase {
	case login.SignedIn:
		if !state.EntryGone {
			return instance.Answer{OK: true}, true
		}
		// No reader finds that session. The window asks the user what to do about it.
		w.under = true
		return instance.Answer{}, false
	case login.Closed:
		return instance.Answer{Code: windowClosed.Code}, true
	case login.Ending, login.Waiting:
		if state.Reason == login.Quitting {
			return instance.Answer{Code: windowClosed.Code}, true
		}
		if w.under && (state.Reason == login.Cancelled || state.Reason == login.SignedOut) {
			return instance.Answer{Code: givenUp.Code}, true
		}
	case login.Prompting, login.SigningIn, login.Choosing, login.Selecting:
		w.under = true
	case login.Starting:
		// A start that has failed is tried again, and what comes of that has not heard the name yet.
		w.named = false
	case login.Failed:
	}
	if w.named && state.AskedBy == "" {
		return instance.Answer{Code: givenUp.Code}, true
	}
	if w.by != "" && !w.named {
		if w.named = state.AskedBy == w.by; !w.named {
			w.send(login.Requested{By: w.by})
		}
	}
	if idle := state.Phase == login.Waiting || state.Phase == login.Failed; idle && !w.begun && !w.under {
		w.begun = w.send(login.SignIn{})
		if broken := state.Problem; !w.begun && broken != nil && !broken.Retry {
			// The program cannot begin, and nothing that the user could do in the window changes that.
			return instance.Answer{Code: broken.Code}, true
		}
	}
	return instance.Answer{}, false
}

// signOutWatch ends whatever there is of a session, and follows it to its end.
type signOutWatch struct {
	send func(login.Intent) bool
	// sent: one phase's end was asked for.
	sent map[login.Phase]bool
	// trying: what could not be cleared is about to be tried again.
	trying bool
}

func (w *signOutWatch) look(state login.State) (instance.Answer, bool) {
	w.trying = w.trying && state.Phase == login.Failed
	var wish login.Intent
	switch state.Phase {
	case login.Failed:
		return w.failed(state)
	case login.Waiting, login.Closed:
		return instance.Answer{OK: true}, true
	case login.SignedIn, login.Choosing:
		wish = login.SignOut{}
	case login.Prompting, login.SigningIn, login.Selecting:
		wish = login.Cancel{}
	case login.Starting, login.Ending:
		return instance.Answer{}, false
	}
	if !w.sent[state.Phase] {
		w.ask(state.Phase, wish)
	}
	return instance.Answer{}, false
}

// failed looks at a problem, behind which a session may be left in the keyring. If that was so before anybody has asked here, the keyring
// may have been unlocked meanwhile, and it is tried again once.
func (w *signOutWatch) failed(state login.State) (instance.Answer, bool) {
	switch {
	case w.trying:
		return instance.Answer{}, false
	case !state.Uncleared:
		return instance.Answer{OK: true}, true
	case len(w.sent) == 0 && w.ask(state.Phase, login.TryAgain{}):
		w.trying = true
		return instance.Answer{}, false
	default:
		return unclearedAnswer(state.Problem), true
	}
}

// ask sends a wish, and tells whether it has arrived.
func (w *signOutWatch) ask(in login.Phase, wish login.Intent) bool {
	if w.sent == nil {
		w.sent = map[login.Phase]bool{}
	}
	w.sent[in] = w.send(wish)
	return w.sent[in]
}

// unclearedAnswer tells why nobody has made sure that the keyring is clear. What has nothing to do with the keyring is no answer to that:
// whoever asked looks into it anyway.
func unclearedAnswer(why *problem.Problem) instance.Answer {
	if why != nil && strings.HasPrefix(why.Code, keyringCodes) {
		return instance.Answer{Code: why.Code}
	}
	return instance.Answer{OK: true}
}

// keyringCodes begin the codes of the keyring's Problems.
const keyringCodes = "KEYRING-"

// What whoever asked is told.
var (
	givenUp = &problem.Problem{
		Code:     "ASKED-GIVEN_UP",
		Title:    "The sign-in was given up",
		Happened: "Another program asked for a sign-in to e-RS, and the user cancelled it.",
		Steps:    []string{"If you want to sign in after all, start again from the program that needs e-RS."},
	}
	windowClosed = &problem.Problem{
		Code:     "ASKED-CLOSED",
		Title:    "The window of e-RS Login was closed",
		Happened: "Another program asked for a sign-in to e-RS, and the window was closed before anybody had signed in.",
		Steps:    []string{"If you want to sign in after all, start again from the program that needs e-RS."},
	}
	// windowTroubled stands for the Problems that only the window can tell whole.
	windowTroubled = &problem.Problem{
		Code:     "ASKED-PROBLEM",
		Title:    "The window of e-RS Login shows a problem",
		Happened: "What was asked for cannot be done before it is solved. Its reference is {{.Reference}}.",
		Steps: []string{
			"Look at the window of e-RS Login, which says what to do.",
			"Where there is nobody to look at it, run ers-login doctor, which finds most of what keeps it from signing in.",
			"Give your local service desk the reference {{.Reference}} if that does not help.",
		},
	}
)
