package workstation

import (
	"os"
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// If this fails, a colleague on the same terminal server can take the port that a browser comes back
// to, or every user is kept from signing in.
func TestOtherLogOns(t *testing.T) {
	type session struct {
		ID         string
		UID        uint32
		User, Seat string
		Path       dbus.ObjectPath
	}
	ours := session{"1", uint32(os.Getuid()), "ann", "seat0", ourSession}
	for name, test := range map[string]struct {
		sessions []session
		want     int
	}{
		"this one alone":       {[]session{ours}, 0},
		"another of this user": {[]session{ours, {"2", ours.UID, "ann", "", otherSession}}, 0},
		"another user's":       {[]session{ours, {"2", 61234, "bob", "", otherSession}}, 1},
		"two other users'":     {[]session{ours, {"2", 61234, "bob", "", otherSession}, {"3", 1999, "cid", "", otherSession}}, 2},
		"the display manager":  {[]session{ours, {"c1", 120, "gdm", "seat0", otherSession}}, 0},
		"none at all":          {nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			bus := newBus(t)
			bus.start(t)
			t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", bus.address)
			conn := bus.service(t)
			require.NoError(t, conn.ExportMethodTable(map[string]any{
				"ListSessions": func() ([]session, *dbus.Error) { return test.sessions, nil },
			}, loginPath, loginManager))
			own(t, conn, loginName)
			got, err := OtherLogOns(t.Context())
			require.NoError(t, err)
			assert.Equal(t, test.want, got)
		})
	}
	t.Run("no logind", func(t *testing.T) {
		t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", nowhere)
		_, err := OtherLogOns(t.Context())
		require.Error(t, err)
	})
}
