package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/app"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/desktop"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
)

// maxSecret bounds a secret read from a pipe, in bytes.
const maxSecret = 1024

func passphraseCommand(p app.Host) *cobra.Command {
	return storing(p, storedSecret{
		use: "passphrase", what: "passphrase", prompt: "Passphrase: ",
		short: "Store the passphrase of the certificate or its key in the keyring",
		long: "Asks for the passphrase of a PKCS#12 certificate or an encrypted key and stores it in the keyring for the next sign-in. The\n" +
			"passphrase is read from standard input. On a terminal it is not shown as you type. It cannot be an argument.",
		kept: keyring.Passphrase,
	})
}

func proxyPasswordCommand(p app.Host) *cobra.Command {
	return storing(p, storedSecret{
		use: "proxy-password", what: "password of the proxy", prompt: "Password: ",
		short: "Store the password for the proxy in the keyring",
		long: "Asks for the password that belongs to the setting proxy_user and stores it in the keyring. It is sent only to the proxy that is\n" +
			"set up now. The password is read from standard input. On a terminal it is not shown as you type. It cannot be an argument.",
		kept: keyring.ProxyPassword,
		bind: bindToProxy,
	})
}

func clientSecretCommand(p app.Host) *cobra.Command {
	return storing(p, storedSecret{
		use: "client-secret", what: "client secret", prompt: "Client secret: ",
		short: "Store the client secret of the registered application in the keyring",
		long: "Asks for the secret that belongs to the setting client_id and stores it in the keyring, where the program finds it at the next\n" +
			"sign-in with NHS Care Identity. It is read from standard input, and from the terminal without showing it; it is never an argument.",
		kept: keyring.ClientSecret,
	})
}

// bindToProxy puts the proxy in use in front of its password: see [passwordFor].
func bindToProxy(settings config.Config, password secret.Text) (bound secret.Text, note string, err error) {
	baseURL := settings.BaseURL
	if baseURL == "" {
		baseURL = "https://e-rs.invalid" // the proxy may be set up first
	}
	proxy, err := transport.ProxyFor(transport.ProxyOf(settings.Proxy), baseURL)
	if err != nil {
		return secret.Text{}, "", err
	}
	if proxy == "" {
		return password, "No proxy is set up now. The password is only sent to the proxy that the setting proxy names in a file or policy.", nil
	}
	return secret.New(strings.ToLower(proxy) + "\n" + password.Reveal()),
		"It is only sent to the proxy " + problem.Clean(proxy, maxTyped) + ". Store it again if the proxy changes.", nil
}

// storedSecret is a secret that a command stores for the program.
type storedSecret struct {
	use, short, long string
	// what names the secret in texts, prompt asks for it.
	what, prompt string
	kept         keyring.Kept
	// bind completes the secret before it is stored, and returns a note about that; nil leaves it
	// unchanged.
	bind func(config.Config, secret.Text) (bound secret.Text, note string, err error)
}

func storing(p app.Host, it storedSecret) *cobra.Command {
	return &cobra.Command{
		Use: it.use, Short: it.short, Long: it.long,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			entered, err := readSecret(cmd.Context(), p, it)
			if err != nil {
				return err
			}
			// The log file belongs to a window that may be running.
			log := p.OpenLog("")
			defer app.CloseLog(log)
			log.Guard(entered)
			settings, err := config.Load(p.Sources(configFile(cmd), nil))
			if err != nil {
				// Errors in other settings do not prevent this: storing the secret may be a part of
				// repairing them.
				log.WithError(err).Warn("settings")
			}
			ring := p.OpenKeyring(settings, log)
			note := ""
			if it.bind != nil {
				if entered, note, err = it.bind(settings, entered); err != nil {
					return errors.Join(err, ring.Close())
				}
				note += "\n"
			}
			if err := errors.Join(ring.SetSecret(cmd.Context(), it.kept, entered), ring.Close()); err != nil {
				return err
			}
			_, err = fmt.Fprintf(p.Stderr, "The %s is stored in the keyring.\n%s", it.what, note)
			return err
		},
	}
}

// readSecret reads one line, without echo if typed. If ctx ends first, the read is abandoned until
// the process ends.
func readSecret(ctx context.Context, p app.Host, it storedSecret) (secret.Text, error) {
	terminal, err := desktop.InputTerminal(p.Stdin)
	if err != nil {
		return secret.Text{}, fmt.Errorf("could not ask for the %s: %w", it.what, err)
	}
	read := func() ([]byte, error) { return readLine(p) }
	if terminal != nil {
		screen := int(terminal.Fd())
		shown, err := term.GetState(screen)
		if err != nil {
			return secret.Text{}, fmt.Errorf("could not ask for the %s: %w", it.what, err)
		}
		read = func() ([]byte, error) { return term.ReadPassword(screen) }
		fmt.Fprint(p.Stderr, it.prompt) //nolint:errcheck // a prompt that cannot be seen is no reason to stop
		defer func() {
			fmt.Fprintln(p.Stderr) //nolint:errcheck // as above
			// The echo is still off if the user has interrupted.
			if err := term.Restore(screen, shown); err != nil {
				fmt.Fprintf(p.Stderr, "ers-login: the terminal may no longer show what is typed: %v\n", err) //nolint:errcheck // as above
			}
		}()
	}
	type line struct {
		text []byte
		err  error
	}
	entered := make(chan line, 1)
	go func() {
		text, err := read()
		entered <- line{text, err}
	}()
	select {
	case <-ctx.Done():
		return secret.Text{}, fmt.Errorf("no %s was entered: %w", it.what, ctx.Err())
	case got := <-entered:
		text := secret.New(strings.TrimRight(string(got.text), "\r\n"))
		switch {
		case got.err != nil:
			return secret.Text{}, fmt.Errorf("could not read the %s: %w", it.what, got.err)
		case text.IsZero():
			return secret.Text{}, fmt.Errorf("no %s was entered", it.what)
		}
		return text, nil
	}
}

// readLine reads one line from a pipe or a file.
func readLine(p app.Host) ([]byte, error) {
	line, err := bufio.NewReader(io.LimitReader(p.Stdin, maxSecret)).ReadBytes('\n')
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return line, err
}
