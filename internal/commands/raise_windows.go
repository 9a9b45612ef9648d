package commands

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver"
	"golang.org/x/sys/windows"
)

var (
	user32              = windows.NewLazySystemDLL("user32.dll")
	showWindow          = user32.NewProc("ShowWindow")
	isIconic            = user32.NewProc("IsIconic")
	setForegroundWindow = user32.NewProc("SetForegroundWindow")
)

// swRestore is SW_RESTORE: as large as before it was minimised.
const swRestore = 9

// restore brings a window back that was minimised, which showing it alone does not on Windows. Whether a program may come to the
// front is for Windows to say; what cannot be done here is seen in the taskbar, which blinks.
func restore(window fyne.Window) {
	native, ok := window.(driver.NativeWindow)
	if !ok {
		return
	}
	native.RunNative(func(context any) {
		handle, ok := context.(driver.WindowsWindowContext)
		if !ok || handle.HWND == 0 {
			return
		}
		if iconic, _, _ := isIconic.Call(handle.HWND); iconic != 0 {
			_, _, _ = showWindow.Call(handle.HWND, swRestore)
		}
		_, _, _ = setForegroundWindow.Call(handle.HWND)
	})
}

// swMinimize is SW_MINIMIZE.
const swMinimize = 6

// minimise takes a window to the taskbar.
func minimise(window fyne.Window) {
	native, ok := window.(driver.NativeWindow)
	if !ok {
		return
	}
	native.RunNative(func(context any) {
		if handle, ok := context.(driver.WindowsWindowContext); ok && handle.HWND != 0 {
			_, _, _ = showWindow.Call(handle.HWND, swMinimize)
		}
	})
}
