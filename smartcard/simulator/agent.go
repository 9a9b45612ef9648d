// Package simulator is a simulated NHS Identity Agent, for the demonstration and for tests.
//
// It does what the Identity Agent does, in the same order: a card is inserted, the agent asks for
// the passcode, and there is a ticket until the card is removed. The calls of the Ticket API wait,
// answer and fail accordingly. The user's actions are methods ([Agent.InsertCard],
// [Agent.RemoveCard], [Agent.CancelPasscode]); the user, and how the sign-in ends, is a [Persona].
// The passcode is entered by itself after a think time.
//
// The tickets look like real ones and are new each time. A stand-in for e-RS has to know them
// before the first request, which is what [Agent.OnTicket] is for.
//
// Where the published material is silent, the simulation picks what is plainest, and the method
// says so: nothing here is evidence for how the Identity Agent behaves.
package simulator

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/smartcard"
)

// State is what can be seen at the desk.
type State struct {
	// Card is the Key of the persona whose card is in the reader, or empty.
	Card string
	// Prompting reports whether the agent is asking for the passcode.
	Prompting bool
	// Refused is why the last passcode window of the inserted card closed without a ticket, such as
	// PIN_BLOCKED or USER_ABORT, which the agent's own window would show. Otherwise it is Success.
	Refused smartcard.Code
	// SignedIn is the Key of the persona who has a ticket, or empty.
	SignedIn string
}

// Presence returns what is seen of the reader and the card.
func (s State) Presence() smartcard.Presence {
	return smartcard.Presence{Readers: []smartcard.Reader{{Name: "simulator", Card: s.Card != ""}}}
}

// Agent is a simulated Identity Agent with a reader. It implements [smartcard.Agent].
type Agent struct {
	thinkTime time.Duration
	nudge     chan struct{}
	prompts   sync.WaitGroup

	mu       sync.Mutex
	closed   bool
	card     *Persona         // in the reader
	ticket   ersclient.Ticket // of the card's user, zero if no user is signed in
	prompt   *prompt          // the passcode window, nil if there is none
	refused  smartcard.Code   // by the last one, while its card is in
	onTicket func(Persona, ersclient.Ticket)
	changed  chan struct{} // closed and made anew at every change, for the calls that wait for one
}

var _ smartcard.Agent = (*Agent)(nil)

// prompt is a passcode window.
type prompt struct {
	persona Persona
	// ended is closed with the window; then ticket is set, or refusal, or neither if the card was
	// removed.
	ended   chan struct{}
	ticket  ersclient.Ticket
	refusal smartcard.Code
}

// New returns an agent with no card in its reader. thinkTime is how long the simulated user takes to
// enter the passcode. Close ends it.
func New(thinkTime time.Duration) *Agent {
	return &Agent{thinkTime: thinkTime, nudge: make(chan struct{}, 1), changed: make(chan struct{})}
}

// Close ends a prompt and every waiting call. From then on every call fails with NOT_INITIALIZED,
// and InsertCard does nothing.
func (a *Agent) Close() {
	a.mu.Lock()
	a.closed = true
	a.takeCardOut()
	a.broadcast()
	a.mu.Unlock()
	a.prompts.Wait()
}

// OnTicket sets a hook that is called with every new ticket before any call returns it, so that a
// stand-in for e-RS knows it in time. It is called without a lock and may block; a later OnTicket
// replaces it. The hook must not register the ticket of a persona with TicketExpired.
func (a *Agent) OnTicket(hook func(Persona, ersclient.Ticket)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.onTicket = hook
}

// Changed receives a value after a change, for [smartcard.WatchSettings]. It has one consumer;
// changes that were not received yet count as one.
func (a *Agent) Changed() <-chan struct{} { return a.nudge }

// State returns the current state.
func (a *Agent) State() State {
	a.mu.Lock()
	defer a.mu.Unlock()
	state := State{Prompting: a.prompt != nil, Refused: a.refused}
	if a.card != nil {
		state.Card = a.card.Key
	}
	if !a.ticket.IsZero() {
		state.SignedIn = a.card.Key
	}
	return state
}

// InsertCard puts a persona's card into the reader, and the agent asks for the passcode even if no
// call waits. A refusal appears in [State.Refused] only, not in TicketNoAuth; the real agent's
// answer is not published. Another card is removed first.
func (a *Agent) InsertCard(persona Persona) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return
	}
	a.takeCardOut()
	persona.Permissions = slices.Clone(persona.Permissions)
	a.card = &persona
	a.openPrompt()
	a.broadcast()
}

// RemoveCard takes the card out of the reader, which destroys the ticket at once.
func (a *Agent) RemoveCard() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.takeCardOut()
	a.broadcast()
}

// CancelPasscode closes the passcode window, if any, as the user's Cancel does: USER_ABORT.
func (a *Agent) CancelPasscode() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.endPrompt(ersclient.Ticket{}, smartcard.UserAbort)
	a.broadcast()
}

// Ticket implements [smartcard.Agent]. It waits for a card and for the passcode, and prompts again
// if the window was closed before. The window stays when ctx ends.
func (a *Agent) Ticket(ctx context.Context) (ersclient.Ticket, error) { return a.signIn(ctx, false) }

