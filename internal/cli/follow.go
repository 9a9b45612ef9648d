package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/desktop"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/problem"
)

// change is a line of --follow. Members may be added, and never change their meaning.
type change struct {
	SignedIn bool `json:"signedIn"`
	// Session is the entry, if a user is signed in.
	Session json.RawMessage `json:"session,omitempty"`
	// Problem is a code, if the keyring cannot be read.
	Problem string `json:"problem,omitempty"`
}

// follow prints a line now and for each change, until the context ends or the reader of stdout is
// gone.
func follow(ctx context.Context, stdout io.Writer, withKey bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	desktop.WhenUnread(ctx, stdout, cancel)
	for session, err := range handoff.WatchAny(ctx) {
		line, err := changeLine(session, err, withKey)
		if err != nil {
			return err
		}
		if _, err := stdout.Write(line); err != nil {
			if desktop.IsUnread(err) {
				return nil
			}
			return fmt.Errorf("could not print a change: %w", err)
		}
	}
	return nil
}

func changeLine(session handoff.Entry, err error, withKey bool) ([]byte, error) {
	var entry []byte
	if err == nil {
		entry, err = publishable(session)
	}
	now := change{SignedIn: err == nil}
	switch {
	case err == nil && withKey:
		now.Session = entry
	case err == nil:
		now.Session = stripKey(entry)
	case errors.Is(err, keyring.Unreadable):
		now.Problem = keyring.Unreadable.Code
	case !errors.Is(err, handoff.ErrNotFound):
		now.Problem = problem.Of(keyring.AsProblem(err)).Code
	}
	line, err := json.Marshal(now)
	if err != nil {
		return nil, fmt.Errorf("could not write a change as JSON: %w", err)
	}
	return append(line, '\n'), nil
}
