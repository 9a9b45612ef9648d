package keyring

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/helper"
	"github.com/ers-login/ers-login/internal/keyring/entry"
	"github.com/ers-login/ers-login/internal/problem"
)

// reason is one way in which the keyring fails: the worker's error, its code in the protocol, and
// the Problem for the user.
type reason struct {
	err   error
	code  string
	shown *problem.Problem
}

// reasons are in the order in which they count where an error has several.
var reasons = []reason{
	{handoff.ErrNotFound, "not-found", NotFound},
	{handoff.ErrStopped, "stopped", Crashed},
	{handoff.ErrNoBus, "no-bus", NoBus},
	{entry.ErrNoKDEService, "no-kde-service", noKDEService},
	{handoff.ErrNoService, "no-service", NoService},
	{entry.ErrNoWallet, "no-wallet", noWallet},
	{entry.ErrNoDatabase, "no-database", noDatabase},
	{handoff.ErrNoCollection, "no-collection", NoCollection},
	{handoff.ErrItemLocked, "item-locked", ItemLocked},
	{handoff.ErrLocked, "locked", Locked},
	{handoff.ErrDismissed, "dismissed", Dismissed},
	{handoff.ErrNoLogonSession, "no-logon-session", NoLogon},
	{handoff.ErrForbidden, "forbidden", Forbidden},
	{handoff.ErrReadBack, "read-back", ReadBack},
	{handoff.ErrLeftover, "leftover", Leftover},
	{handoff.ErrTimeout, "timeout", TimedOut},
	{handoff.ErrVersion, "version", Unreadable},
	{handoff.ErrMalformed, "malformed-entry", Unreadable},
	{handoff.ErrInvalid, "invalid", Failed},
}

// Problems are those of this package: every error of a [Client], and of [AsProblem], is one of them or
// [helper.Upgraded].
var Problems = func() problem.Family {
	all := problem.Family{Checking, TimedOut, Crashed, Failed}
	for _, known := range reasons {
		all = append(all, known.shown)
	}
	return all
}()

// coded makes a handler whose errors carry the code of their reason.
func coded(handler helper.Handler) helper.Handler {
	return func(ctx context.Context, params json.RawMessage) (any, error) {
		result, err := handler(ctx, params)
		if err == nil {
			return result, nil
		}
		if code := codeOf(err); code != "" {
			return nil, &helper.CallError{Code: code, Message: err.Error()}
		}
		return nil, err
	}
}

// codeOf returns the code of an error's reason, empty if it has none that is known.
func codeOf(err error) string {
	for _, known := range reasons {
		if errors.Is(err, known.err) {
			return known.code
		}
	}
	return ""
}

// failure is an error of the worker with the sentinel error that its code stands for.
type failure struct {
	reason reason
	cause  error
}

func (f *failure) Error() string   { return f.cause.Error() }
func (f *failure) Unwrap() []error { return []error{f.reason.err, f.cause} }

// reasonOf adds to the error the sentinel error for the worker's code, if it has one.
func reasonOf(err error) error {
	var answer *helper.CallError
	if !errors.As(err, &answer) {
		return err
	}
	for _, known := range reasons {
		if answer.Code == known.code {
			return &failure{known, err}
		}
	}
	return err
}

// AsProblem returns the *problem.Problem of this package for an error of package handoff, nil for nil.
// It is for callers that read the entry without the keyring's process.
func AsProblem(err error) error {
	if err == nil {
		return nil
	}
	for _, known := range reasons {
		if errors.Is(err, known.err) {
			return known.shown.Because(err)
		}
	}
	var answer *helper.CallError
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return TimedOut.Because(err)
	case errors.Is(err, helper.ErrOtherVersion):
		return helper.Upgraded.Because(err)
	case errors.As(err, &answer) && answer.Code == helper.CodePanic,
		errors.Is(err, helper.ErrCrashed), errors.Is(err, helper.ErrProtocol), errors.Is(err, helper.ErrNotStarted):
		return Crashed.Because(err)
	default:
		return Failed.Because(err)
	}
}

// OfCode returns this package's Problem with a code, and reports whether there is one. It is for
// codes from another process.
func OfCode(code string) (*problem.Problem, bool) {
	// Of several with one code the last is the general one.
	for _, known := range slices.Backward(reasons) {
		if known.shown.Code == code {
			return known.shown, true
		}
	}
	return nil, false
}
