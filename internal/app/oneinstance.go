package app

import (
	"context"
	"errors"
	"os"

	"github.com/sirupsen/logrus"

	"github.com/ers-login/ers-login/internal/desktop"
	"github.com/ers-login/ers-login/internal/instance"
)

// OneInstance ensures that a user has one window. A second start raises the first's window and
// ends.
type OneInstance struct {
	path    string
	log     logrus.FieldLogger
	handler instance.Handler
	// token allows the first window to be raised, on desktops that issue one with each start.
	token string
	// displays are the user's displays.
	displays string
	// fingerprint is this window's requestFingerprint.
	fingerprint string
	lock        *instance.Lock
	// Held shares the lock with the rest of the program; nil if not needed.
	Held *HeldLock
}

// activationVariables hold the token that a desktop issues with a start.
var activationVariables = []string{"XDG_ACTIVATION_TOKEN", "DESKTOP_STARTUP_ID"}

// NewOneInstance removes the desktop's token from the environment, so that no child process uses it
// up.
func NewOneInstance(path string, log logrus.FieldLogger, environ []string, fingerprint string, handler instance.Handler) *OneInstance {
	for _, name := range activationVariables {
		if err := os.Unsetenv(name); err != nil {
			log.WithError(err).Warn("instance")
		}
	}
	return &OneInstance{
		path: path, log: log, handler: handler, fingerprint: fingerprint,
		token: instance.ActivationToken(environ), displays: desktop.DisplaysOf(environ),
	}
}

// ErrRaised is the error of [OneInstance.Join] if another instance's window was raised, which is
// all that was to be done.
var ErrRaised = errors.New("e-RS Login is already open, and its window is now in front")

// Join makes this the one instance, if it is not yet. If there is another, it raises that one's
// window and returns ErrRaised, otherWindow if its fingerprint differs, or OtherDisplay if the user
// does not see it.
func (o *OneInstance) Join(ctx context.Context) error {
	if o.lock != nil {
		return nil
	}
	request := instance.Request{Action: instance.Raise, ActivationToken: o.token, Wanted: o.fingerprint}
	lock, answer, err := instance.Join(ctx, o.path, request)
	switch {
	case err != nil:
		return err
	case lock == nil && answer.Code == otherWindow.Code:
		return otherWindow
	case lock == nil && !sharesDisplay(answer.Display, o.displays):
		return OtherDisplay
	case lock == nil:
		return ErrRaised
	}
	o.lock = lock
	o.Held.Hold(lock)
	if err := lock.Listen(o.handler, func(err error) { o.log.WithError(err).Debug("instance") }); err != nil {
		// The window works if a second start cannot find it; the second start reports that.
		o.log.WithError(err).Warn("instance")
	}
	return nil
}

// Leave lets the next start be the one instance.
func (o *OneInstance) Leave() {
	if o.lock == nil {
		return
	}
	o.Held.Hold(nil)
	if err := o.lock.Release(); err != nil {
		o.log.WithError(err).Warn("instance")
	}
	o.lock = nil
}
