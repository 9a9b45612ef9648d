package keyring

import (
	"context"
	"fmt"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/keyring/entry"
)

// TrialAccount is the account of the test entry: under the handoff's service, so that programs find
// it as they find the session, but not one of its accounts. Its text is harmless, and
// [Client.RemoveTrial] removes it.
const TrialAccount = "doctor-test"

// trial is the test entry, with aliases where the session's would be.
const trial Kept = "trial"

var trialAddresses = []entry.Address{
	{Service: handoff.Service, Account: TrialAccount},
	{Account: TrialAccount, Alias: TrialAccount + "@" + handoff.Service},
	{Account: TrialAccount, Alias: TrialAccount + "." + handoff.Service},
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
		if removed := c.writeTrial(ctx, ""); err == nil {
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
	err := c.WriteTrial(ctx, "")
	c.endTrial()
	return err
}

func (c *Client) writeTrial(ctx context.Context, text string) error {
	return c.operate(ctx, callSetSecret, neverPrompt, secretMessage{trial, text, c.settings.Aliases}, nil)
}

func (c *Client) readTrial(ctx context.Context) (string, error) {
	message := secretMessage{Kept: trial}
	err := c.operate(ctx, callSecret, neverPrompt, message, &message)
	return message.Text, err
}
