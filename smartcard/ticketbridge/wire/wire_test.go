package wire_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ers-login/ers-login/smartcard"
	"github.com/ers-login/ers-login/smartcard/ticketbridge/wire"
)

// If this fails, a blocked card is reported as an unknown fault.
func TestEveryReturnCodeSurvivesTheWay(t *testing.T) {
	for _, code := range append(smartcard.Codes(), smartcard.Code(0x81000005), smartcard.Code(0x8020002f), smartcard.Code(1)) {
		parsed, ok := wire.ParseTicketAPICode(wire.TicketAPICode(code))
		assert.True(t, ok, code.String())
		assert.Equal(t, code, parsed)
	}
}

func TestWhatIsNoReturnCode(t *testing.T) {
	for name, code := range map[string]string{
		"nothing":        "",
		"another code":   wire.CodeNotInstalled,
		"no number":      "ticket-api-0x",
		"no hexadecimal": "ticket-api-0xPIN_BLOCKED",
		"too long":       "ticket-api-0x180200004",
		"negative":       "ticket-api-0x-1",
		"success":        wire.TicketAPICode(smartcard.Success),
	} {
		t.Run(name, func(t *testing.T) {
			_, ok := wire.ParseTicketAPICode(code)
			assert.False(t, ok)
		})
	}
}
