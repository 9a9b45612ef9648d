//go:build !windows && !darwin

package workstation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/jezek/xgb"
	"github.com/jezek/xgb/screensaver"
	"github.com/jezek/xgb/xproto"

	"github.com/ers-login/ers-login/internal/sessionbus"
)

// idleMonitors are the window managers that have the time without input on the session bus, GNOME's
// and Cinnamon's: a service and an interface of the same name. GetSessionIdleTime of
// org.freedesktop.ScreenSaver is not used: it is in milliseconds (KDE) or seconds (light-locker),
// and on Wayland KDE's is an error, or 0 for ever.
var idleMonitors = []struct {
	name string
	path dbus.ObjectPath
}{
	{"org.gnome.Mutter.IdleMonitor", "/org/gnome/Mutter/IdleMonitor/Core"},
	{"org.cinnamon.Muffin.IdleMonitor", "/org/cinnamon/Muffin/IdleMonitor/Core"},
}

// timeWithoutInput asks the window manager, then the X server, and logind last, which measures from
// when the desktop has reported that the user is idle.
func (d *display) timeWithoutInput(ctx context.Context) (time.Duration, error) {
	var silent []error
	for _, ask := range []func(context.Context) (time.Duration, error){askMonitors, d.idleTime, askLogind} {
		since, err := ask(ctx)
		if err == nil {
			return since, nil
		}
		silent = append(silent, err)
	}
	return 0, errors.Join(silent...)
}

func askMonitors(ctx context.Context) (time.Duration, error) {
	line, err := bus{name: "session", address: sessionbus.Address}.connect(ctx)
	if err != nil {
		return 0, err
	}
	defer line.close()
	var silent []error
	for _, monitor := range idleMonitors {
		var since uint64
		err := line.call(ctx, monitor.name, monitor.path, monitor.name+".GetIdletime", nil, &since)
		if err == nil {
			return milliseconds(since), nil
		}
		silent = append(silent, err)
	}
	return 0, errors.Join(silent...)
}

// display asks the X server, one question at a time.
type display struct {
	// asked is the question that is not answered yet, if any.
	asked chan displayAnswer
}

type displayAnswer struct {
	idle time.Duration
	err  error
}

// idleTime returns the time without input of an X11 session. An X server that hangs is not asked
// again before it has answered: a connection to it cannot be given up.
func (d *display) idleTime(ctx context.Context) (time.Duration, error) {
	if os.Getenv("WAYLAND_DISPLAY") != "" || os.Getenv("XDG_SESSION_TYPE") == "wayland" {
		return 0, errors.New("on Wayland, X11 sees only what its own windows receive")
	}
	if d.asked == nil {
		d.asked = make(chan displayAnswer, 1)
		go func(answer chan<- displayAnswer) {
			idle, err := askDisplay()
			answer <- displayAnswer{idle, err}
		}(d.asked)
	}
	select {
	case answer := <-d.asked:
		d.asked = nil
		return answer.idle, answer.err
	case <-time.After(callLimit):
		return 0, errors.New("the X server does not answer")
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// askDisplay asks the screen saver extension of the X server at DISPLAY.
func askDisplay() (time.Duration, error) {
	// xgb logs that there is no authority file, which is not always needed.
	xgb.Logger.SetOutput(io.Discard)
	x, err := xgb.NewConn()
	if err != nil {
		return 0, fmt.Errorf("could not connect to the X server: %w", err)
	}
	defer x.Close()
	const name = "MIT-SCREEN-SAVER"
	extension, err := xproto.QueryExtension(x, uint16(len(name)), name).Reply()
	switch {
	case err != nil:
		return 0, fmt.Errorf("could not ask the X server: %w", err)
	case !extension.Present:
		return 0, fmt.Errorf("the X server has no %s", name)
	}
	// screensaver.Init would change maps that xgb's other connections read without a lock.
	x.ExtLock.Lock()
	x.Extensions[name] = extension.MajorOpcode
	x.ExtLock.Unlock()
	info, err := screensaver.QueryInfo(x, xproto.Drawable(xproto.Setup(x).DefaultScreen(x).Root)).Reply()
	if err != nil {
		return 0, fmt.Errorf("could not ask the X server for the time without input: %w", err)
	}
	return milliseconds(uint64(info.MsSinceUserInput)), nil
}

// askLogind returns how long the desktop has reported the user as idle, which begins when its own
// limit has passed.
func askLogind(ctx context.Context) (time.Duration, error) {
	line, err := bus{name: "system", address: sessionbus.SystemAddress}.connect(ctx)
	if err != nil {
		return 0, err
	}
	defer line.close()
	l := &logind{line: line}
	session, err := l.findSession(ctx)
	if err != nil {
		return 0, fmt.Errorf("logind knows no session of e-RS Login: %w", err)
	}
	var idle bool
	var changed uint64 // when it changed, in microseconds since 1970
	err = errors.Join(l.property(ctx, session, loginSession, "IdleHint", &idle),
		l.property(ctx, session, loginSession, "IdleSinceHint", &changed))
	switch {
	case err != nil:
		return 0, err
	case changed == 0:
		// This desktop may never report it.
		return 0, errors.New("the desktop has not reported to logind that the user is idle")
	case !idle:
		return 0, nil
	}
	return time.Since(time.UnixMicro(int64(changed))), nil
}
