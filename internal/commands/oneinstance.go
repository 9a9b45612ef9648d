package commands

import (
	"context"
	"errors"
	"os"

	"github.com/sirupsen/logrus"

	"github.com/ers-login/ers-login/internal/instance"
)

// oneInstance sees to it that a user has one window. A second start raises the window of the first, and is over then.
type oneInstance struct {
	path    string
	log     logrus.FieldLogger
	handler instance.Handler
	// token allows the first window to come to the front, where a desktop hands one out with each start.
	token string
	// displays are those that the user sits before.
	displays string
	// wanted is the sort of window that this one is.
	wanted string
	lock   *instance.Lock
	// held lets the rest of the program know of the lock; nil has no use for it.
	held *heldLock
}

// activationVariables are where a desktop puts the token that it hands out with a start.
var activationVariables = []string{"XDG_ACTIVATION_TOKEN", "DESKTOP_STARTUP_ID"}

// newOneInstance takes the desktop's token out of the environment, so that no program that is started from here uses it up.
func newOneInstance(path string, log logrus.FieldLogger, environ []string, wanted string, handler instance.Handler) *oneInstance {
	for _, name := range activationVariables {
		if err := os.Unsetenv(name); err != nil {
			log.WithError(err).Warn("instance")
		}
	}
	return &oneInstance{
		path: path, log: log, handler: handler, wanted: wanted, token: instance.ActivationToken(environ), displays: displaysOf(environ),
	}
}

// errRaised: the window of another instance has come to the front, so that there is nothing left to do here.
var errRaised = errors.New("e-RS Login is running already, and its window was brought to the front")

// join makes this the one instance, if it is not yet. If another one is, that one's window is raised, and the error is errRaised,
// otherWindow if it is not the sort of window that is wanted, or otherDisplay if the user does not see it.
func (o *oneInstance) join(ctx context.Context) error {
	if o.lock != nil {
		return nil
	}
	request := instance.Request{Action: instance.Raise, ActivationToken: o.token, Wanted: o.wanted}
	lock, answer, err := instance.Join(ctx, o.path, request)
	switch {
	case err != nil:
		return err
	case lock == nil && answer.Code == otherWindow.Code:
		return otherWindow
	case lock == nil && !sharesDisplay(answer.Display, o.displays):
		return otherDisplay
	case lock == nil:
		return errRaised
	}
	o.lock = lock
	o.held.hold(lock)
	if err := lock.Listen(o.handler, func(err error) { o.log.WithError(err).Debug("instance") }); err != nil {
		// The window works without being found by a second start, which will say so.
		o.log.WithError(err).Warn("instance")
	}
	return nil
}

// leave lets the next start be the one instance.
func (o *oneInstance) leave() {
	if o.lock == nil {
		return
	}
	o.held.hold(nil)
	if err := o.lock.Release(); err != nil {
		o.log.WithError(err).Warn("instance")
	}
}
