//go:build !windows && !darwin

package workstation

import (
	"context"
	"os"

	"github.com/godbus/dbus/v5"

	"github.com/ers-login/ers-login/internal/sessionbus"
)

// People have user numbers from firstPerson on; overflowUser owns what belongs to no known user.
const (
	firstPerson  = 1000
	overflowUser = 65534
)

// otherLogOns counts logind's sessions of other people. Display managers have system users.
func otherLogOns(ctx context.Context) (int, error) {
	line, err := bus{name: "system", address: sessionbus.SystemAddress}.connect(ctx)
	if err != nil {
		return 0, err
	}
	defer line.close()
	var sessions []struct {
		ID         string
		UID        uint32
		User, Seat string
		Path       dbus.ObjectPath
	}
	if err := line.call(ctx, loginName, loginPath, loginManager+".ListSessions", nil, &sessions); err != nil {
		return 0, err
	}
	others := 0
	for _, session := range sessions {
		if int(session.UID) != os.Getuid() && session.UID >= firstPerson && session.UID != overflowUser {
			others++
		}
	}
	return others, nil
}
