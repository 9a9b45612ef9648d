// Package simulator is a simulated NHS Identity Agent, for the demonstration and for tests.
//
// It does what the Identity Agent does, in the same order: a card is inserted, the agent asks for
// the passcode, and there is a ticket until the card is removed. The calls of the Ticket API wait,
// answer and fail accordingly. The user's actions are methods ([Agent.InsertCard],
// [Agent.RemoveCard], [Agent.CancelPasscode], [Agent.SetReader]); the user, and how the sign-in
// ends, is a [Persona]. The passcode is entered by itself after a think time.
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

// Mode is the Identity Agent's setting for the removal of the card.
type Mode int

// The modes.
const (
	// Normal: removing the card destroys the ticket at once.
	Normal Mode = iota
	// Mobility: the card may be taken away, and the ticket stays until the user signs in anew.
	Mobility
	// SessionLockPersistence: removing the card locks the ticket. The same card and passcode bring
	// the same ticket back.
	SessionLockPersistence
)

// Settings configures an [Agent]. The zero value is normal mode with a passcode entered at once.
type Settings struct {
	Mode Mode
	// ThinkTime is how long the simulated user takes to enter the passcode.
	ThinkTime time.Duration
}

// State is what can be seen at the desk.
type State struct {
	// Reader reports whether a smartcard reader is connected.
	Reader bool
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
	if !s.Reader {
		return smartcard.Presence{}
	}
	return smartcard.Presence{Readers: []smartcard.Reader{{Name: "simulator", Card: s.Card != ""}}}
}

// Agent is a simulated Identity Agent. It begins with a reader and no card, and implements [smartcard.Agent].
type Agent struct {
	settings Settings
	nudge    chan struct{}
	prompts  sync.WaitGroup

	mu       sync.Mutex
	closed   bool
	reader   bool
	card     *Persona       // in the reader
	spine    *session       // the only session, nil if no user is signed in
	prompt   *prompt        // the passcode window, nil if there is none
	refused  smartcard.Code // by the last one, while its card is in
	onTicket func(Persona, ersclient.Ticket)
	changed  chan struct{} // closed and made anew at every change, for the calls that wait for one
}

var _ smartcard.Agent = (*Agent)(nil)

// session is a session at Spine.
type session struct {
	persona Persona
	ticket  ersclient.Ticket
	locked  bool // away with the card, in SessionLockPersistence
}

// prompt is a passcode window.
type prompt struct {
	persona Persona
	anew    bool // a locked session will not do
	// ended is closed with the window; then ticket is set, or refusal, or neither if the card was
	// removed.
	ended   chan struct{}
	ticket  ersclient.Ticket
	refusal smartcard.Code
}

// New returns an agent with a reader and no card. Close ends it.
func New(settings Settings) *Agent {
	return &Agent{settings: settings, reader: true, nudge: make(chan struct{}, 1), changed: make(chan struct{})}
}

// Close ends a prompt and every waiting call. From then on every call fails with NOT_INITIALIZED,
// and InsertCard does nothing.
func (a *Agent) Close() {
	a.mu.Lock()
	a.closed = true
	a.card, a.spine, a.refused = nil, nil, smartcard.Success
	a.endPrompt(ersclient.Ticket{}, smartcard.Success)
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
	state := State{Reader: a.reader, Prompting: a.prompt != nil, Refused: a.refused}
	if a.card != nil {
		state.Card = a.card.Key
	}
	if a.spine != nil && !a.spine.locked {
		state.SignedIn = a.spine.persona.Key
	}
	return state
}

// InsertCard puts a persona's card into the reader, and the agent asks for the passcode even if no
// call waits. A refusal appears in [State.Refused] only, not in TicketNoAuth; the real agent's
// answer is not published.
//
// A missing reader is connected, and another card is removed first. In mobility mode a user who is
// still signed in is not asked.
func (a *Agent) InsertCard(persona Persona) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return
	}
	a.takeCardOut()
	a.reader = true
	persona.Permissions = slices.Clone(persona.Permissions)
	a.card = &persona
	if a.spine == nil || a.spine.locked || a.spine.persona.Key != persona.Key {
		a.openPrompt(false)
	}
	a.broadcast()
}

