package commands

import (
	"fmt"
	"os"
	"runtime"
)

const workerCommand = "keyring-worker"

// runningFile is the file that a process on Linux runs, even if another one is at its path by now, or none.
const runningFile = "/proc/self/exe"

// worker is the command line of the keyring's process. A package may be upgraded under a running program, which needs a worker of its
// own version to the end: at the latest to take the session out of the keyring. Where a running file cannot be started, the new one
// refuses, and the user is told to start the program again (helper.Upgraded).
func worker() ([]string, error) {
	if runtime.GOOS == "linux" {
		return []string{runningFile, workerCommand}, nil
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("could not find this program's own file: %w", err)
	}
	return []string{self, workerCommand}, nil
}
