// Package races has the race detector watch test programs that start themselves again, as a keyring worker or as the whole program.
//
// A process that the detector watches waits for a second at its end, in case another thread is about to report something: with hundreds
// of them, that is most of the time such tests take. And what it finds in a process whose output a test discards is lost.
// See https://go.dev/doc/articles/race_detector#Options.
package races

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Tests are those of a package: a *testing.M.
type Tests interface{ Run() int }

// Watch returns tests whose processes end without that second, and which fail if a race is found in one of the processes. Without the
// race detector they are the same tests.
func Watch(tests Tests) Tests { return watched{tests} }

type watched struct{ Tests }

// Run runs the tests and returns their exit status.
func (w watched) Run() int {
	status, err := w.run()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return status
}

func (w watched) run() (status int, err error) {
	folder, err := os.MkdirTemp("", "races-")
	if err != nil {
		return 0, fmt.Errorf("no folder for the reports of races: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	reports := filepath.Join(folder, "report")
	if err := os.Setenv("GORACE", "atexit_sleep_ms=0 log_path="+reports); err != nil {
		return 0, fmt.Errorf("could not set up the race detector: %w", err)
	}
	status = w.Tests.Run()
	found, err := filepath.Glob(reports + ".*")
	for _, file := range found {
		report, readErr := os.ReadFile(file) //nolint:gosec // a file of our own folder
		err = errors.Join(err, readErr, fmt.Errorf("a race in another process:\n%s", report))
	}
	return status, err
}
