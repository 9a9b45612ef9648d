package commands

import (
	"io"
	"os"
	"sync"

	"golang.org/x/sys/windows"
)

// This program is one of the window subsystem (-H=windowsgui): a clinician who starts it from the menu must not see a console. So
// Windows gives it no console either when it is started from one, and what it prints would go nowhere. A file or pipe that output is
// redirected to is there nevertheless, and is used as it stands.

// attachParentProcess is ATTACH_PARENT_PROCESS.
const attachParentProcess = ^uintptr(0)

var attachConsole = windows.NewLazySystemDLL("kernel32.dll").NewProc("AttachConsole")

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
	if err != nil || handle == 0 || handle == windows.InvalidHandle {
		return console{open}
	}
	if kind, err := windows.GetFileType(handle); err != nil || kind == windows.FILE_TYPE_UNKNOWN {
		// It names a console that belongs to somebody else.
		return console{open}
	}
	return file
}

func openConsole() (*os.File, error) {
	if attached, _, err := attachConsole.Call(attachParentProcess); attached == 0 && err != windows.ERROR_ACCESS_DENIED { //nolint:errorlint // Call returns the bare number
		return nil, err
	}
	// Refused access means that a console is attached already.
	path, err := windows.UTF16PtrFromString("CONOUT$")
	if err != nil {
		return nil, err
	}
	handle, err := windows.CreateFile(path, windows.GENERIC_READ|windows.GENERIC_WRITE,
		windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE, nil, windows.OPEN_EXISTING, 0, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(handle), "CONOUT$"), nil
}

// withoutConsole returns where the window's log may write to: a window is not to hang on a console.
func withoutConsole(stderr io.Writer) io.Writer {
	if _, attaches := stderr.(console); attaches {
		return nil
	}
	return stderr
}
