// Package cli has the program's commands: each is a file with its flags and a function that runs
// it.
//
// A command collects its parameters and passes them to the packages that do the work, above all
// package app; it decides nothing that the flow, the client or the window could decide. The exit
// statuses, the output of session and the variables of --env are public.
package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/ers-login/ers-login/internal/app"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/desktop"
)

// Run carries out a command line and returns the exit status (see StatusDone and the following).
// fyneApp is FyneApp.toml, which has the program's name and version.
func Run(args []string, fyneApp []byte, newApp app.NewApp) int {
	dropVariables()
	environ := os.Environ()
	stdout, stderr := desktop.StandardOutputs()
	app.DropWorkingFolder(stderr)
	metadata, err := app.ReadMetadata(fyneApp)
	if err != nil {
		_, _ = fmt.Fprintln(stderr, err) // there is no other output
		return app.StatusFailed
	}
	ctx, stop := signal.NotifyContext(context.Background(), endings()...)
	defer stop()
	p := app.Host{Metadata: metadata, NewApp: newApp, Environ: environ, Stdin: os.Stdin, Stdout: stdout, Stderr: stderr, Lock: &app.HeldLock{}}
	return p.Report(execute(ctx, p, args))
}

// endings are the signals that sign out before the program ends: log-off, shutdown, Ctrl+C, and a
// closed terminal unless the program was started to outlive it (nohup).
func endings() []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}

// execute carries out a command line. An error before the command's own work is a UsageError.
func execute(ctx context.Context, p app.Host, args []string) error {
	if slices.Equal(args, []string{app.WorkerCommand}) {
		return serveKeyring(ctx, p)
	}
	if isLink(args) {
		return openLink(ctx, p, args)
	}
	root := newRoot(p)
	root.SetArgs(args)
	nameSubcommands(root)
	understood := false
	root.PersistentPreRun = func(*cobra.Command, []string) { understood = true }
	command, err := root.ExecuteContextC(ctx)
	var usage app.UsageError
	if err != nil && (!understood || errors.As(err, &usage)) {
		err = app.UsageError{Err: err, Command: command.CommandPath()}
	}
	return err
}

// Commands returns the commands as they are found by a command line, to make documents of them. They
// cannot be carried out.
func Commands() *cobra.Command {
	root := newRoot(app.Host{})
	nameSubcommands(root)
	return root
}

func newRoot(p app.Host) *cobra.Command {
	var asked signInInput
	var window app.RealInput
	var version bool
	root := &cobra.Command{
		Use:   "ers-login",
		Short: "Sign in to e-RS with your smartcard, for all applications on this computer",
		Long: "Opens the sign-in window. Once you have chosen an organisation and role, other applications on this computer find the\n" +
			"e-RS session in the keyring until you sign out or remove your smartcard.\n\n" + app.StatusHelp,
		Args:          subcommand,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			flags := cmd.Flags()
			switch {
			case version:
				return printVersion(p, false)
			case flags.Changed("for"):
				return asked.start(cmd, p)
			case flags.Changed("timeout"):
				return app.UsageError{Err: errors.New("--timeout needs --for, because the window does not wait. Or use ers-login sign-in --timeout")}
			}
			window.Flags = flags
			return p.OpenReal(cmd.Context(), window)
		},
	}
	root.SetOut(p.Stdout)
	root.SetErr(p.Stderr)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return config.FlagError(cmd.CommandPath(), cmd.Flags(), err)
	})
	root.PersistentFlags().StringVar(&window.File, "config", "", "settings file, instead of "+config.DefaultFile())
	config.AddFlags(root.Flags())
	root.Flags().BoolVar(&window.Background, app.BackgroundFlag, false, "start as an icon next to the clock, or minimised if the desktop does not show icons")
	root.Flags().BoolVar(&window.ByLink, app.ByLinkFlag, false, "wait for the user even if a card is inserted (used by e-RS Login, for links)")
	_ = root.Flags().MarkHidden(app.ByLinkFlag) // the flag was added in the line before
	asked.addFlags(root.Flags())
	root.Flags().BoolVar(&version, "version", false, "print the version")
	root.AddCommand(sessionCommand(p), signInCommand(p), signOutCommand(p))
	root.AddCommand(demoCommand(p), configCommand(p), passphraseCommand(p), proxyPasswordCommand(p), clientSecretCommand(p), forgetCommand(p), doctorCommand(p), versionCommand(p))
	completeFlag(root, "config", filesLike("toml"))
	completeValues(root)
	return root
}

// configFile returns the value of --config, which every command has.
func configFile(cmd *cobra.Command) string { return cmd.Flag("config").Value.String() }
