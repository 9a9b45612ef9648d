package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ers-login/ers-login/internal/helper"
	"github.com/ers-login/ers-login/smartcard/pcsc"
	"github.com/ers-login/ers-login/smartcard/pcsc/presence"
)

// If this fails, Diagnostics cannot show whether there is PC/SC, or a card that was removed while
// the helper was away is never missed.
func TestTheFirstEventReportsWhetherThereIsPCSC(t *testing.T) {
	const (
		there     = `service-back {"begins":true}`
		connected = `reader-connected {"reader":"A"}`
		inserted  = `card-inserted {"reader":"A"}`
		back      = `service-back {}`
	)
	gone := pcsc.Event{Kind: presence.ServiceGone, Err: errors.New("there is no\r\nservice")}
	cases := map[string]struct {
		seen  []pcsc.Event
		quiet bool // there is nothing to see in time
		want  []string
	}{
		"a reader with a card": {
			[]pcsc.Event{{Kind: presence.ReaderConnected, Reader: "A"}, {Kind: presence.CardInserted, Reader: "A"}}, false,
			[]string{there, connected, inserted},
		},
		"no service": {
			[]pcsc.Event{gone}, false, []string{`service-gone {"begins":true,"error":"there is no service"}`},
		},
		"a service later": {
			[]pcsc.Event{gone, {Kind: presence.ServiceBack}}, false,
			[]string{`service-gone {"begins":true,"error":"there is no service"}`, back},
		},
		"no event": {nil, true, []string{there}},
		"the bad news is late": {
			[]pcsc.Event{gone}, true, []string{there, `service-gone {"error":"there is no service"}`},
		},
		"it ends at once": {nil, false, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			seen, first := make(chan pcsc.Event), make(chan time.Time)
			var sent []string
			go func() {
				defer close(seen)
				if c.quiet {
					first <- time.Time{}
				}
				for _, event := range c.seen {
					seen <- event
				}
			}()
			sendCards(t.Context(), seen, first, func(event helper.Event) {
				sent = append(sent, event.Name+" "+string(event.Data))
			})
			assert.Equal(t, c.want, sent)
		})
	}
}

// The names of readers come from their drivers, and reasons from libraries.
func TestReportsAreBounded(t *testing.T) {
	event := cardEvent(pcsc.Event{
		Kind: presence.ServiceGone, Reader: strings.Repeat("r", 5000), Err: errors.New(strings.Repeat("e", 5000)),
	}, true)
	assert.Less(t, len(event.Data), 1000)
}
