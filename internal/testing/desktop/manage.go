//go:build linux

package desktop

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
)

// Manage starts a window manager, which minimising needs. It ends with the desktop. Openbox is that
// of LXDE and LXQt: small, and true to the ICCCM and freedesktop's hints.
func (d *Desktop) Manage(ctx context.Context) error {
	x, root, err := d.connect()
	if err != nil {
		return err
	}
	defer x.Close()
	manager := exec.CommandContext(ctx, "openbox", "--sm-disable", "--config-file", os.DevNull) //nolint:gosec // nothing from outside
	manager.Env = append(os.Environ(), d.Env()...)
	manager.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := manager.Start(); err != nil {
		return fmt.Errorf("could not start the window manager (package openbox): %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- manager.Wait() }() // it ends with its display
	managed, err := atom(x, "_NET_SUPPORTING_WM_CHECK")
	if err != nil {
		return err
	}
	for {
		reply, err := xproto.GetProperty(x, false, root, managed, xproto.AtomWindow, 0, 1).Reply()
		if err == nil && reply.ValueLen == 1 {
			return nil
		}
		select {
		case err := <-ended:
			return errors.Join(errors.New("the window manager has ended at once"), err)
		case <-ctx.Done():
			return fmt.Errorf("the window manager has not started: %w", ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Minimised reports whether a window with exactly this title is minimised: whether its WM_STATE
// (ICCCM) is iconic. It is an error if there is no such window.
func (d *Desktop) Minimised(title string) (bool, error) {
	state, err := d.property(title, "WM_STATE", 1)
	if err != nil {
		return false, err
	}
	const iconic = 3
	return len(state) == 4 && xgb.Get32(state) == iconic, nil
}

// HasIcon reports whether a window with exactly this title has an icon for the desktop
// (_NET_WM_ICON). It is an error if there is no such window.
func (d *Desktop) HasIcon(title string) (bool, error) {
	icon, err := d.property(title, "_NET_WM_ICON", 1)
	return len(icon) > 0, err
}

// property returns the first 32-bit words of a window's property, or nothing if it is not set.
func (d *Desktop) property(title, name string, words uint32) ([]byte, error) {
	x, root, err := d.connect()
	if err != nil {
		return nil, err
	}
	defer x.Close()
	named, err := atom(x, "_NET_WM_NAME")
	if err != nil {
		return nil, err
	}
	property, err := atom(x, name)
	if err != nil {
		return nil, err
	}
	window := titled(x, root, named, title)
	if window == xproto.WindowNone {
		return nil, fmt.Errorf("no window %q", title)
	}
	reply, err := xproto.GetProperty(x, false, window, property, xproto.GetPropertyTypeAny, 0, words).Reply()
	if err != nil {
		return nil, fmt.Errorf("could not read %s of the window: %w", name, err)
	}
	return reply.Value, nil
}

// titled finds a window, which a window manager has put into a frame.
func titled(x *xgb.Conn, parent xproto.Window, name xproto.Atom, title string) xproto.Window {
	tree, err := xproto.QueryTree(x, parent).Reply()
	if err != nil {
		return xproto.WindowNone // it has gone
	}
	for _, window := range tree.Children {
		text, err := xproto.GetProperty(x, false, window, name, xproto.GetPropertyTypeAny, 0, 64).Reply()
		if err == nil && string(text.Value) == title {
			return window
		}
		if found := titled(x, window, name, title); found != xproto.WindowNone {
			return found
		}
	}
	return xproto.WindowNone
}

// connect connects to the X server, and returns the root window.
func (d *Desktop) connect() (*xgb.Conn, xproto.Window, error) {
	// xgb logs that there is no authority file, which a private server does not need.
	xgb.Logger.SetOutput(io.Discard)
	x, err := xgb.NewConnDisplay(d.display)
	if err != nil {
		return nil, xproto.WindowNone, fmt.Errorf("could not connect to the X server: %w", err)
	}
	return x, xproto.Setup(x).DefaultScreen(x).Root, nil
}

// Freeze stops the X server, like a graphics driver that hangs: drawing blocks until Thaw.
func (d *Desktop) Freeze() error { return d.signal(syscall.SIGSTOP) }

// Thaw ends [Desktop.Freeze].
func (d *Desktop) Thaw() error { return d.signal(syscall.SIGCONT) }

func (d *Desktop) signal(signal syscall.Signal) error {
	if err := d.server.Process.Signal(signal); err != nil {
		return fmt.Errorf("could not send Xvfb a signal: %w", err)
	}
	return nil
}

// Class returns the class of the window with exactly this title, by which desktops find its menu
// entry and icon: the second word of its WM_CLASS (ICCCM). It is an error if there is no such
// window, or it has no class.
func (d *Desktop) Class(title string) (string, error) {
	value, err := d.property(title, "WM_CLASS", 64)
	if err != nil {
		return "", err
	}
	words := bytes.Split(value, []byte{0})
	if len(words) < 2 {
		return "", fmt.Errorf("the window %q has no class", title)
	}
	return string(words[1]), nil
}

// AwaitVisible waits until a window with exactly this title is visible, polling often enough for a
// measurement.
func (d *Desktop) AwaitVisible(ctx context.Context, title string) error {
	x, root, err := d.connect()
	if err != nil {
		return err
	}
	defer x.Close()
	name, err := atom(x, "_NET_WM_NAME")
	if err != nil {
		return err
	}
	for {
		if window := titled(x, root, name, title); window != xproto.WindowNone {
			attributes, err := xproto.GetWindowAttributes(x, window).Reply()
			if err == nil && attributes.MapState == xproto.MapStateViewable {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("no window %q: %w", title, ctx.Err())
		case <-time.After(2 * time.Millisecond):
		}
	}
}
