package cli

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ers-login/ers-login/internal/app"
	"github.com/ers-login/ers-login/internal/instance"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/problem"
)

func signInCommand(p app.Host) *cobra.Command {
	var input signInInput
	cmd := &cobra.Command{
		Use:   "sign-in",
		Short: "Ask the user to sign in to e-RS, and wait",
		Long: "Brings the window to the front, or opens it, and waits. It ends with 0 when the user has signed in, and with 1 if the user\n" +
			"cancels or closes the window, or the sign-in cannot start. If a user is already signed in, it ends at once. The window stays\n" +
			"open.\n\n" +
			"With --for, the window shows which program asks. ers-login --for NAME does the same.\n\n" + app.StatusHelp,
		Example: "  ers-login sign-in --for \"Vendor App\" --timeout 5m && ers-login session --json",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return input.start(cmd, p)
		},
	}
	input.addFlags(cmd.Flags())
	return cmd
}

// signInInput holds the command's options.
type signInInput struct {
	name string
	// timeout is 0 without a limit.
	timeout time.Duration
}

func (s *signInInput) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&s.name, "for", "", "ask the user to sign in for the program with this `name`, which the window shows, and wait")
	flags.DurationVar(&s.timeout, "timeout", 0, "longest time to wait for the sign-in, such as 30s or 5m; without it, there is no limit")
}

// start carries out the command line.
func (s signInInput) start(cmd *cobra.Command, p app.Host) error {
	flags := cmd.Flags()
	if flags.Changed("for") && shown(s.name) == "" {
		return app.UsageError{Err: errors.New("--for needs the name of a program")}
	}
	if err := checkTimeout(flags, s.timeout); err != nil {
		return app.UsageError{Err: err}
	}
	return s.run(cmd.Context(), newAsker(p, flags))
}

// run returns nil once a user is signed in, or an error with the reason why none is.
func (s signInInput) run(ctx context.Context, asker asker) error {
	waiting, cancel := limited(ctx, s.timeout)
	defer cancel()
	answer, err := asker.ask(waiting, instance.Request{Action: instance.SignIn, For: s.name, Wait: true})
	switch {
	case err == nil:
		return refusal(answer)
	case ctx.Err() != nil:
		return errInterrupted
	case waiting.Err() != nil:
		return app.ExitStatusError{Err: fmt.Errorf("no user signed in to e-RS within %v; the window is still open", s.timeout), Status: app.StatusLate}
	default:
		return err
	}
}

// refusal returns why a request was not carried out, nil if it was.
func refusal(answer instance.Answer) error {
	if answer.OK {
		return nil
	}
	for _, known := range []*problem.Problem{app.GivenUp, app.WindowClosed} {
		if known.Code == answer.Code {
			return known
		}
	}
	if found, known := keyring.OfCode(answer.Code); known {
		return found
	}
	status := app.StatusFailed
	if strings.HasPrefix(answer.Code, keyringCodes) {
		status = app.StatusKeyring
	}
	return app.ExitStatusError{Err: app.WindowTroubled.With("Reference", foreign.ReplaceAllString(answer.Code, "")), Status: status}
}

// keyringCodes is the prefix of the keyring's Problem codes: a window of another version may answer
// with one that is unknown here.
const keyringCodes = "KEYRING-"

// foreign matches what no reference has: this one comes from another process.
var foreign = regexp.MustCompile(`[^-A-Za-fx0-9_]`)

// asker sends a request to the window, and opens one if there is none.
type asker struct {
	// path is the lock of the one instance.
	path string
	// token is the desktop's token of this process, for raising a window.
	token string
	// open starts the window as another process. The channel receives its result.
	open func() (<-chan error, error)
}

// newAsker makes an asker. A window that it opens gets the settings given as flags.
func newAsker(p app.Host, flags *pflag.FlagSet) asker {
	return asker{
		path: instance.DefaultFile(), token: instance.ActivationToken(p.Environ),
		open: func() (<-chan error, error) { return p.StartWindow(settingFlags(flags)) },
	}
}

const (
	// openWithin bounds the start of a window: it is slow right after log-in.
	openWithin = 45 * time.Second
	// askPause is the pause between requests.
	askPause = 50 * time.Millisecond
)

// ask returns the window's answer.
func (a asker) ask(ctx context.Context, request instance.Request) (instance.Answer, error) {
	request.ActivationToken = a.token
	lock, answer, err := instance.Join(ctx, a.path, request)
	if lock == nil {
		return answer, err
	}
	// There is no window. The new one is another process, which outlives this one.
	if err := lock.Release(); err != nil {
		return instance.Answer{}, err
	}
	ended, err := a.open()
	if err != nil {
		return instance.Answer{}, err
	}
	return a.askOpening(ctx, request, ended)
}

// askOpening asks a starting window until it listens.
func (a asker) askOpening(ctx context.Context, request instance.Request, ended <-chan error) (instance.Answer, error) {
	enough := time.After(openWithin)
	var over bool
	var how error
	for {
		answer, err := instance.Ask(ctx, a.path, request)
		switch {
		case !errors.Is(err, instance.Unreachable) && !errors.Is(err, instance.Leaving), ctx.Err() != nil:
			return answer, err
		case over && how != nil:
			return answer, windowEnded(how, err)
		case over:
			return instance.Answer{Code: app.WindowClosed.Code}, nil
		}
		select {
		case how = <-ended:
			// Another process may have opened the window sooner: it is asked once more.
			over = true
		case <-time.After(askPause):
		case <-enough:
			return answer, app.NotOpened.Because(err)
		case <-ctx.Done():
			return answer, ctx.Err()
		}
	}
}

// windowEnded is the error of a window that ended before it answered. It passes on the window's
// exit status, which scripts check for a computer without OpenGL.
func windowEnded(how, asked error) error {
	opening := app.NotOpened.Because(errors.Join(how, asked))
	var exit *exec.ExitError
	if !errors.As(how, &exit) {
		return opening
	}
	status := exit.ExitCode()
	if status <= app.StatusFailed || status >= len(app.StatusMeanings) || app.StatusMeanings[status] == "" {
		return opening
	}
	return app.ExitStatusError{Err: opening, Status: status}
}

// settingFlags are a command line's flags for a window, written again.
func settingFlags(flags *pflag.FlagSet) []string {
	if flags == nil {
		return nil
	}
	var written []string
	flags.Visit(func(flag *pflag.Flag) {
		if flag.Name != "for" && flag.Name != "timeout" {
			written = append(written, "--"+flag.Name+"="+flag.Value.String())
		}
	})
	return written
}
