package workstation

import (
	"context"
	"time"
)

// logOnsWithin bounds the search for other users' log-on sessions.
const logOnsWithin = 5 * time.Second

// OtherLogOns returns how many log-on sessions other users have on this computer, by fast user
// switching, a remote desktop or a terminal server: all of them share its loopback interface. On
// macOS it is not known; the error says so there, and where logind is missing.
func OtherLogOns(ctx context.Context) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, logOnsWithin)
	defer cancel()
	return otherLogOns(ctx)
}
