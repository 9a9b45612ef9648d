package desktop

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

// This program is of the window subsystem (-H=windowsgui), so that no console appears when it is
// started from the menu. Windows then attaches none when it is started from one either, and its
// output would be lost. Redirected files and pipes work nevertheless.
//
// A shell does not wait for such a program: output comes after the shell's prompt, and typed input
// goes to the shell, which echoes and runs it. So the program asks for a secret only if no other
// process reads the keys.

// attachParentProcess is ATTACH_PARENT_PROCESS.
const attachParentProcess = ^uintptr(0)

var (
	kernel32          = windows.NewLazySystemDLL("kernel32.dll")
	attachConsole     = kernel32.NewProc("AttachConsole")
	writeConsoleInput = kernel32.NewProc("WriteConsoleInputW")
)

// console is an output without a file: it goes to the console that the program was started from, if
// any. The console is attached with the first byte and no earlier: closing it ends every attached
// process, a window included.
type console struct {
	open func() (*os.File, error)
}

// Write writes to the console. A missing console is no error, since there is no place to report it.
func (c console) Write(text []byte) (int, error) {
	file, err := c.open()
	if err != nil {
		return len(text), nil
	}
	return file.Write(text)
}

// StandardOutputs returns the files that the process was started with or, in place of a missing
// one, the console.
func StandardOutputs() (stdout, stderr io.Writer) {
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

// nowhere reports whether a handle leads nowhere: it is invalid, or that of a console of another
// process.
func nowhere(handle windows.Handle) bool {
	if handle == 0 || handle == windows.InvalidHandle {
		return true
	}
	kind, err := windows.GetFileType(handle)
	return err != nil || kind == windows.FILE_TYPE_UNKNOWN
}

func openConsole() (*os.File, error) { return openOfConsole("CONOUT$") }

// openOfConsole opens the input or output of the console that the program was started from.
func openOfConsole(name string) (*os.File, error) {
	if attached, _, err := attachConsole.Call(attachParentProcess); attached == 0 && err != windows.ERROR_ACCESS_DENIED { //nolint:errorlint // Call returns the bare number
		return nil, err
	}
	// Access is denied if a console is attached already.
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

// howToWait makes a shell wait for a program of the window subsystem. The empty title keeps start
// from taking a quoted path for one.
const howToWait = `in a command prompt, put start /wait "" before the command; in PowerShell, run it with Start-Process -Wait`

// InputTerminal returns the console that the user types into, or nil if the input is another file.
func InputTerminal(stdin io.Reader) (*os.File, error) {
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
		// The input is still invalid with the console attached, so it is the device NUL.
		if keys != nil {
			return nil, keys.Close()
		}
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("there is no input and no console (%w): %s", err, howToWait)
	}
	taken, err := isRead(windows.Handle(keys.Fd()))
	if err == nil && taken {
		err = errors.New("the shell does not wait for the command, and would receive what you type: " + howToWait)
	}
	if err != nil {
		return nil, errors.Join(err, keys.Close())
	}
	return keys, nil
}

const (
	// looks is the number of checks of a console's input, betweenLooks the time between them: a
	// shell that does not wait reads in that time.
	looks        = 25
	betweenLooks = 10 * time.Millisecond
)

// isRead reports whether another program reads a console. It writes the release of a key never
// pressed, which no reader acts on (INPUT_RECORD with a KEY_EVENT_RECORD): if it does not stay
// there, another program has read it.
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
		time.Sleep(betweenLooks)
	}
	return false, nil
}

// LogOutput returns the output for the window's log: a window must not depend on a console.
func LogOutput(stderr io.Writer) io.Writer {
	if _, attaches := stderr.(console); attaches {
		return nil
	}
	return stderr
}
