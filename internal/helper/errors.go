package helper

import (
	"errors"
	"strings"

	"github.com/ers-login/ers-login/internal/problem"
)

// The failures of a helper rather than of its call. No error of this package has parameters or
// results: they hold secrets.
var (
	// ErrNotStarted: the helper could not be started, or the program is not the expected helper.
	ErrNotStarted = errors.New("helper not started")
	// ErrOtherVersion: the helper is of another version of this program, as after an upgrade under
	// a running one. It comes with ErrNotStarted.
	ErrOtherVersion = errors.New("helper is of another version")
	// ErrCrashed: the helper ended during a call. The error's text has the exit status.
	ErrCrashed = errors.New("helper ended unexpectedly")
	// ErrProtocol: the helper said something that is not of the protocol, and was ended.
	ErrProtocol = errors.New("helper broke the protocol")
	// ErrEnded: the context ended during the call, and the helper was ended to cancel it. The context's error is in the chain.
	ErrEnded = errors.New("helper ended to cancel a call")
	// ErrClosed: the supervisor has been closed.
	ErrClosed = errors.New("helper closed")
)

// CallError is the answer of a helper that works to a call that failed.
type CallError struct {
	// Code is stable and names the failure: one of the protocol's, or one of the helper's.
	Code string `json:"code"`
	// Message is the technical reason, for the log.
	Message string `json:"message"`
}

// Error returns code and message in one line.
func (e *CallError) Error() string { return e.Code + ": " + e.Message }

// bounded returns the error as it may be logged, since it was made by another process.
func (e *CallError) bounded() *CallError {
	return &CallError{Code: clean(e.Code, 64), Message: clean(e.Message, 500)}
}

// clean makes text from another process fit for one line of the log.
func clean(text string, limit int) string {
	return problem.Clean(strings.ToValidUTF8(text, "?"), limit)
}
