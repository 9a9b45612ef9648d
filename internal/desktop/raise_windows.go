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
	withHandle(window, func(handle uintptr) {
		if iconic, _, _ := isIconic.Call(handle); iconic != 0 {
			_, _, _ = showWindow.Call(handle, swRestore)
		}
		_, _, _ = setForegroundWindow.Call(handle)
	})
}

// swMinimize is SW_MINIMIZE.
const swMinimize = 6

// Minimise minimises a window to the taskbar.
func Minimise(window fyne.Window) {
	withHandle(window, func(handle uintptr) { _, _, _ = showWindow.Call(handle, swMinimize) })
}

// withHandle calls use with the window's HWND, if it has one.
func withHandle(window fyne.Window, use func(handle uintptr)) {
	native, ok := window.(driver.NativeWindow)
	if !ok {
		return
	}
	native.RunNative(func(context any) {
		if its, ok := context.(driver.WindowsWindowContext); ok && its.HWND != 0 {
			use(its.HWND)
		}
	})
}
