package app

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/ers-login/ers-login/internal/instance"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/signin"
)

// RequestHandler returns the handler of requests from other starts of the program, for this window or
// for something done in it, until life ends.
func (c *Controller) RequestHandler(life context.Context, raise func()) instance.Handler {
	return func(ctx context.Context, request instance.Request) instance.Answer {
		if life.Err() != nil || !c.Shown.Load() {
			// The other process waits a moment, and then finds either a window or none.
			return instance.Answer{Code: instance.Leaving.Code}
		}
		switch {
		case request.Action == instance.LastProblem:
			return instance.Answer{OK: true, Shown: c.problem.Load(), AwaitsBrowser: c.inBrowser.Load()}
		case request.Action == instance.SignOut && request.Wait:
			watch := &signOutWatch{send: c.sendOn}
			answer := c.waiters.await(ctx, &waiter{watch: watch.look}, nil)
			answer.Ended = watch.ended()
			return answer
		case request.Action == instance.SignOut:
			c.Send(signin.SignOut{})
		case request.Action == instance.SignIn && request.Wait:
			return c.awaitSignIn(ctx, request.For, raise)
		case request.Action == instance.SignIn:
			raise()
			if request.For != "" {
				c.Send(signin.Requested{By: request.For})
			}
			c.Send(signin.SignIn{})
		default:
			raise()
			if request.For != "" {
				c.sendOn(signin.Requested{By: request.For})
			}
			if request.Wanted != "" && request.Wanted != c.fingerprint {
				c.noteOther(request.Wanted)
				return instance.Answer{Code: otherWindow.Code}
			}
			return instance.Answer{OK: true, Display: c.Displays}
		}
		return instance.Answer{OK: true}
	}
}

// otherShown is how long the window shows that it is not the one that was requested.
const otherShown = 2 * time.Minute

// noteOther shows in the raised window that it is not the one that the user requested.
func (c *Controller) noteOther(fingerprint string) {
	c.Board.Set("instance", noticeOf(c.fingerprint, fingerprint))
	time.AfterFunc(otherShown, func() { c.Board.Set("instance", nil) })
}

// awaitSignIn asks the user to sign in, and answers once the result is known.
func (c *Controller) awaitSignIn(ctx context.Context, by string, raise func()) instance.Answer {
	waiting := &waiter{by: by, watch: (&signInWatch{by: by, send: c.sendOn}).look}
	raised := false
	answer := c.waiters.await(ctx, waiting, func() {
		raised = true
		raise()
	})
	if !answer.OK && !raised {
		// The reason why sign-in is impossible was known at once; the user sees it, too.
		raise()
	}
	if !answer.OK && by != "" {
		// It is over, or the other process is gone. The window shows the previous one, if that
		// still waits.
		c.sendOn(signin.Requested{By: c.waiters.lastBy()})
	}
	return answer
}

// sendOn sends an intent to the flow, and reports whether it arrived. Before there is a flow, a
// failed start receives the intents that it understands.
func (c *Controller) sendOn(intent signin.Intent) bool {
	if flow := c.flow.Load(); flow != nil {
		flow.Send(intent)
		return true
	}
	switch intent.(type) {
	case signin.TryAgain, signin.Requested:
		select {
		case c.early <- intent:
			if flow := c.flow.Load(); flow != nil {
				c.handOver(flow) // the flow has begun meanwhile
			}
			return true
		default:
			// The queue is full of other requests.
		}
	}
	return false
}

// waiters are other starts of the program that wait for a result. They see every state, in order.
type waiters struct {
	mutex   sync.Mutex
	last    signin.State
	waiting []*waiter
}

// waiter waits for an answer.
type waiter struct {
	// by is the program on whose behalf it waits, if given.
	by string
	// watch returns the answer if a state has it. It is called under the mutex of waiters and must
	// not block.
	watch  func(signin.State) (instance.Answer, bool)
	answer chan instance.Answer
}

// see shows a state to all waiters. Those with an answer leave.
func (w *waiters) see(state signin.State) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.last = state
	w.waiting = slices.DeleteFunc(w.waiting, func(waiting *waiter) bool {
		answer, known := waiting.watch(state)
		if known {
			waiting.answer <- answer
		}
		return known
	})
}

// await returns a waiter's answer. It calls meanwhile, if not nil, unless the answer is known at
// once.
func (w *waiters) await(ctx context.Context, waiting *waiter, meanwhile func()) instance.Answer {
	waiting.answer = make(chan instance.Answer, 1)
	w.mutex.Lock()
	answer, known := waiting.watch(w.last)
	if !known {
		w.waiting = append(w.waiting, waiting)
	}
	w.mutex.Unlock()
	if known {
		return answer
	}
	defer w.leave(waiting)
	if meanwhile != nil {
		meanwhile()
	}
	select {
	case answer := <-waiting.answer:
		return answer
	case <-ctx.Done():
		return instance.Answer{Code: WindowClosed.Code}
	}
}

func (w *waiters) leave(gone *waiter) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.waiting = slices.DeleteFunc(w.waiting, func(waiting *waiter) bool { return waiting == gone })
}

// lastBy returns the program of the latest of the waiters.
func (w *waiters) lastBy() string {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	for _, waiting := range slices.Backward(w.waiting) {
		if waiting.by != "" {
			return waiting.by
		}
	}
	return ""
}

// signInWatch begins a sign-in that another program requested, and follows it.
type signInWatch struct {
	by   string
	send func(signin.Intent) bool
	// begun: the sign-in was requested. under: one was seen under way since. named: the window has
	// shown the program.
	begun, under, named bool
}

