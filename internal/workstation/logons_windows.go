package workstation

import (
	"context"
	"fmt"
	"unsafe"

	"golang.org/x/sys/windows"
)

// servicesSession is the session of Windows' services, to which no user logs on.
const servicesSession = 0

// otherLogOns counts the sessions besides this one that a user has logged on to: at the screen, or
// disconnected. A session whose screen shows the log-on dialogue is in another state.
func otherLogOns(context.Context) (int, error) {
	var own uint32
	if err := windows.ProcessIdToSessionId(windows.GetCurrentProcessId(), &own); err != nil {
		return 0, fmt.Errorf("could not find this log-on session: %w", err)
	}
	var first *windows.WTS_SESSION_INFO
	var count uint32
	if err := windows.WTSEnumerateSessions(0, 0, 1, &first, &count); err != nil {
		return 0, fmt.Errorf("could not list the log-on sessions: %w", err)
	}
	defer windows.WTSFreeMemory(uintptr(unsafe.Pointer(first)))
	others := 0
	for _, session := range unsafe.Slice(first, count) {
		if session.SessionID == own || session.SessionID == servicesSession {
			continue
		}
		if session.State == windows.WTSActive || session.State == windows.WTSDisconnected {
			others++
		}
	}
	return others, nil
}
