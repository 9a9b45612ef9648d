package ticketapi

import (
	"bytes"
	"cmp"
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/helper"
	"github.com/ers-login/ers-login/smartcard"
	"github.com/ers-login/ers-login/smartcard/ticketbridge/wire"
)

// Settings configure the helper.
type Settings struct {
	// Command is the full path of ers-login-ticketbridge, and arguments if it needs any.
	Command []string
	// Version is the version that the helper must report. Empty accepts any.
	Version string
	// Log receives the lines that the helpers write to stderr, cleaned and bounded. It must return
	// soon. Nil drops them.
	Log func(line string)
	// OnSight receives the *problem.Problem of [Presence] when the readers go out of sight or the
	// reason changes, and nil when they are in sight again. It must return soon. It may be nil.
	OnSight func(err error)
	// CallTimeout bounds the calls that do not wait for the user: TicketNoAuth and Status. 0 means
	// 15 s.
	CallTimeout time.Duration
	// StartTimeout bounds the start of a helper; 0 means 30 s, since a virus scanner may check the
	// program first.
	StartTimeout time.Duration
	// Clock times the back-off between two starts; nil is the wall clock.
	Clock helper.Clock
}

// Bridge is a [smartcard.Agent] that asks the Identity Agent's Ticket API, and the [Readers] of this computer.
type Bridge struct {
	*Readers

	timeout time.Duration
	asking  *process
	// known is the last answer to the poll of every second.
	known knownTicket
}

// knownTicket decodes an answer only if it differs from the one before, so that one ticket is not
// in memory once for each second.
type knownTicket struct {
	mutex  sync.Mutex
	answer []byte
	ticket ersclient.Ticket
	err    error
}

// UnmarshalJSON keeps the answer, unless it equals the kept one. The caller holds the mutex.
func (k *knownTicket) UnmarshalJSON(answer []byte) error {
	if subtle.ConstantTimeCompare(answer, k.answer) == 1 {
		return nil
	}
	k.forget()
	var decoded wire.Ticket
	if err := json.Unmarshal(answer, &decoded); err != nil {
		return err
	}
	k.answer = bytes.Clone(answer)
	k.ticket, k.err = received(decoded)
	return nil
}

func (k *knownTicket) forget() {
	clear(k.answer)
	k.answer, k.ticket, k.err = nil, ersclient.Ticket{}, nil
}

var _ smartcard.Agent = (*Bridge)(nil)

// New starts the helper that lives as long as the Bridge. If it cannot be started, the calls return
// the reason.
func New(settings Settings) *Bridge {
	second := settings
	second.Command = append(slices.Clone(settings.Command), wire.NoCardEvents)
	return &Bridge{
		Readers: NewReaders(settings), timeout: cmp.Or(settings.CallTimeout, 15*time.Second), asking: newProcess(second, nil),
	}
}

// Ticket implements [smartcard.Agent] with getTicket. The end of ctx ends the helper that waits for
// the passcode at once; whether its window closes is up to the Identity Agent.
func (b *Bridge) Ticket(ctx context.Context) (ersclient.Ticket, error) {
	return b.ask(ctx, wire.CallGetTicket)
}

// TicketNoAuth implements [smartcard.Agent] with getTicketNoAuth.
func (b *Bridge) TicketNoAuth(ctx context.Context) (ersclient.Ticket, error) {
	b.known.mutex.Lock()
	defer b.known.mutex.Unlock()
	if err := b.inquire(ctx, wire.CallGetTicketNoAuth, &b.known); err != nil {
		b.known.forget()
		return ersclient.Ticket{}, err
	}
	return b.known.ticket, b.known.err
}

// NewTicket implements [smartcard.Agent] with getNewTicket.
func (b *Bridge) NewTicket(ctx context.Context) (ersclient.Ticket, error) {
	return b.ask(ctx, wire.CallGetNewTicket)
}

// Close ends the helpers, and with them calls under way. The error means that a process could not
// be ended.
func (b *Bridge) Close() error {
	return errors.Join(b.asking.Close(), b.Readers.Close())
}

// ask makes a call that may ask the user, in the second helper.
func (b *Bridge) ask(ctx context.Context, call string) (ersclient.Ticket, error) {
	defer b.nudge() // a poll need not wait for its next turn
	defer b.stopAsking()
	var answer wire.Ticket
	if err := b.asking.call(ctx, call, &answer); err != nil {
		return ersclient.Ticket{}, explain(ctx, err)
	}
	return received(answer)
}

// inquire makes a call that does not wait for the user, in the first helper.
func (b *Bridge) inquire(ctx context.Context, call string, result any) error {
	bounded, cancel := context.WithTimeout(ctx, b.timeout)
	defer cancel()
	if err := b.ready(bounded); err != nil {
		return explain(ctx, err)
	}
	return explain(ctx, b.helper.call(bounded, call, result))
}

// stopAsking ends the second helper, which is needed seldom, without waiting for it. Neither does
// Close wait.
func (b *Bridge) stopAsking() {
	go func() {
		// A process that survives being killed is the system's matter. The next call starts another
		// one.
		_ = b.asking.Stop(context.Background())
	}()
}

// received returns the ticket of an answer. An empty one means the same as TicketNotAvailable.
func received(answer wire.Ticket) (ersclient.Ticket, error) {
	ticket := ersclient.NewTicket(answer.Ticket)
	if ticket.IsZero() {
		return ersclient.Ticket{}, smartcard.TicketNotAvailable.Err()
	}
	return ticket, nil
}
