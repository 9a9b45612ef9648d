// Package keyring uses the operating system's keyring from a separate process.
//
// A keyring call can block for ever, behind an unanswered prompt or a service that has died, and it
// can panic; it cannot be cancelled, and on Linux it shares its bus connection with the window. So
// it is made by a worker, this same program started with a hidden sub-command ([Serve]), and can be
// ended with it. [Client] is the program's side: one operation at a time, each with a deadline, and
// every failure a Problem with the steps for the user.
//
// A prompt takes time: the worker reports when one is shown, and while it is, a longer deadline
// applies. Signing in may prompt, and so may signing out, within the bounds of the caller's context;
// looking for a session that an earlier run has left behind, and checking, never do.
//
// The entries of a session are package handoff's. Besides them the keyring holds what the program
// needs itself: the passphrase of the organisation's certificate, the password for a proxy, and the
// client secret of a registered application.
package keyring

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/helper"
	"github.com/ers-login/ers-login/internal/keyring/entry"
	"github.com/ers-login/ers-login/internal/secret"
)

// Settings are how a [Client] runs its worker.
type Settings struct {
	// Command is the program whose [Serve] is the worker, by its full path, with its arguments.
	Command []string
	// Env is the worker's environment; nil is this program's own.
	Env []string
	// Version is the worker's version, which must be this program's.
	Version string
	// Timeout bounds an operation without a prompt; 0 means 5 s. The start of the worker, bounded
	// by package helper, comes on top.
	Timeout time.Duration
	// PromptTimeout bounds each prompt, for the password of a locked keyring or about an entry; 0
	// means 60 s. On macOS, whose prompts are not seen, it bounds every operation that may prompt.
	PromptTimeout time.Duration
	// Aliases publishes the session on Windows under two more names, in UTF-16LE, see
	// handoff.WithAliases. It has no effect elsewhere. They are removed with the session in any
	// case.
	Aliases bool
	// Log receives the worker's stderr, and failures to clear up; nil drops them.
	Log logrus.FieldLogger
}

// cancelTimeout is how long a worker may take to end when an operation is cancelled: time to
// dismiss a prompt, and to undo a write.
const cancelTimeout = 1500 * time.Millisecond

const (
	// takeBackTimeout bounds the start and the clearing up of another worker after one that had to be
	// ended while it published or checked: the failure is reported only then.
	takeBackTimeout = 5 * time.Second
	// endTimeout bounds the end of a worker.
	endTimeout = 2 * time.Second
)

// Client is the keyring. It is safe for concurrent use, and every error is a *problem.Problem. The
// end of an operation's ctx ends the worker, and so the operation; the error of ctx is then in the
// chain.
type Client struct {
	settings Settings
	worker   *helper.Supervisor
	turn     chan struct{}
	trial    trialTurn
	// prompts receives the reason of a prompt during the call under way, nil when the prompt is
	// over.
	prompts atomic.Pointer[chan *reason]
}

// New makes a client. Its worker is started when it is first needed.
func New(settings Settings) *Client {
	if settings.Timeout <= 0 {
		settings.Timeout = 5 * time.Second
	}
	if settings.PromptTimeout <= 0 {
		settings.PromptTimeout = time.Minute
	}
	configured := helper.Settings{
		Name: helperName, Version: settings.Version, Command: settings.Command, Env: settings.Env, CancelTimeout: cancelTimeout,
	}
	if log := settings.Log; log != nil {
		configured.Stderr = func(line string) { log.Warnf("keyring worker: %s", line) }
	}
	c := &Client{settings: settings, turn: make(chan struct{}, 1)}
	configured.Event = c.heard
	c.worker = helper.New(configured)
	return c
}

