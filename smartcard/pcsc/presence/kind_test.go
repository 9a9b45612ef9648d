package presence_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/smartcard/pcsc/presence"
)

// If a name changes, a program and a helper of two versions no longer understand each other, and a card that is pulled out
// ends no session.
func TestTheNamesAreWhatTheyWere(t *testing.T) {
	names := map[presence.Kind]string{
		presence.ReaderConnected:    "reader-connected",
		presence.ReaderDisconnected: "reader-disconnected",
		presence.CardInserted:       "card-inserted",
		presence.CardRemoved:        "card-removed",
		presence.ServiceGone:        "service-gone",
		presence.ServiceBack:        "service-back",
	}
	for kind, name := range names {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, name, kind.String())
			parsed, ok := presence.ParseKind(name)
			require.True(t, ok)
			require.Equal(t, kind, parsed)
		})
	}
	require.Equal(t, "unknown", (presence.ServiceBack + 1).String(), "a kind is missing in this test")
}

// If an unknown name passed for an event, a newer helper could sign people out by accident.
func TestOtherNamesAreNoKind(t *testing.T) {
	for _, name := range []string{"", "unknown", "card-removed ", "Card-Removed", "card"} {
		t.Run(name, func(t *testing.T) {
			_, ok := presence.ParseKind(name)
			require.False(t, ok)
		})
	}
	require.Equal(t, "unknown", presence.Kind(0).String())
}
