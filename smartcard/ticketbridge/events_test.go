package main

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ers-login/ers-login/internal/helper"
	"github.com/ers-login/ers-login/smartcard/pcsc"
	"github.com/ers-login/ers-login/smartcard/pcsc/presence"
)

// If this fails, a card that was removed while the helper was away is never missed, or Diagnostics has
// no reason.
func TestWhatIsSentOfAnEvent(t *testing.T) {
	for want, event := range map[string]helper.Event{
		`service-back {"begins":true}`:    cardEvent(pcsc.Event{Kind: presence.ServiceBack}, true),
		`reader-connected {"reader":"A"}`: cardEvent(pcsc.Event{Kind: presence.ReaderConnected, Reader: "A"}, false),
		`service-gone {"begins":true,"error":"there is no service"}`: cardEvent(
			pcsc.Event{Kind: presence.ServiceGone, Err: errors.New("there is no\r\nservice")}, true),
	} {
		assert.Equal(t, want, event.Name+" "+string(event.Data))
	}
}

// If this fails, each event makes the program forget the readers, or a PC/SC service that hangs since the helper
// was started anew hides for ever that the card is gone.
func TestTheFirstEventBegins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for late, want := range map[time.Duration][]string{
			time.Second: {`service-back {"begins":true}`, `reader-connected {"reader":"A"}`},
			time.Minute: {
				`service-gone {"begins":true,"error":"the PC/SC service does not answer"}`,
				`service-back {}`, `reader-connected {"reader":"A"}`,
			},
		} {
			changes := make(chan pcsc.Event)
			go func() {
				defer close(changes)
				time.Sleep(late)
				changes <- pcsc.Event{Kind: presence.ServiceBack}
				time.Sleep(time.Minute)
				changes <- pcsc.Event{Kind: presence.ReaderConnected, Reader: "A"}
			}()
			var got []string
			for event := range cardEvents(t.Context(), changes) {
				got = append(got, event.Name+" "+string(event.Data))
			}
			assert.Equal(t, want, got)
		}
	})
}

// The names of readers come from their drivers, and reasons from libraries.
func TestReportsAreBounded(t *testing.T) {
	event := cardEvent(pcsc.Event{
		Kind: presence.ServiceGone, Reader: strings.Repeat("r", 5000), Err: errors.New(strings.Repeat("e", 5000)),
	}, true)
	assert.Less(t, len(event.Data), 1000)
}
