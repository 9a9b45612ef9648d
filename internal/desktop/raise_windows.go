package desktop

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

// swRestore is SW_RESTORE: the size before minimising.
const swRestore = 9

// Restore restores a minimised window, which showing it does not on Windows. Windows decides
// whether it may come to the front; if not, the taskbar button flashes.
func Restore(window fyne.Window) {
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

// CanMinimise returns true.
func CanMinimise(fyne.Window) bool { return true }

// Minimise minimises a window to the taskbar.
func Minimise(window fyne.Window) {
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