// NewTicket implements [smartcard.Agent]. The old ticket stays until the new one is there.
func (a *Agent) NewTicket(ctx context.Context) (ersclient.Ticket, error) { return a.signIn(ctx, true) }

// TicketNoAuth implements [smartcard.Agent].
func (a *Agent) TicketNoAuth(ctx context.Context) (ersclient.Ticket, error) {
	if err := ctx.Err(); err != nil {
		return ersclient.Ticket{}, ended(err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.closed:
		return ersclient.Ticket{}, smartcard.NotInitialized.Err()
	case !a.ticket.IsZero():
		return a.ticket, nil
	}
	return ersclient.Ticket{}, smartcard.TicketNotAvailable.Err()
}

// signIn waits for a ticket, with anew for a new one.
func (a *Agent) signIn(ctx context.Context, anew bool) (ersclient.Ticket, error) {
	for {
		if err := ctx.Err(); err != nil {
			return ersclient.Ticket{}, ended(err)
		}
		ticket, prompt, changed, err := a.approach(anew)
		if err != nil || !ticket.IsZero() {
			return ticket, err
		}
		if prompt == nil {
			select {
			case <-ctx.Done():
			case <-changed:
			}
			continue
		}
		select {
		case <-ctx.Done():
		case <-prompt.ended:
			if err := prompt.refusal.Err(); err != nil {
				return ersclient.Ticket{}, err
			}
			if !prompt.ticket.IsZero() {
				return prompt.ticket, nil
			}
		}
	}
}

// approach returns the ticket, or the prompt that will lead to one, or the channel that is closed
// by the next change.
func (a *Agent) approach(anew bool) (ersclient.Ticket, *prompt, <-chan struct{}, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.closed:
		return ersclient.Ticket{}, nil, nil, smartcard.NotInitialized.Err()
	case !a.ticket.IsZero() && !anew:
		return a.ticket, nil, nil, nil
	case a.card == nil:
		return ersclient.Ticket{}, nil, a.changed, nil
	case a.prompt == nil:
		a.openPrompt()
		a.broadcast()
	}
	return ersclient.Ticket{}, a.prompt, nil, nil
}

// openPrompt opens the passcode window for the inserted card. The lock is held.
func (a *Agent) openPrompt() {
	a.refused = smartcard.Success
	opened := &prompt{persona: *a.card, ended: make(chan struct{})}
	a.prompt = opened
	a.prompts.Go(func() { a.enterPasscode(opened) })
}

// enterPasscode is the simulated user at the passcode window.
func (a *Agent) enterPasscode(p *prompt) {
	select {
	case <-p.ended:
		return
	case <-time.After(a.thinkTime):
	}
	hook, answered := a.answerAtOnce(p)
	if answered {
		return
	}
	ticket := issue()
	if hook != nil {
		hook(p.persona, ticket)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.prompt != p {
		return // the card was removed, or the window was closed, while the hook ran
	}
	a.ticket = ticket
	a.endPrompt(ticket, smartcard.Success)
	a.broadcast()
}

// answerAtOnce ends a prompt that is refused, or reports that it is closed. Otherwise it returns the
// hook for the new ticket.
func (a *Agent) answerAtOnce(p *prompt) (hook func(Persona, ersclient.Ticket), answered bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.prompt != p:
		return nil, true
	case p.persona.Refusal != smartcard.Success:
		a.endPrompt(ersclient.Ticket{}, p.persona.Refusal)
		a.broadcast()
		return nil, true
	}
	return a.onTicket, false
}

// endPrompt closes the passcode window, if any. The lock is held.
func (a *Agent) endPrompt(ticket ersclient.Ticket, refusal smartcard.Code) {
	if a.prompt == nil {
		return
	}
	a.prompt.ticket, a.prompt.refusal = ticket, refusal
	a.refused = refusal
	close(a.prompt.ended)
	a.prompt = nil
}

// takeCardOut removes the card, if any, and with it the ticket. The lock is held.
func (a *Agent) takeCardOut() {
	if a.card == nil {
		return
	}
	a.card, a.ticket, a.refused = nil, ersclient.Ticket{}, smartcard.Success
	a.endPrompt(ersclient.Ticket{}, smartcard.Success)
}

// broadcast wakes everything that waits for a change. The lock is held.
func (a *Agent) broadcast() {
	close(a.changed)
	a.changed = make(chan struct{})
	select {
	case a.nudge <- struct{}{}:
	default:
	}
}

// ended is the error of a call whose context has ended.
func ended(err error) error { return fmt.Errorf("simulated identity agent: %w", err) }

// issue returns a new ticket that looks like a real one: the published example decodes to 35 bytes
// with this beginning and this mark at the end.
func issue() ersclient.Ticket {
	body := make([]byte, 35)
	_, _ = rand.Read(body) // it never fails: crypto/rand ends the program first
	body[0], body[1], body[2], body[3] = 0x01, 0x02, 0x02, 0xe7
	body[4] &= 0x0f
	return ersclient.NewTicket(base64.StdEncoding.EncodeToString(body) + "@AAJTSQACMDE=#")
}
