package commands

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/secret"
)

// forgetWithin is how long forgetting may take: time to type the password of a locked keyring.
const forgetWithin = 2 * time.Minute

func (p program) forget() *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "forget",
		Short: "Remove what was stored in the keyring beyond the session",
		Long: "Removes from the keyring the passphrase of the certificate, the password for the proxy, and what a check that was cut short\n" +
			"has left. The session stays as it is: sign-out ends it. That nothing was stored is no error. A locked keyring asks for its\n" +
			"password. Whoever gives up a computer, or has e-RS Login removed from it, signs out and forgets.\n\n" + statusHelp,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if timeout <= 0 {
				return usageError{errors.New("--timeout: a time above zero is needed, such as 30s")}
			}
			file, err := cmd.Flags().GetString("config")
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
			defer cancel()
			err = p.forgetSecrets(ctx, config.System(file, nil))
			if err != nil && cmd.Context().Err() == nil && ctx.Err() != nil {
				return ending{fmt.Errorf("it was not all removed within %v", timeout), statusLate}
			}
			return err
		},
	}
	cmd.Flags().DurationVar(&timeout, "timeout", forgetWithin, "longest time to wait")
	return cmd
}

// forgetSecrets removes the secrets that the commands passphrase and proxy-password store, and a test entry. One that cannot be
// removed is no reason to leave the others.
func (p program) forgetSecrets(ctx context.Context, sources config.Sources) error {
	log := p.openLog("")
	defer closeLog(log)
	sources.LeaveBroken = true
	settings, err := config.Load(sources)
	if err != nil {
		// Whoever gets rid of the program need not repair its settings first.
		log.WithError(err).Warn("settings")
	}
	ring, err := p.openKeyring(settings, log)
	if err != nil {
		return err
	}
	var failed []error
	for _, remove := range []func(context.Context) error{
		func(ctx context.Context) error { return ring.SetPassphrase(ctx, secret.Text{}) },
		func(ctx context.Context) error { return ring.SetProxyPassword(ctx, secret.Text{}) },
		ring.RemoveTrial,
	} {
		// Where there is no keyring yet, there is nothing in it.
		if err := remove(ctx); err != nil && !errors.Is(err, keyring.NoCollection) {
			failed = append(failed, err)
		}
	}
	if err := errors.Join(append(failed, ring.Close())...); err != nil {
		return err
	}
	return sayTo(p.stderr, "The keyring holds no passphrase and no proxy password for e-RS Login.")
}
