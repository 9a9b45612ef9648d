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

// lookIdle reports the time without input. The error is the connection's.
func (d *desktop) lookIdle(ctx context.Context) error {
	var silent []error
	for _, monitor := range idleMonitors {
		var since uint64
		err := d.line.call(ctx, monitor.name, monitor.path, monitor.name+".GetIdletime", nil, &since)
		switch {
		case err == nil:
			d.idle.report(fromDesktop, wallClock(), milliseconds(since), nil)
			return nil
		case !isAnswer(err) && !errors.Is(err, context.DeadlineExceeded):
			return err
		}
		silent = append(silent, err)
	}
	since, err := d.display.idleTime(ctx)
	if err != nil {
		err = errors.Join(append(silent, err)...)
	}
	d.idle.report(fromDesktop, wallClock(), since, err)
	return nil
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

// lookIdle reports how long the desktop has reported the user as idle, which begins when the
// desktop's own limit has passed. The error is the connection's.
func (l *logind) lookIdle(ctx context.Context) error {
	if l.session == "" {
		l.idle.report(fromLogind, wallClock(), 0, errors.New("logind knows no session of e-RS Login"))
		return nil
	}
	var idle bool
	var changed uint64 // when it changed, in microseconds since 1970
	err := l.property(ctx, l.session, loginSession, "IdleHint", &idle)
	if err == nil {
		err = l.property(ctx, l.session, loginSession, "IdleSinceHint", &changed)
	}
	if err == nil && changed == 0 {
		// This desktop may never report it.
		err = errors.New("the desktop has not reported to logind that the user is idle")
	} else if err != nil && !isAnswer(err) {
		return err
	}
	now := wallClock()
	var since time.Duration
	if idle {
		since = now.Sub(time.UnixMicro(int64(changed)))
	}
	l.idle.report(fromLogind, now, since, err)
	return nil
}
