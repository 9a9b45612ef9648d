package ticketapi_test

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/smartcard"
	"github.com/ers-login/ers-login/smartcard/pcsc/presence"
	"github.com/ers-login/ers-login/smartcard/ticketapi"
	"github.com/ers-login/ers-login/smartcard/ticketbridge/wire"
)

func sorted(lines []string) []string {
	slices.Sort(lines)
	return lines
}

// reader is the data of an event about the reader that the tests have.
var reader = wire.Card{Reader: "Reader 0"}

// If this fails, removing the card is noticed late, and Diagnostics does not know the reader.
func TestReadersReportChanges(t *testing.T) {
	d := newDesk(t)
	readers := ticketapi.NewReaders(d.settings())
	defer func() { require.NoError(t, readers.Close()) }()
	assert.Equal(t, "CARD-READERS_UNKNOWN", problem.Of(readers.Presence().Err).Code)
	changed := func(want ticketapi.Seen) {
		t.Helper()
		for late := time.After(guard); !assert.ObjectsAreEqual(want, readers.Seen()); {
			select {
			case <-readers.Changed():
			case <-late:
				require.Equal(t, want, readers.Seen())
			}
		}
	}
	changed(ticketapi.Seen{})
	d.emits(presence.ReaderConnected, reader)
	changed(ticketapi.Seen{Presence: smartcard.Presence{Readers: []smartcard.Reader{{Name: "Reader 0"}}}})
	d.emits(presence.CardInserted, reader)
	changed(ticketapi.Seen{Presence: smartcard.Presence{Readers: []smartcard.Reader{{Name: "Reader 0", Card: true}}}})
	require.True(t, readers.Presence().CardIn())
	d.emits(presence.CardRemoved, reader)
	latest := []string{"Reader 0"}
	empty := smartcard.Presence{Readers: []smartcard.Reader{{Name: "Reader 0"}}}
	gone := ticketapi.Seen{Presence: empty, Taken: true, Removals: 1, Latest: latest}
	changed(gone)
	d.emits(presence.ReaderDisconnected, reader)
	changed(ticketapi.Seen{Taken: true, Removals: 1, Latest: latest})
	d.emits(presence.ServiceGone, wire.Card{Error: "there is no PC/SC service"})
	eventually(t, func() bool { return readers.Presence().Err != nil })
	why := readers.Presence().Err
	assert.Equal(t, "CARD-PCSC_UNAVAILABLE", problem.Of(why).Code)
	assert.ErrorContains(t, why, "there is no PC/SC service")
}

// If this fails, an organisation whose sessions must end with the card has no record that readers
// are out of sight, or one each second.
func TestWhetherReadersCanBeSeenIsReportedOnce(t *testing.T) {
	d := newDesk(t)
	sight := make(chan error, 100)
	settings := d.settings()
	settings.OnSight = func(err error) { sight <- err }
	readers := ticketapi.NewReaders(settings)
	defer func() { require.NoError(t, readers.Close()) }()
	eventually(t, func() bool { return readers.Presence().Err == nil })
	gone := wire.Card{Error: "there is no PC/SC service"}
	d.emits(presence.ServiceGone, gone)
	require.ErrorContains(t, <-sight, "there is no PC/SC service")
	d.emits(presence.ServiceGone, gone)
	d.emits(presence.ServiceGone, wire.Card{Error: "it is being installed"})
	require.ErrorContains(t, <-sight, "it is being installed")
	d.emits(presence.ServiceBack, wire.Card{})
	require.NoError(t, <-sight)
	d.emits(presence.ServiceBack, wire.Card{})
	d.emits(presence.ReaderConnected, reader)
	eventually(t, func() bool { return len(readers.Presence().Readers) == 1 })
	require.Empty(t, sight)
}

// If this fails, a helper that cannot be started goes unnoticed, or is reported at each attempt.
func TestAMissingHelperIsReportedOnce(t *testing.T) {
	d := newDesk(t)
	sight := make(chan error, 100)
	settings := d.settings()
	settings.Command = []string{filepath.Join(d.folder, "ers-login-ticketbridge")}
	settings.OnSight = func(err error) { sight <- err }
	bridge := d.bridgeWith(settings)
	for range 5 {
		_, err := bridge.TicketNoAuth(t.Context())
		require.Error(t, err)
	}
	require.Equal(t, "CARD-BRIDGE_MISSING", problem.Of(<-sight).Code)
	require.Empty(t, sight)
}

// If this fails, a removed card goes unnoticed for the rest of the day because the helper has crashed once, or
// no crash but the first is in the log.
func TestReadersAreSeenAgainAfterACrash(t *testing.T) {
	d := newDesk(t)
	d.answers(wire.CallGetTicketNoAuth, behaviour{Do: "crash"})
	log := make(chan string, 100)
	settings := d.settings()
	settings.Log = func(line string) { log <- line }
	bridge := d.bridgeWith(settings)
	eventually(t, func() bool { return bridge.Presence().Err == nil })
	d.emits(presence.ReaderConnected, reader)
	eventually(t, func() bool { return len(bridge.Presence().Readers) == 1 })
	_, err := bridge.TicketNoAuth(t.Context())
	require.Error(t, err)
	// No call is made: the helper is missed by itself.
	eventually(t, func() bool { return len(d.noted("starts")) == 2 && len(bridge.Presence().Readers) == 0 })
	d.emits(presence.ReaderConnected, reader)
	eventually(t, func() bool { return len(bridge.Presence().Readers) == 1 })
	_, err = bridge.TicketNoAuth(t.Context())
	require.Error(t, err)
	require.Len(t, log, 2)
}

// If this fails, a helper of another version, or one that is out of its mind, takes the window with it.
func TestWhatIsNoEventIsIgnored(t *testing.T) {
	d := newDesk(t)
	readers := ticketapi.NewReaders(d.settings())
	defer func() { require.NoError(t, readers.Close()) }()
	eventually(t, func() bool { return readers.Presence().Err == nil })
	for _, line := range []string{
		`{"event":"card-eaten","data":{"reader":"Reader 0"}}`,
		`{"event":"card-removed","data":["Reader 0"]}`,
		`{"event":"reader-connected"}`,
	} {
		d.says(line)
	}
	for i := range 100 {
		d.emits(presence.ReaderConnected, wire.Card{Reader: string(rune('A' + i))})
	}
	d.emits(presence.ServiceGone, wire.Card{})
	d.emits(presence.ServiceBack, wire.Card{})
	d.emits(presence.CardInserted, wire.Card{Reader: "A"})
	eventually(t, func() bool { return readers.Presence().CardIn() })
	seen := readers.Seen()
	assert.Len(t, seen.Readers, 64, "bounded")
	assert.Zero(t, seen.Removals)
}
