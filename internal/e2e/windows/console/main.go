//go:build windows

// Command console is cmd.exe as far as e-RS Login can tell: console RESULT COMMAND-LINE makes a console of its own, starts the command
// line on it with nothing redirected, and writes the exit status and what is on the console then into the file RESULT. It is run by the
// tests of the folder above, under Wine.
package main

import (
	"fmt"
	"os"
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"
)

var (
	kernel32     = windows.NewLazySystemDLL("kernel32.dll")
	freeConsole  = kernel32.NewProc("FreeConsole")
	allocConsole = kernel32.NewProc("AllocConsole")
	readConsole  = kernel32.NewProc("ReadConsoleOutputCharacterW")
)

func main() {
	shown, err := run(strings.Join(os.Args[2:], " "))
	if err != nil {
		shown = err.Error()
	}
	if err := os.WriteFile(os.Args[1], []byte(shown), 0o600); err != nil {
		os.Exit(1)
	}
}

func run(commandLine string) (string, error) {
	// There may be none to be freed.
	_, _, _ = freeConsole.Call()
	if made, _, err := allocConsole.Call(); made == 0 {
		return "", fmt.Errorf("no console: %w", err)
	}
	line, err := windows.UTF16PtrFromString(commandLine)
	if err != nil {
		return "", err
	}
	// Without STARTF_USESTDHANDLES a window program gets no handles, as from cmd.exe.
	startup := &windows.StartupInfo{Cb: uint32(unsafe.Sizeof(windows.StartupInfo{}))}
	var started windows.ProcessInformation
	if err := windows.CreateProcess(nil, line, nil, nil, false, 0, nil, nil, startup, &started); err != nil {
		return "", fmt.Errorf("not started: %w", err)
	}
	if _, err := windows.WaitForSingleObject(started.Process, windows.INFINITE); err != nil {
		return "", err
	}
	var status uint32
	if err := windows.GetExitCodeProcess(started.Process, &status); err != nil {
		return "", err
	}
	screen, err := screen()
	return fmt.Sprintf("status %d\n%s\n", status, screen), err
}

// screen returns the first characters of the console, line after line and filled with blanks.
func screen() (string, error) {
	path, err := windows.UTF16PtrFromString("CONOUT$")
	if err != nil {
		return "", err
	}
	console, err := windows.CreateFile(path, windows.GENERIC_READ|windows.GENERIC_WRITE, windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE,
		nil, windows.OPEN_EXISTING, 0, 0)
	if err != nil {
		return "", fmt.Errorf("no screen: %w", err)
	}
	text := make([]uint16, 2000)
	var read uint32
	done, _, err := readConsole.Call(uintptr(console), uintptr(unsafe.Pointer(&text[0])), uintptr(len(text)), 0, uintptr(unsafe.Pointer(&read)))
	if done == 0 {
		return "", fmt.Errorf("the screen cannot be read: %w", err)
	}
	return strings.TrimSpace(windows.UTF16ToString(text[:read])), nil
}
