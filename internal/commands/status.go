package commands

import (
	"errors"

	"github.com/ers-login/ers-login/internal/keyring"
)

// The exit statuses: a public interface, specified in docs/commands.md. None changes its meaning.
const (
	// statusDone: done, or a user is signed in.
	statusDone = 0
	// statusFailed: not done, or no user is signed in.
	statusFailed = 1
	// statusUsage: the command line is invalid.
	statusUsage = 2
	// statusKeyring: the keyring cannot be used, so it is unknown.
	statusKeyring = 3
	// statusLate: the time of --timeout is up.
	statusLate = 4
)

// statusHelp describes them in the help texts.
const statusHelp = `Exit status: 0 done, or somebody is signed in; 1 not done, or nobody is signed in; 2 wrong arguments; 3 trouble with the
keyring; 4 the time of --timeout is up; 7 the window cannot be drawn on this computer.`

// statusMeanings describe each in the manual page.
var statusMeanings = []string{
	statusDone:    "It is done, or somebody is signed in.",
	statusFailed:  "It is not done, or nobody is signed in. The sign-in was given up, the window closed, or a wait interrupted.",
	statusUsage:   "The command line was not understood.",
	statusKeyring: "The keyring cannot be used, so that nobody knows.",
	statusLate:    "The time of --timeout is up.",

	statusNoGraphics: "The window cannot be drawn on this computer. A message has said what to do.",
}

// ending is an error with its own exit status.
type ending struct {
	err    error
	status int
}

func (e ending) Error() string { return e.err.Error() }
func (e ending) Unwrap() error { return e.err }

// usageError is an invalid command line.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

// commandError is an error of a command whose own help has more.
type commandError struct {
	err  error
	path string
}

func (e commandError) Error() string { return e.err.Error() }
func (e commandError) Unwrap() error { return e.err }

// commandOf returns the command that an error is from, such as "ers-login config show".
func commandOf(err error) string {
	var of commandError
	if errors.As(err, &of) {
		return of.path
	}
	return "ers-login"
}

// statusOf returns the exit status of an error.
func statusOf(err error) int {
	var (
		usage usageError
		chose ending
	)
	switch {
	case err == nil:
		return statusDone
	case errors.As(err, &usage):
		return statusUsage
	case errors.As(err, &chose):
		return chose.status
	case keyring.Problems.Has(err):
		return statusKeyring
	default:
		return statusFailed
	}
}
