package keyring

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/keyring/entry"
	"github.com/ers-login/ers-login/internal/secret"
)

// TrialAccount is the account of the test entry: under the handoff's service, so that programs find
// it as they find the session, but not one of its accounts. Its text is harmless, and
// [Client.RemoveTrial] removes it.
const TrialAccount = "doctor-test"

const (
	callTrialWrite  = "trial-write"
	callTrialRead   = "trial-read"
	callTrialRemove = "trial-remove"
)

// trialAddresses are the entry's and, where the session's would be, those of its aliases.
var trialAddresses = []entry.Address{
	{Service: handoff.Service, Account: TrialAccount},
	{Account: TrialAccount, Alias: TrialAccount + "@" + handoff.Service},
	{Account: TrialAccount, Alias: TrialAccount + "." + handoff.Service},
}

type trialMessage struct {
	Text    string
	Aliases bool
}

// Try writes a harmless text, reads it back and removes it, as a sign-in does with the session,
// without prompting. The error is [Checking] if another check does not end in time.
func (c *Client) Try(ctx context.Context, text string) error {
	if err := c.beginTrial(ctx); err != nil {
		return err
	}
	defer c.endTrial()
	return c.exclusive(ctx, func() error {
		err := c.writeTrial(ctx, text)
		if err == nil {
			var read string
			read, err = c.readTrial(ctx)
			if err == nil && read != text {
				err = fmt.Errorf("test entry: %w", handoff.ErrReadBack)
			}
		}
		// Locked, it never came to writing.
		if removed := c.operate(ctx, callTrialRemove, neverPrompt, nil, nil); err == nil {
			err = removed
		}
		return err
	})
}

// WriteTrial writes a harmless text as the session would be written, without prompting. Until
// [Client.RemoveTrial] no other check begins in any process, since they use the same entry. The
// error is [Checking] if another does not end in time.
func (c *Client) WriteTrial(ctx context.Context, text string) error {
	if err := c.beginTrial(ctx); err != nil {
		return err
	}
	return c.exclusive(ctx, func() error { return c.writeTrial(ctx, text) })
}

// ReadTrial reads it as go-keyring does. The error is [NotFound] if there is none.
func (c *Client) ReadTrial(ctx context.Context) (text string, err error) {
	err = c.exclusive(ctx, func() error {
		text, err = c.readTrial(ctx)
		return err
	})
	return text, err
}

// RemoveTrial removes it. Nothing to remove is no error. The error is [Checking] if it is another
// check's, which removes it itself.
func (c *Client) RemoveTrial(ctx context.Context) error {
	if err := c.beginTrial(ctx); err != nil {
		return err
	}
	defer c.endTrial()
	return c.exclusive(ctx, func() error { return c.operate(ctx, callTrialRemove, neverPrompt, nil, nil) })
}

func (c *Client) writeTrial(ctx context.Context, text string) error {
	return c.operate(ctx, callTrialWrite, neverPrompt, trialMessage{text, c.settings.Aliases}, nil)
}

func (c *Client) readTrial(ctx context.Context) (string, error) {
	var message trialMessage
	err := c.operate(ctx, callTrialRead, neverPrompt, nil, &message)
	return message.Text, err
}

// writeTrial is the worker's side. What was written in vain is removed.
func writeTrial(ctx context.Context, params json.RawMessage) (any, error) {
	var message trialMessage
	if json.Unmarshal(params, &message) != nil {
		return nil, errParams
	}
	text := secret.New(message.Text)
	return nil, entry.Do(ctx, entry.NeverPrompt, func(ring *entry.Ring) error {
		var err error
		for _, address := range trialAddresses {
			if err == nil && (message.Aliases || address.Alias == "") {
				err = ring.Set(address, text)
			}
		}
		if err != nil && ring.Usable() {
			return errors.Join(err, clearTrial(ring))
		}
		return err
	})
}

func readTrial(ctx context.Context, _ json.RawMessage) (any, error) {
	var message trialMessage
	err := entry.Do(ctx, entry.NeverPrompt, func(ring *entry.Ring) error {
		text, err := ring.Get(trialAddresses[0])
		message.Text = text.Reveal()
		return err
	})
	return message, err
}

func removeTrial(ctx context.Context, _ json.RawMessage) (any, error) {
	return nil, entry.Do(ctx, entry.NeverPrompt, clearTrial)
}

func clearTrial(ring *entry.Ring) error {
	var failed []error
	for _, address := range slices.Backward(trialAddresses) {
		failed = append(failed, ring.Delete(address))
	}
	return errors.Join(failed...)
}
