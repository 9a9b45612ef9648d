//go:build !windows && !darwin

package desktop

import (
	"fmt"
	"io"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver"
	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
)

// Minimise asks the window manager to minimise a window, with the ICCCM message WM_CHANGE_STATE,
// which Fyne does not offer. On Wayland only GLFW could ask, so the window stays.
func Minimise(window fyne.Window) {
	handle := x11Window(window)
	if handle == 0 {
		return
	}
	go func() {
		if err := iconify(handle); err != nil {
			fyne.LogError("The window could not be minimised", err)
		}
	}()
}

// CanMinimise reports whether Minimise does anything.
func CanMinimise(window fyne.Window) bool { return x11Window(window) != 0 }

// x11Window returns the X11 id of a window, or 0.
func x11Window(window fyne.Window) xproto.Window {
	native, ok := window.(driver.NativeWindow)
	if !ok {
		return 0
	}
	var handle xproto.Window
	native.RunNative(func(context any) {
		if x11, ok := context.(driver.X11WindowContext); ok {
			handle = xproto.Window(x11.WindowHandle) //nolint:gosec // G115: an X11 id has 29 bits
		}
	})
	return handle
}

func iconify(window xproto.Window) error {
	// xgb logs that there is no authority file, which is not always needed.
	xgb.Logger.SetOutput(io.Discard)
	x, err := xgb.NewConn()
	if err != nil {
		return fmt.Errorf("could not connect to the X server: %w", err)
	}
	defer x.Close()
	const name = "WM_CHANGE_STATE"
	atom, err := xproto.InternAtom(x, false, uint16(len(name)), name).Reply()
	if err != nil {
		return fmt.Errorf("the X server does not know %s: %w", name, err)
	}
	const iconicState = 3
	message := xproto.ClientMessageEvent{
		Format: 32, Window: window, Type: atom.Atom,
		Data: xproto.ClientMessageDataUnionData32New([]uint32{iconicState, 0, 0, 0, 0}),
	}
	const masks = xproto.EventMaskSubstructureRedirect | xproto.EventMaskSubstructureNotify
	root := xproto.Setup(x).DefaultScreen(x).Root
	if err := xproto.SendEventChecked(x, false, root, masks, string(message.Bytes())).Check(); err != nil {
		return fmt.Errorf("could not ask the window manager: %w", err)
	}
	return nil
}
