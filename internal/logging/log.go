// Package logging is the program's log: logrus writing JSON lines to a file that rotates, and the
// last line of defence against a secret in it (ERR-000 to ERR-012 ask for every error to be logged,
// but not for tickets).
//
// The first line of defence is the type: a ticket or session key is a [secret.Text], which shows a
// mask whatever is done to it. But a text once revealed is a plain string in a request, an error of
// another library, a header dump. So every finished line is taken apart again, and each name and
// each value in it goes through a [Redactor], which knows the shapes of secrets and the very
// secrets that are in use now ([Redactor.Guard]), also when they are quoted, escaped, or written in hex
// or base64. A line stays valid JSON whatever was masked in it.
//
// Logging never stops a sign-in. A folder that cannot be written to is reported once, and the log
// goes to the console alone; a value that panics while it is written is named by its type. And it
// is bounded: a line to 16 KiB, the lines to a hundred in a second after a burst of a thousand (a
// further line counts those left out), the files to five of 5 MB.
package logging

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/adrg/xdg"
	"github.com/sirupsen/logrus"
	"gopkg.in/natefinch/lumberjack.v2"

	"github.com/ers-login/ers-login/internal/problem"
)

const (
	fileName = "ers-login.log"
	// megabytes is the size at which a file is rotated, and filesAside how many old ones are kept.
	megabytes  = 5
	filesAside = 4
)

// Settings configure a Log.
type Settings struct {
	// Dir is a private folder, such as [DefaultDir]. It is created if it is missing, and closed to
	// other users. Empty means no file, as in a helper process, which must not write to its
	// parent's.
	Dir string
	// Console gets each line too, in a form for people. It may be nil.
	Console io.Writer
	// Version is the program's version, a member of every line, since files are joined when they
	// are sent to a service desk.
	Version string
}

// Log is a logrus logger whose output is redacted, bounded and rotated. Its formatter and output
// must not be replaced. The Redactor masks the secrets in texts for other uses as well, such as the
// details copied for the service desk.
type Log struct {
	*logrus.Logger
	*Redactor

	formatter *formatter
	sink      *sink
	file      string
}

// DefaultDir returns the platform's folder for the log: $XDG_STATE_HOME/ers-login on Linux, %LOCALAPPDATA%\ers-login\log on
// Windows, ~/Library/Application Support/ers-login/log on macOS.
func DefaultDir() string {
	dir := filepath.Join(xdg.StateHome, "ers-login")
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		// The settings live in the same folder there.
		return filepath.Join(dir, "log")
	}
	return dir
}

// New opens the log. The Log works even with an error, which has been logged: the *problem.Problem
// LOG-FOLDER if the file cannot be written and the console alone gets the lines.
func New(settings Settings) (*Log, error) {
	log := &Log{Logger: logrus.New(), Redactor: NewRedactor(), sink: &sink{console: settings.Console}}
	log.formatter = newFormatter(log.Redactor, settings.Version)
	log.SetFormatter(log.formatter)
	log.SetOutput(log.sink)

	if settings.Dir == "" {
		return log, nil
	}
	path := filepath.Join(settings.Dir, fileName)
	if err := prepare(settings.Dir, path); err != nil {
		trouble := noFolder.With("Folder", settings.Dir).Because(err)
		log.Warn(trouble)
		return log, trouble
	}
	log.file = path
	log.sink.file = &lumberjack.Logger{Filename: path, MaxSize: megabytes, MaxBackups: filesAside}
	return log, nil
}

// Close writes what is pending and closes the file. Later lines go to the console alone.
func (l *Log) Close() error {
	_, err := l.sink.Write(l.formatter.summary())
	return errors.Join(err, l.sink.close())
}

// File returns the path of the current file, or "". Older ones lie next to it.
func (l *Log) File() string { return l.file }

// StdWriter returns a writer for the standard library's log package, through which Fyne reports its errors: each line becomes a
// warning. Use it with log.SetFlags(0), since the time is in the line already.
func (l *Log) StdWriter() io.Writer { return stdWriter{l.Logger} }

type stdWriter struct{ logger *logrus.Logger }

// Write logs each line that is not empty.
func (w stdWriter) Write(text []byte) (int, error) {
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" {
			w.logger.WithField("from", "standard log").Warn(line)
		}
	}
	return len(text), nil
}

// prepare creates the folder and the file and closes both to other users. Rotation keeps the file's
// mode.
func prepare(dir, path string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := os.Chmod(dir, 0o700); err != nil { // #nosec G302 -- a folder needs the bit for entering it
		return err
	}
	// #nosec G304 -- the composition root names the folder
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(file.Close(), os.Chmod(path, 0o600))
}

var noFolder = &problem.Problem{
	Code:     "LOG-FOLDER",
	Title:    "The log cannot be written",
	Happened: "e-RS Login cannot write its log to the folder {{.Folder}}. You can sign in.",
	Steps: []string{
		"You can keep working.",
		"If that does not help, contact your local service desk and quote the reference below.",
	},
	ServiceDesk: []string{
		"Make sure that the folder exists, belongs to this user, and that the disk is not full.",
	},
}
