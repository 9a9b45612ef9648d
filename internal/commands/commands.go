// Package commands has the program's commands: open the window, show the demonstration, print the
// session, run the keyring process.
//
// Each command collects its input and collaborators, and calls the packages that do the work;
// decisions are left to the flow, the client and the window.
package commands

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/ers-login/ers-login/internal/config"
)

// Run carries out a command line and returns the exit status (see statusDone and the following).
// fyneApp is FyneApp.toml, which has the program's name and version.
func Run(args []string, fyneApp []byte, newApp NewApp) int {
	dropVariables()
	environ := os.Environ()
	stdout, stderr := standardOutputs()
	dropWorkingFolder(stderr)
	metadata, err := readMetadata(fyneApp)
	if err != nil {
		_, _ = fmt.Fprintln(stderr, err) // there is no other output
		return statusFailed
	}
	ctx, stop := signal.NotifyContext(context.Background(), endings()...)
	defer stop()
	p := program{metadata, newApp, environ, os.Stdin, stdout, stderr, &heldLock{}}
	return p.report(p.execute(ctx, args))
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

// execute carries out a command line. An error before the command's own work is a usageError.
func (p program) execute(ctx context.Context, args []string) error {
	if isLink(args) {
		return p.openLink(ctx, args)
	}
	root := p.root()
	root.SetArgs(args)
	nameSubcommands(root)
	understood := false
	root.PersistentPreRun = func(*cobra.Command, []string) { understood = true }
	command, err := root.ExecuteContextC(ctx)
	if err != nil && !understood {
		err = usageError{err}
	}
	if err != nil {
		err = commandError{err, command.CommandPath()}
	}
	return err
}

func (p program) root() *cobra.Command {
	var asked signInInput
	var version bool
	root := &cobra.Command{
		Use:   "ers-login",
		Short: "Sign in to e-RS with your smartcard, for all applications on this computer",
		Long: "Opens the sign-in window. Once you have chosen an organisation and role, other applications on this computer find the\n" +
			"e-RS session in the keyring, until you sign out or remove your smartcard.\n\n" + statusHelp,
		Args:          subcommand,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			flags := cmd.Flags()
			switch {
			case version:
				return p.printVersion(false)
			case flags.Changed("for"):
				return asked.start(cmd, p)
			case flags.Changed("timeout"):
				return usageError{errors.New("--timeout needs --for, as the window alone does not wait; or take ers-login sign-in --timeout")}
			}
			return p.openWithFlags(cmd)
		},
	}
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return config.FlagError(cmd.CommandPath(), cmd.Flags(), err)
	})
	root.PersistentFlags().String("config", "", "settings file, instead of "+config.DefaultFile())
	config.AddFlags(root.Flags())
	addBackground(root.Flags())
	asked.addFlags(root.Flags())
	root.Flags().BoolVar(&version, "version", false, "print the version")
	root.SetHelpCommand(help())
	root.AddCommand(p.session(), p.signIn(), p.signOut(), p.manual(), p.generate())
	root.AddCommand(p.demo(), p.config(), p.passphrase(), p.proxyPassword(), p.forget(), p.doctor(), p.version(), p.keyringWorker())
	completeFlag(root, "config", filesLike("toml"))
	completeValues(root)
	return root
}
