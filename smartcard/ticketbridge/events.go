package main

import (
	"context"
	"encoding/json"
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

// firstLook is how long PC/SC may take until its silence means that it is there and has no reader.
// A later failure is sent when it comes.
const firstLook = 500 * time.Millisecond

// cardEvents sends the events of readers and cards until ctx ends, and first whether there is
// PC/SC.
func cardEvents(ctx context.Context) <-chan helper.Event {
	events := make(chan helper.Event)
	go func() {
		defer close(events)
		sendCards(ctx, pcsc.Watch(ctx), time.After(firstLook), func(event helper.Event) {
			select {
			case events <- event:
			case <-ctx.Done():
			}
		})
	}()
	return events
}

// sendCards sends what is seen, until seen is closed.
func sendCards(ctx context.Context, seen <-chan pcsc.Event, first <-chan time.Time, send func(helper.Event)) {
	there := helperEvent(presence.ServiceBack, wire.Card{Begins: true})
	select {
	case <-ctx.Done():
	case event, open := <-seen:
		switch {
		case !open:
			return
		case event.Kind == presence.ServiceGone:
			send(cardEvent(event, true))
		default:
			send(there)
			send(cardEvent(event, false))
		}
	case <-first:
		send(there)
	}
	// seen is closed after ctx has ended.
	for event := range seen {
		send(cardEvent(event, false))
	}
}

func cardEvent(event pcsc.Event, begins bool) helper.Event {
	card := wire.Card{Begins: begins, Reader: problem.Clean(event.Reader, maxReader)}
	if event.Err != nil {
		card.Error = problem.Clean(event.Err.Error(), maxError)
	}
	return helperEvent(event.Kind, card)
}

func helperEvent(kind presence.Kind, card wire.Card) helper.Event {
	// Strings and booleans cannot fail to encode.
	data, _ := json.Marshal(card)
	return helper.Event{Name: string(kind), Data: data}
}
