package main

import (
	"context"
	"encoding/json"
	"time"

	"github.com/ers-login/ers-login/internal/helper"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/smartcard/pcsc"
	"github.com/ers-login/ers-login/smartcard/ticketbridge/wire"
)

// The bounds of what is told of a reader, in characters.
const (
	maxReader = 200
	maxError  = 300
)

// firstLook is how long PC/SC may take until its silence means that it is there and has no reader. If it comes too late to say
// that it is not there, that is told then.
const firstLook = 500 * time.Millisecond

// cardEvents tells of readers and cards until the context ends, and first of all whether there is PC/SC.
func cardEvents(ctx context.Context) <-chan helper.Event {
	told := make(chan helper.Event)
	go func() {
		defer close(told)
		tellCards(ctx, pcsc.Watch(ctx, pcsc.Settings{}), time.After(firstLook), func(event helper.Event) {
			select {
			case told <- event:
			case <-ctx.Done():
			}
		})
	}()
	return told
}

// tellCards tells what is seen, until that ends.
func tellCards(ctx context.Context, seen <-chan pcsc.Event, first <-chan time.Time, tell func(helper.Event)) {
	there := helperEvent(pcsc.ServiceBack, wire.Card{Begins: true})
	select {
	case <-ctx.Done():
	case event, open := <-seen:
		switch {
		case !open:
			return
		case event.Kind == pcsc.ServiceGone:
			tell(cardEvent(event, true))
		default:
			tell(there)
			tell(cardEvent(event, false))
		}
	case <-first:
		tell(there)
	}
	// The end of the context is the end of what is seen.
	for event := range seen {
		tell(cardEvent(event, false))
	}
}

func cardEvent(event pcsc.Event, begins bool) helper.Event {
	card := wire.Card{Begins: begins, Reader: problem.Clean(event.Reader, maxReader)}
	if event.Err != nil {
		card.Error = problem.Clean(event.Err.Error(), maxError)
	}
	return helperEvent(event.Kind, card)
}

func helperEvent(kind pcsc.Kind, card wire.Card) helper.Event {
	// Texts and truth values cannot fail to be written as JSON.
	data, _ := json.Marshal(card)
	return helper.Event{Name: kind.String(), Data: data}
}
