//go:build windows

// Command dialogue prints a message box's text: dialogue TITLE. It exits with 1 if there is none of
// that title. The tests of the folder above run it under Wine, where the X server knows only a
// window's title.
package main

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

var (
	user32      = windows.NewLazySystemDLL("user32.dll")
	findWindow  = user32.NewProc("FindWindowW")
	getDlgItem  = user32.NewProc("GetDlgItem")
	sendMessage = user32.NewProc("SendMessageTimeoutW")
)

func main() {
	said, err := read(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(said)
}

func read(title string) (string, error) {
	// The class of dialogues.
	class, err := windows.UTF16PtrFromString("#32770")
	if err != nil {
		return "", err
	}
	caption, err := windows.UTF16PtrFromString(title)
	if err != nil {
		return "", err
	}
	box, _, err := findWindow.Call(uintptr(unsafe.Pointer(class)), uintptr(unsafe.Pointer(caption)))
	if box == 0 {
		return "", fmt.Errorf("no message box %q: %w", title, err)
	}
	const textOfBox = 0xffff // the id of the text in every message box
	text, _, err := getDlgItem.Call(box, textOfBox)
	if text == 0 {
		return "", fmt.Errorf("a message box without a text: %w", err)
	}
	// GetWindowText does not work for controls of other processes.
	const getText, abortIfHung, milliseconds = 0x000d, 0x0002, 10000
	said := make([]uint16, 8192)
	var length uintptr
	done, _, err := sendMessage.Call(text, getText, uintptr(len(said)), uintptr(unsafe.Pointer(&said[0])), abortIfHung, milliseconds,
		uintptr(unsafe.Pointer(&length)))
	if done == 0 {
		return "", fmt.Errorf("the message box does not answer: %w", err)
	}
	return windows.UTF16ToString(said[:min(length, uintptr(len(said)))]), nil
}
