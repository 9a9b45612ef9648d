package main

import (
	"context"
	"encoding/json"
	"time"

	"github.com/ers-login/ers-login/internal/helper"
	"github.com/ers-login/ers-login/smartcard/ticketbridge/wire"
)

// bridge answers the calls with one session of the Ticket API, used in one OS thread.
type bridge struct {
	thread  *thread
	session *session
}

func newBridge(find func() (library, error), now func() time.Time) *bridge {
	return &bridge{thread: newThread(), session: &session{find: find, now: now}}
}

// calls returns the handlers.
func (b *bridge) calls() helper.Handlers {
	ticket := func(from export) helper.Handler {
		return func(ctx context.Context, _ json.RawMessage) (any, error) {
			return on(ctx, b.thread, func() (wire.Ticket, error) {
				text, err := b.session.ticket(from)
				return wire.Ticket{Ticket: text}, err
			})
		}
	}
	return helper.Handlers{
		wire.CallGetTicket:       ticket(getTicket),
		wire.CallGetTicketNoAuth: ticket(getTicketNoAuth),
		wire.CallGetNewTicket:    ticket(getNewTicket),
		wire.CallStatus: func(ctx context.Context, _ json.RawMessage) (any, error) {
			return on(ctx, b.thread, b.session.status)
		},
	}
}

// close finalises the library, unless a call hangs in it.
func (b *bridge) close() { b.thread.close(b.session.close) }
