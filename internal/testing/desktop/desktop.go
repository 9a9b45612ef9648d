//go:build linux

// Package desktop is a desktop for tests: a real X server without a screen (Xvfb), on which a real
// window is driven with a real keyboard and mouse (XTEST, by xdotool) and photographed.
//
// A window's worst faults (a call that blocks drawing, a lost key, a screen that never comes) do
// not show in a software renderer that runs everything on one goroutine.
package desktop

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jezek/xgb/xproto"
)

// Desktop is a running X server. Close ends it.
type Desktop struct {
	display string
	server  *exec.Cmd
	// pressed is when each key that presses a control or chooses was last pressed.
	pressed map[string]time.Time
}

// Start starts an X server with a screen of the window's size.
func Start(ctx context.Context, width, height int) (*Desktop, error) {
	return start(ctx, width, height, "+extension")
}

// StartWithoutOpenGL starts one without OpenGL, like many remote desktops.
func StartWithoutOpenGL(ctx context.Context, width, height int) (*Desktop, error) {
	return start(ctx, width, height, "-extension")
}

func start(ctx context.Context, width, height int, openGL string) (*Desktop, error) {
	numberOut, numberIn, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("could not make a pipe for Xvfb: %w", err)
	}
	defer numberOut.Close() //nolint:errcheck // it was only read from
	screen := fmt.Sprintf("%dx%dx24", width, height)
	server := exec.CommandContext(ctx, "Xvfb", "-displayfd", "3", "-screen", "0", screen, "-nolisten", "tcp", "-noreset", openGL, "GLX") //nolint:gosec // numbers of our own
	server.ExtraFiles = []*os.File{numberIn}
	server.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	err = server.Start()
	_ = numberIn.Close()
	if err != nil {
		return nil, fmt.Errorf("could not start Xvfb (package xvfb): %w", err)
	}
	d := &Desktop{server: server, pressed: map[string]time.Time{}}
	if err := numberOut.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	number, err := bufio.NewReader(numberOut).ReadString('\n')
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the X server has not started: %w", err), d.Close())
	}
	d.display = ":" + strings.TrimSpace(number)
	return d, nil
}

// endWithin bounds the wait for a process's end.
const endWithin = 30 * time.Second

// Close ends the X server, and with it every window on it.
func (d *Desktop) Close() error {
	if err := d.server.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("could not end Xvfb: %w", err)
	}
	// It ends its clients first, one of which may hang. Its exit status is of no interest.
	kill := time.AfterFunc(endWithin, func() { _ = d.server.Process.Kill() })
	defer kill.Stop()
	_ = d.server.Wait()
	return nil
}

// Env returns the environment variables for programs on this desktop, with software drawing.
func (d *Desktop) Env() []string {
	return []string{"DISPLAY=" + d.display, "WAYLAND_DISPLAY=", "LIBGL_ALWAYS_SOFTWARE=1", "XDG_SESSION_TYPE=x11"}
}

