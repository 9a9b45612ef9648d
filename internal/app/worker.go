package app

import (
	"fmt"
	"os"
	"runtime"
)

// WorkerCommand is the hidden command that runs the keyring worker.
const WorkerCommand = "keyring-worker"

// RunningFile is the running executable on Linux, even if its path has another file by now, or
// none.
const RunningFile = "/proc/self/exe"

// worker is the keyring process's command line. If a package is upgraded under a running program,
// it needs a worker of its own version to the end, which takes the session out of the keyring.
// Where a running file cannot be started, the new one refuses, and the user is asked to start the
// program again (helper.Upgraded).
func worker() ([]string, error) {
	if runtime.GOOS == "linux" {
		return []string{RunningFile, WorkerCommand}, nil
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("could not find this program's own file: %w", err)
	}
	return []string{self, WorkerCommand}, nil
}
