package keyring

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/instance"
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
// without prompting. The error is [Checking] if another check does not end in time. A client does
// one check at a time.
func (c *Client) Try(ctx context.Context, text string) error {
	if err := c.beginTrial(ctx, tryPatience); err != nil {
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
		if ctx.Err() != nil {
			ended, cancel := context.WithTimeout(context.WithoutCancel(ctx), takeBackTimeout)
			defer cancel()
			ctx = ended
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
	if err := c.beginTrial(ctx, trialPatience); err != nil {
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

// A check writes its text to one fixed place, so that none is left behind under an unknown name. So
// one check runs at a time among all processes of a user: the window, a service desk's terminal, a
// script. Each holds a file lock of the operating system, which ends with the process.

const (
	// trialPatience bounds the wait for another check, which may be one with readers, and so with
	// interpreters that start. tryPatience is that of diagnostics, which should not take longer.
	trialPatience = time.Minute
	tryPatience   = 15 * time.Second
	// trialPause is how long to wait before looking again.
	trialPause = 50 * time.Millisecond
)

// trialTurn is held between [Client.WriteTrial] and [Client.RemoveTrial].
type trialTurn struct {
	mutex sync.Mutex
	begun bool
	// lock is nil where locks are impossible: the check goes on without.
	lock *instance.Lock
}

// beginTrial waits until no other check is under way, unless one of this client's is.
func (c *Client) beginTrial(ctx context.Context, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := c.takeTrial(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-time.After(trialPause):
		case <-ctx.Done():
			return Checking.Because(errors.Join(ctx.Err(), err))
		}
	}
}

func (c *Client) takeTrial(ctx context.Context) error {
	c.trial.mutex.Lock()
	defer c.trial.mutex.Unlock()
	if c.trial.begun {
		return nil
	}
	lock, err := instance.TakeCheck(ctx, c.settings.Env, c.trialFile())
	if err != nil && (ctx.Err() != nil || errors.Is(err, instance.Running)) {
		return err
	}
	if err != nil {
		c.log("other checks of the keyring cannot be kept out", err)
	}
	c.trial.lock, c.trial.begun = lock, true
	return nil
}

func (c *Client) endTrial() {
	c.trial.mutex.Lock()
	defer c.trial.mutex.Unlock()
	if c.trial.lock != nil {
		if err := c.trial.lock.Release(); err != nil {
			c.log("other checks of the keyring are kept out", err)
		}
	}
	c.trial.lock, c.trial.begun = nil, false
}

// trialFile returns a path beside the lock of the window, in the folder of the session that the
// worker's keyring belongs to.
func (c *Client) trialFile() string {
	usual := instance.DefaultFile()
	folder := filepath.Dir(usual)
	for _, entry := range c.settings.Env {
		if named, is := strings.CutPrefix(entry, "XDG_RUNTIME_DIR="); is && filepath.IsAbs(named) {
			if found, err := os.Stat(named); err == nil && found.IsDir() {
				folder = named
			}
		}
	}
	return filepath.Join(folder, "check-"+filepath.Base(usual))
}
