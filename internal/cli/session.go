package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/app"
	"github.com/ers-login/ers-login/internal/desktop"
	"github.com/ers-login/ers-login/internal/keyring"
)

// readWithin bounds one read of the keyring. It is the default of the window's setting
// keyring_timeout.
const readWithin = 5 * time.Second

func sessionCommand(p app.Host) *cobra.Command {
	var input sessionInput
	cmd := &cobra.Command{
		Use:   "session",
		Short: "Show who is signed in to e-RS",
		Long: "Reads the session from the keyring, as other applications do, and shows who is signed in. It opens no window, asks no\n" +
			"questions and needs neither settings nor a display. An expired session counts as signed out.\n\n" +
			"A session has a session key (HSCN) or an access token (FHIR), which is a secret: keep it out of logs and of the arguments\n" +
			"of programs. Without an option, the command prints text for people, without the secret. --json, --key, --token, --env,\n" +
			"--header and --follow print the secret. --key only prints a session key and --token only an access token: if the session\n" +
			"has the other one, the answer is that no user is signed in.\n\n" +
			app.StatusHelp,
		Example: "  ers-login session\n" +
			"  ers-login session --wait --timeout 5m --json\n" +
			"  headers=$(ers-login session --header) &&\n" +
			"    printf '%s\\n' \"$headers\" | curl --http1.1 -H @- --cert endpoint.pem --key endpoint.key https://…\n" +
			"  eval \"$(ers-login session --env)\"",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := input.check(cmd.Flags()); err != nil {
				return app.UsageError{Err: err}
			}
			return input.run(cmd.Context(), p.Stdout, p.Stderr)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&input.json, "json", false, "print the session as one JSON object")
	flags.BoolVar(&input.key, "key", false, "print only the session key (HSCN), with a newline only on a terminal")
	flags.BoolVar(&input.token, "token", false, "print only the access token (FHIR), with a newline only on a terminal")
	flags.BoolVar(&input.env, "env", false, "print commands that set "+strings.Join(variableNames(), ", ")+", for eval")
	flags.BoolVar(&input.header, "header", false, "print the HTTP headers of a call, for curl's -H @- as in the example")
	flags.BoolVar(&input.follow, "follow", false, "print a line of JSON now and after each change, until stopped")
	flags.BoolVar(&input.withoutKey, "without-key", false, "leave the session key or access token out of --json and --follow")
	flags.StringVar(&input.shell, "shell", defaultShell, "the shell that --env is for: "+strings.Join(shellNames(), ", "))
	flags.BoolVar(&input.wait, "wait", false, "wait until a user is signed in")
	flags.DurationVar(&input.timeout, "timeout", 0, "longest time to wait, such as 30s or 5m; without it, there is no limit")
	completeFlag(cmd, "shell", oneOf(shellNames()...))
	return cmd
}

// sessionInput holds the command's options.
type sessionInput struct {
	json, key, token, env, header, follow bool
	withoutKey                            bool
	shell                                 string

	wait bool
	// timeout is 0 without a limit.
	timeout time.Duration
}

// check reports options that exclude each other.
func (s sessionInput) check(given *pflag.FlagSet) error {
	var forms []string
	given.Visit(func(flag *pflag.Flag) {
		if slices.Contains([]string{"json", "key", "token", "env", "header", "follow"}, flag.Name) && flag.Value.String() == "true" {
			forms = append(forms, "--"+flag.Name)
		}
	})
	switch {
	case len(forms) > 1:
		return fmt.Errorf("%s cannot be given together", strings.Join(forms, " and "))
	case s.follow && s.wait:
		return errors.New("--follow already waits: leave out --wait")
	case s.withoutKey && !s.json && !s.follow:
		return errors.New("--without-key needs --json or --follow")
	case given.Changed("shell") && !s.env:
		return errors.New("--shell needs --env")
	case !slices.Contains(shellNames(), s.shell):
		return fmt.Errorf("--shell: there is no %q, only %s", s.shell, strings.Join(shellNames(), ", "))
	case given.Changed("timeout") && !s.wait:
		return errors.New("--timeout needs --wait")
	}
	return checkTimeout(given, s.timeout)
}

