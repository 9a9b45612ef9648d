package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/ers-login/ers-login/internal/app"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/diagnose"
	"github.com/ers-login/ers-login/internal/instance"
	"github.com/ers-login/ers-login/internal/logging"
	"github.com/ers-login/ers-login/internal/problem"
)

// The exit statuses of doctor other than the number of failed checks: more failures than fit, and a
// request not carried out (no reader was tried, no bundle saved, no result printed).
const (
	statusMostFailures = 125
	statusNotDone      = 126
)

// doctor holds the command's options.
type doctor struct {
	json    bool
	handoff bool
	// demo is the platform of the demonstration to check; empty for the real one.
	demo string
	// bundle is the support bundle's file, empty for none; yes saves it without asking.
	bundle string
	yes    bool
}

func doctorCommand(p app.Host) *cobra.Command {
	var input doctor
	var demo bool
	command := &cobra.Command{
		Use:   "doctor",
		Short: "Check everything between the smartcard and e-RS",
		Long: "Checks the smartcard reader, the Identity Agent or what NHS Care Identity needs, the network, the certificates, e-RS, the keyring\n" +
			"and the settings. If something\n" +
			"is wrong, it says what to do. It does not sign you in or ask for a password, does not disturb an open window, and needs neither\n" +
			"a display nor OpenGL.\n\n" +
			"The exit status is the number of failed checks, 125 at most. 126 means that the command could not do what you asked: --handoff\n" +
			"tried no reader, because the keyring is locked or another check is running, or the support file was not saved. If the command line is\n" +
			"not valid, the status is 2 and no checks are printed.",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if demo {
				if err := withoutSettings(cmd.Flags(), "leave out --demo", "platform"); err != nil {
					return err
				}
				input.demo = app.DemoPlatforms()[0]
				if platform := cmd.Flags().Lookup("platform"); platform.Changed {
					input.demo = platform.Value.String()
				}
				if err := app.CheckDemoPlatform(input.demo); err != nil {
					return err
				}
			}
			sources := p.Sources(configFile(cmd), cmd.Flags())
			sources.Environ = p.Environ
			return input.run(cmd.Context(), p, sources)
		},
	}
	command.Flags().BoolVar(&input.json, "json", false, "print JSON")
	command.Flags().BoolVar(&input.handoff, "handoff", false,
		"instead, write a test entry into the keyring and say which kinds of programs can read it on this computer")
	command.Flags().StringVar(&input.bundle, "bundle", "", "save a support file (zip) under this name, after showing what is in it")
	command.Flags().BoolVar(&input.yes, "yes", false, "save the support file without asking")
	command.Flags().BoolVar(&demo, "demo", false, "check the simulated parts of the demonstration: with --platform fhir, those of that platform")
	config.AddFlags(command.Flags())
	completeFlag(command, "bundle", filesLike("zip"))
	return command
}

// doctorRun is a doctor at work.
type doctorRun struct {
	doctor
	app.CheckRun
}

func (d doctor) run(ctx context.Context, p app.Host, sources config.Sources) error {
	if d.bundle != "" && !d.yes && !isTerminal(p.Stdin) {
		return app.UsageError{Err: errors.New("--bundle: add --yes, because there is no terminal to ask on")}
	}
	// The log file belongs to a window that may be running. This log masks secrets, and writes
	// nowhere.
	log, _ := logging.New(logging.Settings{Version: p.Metadata.Version}) // only a folder can fail
	defer app.CloseLog(log)
	settings := app.DemoSettings()
	var err error
	if d.demo == "" {
		settings, err = config.LoadReal(sources)
	}
	ring := p.OpenKeyring(settings, log)
	e := doctorRun{d, app.CheckRun{Demo: d.demo, Program: p, Log: log, Settings: settings, SettingsErr: err, Ring: ring}}
	results, err := e.results(ctx)
	report := diagnose.Report{Version: p.Metadata.Version, Results: results, Mask: log.Redact, Terminal: true}
	if d.demo == "" && !d.handoff {
		report.Last = lastProblem(ctx, instance.DefaultFile())
	}
	if err == nil {
		err = e.print(report)
	}
	if err == nil && d.bundle != "" {
		report.Terminal = false
		err = e.saveBundle(ctx, report)
	}
	if err == nil {
		err = ctx.Err()
	}
	if err = errors.Join(err, ring.Close()); err != nil {
		return app.ExitStatusError{Err: err, Status: statusNotDone}
	}
	return e.verdict(results)
}