// WaitWindow waits for a window whose title matches, and gives it the keyboard, as a window manager
// would.
func (d *Desktop) WaitWindow(ctx context.Context, title string) error {
	for {
		found, err := d.xdotool(ctx, "search", "--onlyvisible", "--name", title)
		if id := strings.TrimSpace(found); err == nil && id != "" {
			_, err = d.xdotool(ctx, "windowfocus", "--sync", strings.Fields(id)[0])
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("no window %q: %w", title, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Unfocus takes the keyboard from the window that has it. [Desktop.WaitWindow] gives it back.
func (d *Desktop) Unfocus() error {
	x, _, err := d.connect()
	if err != nil {
		return err
	}
	defer x.Close()
	err = xproto.SetInputFocusChecked(x, xproto.InputFocusNone, xproto.InputFocusNone, xproto.TimeCurrentTime).Check()
	if err != nil {
		return fmt.Errorf("could not take the keyboard from the window: %w", err)
	}
	return nil
}

// Raise brings the window whose title matches to the front.
func (d *Desktop) Raise(ctx context.Context, title string) error {
	_, err := d.xdotool(ctx, "search", "--onlyvisible", "--name", title, "windowraise", "windowfocus", "--sync")
	return err
}

// WaitFocus waits until the window that has the keyboard has a title that begins with this one.
func (d *Desktop) WaitFocus(ctx context.Context, title string) error {
	for {
		focused, err := d.xdotool(ctx, "getwindowfocus", "getwindowname")
		if err == nil && strings.HasPrefix(focused, title) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the keyboard is at %q, not at %q: %w", strings.TrimSpace(focused), title, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// HasWindow reports whether a window whose title matches is visible.
func (d *Desktop) HasWindow(ctx context.Context, title string) (bool, error) {
	found, err := d.xdotool(ctx, "search", "--onlyvisible", "--name", title)
	if strings.TrimSpace(found) == "" && ctx.Err() == nil {
		return false, nil // its status is then 1
	}
	return err == nil, err
}

// Press presses keys one after the other, by their X names: Return, Tab, Escape, F9, ctrl+f, 3. The
// window ignores the second half of a double press, so presses of one key are apart.
func (d *Desktop) Press(ctx context.Context, keys ...string) error {
	const doublePress = 600 * time.Millisecond
	for _, key := range keys {
		counted := key == "Return" || key == "space" || len(key) == 1 && key >= "0" && key <= "9"
		if counted {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(time.Until(d.pressed[key].Add(doublePress))):
			}
		}
		if _, err := d.xdotool(ctx, "key", "--delay", "30", key); err != nil {
			return err
		}
		if counted {
			d.pressed[key] = time.Now()
		}
	}
	return nil
}

// PressTwice presses a key twice as fast as a hand that means one press.
func (d *Desktop) PressTwice(ctx context.Context, key string) error {
	_, err := d.xdotool(ctx, "key", "--delay", "30", key, key)
	d.pressed[key] = time.Now()
	return err
}

// Click presses the left mouse button at a point of the screen.
func (d *Desktop) Click(ctx context.Context, x, y int) error {
	_, err := d.xdotool(ctx, "mousemove", "--sync", strconv.Itoa(x), strconv.Itoa(y), "click", "1")
	return err
}

// Resize gives a window whose title matches another size.
func (d *Desktop) Resize(ctx context.Context, title string, width, height int) error {
	_, err := d.xdotool(ctx, "search", "--onlyvisible", "--name", title, "windowsize", "--sync", strconv.Itoa(width), strconv.Itoa(height))
	return err
}

// Picture writes a picture of the whole screen as PNG, once the screen has stopped changing.
func (d *Desktop) Picture(ctx context.Context, path string) error {
	var last []byte
	for range 40 {
		// Drawing in software takes a moment, before which the screen does not change either.
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
		if err := d.shoot(ctx, path); err != nil {
			return err
		}
		picture, err := os.ReadFile(path) //nolint:gosec // the caller's own file
		if err != nil {
			return fmt.Errorf("could not read the picture: %w", err)
		}
		if bytes.Equal(picture, last) {
			return nil
		}
		last = picture
	}
	// A screen that keeps changing (a progress bar) is photographed as it is.
	return nil
}

func (d *Desktop) shoot(ctx context.Context, path string) error {
	return d.run(exec.CommandContext(ctx, "scrot", "--overwrite", path)) //nolint:gosec // the caller's own file
}

func (d *Desktop) xdotool(ctx context.Context, arguments ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "xdotool", arguments...) //nolint:gosec // keys and titles of our own
	var out strings.Builder
	cmd.Stdout = &out
	err := d.run(cmd)
	return out.String(), err
}

func (d *Desktop) run(cmd *exec.Cmd) error {
	cmd.Env = append(os.Environ(), d.Env()...)
	cmd.WaitDelay = endWithin
	var complaint strings.Builder
	cmd.Stderr = &complaint
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %s: %w %s", cmd.Args[0], strings.Join(cmd.Args[1:], " "), err, strings.TrimSpace(complaint.String()))
	}
	return nil
}
