package main

import (
	"errors"
	"strings"
	"testing"

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

// The names of readers come from their drivers, and reasons from libraries.
func TestReportsAreBounded(t *testing.T) {
	event := cardEvent(pcsc.Event{
		Kind: presence.ServiceGone, Reader: strings.Repeat("r", 5000), Err: errors.New(strings.Repeat("e", 5000)),
	}, true)
	assert.Less(t, len(event.Data), 1000)
}
