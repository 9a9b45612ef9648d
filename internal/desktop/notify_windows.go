package desktop

import (
	"errors"
	"fmt"
	"unsafe"

	"fyne.io/fyne/v2"
	"github.com/sirupsen/logrus"
	"golang.org/x/sys/windows"

	"github.com/ers-login/ers-login/ui"
)

// Notifier shows a balloon at the notification area icon, and flashes the taskbar button. Fyne
// would run PowerShell with a script in the temporary folder, past the computer's execution policy.
func Notifier(log logrus.FieldLogger, window func() *ui.Window) func(title, text string) {
	return func(title, text string) {
		shown := window()
		shown.Do(func() { flash(shown.Window()) })
		if err := balloon(title, text); err != nil {
			log.WithError(err).Warn("notification")
			return
		}
		log.Debug("notified")
	}
}

var (
	shell32         = windows.NewLazySystemDLL("shell32.dll")
	notifyIcon      = shell32.NewProc("Shell_NotifyIconW")
	findWindow      = user32.NewProc("FindWindowExW")
	flashWindow     = user32.NewProc("FlashWindowEx")
	errNoTrayWindow = errors.New("there is no icon next to the clock")
)

// The icon is fyne.io/systray's: its window's class and its number there.
// TestTheIconIsWhereTheBalloonLooks fails if they change.
const (
	trayClass = "SystrayClass"
	trayIcon  = 100
)

const (
	nimModify = 1    // NIM_MODIFY
	nifInfo   = 0x10 // NIF_INFO
	// NIIF_INFO and NIIF_RESPECT_QUIET_TIME: nothing in a new user's first hour, and during
	// presentations.
	balloonFlags = 0x01 | 0x80
)

// notifyIconData is NOTIFYICONDATAW.
type notifyIconData struct {
	size                uint32
	window              windows.HWND
	id, flags, callback uint32
	icon                windows.Handle
	tip                 [128]uint16
	state, stateMask    uint32
	info                [256]uint16
	version             uint32
	infoTitle           [64]uint16
	infoFlags           uint32
	item                windows.GUID
	balloonIcon         windows.Handle
}

// balloon shows a text at the icon. Windows 10 and later make a notification of it.
func balloon(title, text string) error {
	window, err := trayWindow()
	if err != nil {
		return err
	}
	data := notifyIconData{window: window, id: trayIcon, flags: nifInfo, infoFlags: balloonFlags}
	data.size = uint32(unsafe.Sizeof(data))
	if err := errors.Join(fill(data.infoTitle[:], title), fill(data.info[:], text)); err != nil {
		return err
	}
	if shown, _, err := notifyIcon.Call(nimModify, uintptr(unsafe.Pointer(&data))); shown == 0 { //nolint:gosec // by its address
		return fmt.Errorf("Shell_NotifyIcon: %w", err)
	}
	return nil
}

// fill writes a text into a Windows buffer, zero-terminated, and cuts it to fit.
func fill(buffer []uint16, text string) error {
	encoded, err := windows.UTF16FromString(text)
	if err != nil {
		return err
	}
	copy(buffer[:len(buffer)-1], encoded)
	return nil
}

// trayWindow returns the hidden window of this process that the icon belongs to.
func trayWindow() (windows.HWND, error) {
	class, err := windows.UTF16PtrFromString(trayClass)
	if err != nil {
		return 0, err
	}
	for found := uintptr(0); ; {
		//nolint:gosec // the call takes a text by its address
		found, _, _ = findWindow.Call(0, found, uintptr(unsafe.Pointer(class)), 0)
		if found == 0 {
			return 0, errNoTrayWindow
		}
		var process uint32
		if _, err := windows.GetWindowThreadProcessId(windows.HWND(found), &process); err != nil {
			continue // it has gone
		}
		if process == windows.GetCurrentProcessId() {
			return windows.HWND(found), nil
		}
	}
}

// flashInfo is FLASHWINFO.
type flashInfo struct {
	size           uint32
	window         uintptr
	flags          uint32
	count, timeout uint32
}

const flashTray = 2 // FLASHW_TRAY: the taskbar button alone

// flash flashes a window's taskbar button three times, and leaves it coloured until the window is
// activated.
func flash(window fyne.Window) {
	withHandle(window, func(handle uintptr) {
		info := flashInfo{window: handle, flags: flashTray, count: 3}
		info.size = uint32(unsafe.Sizeof(info))
		_, _, _ = flashWindow.Call(uintptr(unsafe.Pointer(&info))) //nolint:gosec // the call takes a structure by its address
	})
}
