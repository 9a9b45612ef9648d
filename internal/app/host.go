package app

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	standard "log"
	"os"
	"runtime"
	"strings"
	"sync"

	"fyne.io/fyne/v2"
	"github.com/pelletier/go-toml/v2"
	"github.com/sirupsen/logrus"
	"github.com/spf13/pflag"

	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/desktop"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/logging"
	"github.com/ers-login/ers-login/internal/problem"
)

// NewApp starts Fyne. Only main provides it, since it links OpenGL.
type NewApp func(fyne.AppMetadata) fyne.App

// Host holds what every command needs.
type Host struct {
	Metadata fyne.AppMetadata
	NewApp   NewApp
	// Environ is the environment at the start. Code in this process may change the current one.
	Environ []string
	Stdin   io.Reader
	Stdout  io.Writer
	Stderr  io.Writer
	// Lock is the lock of the one instance while this process holds it; nil if the command never
	// does.
	Lock *HeldLock
}

// Name is the program's name and version for other programs.
func (h Host) Name() string { return "ers-login " + h.Metadata.Version }

// ReadMetadata parses FyneApp.toml, which a plain go build does not pass to Fyne.
func ReadMetadata(fyneApp []byte) (fyne.AppMetadata, error) {
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

// Sources returns where settings are looked for on this computer.
func (h Host) Sources(file string, flags *pflag.FlagSet) config.Sources {
	sources := config.System(file, flags)
	sources.IdentityAgent = sync.OnceValue(h.hasIdentityAgent)
	return sources
}

// OpenLog opens the log in a folder, or on the console alone. It always returns a log: a folder
// that cannot be written is reported on the console.
func (h Host) OpenLog(folder string) *logging.Log {
	console := h.Stderr
	if folder != "" {
		console = desktop.LogOutput(h.Stderr)
	}
	log, err := logging.New(logging.Settings{Dir: folder, Console: console, Version: h.Metadata.Version})
	if err != nil {
		h.Report(err)
	}
	// Fyne and other libraries write to the standard log.
	standard.SetFlags(0)
	standard.SetOutput(log.StdWriter())
	return log
}

// CloseLog closes a log at the end of a run.
func CloseLog(log io.Closer) {
	// There is no log left to report an error to.
	_ = log.Close()
}

// OpenKeyring prepares the keyring process, which starts when first needed.
func (h Host) OpenKeyring(settings config.Config, log logrus.FieldLogger) *keyring.Client {
	return keyring.New(keyring.Settings{
		Command: []string{worker(), WorkerCommand}, Env: h.Environ, Version: h.Metadata.Version,
		Timeout: settings.KeyringTimeout, PromptTimeout: settings.KeyringPromptTimeout, Log: log,
		Aliases: settings.WindowsAliases,
	})
}

func closeRing(ring *keyring.Client, log logrus.FieldLogger) {
	if err := ring.Close(); err != nil {
		log.WithError(err).Warn("the keyring worker did not end")
	}
}

// WorkerCommand is the hidden command that runs the keyring worker.
const WorkerCommand = "keyring-worker"

// worker is the keyring process's program. If a package is upgraded under a running program, it needs
// a worker of its own version to the end, which takes the session out of the keyring. On Linux this
// is the running file, even if its path has another one by now, or none. Where a running file cannot
// be started, the new one refuses, and the user is asked to start the program again
// (helper.Upgraded).
func worker() string {
	if runtime.GOOS == "linux" {
		return "/proc/self/exe"
	}
	self, _ := os.Executable() // the process does not start without it, and says why
	return self
}

// Say prints a message for people, which is not data, to standard error.
func (h Host) Say(text string) error {
	_, err := fmt.Fprintln(h.Stderr, text)
	return err
}

// Report prints a command's error in the window's words, and returns the exit status.
func (h Host) Report(err error) int {
	if err == nil {
		return StatusDone
	}
	var usage UsageError
	misunderstood := errors.As(err, &usage)
	var text strings.Builder
	var found *problem.Problem
	switch {
	case errors.As(err, &found):
		WriteProblem(&text, found)
	case misunderstood:
		fmt.Fprintf(&text, "ers-login: %s\nSee %s --help.\n", shownLines(err.Error()), cmp.Or(usage.Command, "ers-login"))
	default:
		fmt.Fprintf(&text, "ers-login: %s\n", shownLines(err.Error()))
	}
	_, _ = io.WriteString(h.Stderr, text.String()) // there is no other output
	return StatusOf(err)
}

// shownLines is shown for text of several lines.
func shownLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = problem.Clean(line, maxSaid)
	}
	return strings.Join(lines, "\n")
}

// WriteProblem writes a Problem for a terminal.
func WriteProblem(text *strings.Builder, found *problem.Problem) {
	fmt.Fprintf(text, "ers-login: %s (%s)\n%s\n", found.Expand(found.Title), found.Code, found.Expand(found.Happened))
	for _, line := range []string{found.Quoted, found.Technical} {
		if line != "" {
			fmt.Fprintf(text, "  %s\n", found.Expand(line))
		}
	}
	for i, step := range found.TerminalSteps() {
		fmt.Fprintf(text, "  %d. %s\n", i+1, step)
	}
	if desk := found.TerminalServiceDesk(); len(desk) > 0 {
		text.WriteString("For the service desk:\n")
		for i, step := range desk {
			fmt.Fprintf(text, "  %d. %s\n", i+1, step)
		}
	}
}
