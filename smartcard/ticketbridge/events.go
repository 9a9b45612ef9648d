package main

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/ers-login/ers-login/internal/helper"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/smartcard/pcsc"
	"github.com/ers-login/ers-login/smartcard/pcsc/presence"
	"github.com/ers-login/ers-login/smartcard/ticketbridge/wire"
)

// The limits of the texts about a reader, in characters.
const (
	maxReader = 200
	maxError  = 300
)

// firstLook is how long PC/SC may take until its silence means that it hangs.
const firstLook = 2 * time.Second

var errHangs = errors.New("the PC/SC service does not answer")

// cardEvents sends the changes of readers and cards until their channel is closed, and first whether
// there is PC/SC: cards that an earlier bridge has seen are not in sight if it hangs. After ctx
// nothing is sent.
func cardEvents(ctx context.Context, changes <-chan pcsc.Event) <-chan helper.Event {
	events := make(chan helper.Event)
	go func() {
		defer close(events)
		begins, silent := true, time.After(firstLook)
		for {
			event := pcsc.Event{Kind: presence.ServiceGone, Err: errHangs}
			select {
			case <-silent:
				if !begins {
					continue
				}
			case change, open := <-changes:
				if !open {
					return
				}
				event = change
			}
			select {
			case events <- cardEvent(event, begins):
			case <-ctx.Done():
			}
			begins = false
		}
	}()
	return events
}

func cardEvent(event pcsc.Event, begins bool) helper.Event {
	card := wire.Card{Begins: begins, Reader: problem.Clean(event.Reader, maxReader)}
	if event.Err != nil {
		card.Error = problem.Clean(event.Err.Error(), maxError)
	}
	// Strings and booleans cannot fail to encode.
	data, _ := json.Marshal(card)
	return helper.Event{Name: string(event.Kind), Data: data}
}