// run prints the session. The error is errSignedOut if there is none.
func (s sessionInput) run(ctx context.Context, stdout, stderr io.Writer) error {
	if s.follow {
		return follow(ctx, stdout, !s.withoutKey)
	}
	session, err := s.find(ctx, stdout)
	var entry []byte
	if err == nil {
		entry, err = publishable(session)
	}
	if err != nil {
		if !s.env {
			return err
		}
		// A shell that evaluates this must not go on with an earlier session.
		_, unsetErr := io.WriteString(stdout, assignments(s.shell, nil))
		return errors.Join(err, unsetErr)
	}
	text := s.form(session, entry)
	if (s.key || s.token) && desktop.ReachesTerminal(stdout) {
		text += "\n"
	}
	if _, err := io.WriteString(stdout, text); err != nil {
		return fmt.Errorf("could not print the session: %w", err)
	}
	if !s.json && session.Details().Kind == handoff.KindDemonstration {
		// The JSON says so itself. The other forms have no place for it.
		_, err = io.WriteString(stderr, "This is the session of a demonstration. The real e-RS does not know it.\n")
		return err
	}
	return nil
}

// publishable returns the entry of a session that could have been published. Nothing else in the
// keyring is printed: everything that a shell or server interprets is then printable ASCII.
func publishable(session handoff.Entry) ([]byte, error) {
	entry, err := handoff.Encode(session)
	if err != nil {
		return nil, keyring.Unreadable.Because(err)
	}
	return entry, nil
}

// find returns the session, or waits for one while stdout has a reader.
func (s sessionInput) find(ctx context.Context, stdout io.Writer) (handoff.Entry, error) {
	switch {
	case s.key:
		return findOf(ctx, s, stdout, "with a session key (HSCN)", handoff.Read, handoff.Wait)
	case s.token:
		return findOf(ctx, s, stdout, "with an access token (FHIR)", handoff.ReadFHIR, handoff.WaitFHIR)
	default:
		return findOf(ctx, s, stdout, "", handoff.ReadAny, handoff.WaitAny)
	}
}

// findOf finds a session of a platform, or of either. with says of which, where it is one.
func findOf[S handoff.Entry](
	ctx context.Context, s sessionInput, stdout io.Writer, with string, read, wait func(context.Context) (S, error),
) (handoff.Entry, error) {
	if !s.wait {
		session, err := readSession(ctx, read)
		if with != "" && errors.Is(err, errSignedOut) {
			err = fmt.Errorf("%w %s", errSignedOut, with)
		}
		return session, err
	}
	waiting, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	desktop.WhenUnread(waiting, stdout, func() { stop(errUnread) })
	waiting, cancel := limited(waiting, s.timeout)
	defer cancel()
	session, err := wait(waiting)
	switch {
	case err == nil:
		return session, nil
	case ctx.Err() != nil:
		return nil, errInterrupted
	case errors.Is(context.Cause(waiting), errUnread):
		return nil, errUnread
	case !errors.Is(err, handoff.ErrNotFound):
		return nil, keyring.AsProblem(err)
	default:
		return nil, app.ExitStatusError{Err: fmt.Errorf("no user signed in to e-RS within %v", s.timeout), Status: app.StatusLate}
	}
}

var (
	errUnread = errors.New("the program that reads the output has ended")
	// errSignedOut is an answer rather than a fault of the program.
	errSignedOut = errors.New("no user is signed in to e-RS")
	// errInterrupted is the end of a wait by Ctrl+C or a signal.
	errInterrupted = errors.New("interrupted before a user signed in")
)

// readSession reads once. The error is errSignedOut, or a Problem of the keyring.
func readSession[S handoff.Entry](ctx context.Context, read func(context.Context) (S, error)) (handoff.Entry, error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	session, err := read(ctx)
	switch {
	case errors.Is(err, handoff.ErrNotFound), err == nil && session.Expired(time.Now()):
		return nil, errSignedOut
	case err != nil:
		return nil, keyring.AsProblem(err)
	default:
		return session, nil
	}
}
