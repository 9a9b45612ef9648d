package main

import (
	"context"
	"encoding/json"

	"github.com/ers-login/ers-login/internal/helper"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/smartcard/pcsc"
	"github.com/ers-login/ers-login/smartcard/ticketbridge/wire"
)

// The limits of the texts about a reader, in characters.
const (
	maxReader = 200
	maxError  = 300
)

// cardEvents sends the events of readers and cards until ctx ends, and first whether there is
// PC/SC.
func cardEvents(ctx context.Context) <-chan helper.Event {
	events := make(chan helper.Event)
	go func() {
		defer close(events)
		begins := true
		for event := range pcsc.Watch(ctx) {
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
