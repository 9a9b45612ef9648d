package app

import (
	"errors"

	"github.com/ers-login/ers-login/internal/keyring"
)

// The exit statuses: a public interface, specified in docs/commands.md. None changes its meaning.
const (
	// StatusDone: done, or a user is signed in.
	StatusDone = 0
	// StatusFailed: not done, or no user is signed in.
	StatusFailed = 1
	// StatusUsage: the command line is invalid.
	StatusUsage = 2
	// StatusKeyring: the keyring cannot be used, so it is unknown.
	StatusKeyring = 3
	// StatusLate: the time of --timeout is up.
	StatusLate = 4
)

// StatusHelp describes them in the help texts.
const StatusHelp = `Exit status: 0 done, or a user is signed in; 1 not done, or no user is signed in; 2 the command line is not valid; 3 there is
a problem with the keyring; 4 the time of --timeout is up; 7 the window cannot be drawn on this computer.`

// StatusMeanings describe each in the manual page.
var StatusMeanings = []string{
	StatusDone:    "The command is done, or a user is signed in.",
	StatusFailed:  "The command is not done, or no user is signed in: the user cancelled, the window was closed, or a wait was interrupted.",
	StatusUsage:   "The command line is not valid.",
	StatusKeyring: "The keyring cannot be used, so it is not known who is signed in.",
	StatusLate:    "The time of --timeout is up.",

	StatusNoGraphics: "The window cannot be drawn on this computer. A message says what to do.",
}

// ExitStatusError is an error with its own exit status.
type ExitStatusError struct {
	Err    error
	Status int
}

func (e ExitStatusError) Error() string { return e.Err.Error() }
func (e ExitStatusError) Unwrap() error { return e.Err }

// UsageError is an invalid command line.
type UsageError struct {
	Err error
	// Command is the command whose own help has more, such as "ers-login config show"; empty for the
	// program's.
	Command string
}

func (e UsageError) Error() string { return e.Err.Error() }
func (e UsageError) Unwrap() error { return e.Err }

// StatusOf returns the exit status of an error.
func StatusOf(err error) int {
	var (
		usage UsageError
		chose ExitStatusError
	)
	switch {
	case err == nil:
		return StatusDone
	case errors.As(err, &usage):
		return StatusUsage
	case errors.As(err, &chose):
		return chose.Status
	case keyring.Problems.Has(err):
		return StatusKeyring
	default:
		return StatusFailed
	}
}