// verdict returns the exit status of the results. No failure counts as success only if something
// was tried.
func (d doctor) verdict(results []diagnose.Result) error {
	if failures := diagnose.Failures(results); failures > 0 {
		return app.ExitStatusError{Err: fmt.Errorf("failed checks: %d", failures), Status: min(failures, statusMostFailures)}
	}
	if d.handoff && !diagnose.Proved(results) {
		return app.ExitStatusError{Err: errors.New("no reader was tried, so the result is not known"), Status: statusNotDone}
	}
	return nil
}

func isTerminal(stdin io.Reader) bool {
	file, ok := stdin.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

func (e doctorRun) results(ctx context.Context) ([]diagnose.Result, error) {
	if e.handoff {
		settings := diagnose.HandoffSettings{Keyring: e.Ring, Aliases: e.Settings.WindowsAliases, Env: e.Program.Environ}
		return diagnose.Handoff(ctx, settings, nil), nil
	}
	services, end, err := e.OpenTarget()
	if err != nil {
		return nil, err
	}
	results := diagnose.Run(ctx, diagnose.Checks(services), nil)
	return results, end()
}

// lastProblem returns the last Problem that an open window has shown. It is zero without one, and if
// the window, perhaps of an older version, does not say: the checks do not depend on it.
func lastProblem(ctx context.Context, path string) diagnose.Incident {
	answer := app.AskWindow(ctx, path)
	if answer.Shown == nil {
		return diagnose.Incident{}
	}
	return diagnose.Incident{At: answer.Shown.At, Problem: &problem.Problem{Code: answer.Shown.Code, Title: answer.Shown.Title}}
}

// print writes to standard output with secrets masked. Names stay: it is the user's own terminal.
func (e doctorRun) print(report diagnose.Report) error {
	text := []byte(report.Text())
	if e.json {
		var err error
		if text, err = report.JSON(); err != nil {
			return err
		}
	}
	if _, err := e.Program.Stdout.Write(text); err != nil {
		return fmt.Errorf("could not print the results: %w", err)
	}
	return nil
}

// saveBundle shows the bundle's content, asks, and saves exactly that.
func (e doctorRun) saveBundle(ctx context.Context, report diagnose.Report) error {
	if _, err := os.Lstat(e.bundle); err == nil {
		return bundleExists.With("File", e.bundle).Because(fs.ErrExist)
	}
	now := time.Now()
	files, err := diagnose.Bundle(diagnose.BundleSettings{
		Report: report, Made: now, Demonstration: e.Demo != "", Settings: e.Settings, LogDir: logging.DefaultDir(), Masker: e.Masker(ctx, report.Results),
	})
	if err != nil {
		return err
	}
	if err := e.show(files); err != nil {
		return err
	}
	if !e.yes {
		agreed, err := e.agreed()
		if err != nil {
			return err
		}
		if !agreed {
			return errors.New("the support file was not saved")
		}
	}
	if err := diagnose.Save(e.bundle, files, now); err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.Program.Stderr, "The support file is saved as %s.\n", e.bundle)
	return err
}

// show prints the files to standard error: short ones whole, and the size of the log.
func (e doctorRun) show(files []diagnose.File) error {
	var text strings.Builder
	text.WriteString("The support file contains:\n")
	for _, file := range files {
		fmt.Fprintf(&text, "  %-24s %9d bytes, %d lines\n", file.Name, len(file.Content), strings.Count(string(file.Content), "\n"))
	}
	for _, file := range files {
		if !strings.HasPrefix(file.Name, "log/") && !strings.HasSuffix(file.Name, ".json") {
			fmt.Fprintf(&text, "\n--- %s ---\n%s", file.Name, file.Content)
		}
	}
	text.WriteString("\n")
	_, err := io.WriteString(e.Program.Stderr, text.String())
	return err
}

func (e doctorRun) agreed() (bool, error) {
	if _, err := fmt.Fprintf(e.Program.Stderr, "Save this as %s? [y/N] ", e.bundle); err != nil {
		return false, err
	}
	const longest = 64
	answer, err := bufio.NewReader(io.LimitReader(e.Program.Stdin, longest)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return false, fmt.Errorf("could not read the answer: %w", err)
	}
	answer = strings.ToLower(strings.TrimSpace(answer))
	return answer == "y" || answer == "yes", nil
}

var bundleExists = &problem.Problem{
	Code:     "DIAG-BUNDLE_EXISTS",
	Title:    "A file with this name already exists",
	Happened: "{{.File}} was not changed.",
	Steps:    []string{"Choose another name, or delete that file first."},
}
