package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/windows"

	"github.com/ers-login/ers-login/internal/config"
)

// hideWindow keeps a console from being opened.
func hideWindow(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{HideWindow: true, CreationFlags: windows.CREATE_NO_WINDOW}
}

// softwareVariable marks a process started to draw in software. It is not a setting, nor named like
// one.
const softwareVariable = "ERSLOGIN_DRAWS_IN_SOFTWARE"

// startedToDraw reports whether this is the second process: see [software].
func startedToDraw() bool { return os.Getenv(softwareVariable) != "" }

// DropWorkingFolder removes the working folder from Windows' library search path: for this process
// by SetDefaultDllDirectories, which leaves its own folder and the system's, and for its children
// by SetDllDirectory, which they inherit. One that draws in software was started with Mesa's folder
// there.
func DropWorkingFolder(stderr io.Writer) {
	if startedToDraw() {
		return
	}
	err := errors.Join(windows.SetDllDirectory(""), windows.SetDefaultDllDirectories(windows.LOAD_LIBRARY_SEARCH_DEFAULT_DIRS))
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "the working folder stays among those of libraries:", err) // there is no log yet
	}
}

// inSoftware runs the program with Mesa's software OpenGL, if an administrator has installed it. It
// returns whether it was run, and its result. leave is called before, so that the second process
// can be the one instance.
func (h Host) inSoftware(ctx context.Context, g *graphics, leave func()) (bool, error) {
	if g.settled {
		return false, nil
	}
	self, err := os.Executable()
	if err != nil {
		return false, fmt.Errorf("could not find this program's own file: %w", err)
	}
	return software{self, os.Args[1:], config.TrustProgram, g}.run(ctx, h, leave)
}

// software is Mesa's software OpenGL in the folder mesa next to a program, and the program run with
// it.
//
// The system's opengl32.dll is already loaded into this process, so a second process draws:
// children search the folder given to SetDllDirectoryW before the system's. Their own children are
// not documented to, so the second process does not probe again; nor does it record the window as
// drawn, since that would count for the system's OpenGL.
//
// A library writable by ordinary users would run as every user. So the library, the program, their
// folders and those above must belong to an administrator, and only administrators may write to
// them or add files and folders next to either.
type software struct {
	program   string
	arguments []string
	// trusted returns why ordinary users might have put a file there, or nil.
	trusted func(path string) error
	*graphics
}

func (s software) run(ctx context.Context, p Host, leave func()) (bool, error) {
	folder := filepath.Join(filepath.Dir(s.program), "mesa")
	library := filepath.Join(folder, "opengl32.dll")
	if _, err := os.Stat(library); err != nil {
		return false, nil //nolint:nilerr // without one, the earlier error is reported
	}
	for _, path := range []string{s.program, library} {
		if err := s.trusted(path); err != nil {
			return false, fmt.Errorf("the software OpenGL in %s is not used: %w", folder, err)
		}
	}
	if err := windows.SetDllDirectory(folder); err != nil {
		return false, fmt.Errorf("could not set the folder for libraries: %w", err)
	}
	if err := os.Setenv(softwareVariable, "1"); err != nil {
		return false, fmt.Errorf("could not set %s: %w", softwareVariable, err)
	}
	limited, cancel := context.WithTimeout(ctx, probeWithin)
	defer cancel()
	if err := s.look(limited); err != nil {
		return false, fmt.Errorf("with the software OpenGL in %s: %w", folder, err)
	}
	s.log.WithField("folder", folder).Info("drawing in software")
	leave()
	drawing := exec.CommandContext(context.WithoutCancel(ctx), s.program, s.arguments...) //nolint:gosec // this program itself
	drawing.Stdin, drawing.Stdout, drawing.Stderr = p.Stdin, p.Stdout, p.Stderr
	err := drawing.Run()
	var status *exec.ExitError
	if errors.As(err, &status) {
		// The second process has reported the fault.
		return true, ExitStatusError{errors.New("see above"), status.ExitCode()}
	}
	return true, err
}
