// Package simulator is a simulated NHS Identity Agent, for the demonstration and for tests.
//
// It does what the Identity Agent does, in the same order: a card is inserted, the agent asks for the passcode, and there is
// a ticket until the card is removed. The calls of the Ticket API wait, answer and fail accordingly. What a person does at
// the desk is a method here ([Agent.InsertCard], [Agent.RemoveCard], [Agent.CancelPasscode], [Agent.SetReader]);
// who that person is, and how their sign-in ends, is a [Persona]. The passcode is entered by itself after a think time.
//
// The tickets look like real ones and are new each time. A stand-in for e-RS has to know them before anybody can send
// them, which is what [Agent.OnTicket] is for.
//
// Where the published material is silent, the simulation picks what is plainest, and the method says so: nothing here is
// evidence for how the Identity Agent behaves.
package simulator

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/smartcard"
)

// Mode is how the Identity Agent is set up to treat the removal of the card.
type Mode int

// The modes.
const (
	// Normal: removing the card destroys the ticket at once.
	Normal Mode = iota
	// Mobility: the card may be taken away, and the ticket stays until somebody signs out or in anew.
	Mobility
	// SessionLockPersistence: removing the card locks the ticket away. The same card and passcode bring the same ticket back.
	SessionLockPersistence
)

// Settings tunes an [Agent]. The zero value is an agent in normal mode whose user enters the passcode in no time.
type Settings struct {
	Mode Mode
	// ThinkTime is how long the simulated user takes to enter the passcode.
	ThinkTime time.Duration
}

// State is what an onlooker at the desk sees.
type State struct {
	// Reader tells whether a smartcard reader is connected.
	Reader bool
	// Card is the Key of the persona whose card is in the reader, empty without a card.
	Card string
	// Prompting tells whether the agent is asking for the passcode.
	Prompting bool
	// Refused is why the last passcode window of the card that is in the reader has closed without a ticket, such as PIN_BLOCKED or
	// USER_ABORT: what the agent's own window says then. It is Success as long as there is nothing to say.
	Refused smartcard.Code
	// SignedIn is the Key of the persona who has a ticket, empty if nobody has.
	SignedIn string
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
	spine    *session       // the one session that there can be, nil if nobody is signed in
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
	// ended is closed when the window closes; then ticket is set, or refusal, or neither if the card went away.
	ended   chan struct{}
	ticket  ersclient.Ticket
	refusal smartcard.Code
}

// New returns an agent with a reader and no card. Close ends it.
func New(settings Settings) *Agent {
	return &Agent{settings: settings, reader: true, nudge: make(chan struct{}, 1), changed: make(chan struct{})}
}

// Close ends a prompt and every call that waits. From then on every call fails with NOT_INITIALIZED, and nobody can insert a
// card.
func (a *Agent) Close() {
	a.mu.Lock()
	a.closed = true
	a.card, a.spine, a.refused = nil, nil, smartcard.Success
	a.endPrompt(ersclient.Ticket{}, smartcard.Success)
	a.tell()
	a.mu.Unlock()
	a.prompts.Wait()
}

// OnTicket sets what is called with every new ticket before anybody can get it, so that a stand-in for e-RS can know it in
// time. It is called without a lock held and may take its time; a later call of OnTicket replaces it.
//
// A persona whose ticket is expired gets one too: it is for the hook not to make it known.
func (a *Agent) OnTicket(hook func(Persona, ersclient.Ticket)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.onTicket = hook
}

// Changed receives a value after something has changed, for [smartcard.WatchSettings]. It has one consumer; changes that
// nobody has fetched yet count as one.
func (a *Agent) Changed() <-chan struct{} { return a.nudge }

// State returns what there is to be seen now.
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

// InsertCard puts a persona's card into the reader, and the agent asks for the passcode by itself: nobody has to want a ticket. A
// refusal is said in the agent's own window ([State.Refused]), and TicketNoAuth keeps to whether there is a ticket: whether the real one
// says more is not published.
//
// A reader that was not there is connected with the card, and a card that was there is removed first. In mobility mode nobody is asked
// who is signed in still.
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
	a.tell()
}

// RemoveCard takes the card out of the reader. What becomes of the ticket is for the [Mode] to say.
func (a *Agent) RemoveCard() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.takeCardOut()
	a.tell()
}

// SetReader connects the reader, or disconnects it together with the card that is in it.
func (a *Agent) SetReader(connected bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !connected {
		a.takeCardOut()
	}
	a.reader = connected
	a.tell()
}

// CancelPasscode closes the passcode window, if there is one, as a user does who presses Cancel: USER_ABORT.
func (a *Agent) CancelPasscode() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.endPrompt(ersclient.Ticket{}, smartcard.UserAbort)
	a.tell()
}

// Ticket implements [smartcard.Agent]. It waits for a card and for the passcode, and asks for the passcode again if the
// window was closed before. Without a reader it fails with READER_NOT_AVAILABLE. When its context ends, the window stays.
func (a *Agent) Ticket(ctx context.Context) (ersclient.Ticket, error) { return a.signIn(ctx, false) }

// NewTicket implements [smartcard.Agent]. The ticket that there was stays until the new one is there.
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

// DestroyTicket implements [smartcard.Agent]. The card may stay in; its owner is asked for the passcode only when somebody
// wants a ticket. Without a ticket there is nothing to do, and no error.
func (a *Agent) DestroyTicket(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return ended(err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return smartcard.NotInitialized.Err()
	}
	a.spine = nil
	a.tell()
	return nil
}

// signIn waits for a ticket, and anew for one that nobody has had yet.
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

// approach returns the ticket that there is, or the prompt that will lead to one, or the channel that tells of the next
// change.
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
		a.tell()
	case anew:
		a.prompt.anew = true
	}
	return ersclient.Ticket{}, a.prompt, nil, nil
}

// openPrompt asks the owner of the card for the passcode. The lock is held.
func (a *Agent) openPrompt(anew bool) {
	a.refused = smartcard.Success
	opened := &prompt{persona: *a.card, anew: anew, ended: make(chan struct{})}
	a.prompt = opened
	a.prompts.Go(func() { a.enterPasscode(opened) })
}

// enterPasscode is the simulated user at the passcode window.
func (a *Agent) enterPasscode(p *prompt) {
	thinking := time.NewTimer(a.settings.ThinkTime)
	defer thinking.Stop()
	select {
	case <-p.ended:
		return
	case <-thinking.C:
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
	a.tell()
}

// answerAtOnce ends a prompt that needs no new ticket: it is closed, it is refused, or it unlocks the session that there is.
// Otherwise it returns the hook for the new ticket.
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
	a.tell()
	return nil, true
}

// endPrompt closes the passcode window, if there is one. The lock is held.
func (a *Agent) endPrompt(ticket ersclient.Ticket, refusal smartcard.Code) {
	if a.prompt == nil {
		return
	}
	a.prompt.ticket, a.prompt.refusal = ticket, refusal
	a.refused = refusal
	close(a.prompt.ended)
	a.prompt = nil
}

// takeCardOut removes the card, if there is one, with all that follows from it. The lock is held.
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

// tell wakes whoever waits for a change. The lock is held.
func (a *Agent) tell() {
	close(a.changed)
	a.changed = make(chan struct{})
	select {
	case a.nudge <- struct{}{}:
	default:
	}
}

// ended is the error of a call whose context has ended.
func ended(err error) error { return fmt.Errorf("simulated identity agent: %w", err) }
