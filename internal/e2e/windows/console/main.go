//go:build windows

// Command console stands for cmd.exe: console [OPTION…] RESULT COMMAND-LINE creates a console,
// starts the command line on it without redirection, and writes the exit status and the console's
// content into the file RESULT. The tests of the folder above run it under Wine.
//
//	-at PROMPT -type TEXT   types TEXT and Enter when PROMPT is on the console
//	-reads                  reads the console meanwhile, as a shell that does not wait for the program
//	-hands                  passes its own handles on, as a shell that starts every program with them
package main

import (
	"errors"
	"flag"
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
	writeInput   = kernel32.NewProc("WriteConsoleInputW")
)

// patience bounds a program's run, pause is the time between two checks for a prompt, in
// milliseconds.
const patience, pause = 60_000, 50

// shell is what happens beside the command line.
type shell struct {
	prompt, text string
	reads, hands bool
}

func main() {
	var s shell
	flag.StringVar(&s.prompt, "at", "", "what to wait for")
	flag.StringVar(&s.text, "type", "", "what to type then")
	flag.BoolVar(&s.reads, "reads", false, "read the console")
	flag.BoolVar(&s.hands, "hands", false, "hand the handles on")
	flag.Parse()
	shown, err := s.run(strings.Join(flag.Args()[1:], " "))
	if err != nil {
		shown = err.Error()
	}
	if err := os.WriteFile(flag.Arg(0), []byte(shown), 0o600); err != nil {
		os.Exit(1)
	}
}

func (s shell) run(commandLine string) (string, error) {
	// There may be none to free.
	_, _, _ = freeConsole.Call()
	if made, _, err := allocConsole.Call(); made == 0 {
		return "", fmt.Errorf("no console: %w", err)
	}
	output, err := open("CONOUT$")
	if err != nil {
		return "", err
	}
	input, err := open("CONIN$")
	if err != nil {
		return "", err
	}
	if s.reads {
		go func() {
			var line [80]uint16
			var read uint32
			for windows.ReadConsole(input, &line[0], uint32(len(line)), &read, nil) == nil {
				continue // the input is discarded
			}
		}()
	}
	line, err := windows.UTF16PtrFromString(commandLine)
	if err != nil {
		return "", err
	}
	// Without STARTF_USESTDHANDLES a window program gets no handles, as from cmd.exe.
	startup := &windows.StartupInfo{Cb: uint32(unsafe.Sizeof(windows.StartupInfo{}))}
	if s.hands {
		for _, handle := range []windows.Handle{input, output} {
			if err := windows.SetHandleInformation(handle, windows.HANDLE_FLAG_INHERIT, windows.HANDLE_FLAG_INHERIT); err != nil {
				return "", err
			}
		}
		startup.Flags, startup.StdInput, startup.StdOutput, startup.StdErr = windows.STARTF_USESTDHANDLES, input, output, output
	}
	var started windows.ProcessInformation
	if err := windows.CreateProcess(nil, line, nil, nil, s.hands, 0, nil, nil, startup, &started); err != nil {
		return "", fmt.Errorf("not started: %w", err)
	}
	if s.prompt != "" {
		if err := s.answer(input, output, started.Process); err != nil {
			return "", err
		}
	}
	ended, err := windows.WaitForSingleObject(started.Process, patience)
	if err != nil {
		return "", err
	}
	if ended != windows.WAIT_OBJECT_0 {
		shown, err := screen(output)
		return "does not end\n" + shown, errors.Join(err, windows.TerminateProcess(started.Process, 1))
	}
	var status uint32
	if err := windows.GetExitCodeProcess(started.Process, &status); err != nil {
		return "", err
	}
	screen, err := screen(output)
	return fmt.Sprintf("status %d\n%s\n", status, screen), err
}

// answer types the text at the prompt, unless the process ends without one.
func (s shell) answer(input, output, process windows.Handle) error {
	for {
		shown, err := screen(output)
		if err != nil {
			return err
		}
		if strings.Contains(shown, s.prompt) {
			return typeInto(input, s.text+"\r")
		}
		ended, err := windows.WaitForSingleObject(process, pause)
		if err != nil || ended == windows.WAIT_OBJECT_0 {
			return err
		}
	}
}

// typeInto presses a text's keys (INPUT_RECORD with a KEY_EVENT_RECORD).
func typeInto(input windows.Handle, text string) error {
	characters, err := windows.UTF16FromString(text)
	if err != nil {
		return err
	}
	for _, character := range characters[:len(characters)-1] {
		for _, down := range []int32{1, 0} {
			const keyEvent = 1
			key := struct {
				kind                            uint16
				down                            int32
				repeat, key, scanCode, charCode uint16
				control                         uint32
			}{kind: keyEvent, down: down, repeat: 1, charCode: character}
			if character == '\r' {
				key.key = windows.VK_RETURN
			}
			var written uint32
			if done, _, err := writeInput.Call(uintptr(input), uintptr(unsafe.Pointer(&key)), 1, uintptr(unsafe.Pointer(&written))); done == 0 {
				return fmt.Errorf("nothing can be typed: %w", err)
			}
		}
	}
	return nil
}

// open opens the console's input or output.
func open(name string) (windows.Handle, error) {
	path, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return 0, err
	}
	handle, err := windows.CreateFile(path, windows.GENERIC_READ|windows.GENERIC_WRITE, windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE,
		nil, windows.OPEN_EXISTING, 0, 0)
	if err != nil {
		return 0, fmt.Errorf("no %s: %w", name, err)
	}
	return handle, nil
}

// screen returns the console's first characters, line by line and padded with blanks.
func screen(output windows.Handle) (string, error) {
	text := make([]uint16, 2000)
	var read uint32
	done, _, err := readConsole.Call(uintptr(output), uintptr(unsafe.Pointer(&text[0])), uintptr(len(text)), 0, uintptr(unsafe.Pointer(&read)))
	if done == 0 {
		return "", fmt.Errorf("the screen cannot be read: %w", err)
	}
	return strings.TrimSpace(windows.UTF16ToString(text[:read])), nil
}
