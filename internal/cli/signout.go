package cli

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/app"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/instance"
	"github.com/ers-login/ers-login/internal/keyring"
)

// signOutWithin bounds signing out: the keyring, the grace for other applications' calls, and e-RS.
const signOutWithin = 30 * time.Second

func signOutCommand(p app.Host) *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "sign-out",
		Short: "Sign out of e-RS",
		Long: "Asks the open window to end the session, and waits until the session is removed from the keyring. A sign-in in progress is\n" +
			"cancelled. If no window is open, the command removes what an earlier run left in the keyring, and closes that session at\n" +
			"e-RS if the settings allow it. It is not an error if no user is signed in. The command never opens a window.\n\n" + app.StatusHelp,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return within(cmd, timeout, "the session was not ended", func(ctx context.Context, sources config.Sources) error {
				return endSession(ctx, p, instance.DefaultFile(), sources)
			})
		},
	}
	cmd.Flags().DurationVar(&timeout, "timeout", signOutWithin, "longest time to wait")
	return cmd
}

// endSession ends the session in the process that has it.
func endSession(ctx context.Context, p app.Host, path string, sources config.Sources) error {
	request := instance.Request{Action: instance.SignOut, Wait: true}
	lock, answer, err := instance.Join(ctx, path, request)
	switch {
	case err != nil:
		return err
	case lock != nil:
		// While it is held, no window can start.
		p.Lock.Hold(lock)
		err := p.EndLeftover(ctx, sources)
		p.Lock.Hold(nil)
		err = errors.Join(err, lock.Release())
		var elsewhere app.OwnedElsewhere
		if !errors.As(err, &elsewhere) {
			return err
		}
		if answer, err = instance.Ask(ctx, elsewhere.Path, request); err != nil {
			return err
		}
	}
	if err := refusal(answer); err != nil {
		return err
	}
	if err := checkSignedOut(ctx); err != nil {
		return err
	}
	return p.Say(endedBy(answer))
}

// endedBy returns what the window has done, for people. One of an earlier version does not say.
func endedBy(answer instance.Answer) string {
	switch answer.Ended {
	case instance.EndedSession:
		return "The session was ended."
	case instance.EndedSignIn:
		return "The sign-in was cancelled."
	}
	return "No user is signed in."
}

// checkSignedOut checks that other applications find no session.
func checkSignedOut(ctx context.Context) error {
	switch _, err := readSession(ctx, handoff.ReadAny); {
	case err == nil:
		return keyring.Leftover.Because(errors.New("the entry is there after signing out"))
	case outOfReach(err):
		// The window has reported that it is gone, and may use a keyring out of this process's
		// reach.
		return nil
	case !errors.Is(err, errSignedOut):
		return err
	}
	// A script reads the key or token alone. An invalid one in its place counts too.
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	_, keyErr := handoff.ReadKey(ctx)
	_, tokenErr := handoff.ReadAccessToken(ctx)
	for _, err := range []error{keyErr, tokenErr} {
		switch {
		case err == nil, errors.Is(err, handoff.ErrMalformed):
			return keyring.Leftover.Because(errors.New("the key or token is there after signing out"))
		case !errors.Is(err, handoff.ErrNotFound):
			return keyring.AsProblem(err)
		}
	}
	return nil
}

// outOfReach reports whether there is no keyring here in which a session could be read.
func outOfReach(err error) bool {
	return errors.Is(err, handoff.ErrNoBus) || errors.Is(err, handoff.ErrNoService) ||
		errors.Is(err, handoff.ErrNoCollection) || errors.Is(err, handoff.ErrLocked) && !errors.Is(err, handoff.ErrItemLocked)
}
