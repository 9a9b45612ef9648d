package keyring

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/ers-login/ers-login/internal/instance"
)

// A check writes its text to one fixed place, so that none is left behind under an unknown name. So
// one check runs at a time among all processes of a user: the window, a service desk's terminal, a
// script. Each holds a file lock of the operating system, which ends with the process.

const (
	// tryPatience is how long a check of the keyring alone waits for another one: diagnostics
	// should not take longer.
	tryPatience = 15 * time.Second
	// trialPatience bounds the wait for another check with readers, which starts interpreters.
	trialPatience = time.Minute
	// trialPause is how long to wait before looking again.
	trialPause = 50 * time.Millisecond
)

// trialTurn is held between [Client.WriteTrial] and [Client.RemoveTrial].
type trialTurn struct {
	mutex sync.Mutex
	lock  *instance.Lock
	begun bool
}

// beginTrial waits until no other check is under way, unless one of this client's is.
func (c *Client) beginTrial(ctx context.Context) error {
	c.trial.mutex.Lock()
	defer c.trial.mutex.Unlock()
	if c.trial.begun {
		return nil
	}
	lock, err := c.aloneForTrial(ctx, trialPatience)
	if err == nil {
		c.trial.lock, c.trial.begun = lock, true
	}
	return err
}

func (c *Client) endTrial() {
	c.trial.mutex.Lock()
	defer c.trial.mutex.Unlock()
	c.letOthersTry(c.trial.lock)
	c.trial.lock, c.trial.begun = nil, false
}

// aloneForTrial waits until no other check is under way. The lock is nil where locks are
// impossible: the check goes on without.
func (c *Client) aloneForTrial(ctx context.Context, patience time.Duration) (*instance.Lock, error) {
	enough := time.After(patience)
	for {
		lock, err := instance.TakeCheck(ctx, c.settings.Env, c.trialFile())
		switch {
		case err == nil:
			return lock, nil
		case ctx.Err() != nil:
			return nil, Checking.Because(errors.Join(ctx.Err(), err))
		case !errors.Is(err, instance.Running):
			c.log("other checks of the keyring cannot be kept out", err)
			return nil, nil
		}
		select {
		case <-time.After(trialPause):
		case <-enough:
			return nil, Checking.Because(err)
		case <-ctx.Done():
			return nil, Checking.Because(errors.Join(ctx.Err(), err))
		}
	}
}

func (c *Client) letOthersTry(lock *instance.Lock) {
	if lock == nil {
		return
	}
	if err := lock.Release(); err != nil {
		c.log("other checks of the keyring are kept out", err)
	}
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
