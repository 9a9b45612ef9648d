// Package commands is what the program can be told to do: open the window, show the demonstration, be the keyring worker.
//
// Each command collects what it needs, in a type or a function of (input, collaborators), and hands it to the rooms that do
// the work; nothing is decided here that the flow, the client or the window could decide.
package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"fyne.io/fyne/v2"
	"github.com/spf13/cobra"

	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/problem"
)

// The exit statuses.
const (
	statusDone   = 0
	statusFailed = 1
	statusUsage  = 2
)

// NewApp starts Fyne. Only main can: it needs OpenGL.
type NewApp func(fyne.AppMetadata) fyne.App

// program is what every command finds.
type program struct {
	metadata fyne.AppMetadata
	newApp   NewApp
	stdin    io.Reader
	stdout   io.Writer
	stderr   io.Writer
}

// Run carries out a command line and returns the exit status: 0 done, 1 failed, 2 not understood. fyneApp is FyneApp.toml,
// the home of the program's name and version.
func Run(args []string, fyneApp []byte, newApp NewApp) int {
	metadata, err := readMetadata(fyneApp)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return statusFailed
	}
	// A log-off, a shutdown and Ctrl+C all sign out before the program ends.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	p := program{metadata, newApp, os.Stdin, os.Stdout, os.Stderr}
	root := p.root()
	root.SetArgs(args)
	return p.report(root.ExecuteContext(ctx))
}

// name is the program's name and version, as other programs see it.
func (p program) name() string { return "ers-login " + p.metadata.Version }

func (p program) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "ers-login",
		Short: "Sign in to e-RS with your smartcard, for all applications on this computer",
		Long: "Opens the sign-in window. Once you have chosen an organisation and role, other applications on this computer find the\n" +
			"e-RS session in the keyring, until you sign out or remove your smartcard.",
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return p.openReal(cmd) },
	}
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{config.FlagError(err)} })
	root.PersistentFlags().String("config", "", "settings file, instead of "+config.DefaultFile())
	config.AddFlags(root.Flags())
	root.AddCommand(p.demo(), p.passphrase(), p.version(), p.keyringWorker())
	return root
}

// usageError is a command line that was not understood.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// report prints what a command failed with, as the window would show it, and returns the exit status.
func (p program) report(err error) int {
	if err == nil {
		return statusDone
	}
	var shown reported
	if errors.As(err, &shown) {
		return statusFailed
	}
	var found *problem.Problem
	if !errors.As(err, &found) {
		// Cobra has its own errors for a command or an argument that it does not know.
		fmt.Fprintf(p.stderr, "ers-login: %v\nSee ers-login --help.\n", err) //nolint:errcheck // there is nobody left to tell
		return statusUsage
	}
	printProblem(p.stderr, err)
	var usage usageError
	if errors.As(err, &usage) {
		return statusUsage
	}
	return statusFailed
}

// reported is a failure that the user has seen in the window already.
type reported struct{ error }

// printProblem prints the Problems of an error for a terminal.
func printProblem(w io.Writer, err error) {
	problems := []*problem.Problem{problem.Of(err)}
	var invalid *config.Invalid
	if errors.As(err, &invalid) {
		problems = invalid.Problems
	}
	var text strings.Builder
	for _, found := range problems {
		fmt.Fprintf(&text, "ers-login: %s (%s)\n%s\n", found.Expand(found.Title), found.Code, found.Expand(found.Happened))
		for i, step := range found.Steps {
			fmt.Fprintf(&text, "  %d. %s\n", i+1, strings.ReplaceAll(found.Expand(step), "**", ""))
		}
	}
	_, _ = io.WriteString(w, text.String()) // there is nobody left to tell
}
