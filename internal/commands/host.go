package commands

import (
	"errors"
	"fmt"
	"io"
	standard "log"
	"strings"

	"fyne.io/fyne/v2"
	"github.com/pelletier/go-toml/v2"
	"github.com/sirupsen/logrus"

	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/logging"
	"github.com/ers-login/ers-login/internal/problem"
)

// NewApp starts Fyne. Only main can: it needs OpenGL.
type NewApp func(fyne.AppMetadata) fyne.App

// program is what every command finds.
type program struct {
	metadata fyne.AppMetadata
	newApp   NewApp
	// environ is the environment that the program was started with. What runs in this process may change its own.
	environ []string
	stdin   io.Reader
	stdout  io.Writer
	stderr  io.Writer
	// lock is what makes this process the one instance, while it is; nil has no place for one.
	lock *heldLock
}

// name is the program's name and version, as other programs see it.
func (p program) name() string { return "ers-login " + p.metadata.Version }

// readMetadata reads FyneApp.toml. A plain go build does not hand it to Fyne, so the program does.
func readMetadata(fyneApp []byte) (fyne.AppMetadata, error) {
	var file struct {
		Details struct {
			ID, Name, Version string
			Build             int
		}
		Migrations map[string]bool
	}
	if err := toml.Unmarshal(fyneApp, &file); err != nil {
		return fyne.AppMetadata{}, fmt.Errorf("could not read FyneApp.toml: %w", err)
	}
	return fyne.AppMetadata{
		ID: file.Details.ID, Name: file.Details.Name, Version: file.Details.Version, Build: file.Details.Build,
		Migrations: file.Migrations,
	}, nil
}

// openLog opens the log in a folder, or on the console alone. It is there whatever happens: a folder that cannot be written to
// is said on the console.
func (p program) openLog(folder string) *logging.Log {
	console := p.stderr
	if folder != "" {
		console = withoutConsole(p.stderr)
	}
	log, err := logging.New(logging.Settings{Dir: folder, Console: console, Version: p.metadata.Version})
	if err != nil {
		p.report(err)
	}
	// Fyne and other libraries write to the standard log.
	standard.SetFlags(0)
	standard.SetOutput(log.StdWriter())
	return log
}

func closeLog(log io.Closer) {
	// What could still be said about it would have to go into the log.
	_ = log.Close()
}

// openKeyring prepares the keyring's process. It is started when it is first needed.
func (p program) openKeyring(settings config.Config, log logrus.FieldLogger) (*keyring.Client, error) {
	arguments, err := worker()
	if err != nil {
		return nil, err
	}
	return keyring.New(keyring.Settings{
		Command: arguments, Env: p.environ, Version: p.metadata.Version,
		Timeout: settings.KeyringTimeout, PromptTimeout: settings.KeyringPromptTimeout, Log: log,
		Aliases: settings.WindowsAliases,
	}), nil
}

// say tells whoever has started the program from a terminal why there is no window.
func (p program) say(why error) error {
	_, err := fmt.Fprintf(p.stderr, "%v.\n", why)
	return err
}

// sayTo tells a person something that is no data.
func sayTo(stderr io.Writer, text string) error {
	_, err := fmt.Fprintln(stderr, text)
	return err
}

// report prints what a command failed with, as the window would show it, and returns the exit status.
func (p program) report(err error) int {
	if err == nil {
		return statusDone
	}
	var usage usageError
	misunderstood := errors.As(err, &usage)
	var text strings.Builder
	var found *problem.Problem
	switch {
	case errors.As(err, &found):
		writeProblem(&text, found)
	case misunderstood:
		fmt.Fprintf(&text, "ers-login: %s\nSee %s --help.\n", shownLines(err.Error()), commandOf(err))
	default:
		fmt.Fprintf(&text, "ers-login: %s\n", shownLines(err.Error()))
	}
	_, _ = io.WriteString(p.stderr, text.String()) // there is nobody left to tell
	return statusOf(err)
}

// shownLines is shown for a text of several lines.
func shownLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = problem.Clean(line, maxSaid)
	}
	return strings.Join(lines, "\n")
}

// writeProblem writes a Problem for a terminal.
func writeProblem(text *strings.Builder, found *problem.Problem) {
	fmt.Fprintf(text, "ers-login: %s (%s)\n%s\n", found.Expand(found.Title), found.Code, found.Expand(found.Happened))
	if found.Quoted != "" {
		fmt.Fprintf(text, "  %s\n", found.Expand(found.Quoted))
	}
	for i, step := range found.TerminalSteps() {
		fmt.Fprintf(text, "  %d. %s\n", i+1, step)
	}
}
