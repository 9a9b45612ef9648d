package instance

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/windows"
)

// doNotFollow has no meaning on Windows, where an ordinary user cannot make links.
const doNotFollow = 0

// runtimeFolders is where tests and tools of Unix say that the user's runtime folder is. There is none otherwise.
func runtimeFolders() []string {
	if named := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(named) {
		return []string{named}
	}
	return nil
}

// isOurs has nothing to find out here.
func isOurs(string) bool { return true }

// fileName differs for each log-on session, since each has separate entries in the Credential
// Manager: a user with two sessions on a terminal server signs in in both.
func fileName() string {
	var session uint32
	if err := windows.ProcessIdToSessionId(windows.GetCurrentProcessId(), &session); err != nil {
		// Then one instance for all sessions is the safe way to be wrong.
		return "ers-login.lock"
	}
	return fmt.Sprintf("ers-login-%d.lock", session)
}