func (w *signInWatch) look(state signin.State) (instance.Answer, bool) {
	switch state.Phase {
	case signin.SignedIn:
		if !state.EntryGone {
			return instance.Answer{OK: true}, true
		}
		// No reader finds that session. The window asks the user what to do about it.
		w.under = true
		return instance.Answer{}, false
	case signin.Closed:
		return instance.Answer{Code: WindowClosed.Code}, true
	case signin.Ending, signin.Waiting:
		if state.Reason == signin.Quitting {
			return instance.Answer{Code: WindowClosed.Code}, true
		}
		if w.under && (state.Reason == signin.Cancelled || state.Reason == signin.SignedOut) {
			return instance.Answer{Code: GivenUp.Code}, true
		}
	case signin.Prompting, signin.SigningIn, signin.Choosing, signin.ChoosingClinician, signin.Selecting:
		w.under = true
	case signin.Starting:
		// A failed start is tried again, and the next flow has not received the name yet.
		w.named = false
	case signin.Failed:
	}
	if w.named && state.AskedBy == "" {
		return instance.Answer{Code: GivenUp.Code}, true
	}
	if w.by != "" && !w.named {
		if w.named = state.AskedBy == w.by; !w.named {
			w.send(signin.Requested{By: w.by})
		}
	}
	if idle := state.Phase == signin.Waiting || state.Phase == signin.Failed; idle && !w.begun && !w.under {
		w.begun = w.send(signin.SignIn{})
		if broken := state.Problem; !w.begun && broken != nil && !broken.Retry {
			// The program cannot start, and the user cannot change that in the window.
			return instance.Answer{Code: broken.Code}, true
		}
	}
	return instance.Answer{}, false
}

// signOutWatch ends any session, and follows its end.
type signOutWatch struct {
	send func(signin.Intent) bool
	// sent has the phases whose end was requested.
	sent map[signin.Phase]bool
	// trying: clearing is about to be tried again.
	trying bool
}

func (w *signOutWatch) look(state signin.State) (instance.Answer, bool) {
	w.trying = w.trying && state.Phase == signin.Failed
	var wish signin.Intent
	switch state.Phase {
	case signin.Failed:
		return w.failed(state)
	case signin.Waiting, signin.Closed:
		return instance.Answer{OK: true}, true
	case signin.SignedIn, signin.Choosing, signin.ChoosingClinician, signin.Selecting:
		wish = signin.SignOut{}
	case signin.Prompting, signin.SigningIn:
		wish = signin.Cancel{}
	case signin.Starting, signin.Ending:
		return instance.Answer{}, false
	}
	if !w.sent[state.Phase] {
		w.ask(state.Phase, wish)
	}
	return instance.Answer{}, false
}

// failed handles a Problem, behind which a session may be left in the keyring. If that was so
// before this request, the keyring may have been unlocked meanwhile, and clearing is tried again
// once.
func (w *signOutWatch) failed(state signin.State) (instance.Answer, bool) {
	switch {
	case w.trying:
		return instance.Answer{}, false
	case !state.Uncleared:
		return instance.Answer{OK: true}, true
	case len(w.sent) == 0 && w.ask(state.Phase, signin.TryAgain{}):
		w.trying = true
		return instance.Answer{}, false
	default:
		return unclearedAnswer(state.Problem), true
	}
}

// ask sends an intent once for each phase, and reports whether it arrived.
func (w *signOutWatch) ask(in signin.Phase, wish signin.Intent) bool {
	if w.sent == nil {
		w.sent = map[signin.Phase]bool{}
	}
	w.sent[in] = w.send(wish)
	return w.sent[in]
}

// ended returns what was asked to end, as [instance.Answer] has it.
func (w *signOutWatch) ended() string {
	switch {
	case w.sent[signin.SignedIn], w.sent[signin.Choosing], w.sent[signin.ChoosingClinician], w.sent[signin.Selecting], w.sent[signin.Failed]:
		return instance.EndedSession
	case w.sent[signin.Prompting], w.sent[signin.SigningIn]:
		return instance.EndedSignIn
	}
	return ""
}

// unclearedAnswer returns why it is unknown whether the keyring is clear. A Problem unrelated to
// the keyring is no such answer: the other process checks the keyring anyway.
func unclearedAnswer(why *problem.Problem) instance.Answer {
	if why != nil && keyring.Problems.Has(why) {
		return instance.Answer{Code: why.Code}
	}
	return instance.Answer{OK: true}
}

// The answers to other processes.
var (
	GivenUp = &problem.Problem{
		Code:     "ASKED-GIVEN_UP",
		Title:    "The sign-in was cancelled",
		Happened: "Another program asked you to sign in to e-RS, and you cancelled it.",
		Steps:    []string{"To sign in, start again from the program that needs e-RS."},
	}
	WindowClosed = &problem.Problem{
		Code:  "ASKED-CLOSED",
		Title: "The e-RS Login window was closed",
		Happened: "Another program asked you to sign in to e-RS, and the window was closed before " +
			"you signed in.",
		Steps: []string{"To sign in, start again from the program that needs e-RS."},
	}
	// WindowTroubled stands for Problems that only the window can show in full.
	WindowTroubled = &problem.Problem{
		Code:     "ASKED-PROBLEM",
		Title:    "The e-RS Login window shows a problem",
		Happened: "You cannot sign in until it is solved. Its reference is {{.Reference}}.",
		Steps: []string{
			"Look at the e-RS Login window and follow its steps.",
			"If that does not help, contact your local service desk and quote the reference " +
				"{{.Reference}}.",
		},
		ServiceDesk: []string{
			"Run ers-login doctor, which finds most problems with signing in. It needs no window.",
		},
	}
)