// Publish hands the session to other applications. A locked keyring prompts for its password. After
// a failure there is no session in the keyring, unless it cannot be cleared either, which is
// logged.
func (c *Client) Publish(ctx context.Context, session handoff.Entry) error {
	encoded, err := handoff.Encode(session)
	if err != nil {
		return AsProblem(err)
	}
	message := publishMessage{encoded, c.settings.Aliases}
	return c.exclusive(ctx, func() error {
		err := c.operate(ctx, callPublish, mayPrompt, message, nil)
		if errors.Is(err, handoff.ErrLocked) && !errors.Is(err, handoff.ErrItemLocked) {
			// It never came to writing.
			return err
		}
		if errors.Is(err, helper.ErrEnded) || crashed(err) {
			c.takeBack(ctx)
		}
		return err
	})
}

// Read returns the session in the keyring, of either platform, which an earlier run may have left.
// It never prompts: a locked keyring is [Locked] at once. Without a session the error is
// [NotFound], with handoff.ErrNotFound in its chain; if it cannot be read it is [Unreadable], and
// [Client.Clear] removes it.
func (c *Client) Read(ctx context.Context) (handoff.Entry, error) { return c.read(ctx, neverPrompt) }

// ReadUnlocking is Read before a Publish: a locked keyring prompts for its password.
func (c *Client) ReadUnlocking(ctx context.Context) (handoff.Entry, error) {
	return c.read(ctx, mayPrompt)
}

func (c *Client) read(ctx context.Context, may prompting) (handoff.Entry, error) {
	var session handoff.Entry
	err := c.exclusive(ctx, func() error {
		var message sessionMessage
		if err := c.repeatable(ctx, callRead, may, &message); err != nil {
			return err
		}
		read, err := handoff.DecodeAny(message.Session)
		session = read
		return err
	})
	return session, err
}

// Clear removes the sessions of both platforms from the keyring, and whatever else is in their
// place. Nothing to remove is no error. A locked keyring prompts for its password: bound that with
// ctx, as at the end of the program. If the worker dies, another one tries once more. The worker is
// ended afterwards, and with it its memory of the session.
func (c *Client) Clear(ctx context.Context) error {
	return c.exclusive(ctx, func() error {
		err := c.repeatable(ctx, callClear, mayPrompt, nil)
		c.endWorker(ctx)
		return err
	})
}

// repeatable makes an idempotent call: once more, with another worker, if the worker dies of it or
// has just died.
func (c *Client) repeatable(ctx context.Context, call string, may prompting, result any) error {
	err := c.operate(ctx, call, may, nil, result)
	if !crashed(err) || ctx.Err() != nil {
		return err
	}
	c.log("another keyring worker tries again", err)
	return c.operate(ctx, call, may, nil, result)
}

// crashed reports whether the worker, or the keyring under it, was gone before a call was over.
func crashed(err error) bool {
	for _, gone := range []error{helper.ErrCrashed, helper.ErrProtocol, handoff.ErrStopped} {
		if errors.Is(err, gone) {
			return true
		}
	}
	return false
}

// Check reports whether the keyring could be used now, without prompting.
func (c *Client) Check(ctx context.Context) error {
	return c.exclusive(ctx, func() error { return c.repeatable(ctx, callProbe, neverPrompt, nil) })
}

// Secret returns a secret that is kept for the program, [NotFound] with handoff.ErrNotFound in its
// chain if it is not stored. A locked keyring prompts for its password.
func (c *Client) Secret(ctx context.Context, which Kept) (secret.Text, error) {
	message := secretMessage{Kept: which}
	err := c.exclusive(ctx, func() error { return c.operate(ctx, callSecret, mayPrompt, message, &message) })
	return secret.New(message.Text), err
}

// SetSecret stores the secret, and removes the stored one if text is empty. A locked keyring
// prompts for its password.
func (c *Client) SetSecret(ctx context.Context, which Kept, text secret.Text) error {
	return c.exclusive(ctx, func() error {
		return c.operate(ctx, callSetSecret, mayPrompt, secretMessage{Kept: which, Text: text.Reveal()}, nil)
	})
}

// Source returns Secret for one of the secrets.
func (c *Client) Source(which Kept) func(context.Context) (secret.Text, error) {
	return func(ctx context.Context) (secret.Text, error) { return c.Secret(ctx, which) }
}

// Close ends the worker, and with it a check that is under way.
func (c *Client) Close() error {
	c.endTrial()
	if err := c.worker.Close(); err != nil {
		return AsProblem(err)
	}
	return nil
}