// RemoveCard takes the card out of the reader. The [Mode] decides what becomes of the ticket.
func (a *Agent) RemoveCard() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.takeCardOut()
	a.broadcast()
}

// SetReader connects the reader, or disconnects it together with its card.
func (a *Agent) SetReader(connected bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !connected {
		a.takeCardOut()
	}
	a.reader = connected
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
// if the window was closed before. Without a reader it fails with READER_NOT_AVAILABLE. The window
// stays when ctx ends.
func (a *Agent) Ticket(ctx context.Context) (ersclient.Ticket, error) { return a.signIn(ctx, false) }

// NewTicket implements [smartcard.Agent]. The old ticket stays until the new one is there.
func (a *Agent) NewTicket(ctx context.Context) (ersclient.Ticket, error) { return a.signIn(ctx, true) }

// TicketNoAuth implements [smartcard.Agent]. Without a ticket and without a reader the error is READER_NOT_AVAILABLE.
func (a *Agent) TicketNoAuth(ctx context.Context) (ersclient.Ticket, error) {
	if err := ctx.Err(); err != nil {
		return ersclient.Ticket{}, ended(err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.closed:
		return ersclient.Ticket{}, smartcard.NotInitialized.Err()
	case a.spine != nil && !a.spine.locked:
		return a.spine.ticket, nil
	case !a.reader:
		return ersclient.Ticket{}, smartcard.ReaderNotAvailable.Err()
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
	case a.spine != nil && !a.spine.locked && !anew:
		return a.spine.ticket, nil, nil, nil
	case !a.reader:
		return ersclient.Ticket{}, nil, nil, smartcard.ReaderNotAvailable.Err()
	case a.card == nil:
		return ersclient.Ticket{}, nil, a.changed, nil
	case a.prompt == nil:
		a.openPrompt(anew)
		a.broadcast()
	case anew:
		a.prompt.anew = true
	}
	return ersclient.Ticket{}, a.prompt, nil, nil
}

// openPrompt opens the passcode window for the inserted card. The lock is held.
func (a *Agent) openPrompt(anew bool) {
	a.refused = smartcard.Success
	opened := &prompt{persona: *a.card, anew: anew, ended: make(chan struct{})}
	a.prompt = opened
	a.prompts.Go(func() { a.enterPasscode(opened) })
}

// enterPasscode is the simulated user at the passcode window.
func (a *Agent) enterPasscode(p *prompt) {
	select {
	case <-p.ended:
		return
	case <-time.After(a.settings.ThinkTime):
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
	a.spine = &session{persona: p.persona, ticket: ticket}
	a.endPrompt(ticket, smartcard.Success)
	a.broadcast()
}

// answerAtOnce ends a prompt that needs no new ticket: it is closed, is refused, or unlocks the
// locked session. Otherwise it returns the hook for the new ticket.
func (a *Agent) answerAtOnce(p *prompt) (hook func(Persona, ersclient.Ticket), answered bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.prompt != p:
		return nil, true
	case p.persona.Refusal != smartcard.Success:
		a.endPrompt(ersclient.Ticket{}, p.persona.Refusal)
	case a.spine != nil && a.spine.locked && a.spine.persona.Key == p.persona.Key && !p.anew:
		a.spine.locked = false
		a.endPrompt(a.spine.ticket, smartcard.Success)
	default:
		return a.onTicket, false
	}
	a.broadcast()
	return nil, true
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

// takeCardOut removes the card, if any, with the consequences of the mode. The lock is held.
func (a *Agent) takeCardOut() {
	if a.card == nil {
		return
	}
	a.card, a.refused = nil, smartcard.Success
	a.endPrompt(ersclient.Ticket{}, smartcard.Success)
	if a.spine == nil {
		return
	}
	switch a.settings.Mode {
	case Normal:
		a.spine = nil
	case SessionLockPersistence:
		a.spine.locked = true
	case Mobility:
	}
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
