package cli

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/ers-login/ers-login/internal/app"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/keyring/entry"
	"github.com/ers-login/ers-login/internal/logging"
	"github.com/ers-login/ers-login/internal/secret"
)

// forgetWithin bounds the command: it leaves time to type a locked keyring's password.
const forgetWithin = 2 * time.Minute

func forgetCommand(p app.Host) *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "forget",
		Short: "Remove your stored passphrase, client secret, proxy password and autostart entry",
		Long: "Removes from the keyring the passphrase of the certificate, the client secret, the password for the proxy, and anything left by an interrupted\n" +
			"check. Also removes your own entry that starts e-RS Login when you sign in to the computer. It does not end the session: use\n" +
			"sign-out for that. It is not an error if there is nothing to remove. A locked keyring asks for its password. Before you give\n" +
			"up a computer or remove e-RS Login from it, run sign-out and then forget.\n\n" + app.StatusHelp,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return within(cmd, timeout, "not everything was removed", func(ctx context.Context, sources config.Sources) error {
				return forgetAll(ctx, p, sources)
			})
		},
	}
	cmd.Flags().DurationVar(&timeout, "timeout", forgetWithin, "longest time to wait")
	return cmd
}

// forgetAll removes the user's autostart entry, and the secrets stored by the commands passphrase,
// client-secret and proxy-password. It continues after a failure.
func forgetAll(ctx context.Context, p app.Host, sources config.Sources) error {
	log := p.OpenLog("")
	defer app.CloseLog(log)
	var failed error
	if entry := p.Autostart(log); entry != nil {
		failed = entry.Forget()
	}
	if err := errors.Join(failed, forgetSecrets(ctx, p, sources, log)); err != nil {
		return err
	}
	return p.Say("The keyring has no passphrase, no client secret and no proxy password for e-RS Login, and you have no autostart entry of your own.")
}

// forgetSecrets removes the secrets and the test entry.
func forgetSecrets(ctx context.Context, p app.Host, sources config.Sources, log *logging.Log) error {
	settings, err := config.Load(sources)
	if err != nil {
		// Removing the program must work without repairing its settings.
		log.WithError(err).Warn("settings")
	}
	ring := p.OpenKeyring(settings, log)
	var removed []error
	for _, kept := range keyring.Secrets {
		removed = append(removed, ring.SetSecret(ctx, kept, secret.Text{}))
	}
	removed = append(removed, ring.RemoveTrial(ctx))
	// Without a keyring there is nothing to remove.
	removed = slices.DeleteFunc(removed, entry.NoneMade)
	return errors.Join(append(removed, ring.Close())...)
}
