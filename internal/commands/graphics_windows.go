package commands

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

// softwareVariable marks a program that was started to draw in software. It is no setting, and is named like none.
const softwareVariable = "ERSLOGIN_DRAWS_IN_SOFTWARE"

// startedToDraw tells whether this program is the second one of those that [software] speaks of.
func startedToDraw() bool { return os.Getenv(softwareVariable) != "" }

// dropWorkingFolder takes the working folder out of the places where Windows looks for libraries:
// for this process by SetDefaultDllDirectories, which leaves its own folder and the system's, and for
// the processes that it starts by SetDllDirectory, which they inherit. One that draws in software has
// been started with Mesa's folder in its place.
func dropWorkingFolder(stderr io.Writer) {
	if startedToDraw() {
		return
	}
	err := errors.Join(windows.SetDllDirectory(""), windows.SetDefaultDllDirectories(windows.LOAD_LIBRARY_SEARCH_DEFAULT_DIRS))
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "the working folder stays among those of libraries:", err) // there is no log yet
	}
}

// inSoftware runs the program with Mesa's software OpenGL, if that lies where an administrator has put it. The result is whether it was
// run, and how that ended. Leave is called before, so that the other one can be the one instance.
func (p program) inSoftware(ctx context.Context, g *graphics, leave func()) (bool, error) {
	if g.settled {
		return false, nil
	}
	self, err := os.Executable()
	if err != nil {
		return false, fmt.Errorf("could not find this program's own file: %w", err)
	}
	return software{self, os.Args[1:], config.TrustProgram, g}.run(ctx, p, leave)
}

// software is Mesa's software OpenGL in the folder mesa beside a program, and the program that is run with it.
//
// The system's own opengl32.dll is loaded with this process already, so it is a second one of this program that draws: the folder is
// searched for libraries before the system's, as Windows documents of SetDllDirectoryW for those that a process starts. Of those that
// they start in turn it says nothing, so that the second one does not look for OpenGL again. Nor does it remember that its window was
// drawn: the next start would take that for the system's own OpenGL.
//
// A library that ordinary users could have put there would run in everybody's name. So the library,
// the program, their folders and those above have to belong to an administrator, and nobody else
// may write to them or add a file or folder beside either.
type software struct {
	program   string
	arguments []string
	// trusted tells why ordinary users might have put a file where it is.
	trusted func(path string) error
	*graphics
}

func (s software) run(ctx context.Context, p program, leave func()) (bool, error) {
	folder := filepath.Join(filepath.Dir(s.program), "mesa")
	library := filepath.Join(folder, "opengl32.dll")
	if _, err := os.Stat(library); err != nil {
		return false, nil //nolint:nilerr // without one, what was found before is told
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
	drawing.Stdin, drawing.Stdout, drawing.Stderr = p.stdin, p.stdout, p.stderr
	err := drawing.Run()
	var status *exec.ExitError
	if errors.As(err, &status) {
		// It has said what was wrong.
		return true, ending{errors.New("see above"), status.ExitCode()}
	}
	return true, err
}
