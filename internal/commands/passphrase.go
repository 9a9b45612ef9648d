package commands

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/secret"
)

// maxPassphrase bounds what is read from a pipe.
const maxPassphrase = 1024

func (p program) passphrase() *cobra.Command {
	return &cobra.Command{
		Use:   "passphrase",
		Short: "Store the passphrase of the PKCS#12 certificate in the keyring",
		Long: "Asks for the passphrase of the certificate in PKCS#12 form and stores it in the keyring, where the program finds it at the\n" +
			"next sign-in. It is read from standard input, and from the terminal without showing it; it is never an argument.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			entered, err := p.readPassphrase()
			if err != nil {
				return err
			}
			file, err := cmd.Flags().GetString("config")
			if err != nil {
				return err
			}
			// The file belongs to the window, which may be running.
			log := p.openLog("")
			defer closeLog(log)
			log.Guard(entered)
			settings, err := config.Load(config.System(file, nil))
			if err != nil {
				// What is wrong with other settings is no reason: storing the passphrase may be a part of repairing them.
				log.WithError(err).Warn("settings")
			}
			ring, err := p.openKeyring(settings, log)
			if err != nil {
				return err
			}
			if err := errors.Join(ring.SetPassphrase(cmd.Context(), entered), ring.Close()); err != nil {
				return err
			}
			_, err = fmt.Fprintln(p.stderr, "The passphrase is in the keyring.")
			return err
		},
	}
}

// readPassphrase reads one line, without an echo if it is typed.
func (p program) readPassphrase() (secret.Text, error) {
	var line string
	if terminal, ok := p.stdin.(*os.File); ok && term.IsTerminal(int(terminal.Fd())) {
		fmt.Fprint(p.stderr, "Passphrase: ") //nolint:errcheck // a prompt that cannot be seen is no reason to stop
		typed, err := term.ReadPassword(int(terminal.Fd()))
		fmt.Fprintln(p.stderr) //nolint:errcheck // as above
		if err != nil {
			return secret.Text{}, fmt.Errorf("could not read the passphrase: %w", err)
		}
		line = string(typed)
	} else {
		read, err := bufio.NewReader(io.LimitReader(p.stdin, maxPassphrase)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return secret.Text{}, fmt.Errorf("could not read the passphrase: %w", err)
		}
		line = read
	}
	entered := secret.New(strings.TrimRight(line, "\r\n"))
	if entered.IsZero() {
		return secret.Text{}, errors.New("no passphrase was entered")
	}
	return entered, nil
}