// exclusive does one operation at a time, and makes its error a Problem.
func (c *Client) exclusive(ctx context.Context, operation func() error) error {
	if err := ctx.Err(); err != nil {
		return AsProblem(err)
	}
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
		return AsProblem(operation())
	case <-ctx.Done():
		return AsProblem(fmt.Errorf("another keyring operation is under way: %w", ctx.Err()))
	}
}

type prompting bool

const (
	neverPrompt prompting = false
	mayPrompt   prompting = true
)

// operate makes a call, and asks the user if it may and has to.
func (c *Client) operate(ctx context.Context, call string, may prompting, params, result any) error {
	if err := c.worker.Start(ctx); err != nil {
		return err
	}
	limit := c.settings.Timeout
	if may == mayPrompt {
		call += asking
		if !entry.LockIsKnown {
			limit = c.settings.PromptTimeout
		}
	}
	return c.call(ctx, limit, call, params, result)
}

// heard takes the worker's events.
func (c *Client) heard(event helper.Event) {
	var code string
	prompts := c.prompts.Load()
	if event.Name != eventPrompt || json.Unmarshal(event.Data, &code) != nil || prompts == nil {
		return
	}
	var asks *reason
	for i := range reasons {
		if reasons[i].code == code {
			asks = &reasons[i]
		}
	}
	select {
	case *prompts <- asks:
	default:
		// No call has so many prompts.
	}
}

// bounded returns a context that ends after limit, or during a prompt after the limit for that,
// each counted anew; and a function that ends it and returns the reason of the prompt then shown,
// if any.
func (c *Client) bounded(ctx context.Context, limit time.Duration) (limited context.Context, end func() *reason) {
	limited, cancel := context.WithCancelCause(ctx)
	ended, asked, prompts := make(chan struct{}), make(chan *reason, 1), make(chan *reason, 64)
	c.prompts.Store(&prompts)
	go func() {
		var asks *reason
		defer func() { asked <- asks }()
		timer := time.NewTimer(limit)
		defer timer.Stop()
		for {
			select {
			case asks = <-prompts:
				next := limit
				if asks != nil {
					next = c.settings.PromptTimeout
				}
				timer.Reset(next)
			case <-timer.C:
				cancel(context.DeadlineExceeded)
				return
			case <-ctx.Done():
				return
			case <-ended:
				return
			}
		}
	}()
	return limited, func() *reason {
		close(ended)
		defer cancel(nil)
		return <-asked
	}
}

// call makes one call. If the failure may have left the keyring unusable in this worker, the worker
// is ended.
func (c *Client) call(ctx context.Context, limit time.Duration, call string, params, result any) error {
	limited, end := c.bounded(ctx, limit)
	err := reasonOf(c.worker.Call(limited, call, params, result))
	if asked := end(); asked != nil && errors.Is(err, helper.ErrEnded) {
		return fmt.Errorf("%w: its prompt was not answered: %w", asked.err, err)
	}
	var answer *helper.CallError
	panicked := errors.As(err, &answer) && answer.Code == helper.CodePanic
	if !panicked && !errors.Is(err, handoff.ErrStopped) && !errors.Is(err, handoff.ErrTimeout) {
		return err
	}
	c.endWorker(ctx)
	return err
}

// endWorker ends the worker, if there is one. The next call starts another.
func (c *Client) endWorker(ctx context.Context) {
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	if err := c.worker.Stop(stopping); err != nil {
		c.log("keyring worker could not be ended", err)
	}
}

// takeBack clears the keyring after a worker that was ended while it published, without prompting,
// and independently of the caller's context.
func (c *Client) takeBack(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), takeBackTimeout)
	defer cancel()
	if err := c.operate(ctx, callClear, neverPrompt, nil, nil); err != nil {
		c.log("keyring could not be cleared after publishing failed", err)
	}
}

func (c *Client) log(text string, err error) {
	if c.settings.Log != nil {
		c.settings.Log.WithError(err).Warn(text)
	}
}
