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
	// trialPatience bounds the wait for another check: diagnostics should not take longer.
	trialPatience = 15 * time.Second
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
func (c *Client) beginTrial(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, trialPatience)
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
