package smartcard_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/secret"
	"github.com/ers-login/ers-login/smartcard"
)

// If this fails, a ticket stands in a log, or e-RS refuses one that has the space of the published example in front.
func TestTicket(t *testing.T) {
	const text = "AQIC5wM2LY4Sfcyw62EbAOsRpdfbGYUOyvkfZ4M6U7W52lM=@AAJTSQACMDE=#"
	ticket := ersclient.NewTicket(" " + text + "\r\n")
	require.True(t, ticket.Reveal() == text, "the white space around a ticket is no part of it")
	require.True(t, ticket.Equal(ersclient.NewTicket(text)))
	require.False(t, ticket.Equal(ersclient.NewTicket("another")))
	assert.Equal(t, secret.Mask, ticket.String())
	event := smartcard.Event{Kind: smartcard.TicketAppeared, Ticket: ticket}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		assert.NotContains(t, fmt.Sprintf(verb, event), text[:6], verb)
	}
	assert.True(t, ersclient.NewTicket(" \n").IsZero(), "white space is no ticket")
}
