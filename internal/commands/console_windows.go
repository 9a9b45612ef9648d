package commands

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
	"golang.org/x/term"
)

// This program is one of the window subsystem (-H=windowsgui): a clinician who starts it from the menu must not see a console. So
// Windows gives it no console either when it is started from one, and what it prints would go nowhere. A file or pipe that its input or
// output is redirected to is there nevertheless, and is used as it stands.
//
// Nor does a shell wait for such a program. What it prints comes after the shell's prompt, which is ugly; what is typed for it goes to
// the shell, which shows it and runs it. So it asks for a secret only where nobody else reads the keys.

// attachParentProcess is ATTACH_PARENT_PROCESS.
const attachParentProcess = ^uintptr(0)

var (
	kernel32          = windows.NewLazySystemDLL("kernel32.dll")
	attachConsole     = kernel32.NewProc("AttachConsole")
	writeConsoleInput = kernel32.NewProc("WriteConsoleInputW")
)

// console is an output without a file of its own: it goes to the console that the program was started from, if there is one, and
// nowhere if there is none. The console is attached with the first byte. Not before: it takes along every process that is attached
// to it when it is closed, a window included.
type console struct {
	open func() (*os.File, error)
}

// Write writes to the console. That there is none is no error: nobody could be told.
func (c console) Write(text []byte) (int, error) {
	file, err := c.open()
	if err != nil {
		return len(text), nil
	}
	return file.Write(text)
}

// standardOutputs are the files that the process was started with or, in the place of one that is missing, the console.
func standardOutputs() (stdout, stderr io.Writer) {
	open := sync.OnceValues(openConsole)
	return fileOrConsole(windows.STD_OUTPUT_HANDLE, os.Stdout, open), fileOrConsole(windows.STD_ERROR_HANDLE, os.Stderr, open)
}

func fileOrConsole(which uint32, file *os.File, open func() (*os.File, error)) io.Writer {
	handle, err := windows.GetStdHandle(which)
	if err != nil || nowhere(handle) {
		return console{open}
	}
	return file
}

// nowhere tells whether a handle leads nowhere: it is none, or names a console that belongs to somebody else.
func nowhere(handle windows.Handle) bool {
	if handle == 0 || handle == windows.InvalidHandle {
		return true
	}
	kind, err := windows.GetFileType(handle)
	return err != nil || kind == windows.FILE_TYPE_UNKNOWN
}

func openConsole() (*os.File, error) { return openOfConsole("CONOUT$") }

// openOfConsole opens the input or the output of the console that the program was started from.
func openOfConsole(name string) (*os.File, error) {
	if attached, _, err := attachConsole.Call(attachParentProcess); attached == 0 && err != windows.ERROR_ACCESS_DENIED { //nolint:errorlint // Call returns the bare number
		return nil, err
	}
	// Refused access means that a console is attached already.
	path, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return nil, err
	}
	handle, err := windows.CreateFile(path, windows.GENERIC_READ|windows.GENERIC_WRITE,
		windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE, nil, windows.OPEN_EXISTING, 0, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(handle), name), nil
}

// howToWait is how a shell waits for a program of the window subsystem. The empty title keeps start from taking a quoted path for one.
const howToWait = `in a command prompt, put start /wait "" in front of the command; in PowerShell, run it with Start-Process -Wait`

// typedAt returns the console that a person types into, or nil if the input comes from elsewhere.
func typedAt(stdin io.Reader) (*os.File, error) {
	file, ok := stdin.(*os.File)
	if !ok {
		return nil, nil
	}
	given := windows.Handle(file.Fd())
	there := !nowhere(given)
	if kind, err := windows.GetFileType(given); there && err == nil && kind != windows.FILE_TYPE_CHAR {
		return nil, nil
	}
	keys, err := openOfConsole("CONIN$")
	if there && !term.IsTerminal(int(given)) {
		// Not even now that the console is attached, so it is the device NUL. What was opened is not needed.
		if keys != nil {
			return nil, keys.Close()
		}
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("there is neither an input nor a console (%w): %s", err, howToWait)
	}
	taken, err := isRead(windows.Handle(keys.Fd()))
	if err == nil && taken {
		err = errors.New("the shell does not wait for it, and would get what you type: " + howToWait)
	}
	if err != nil {
		return nil, errors.Join(err, keys.Close())
	}
	return keys, nil
}

const (
	// looks at a console's input, and the time between them: a shell that does not wait reads within this time.
	looks    = 25
	lookedAt = 10 * time.Millisecond
)

// isRead tells whether another program reads a console. A key is let go of there that was never pressed, which means nothing to any
// reader (INPUT_RECORD with a KEY_EVENT_RECORD): if it does not stay there, somebody has taken it.
func isRead(keys windows.Handle) (bool, error) {
	var before, now, written uint32
	if err := windows.GetNumberOfConsoleInputEvents(keys, &before); err != nil {
		return false, fmt.Errorf("could not look at the console: %w", err)
	}
	const keyEvent = 1
	letGo := struct {
		kind                            uint16
		down                            int32
		repeat, key, scanCode, charCode uint16
		control                         uint32
	}{kind: keyEvent, repeat: 1}
	if done, _, err := writeConsoleInput.Call(uintptr(keys), uintptr(unsafe.Pointer(&letGo)), 1, //nolint:gosec // C takes addresses.
		uintptr(unsafe.Pointer(&written))); done == 0 {
		return false, fmt.Errorf("could not look who reads the console: %w", err)
	}
	for range looks {
		if err := windows.GetNumberOfConsoleInputEvents(keys, &now); err != nil {
			return false, fmt.Errorf("could not look at the console: %w", err)
		}
		if now <= before {
			return true, nil
		}
		time.Sleep(lookedAt)
	}
	return false, nil
}

// withoutConsole returns where the window's log may write to: a window is not to hang on a console.
func withoutConsole(stderr io.Writer) io.Writer {
	if _, attaches := stderr.(console); attaches {
		return nil
	}
	return stderr
}
