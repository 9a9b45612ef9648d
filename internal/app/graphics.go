package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/adrg/xdg"
	"github.com/sirupsen/logrus"

	"github.com/ers-login/ers-login/internal/atomicfile"
	"github.com/ers-login/ers-login/internal/bounded"
	"github.com/ers-login/ers-login/internal/problem"
)

// ProbeCommand is the hidden command that creates an OpenGL context and exits with 0 on success.
// Package main runs it, since only that may link OpenGL.
const ProbeCommand = "graphics-probe"

// StatusNoGraphics is the exit status if the window cannot be drawn on this computer.
const StatusNoGraphics = 7

const (
	// probeWithin bounds the probe: a hanging driver counts as one that does not work.
	probeWithin = 15 * time.Second
	// firstPictureWithin bounds the wait for the first picture, on a computer that starts ten
	// programs at once.
	firstPictureWithin = 45 * time.Second
	// maxSaid bounds the output kept of a probe, in bytes.
	maxSaid = 4 << 10
)

// graphics finds out beforehand whether a window can be drawn: otherwise Fyne ends the process, or
// runs on without a window. The probe is another process and takes 0.25 s, so it is skipped where
// the same version drew before, with the same display and driver settings. That record is removed
// while a window is being opened, so that after a failed start the next one probes.
type graphics struct {
	// record is the file with where the window was drawn, where the current place.
	record, where string
	// look is the probe.
	look func(context.Context) error
	// settled: another process of this program has probed, and started this one to draw with the
	// result.
	settled bool
	log     logrus.FieldLogger
}

// newGraphics returns this program's graphics, or nil if its own file cannot be found: then the
// window opens without a probe.
func (h Host) newGraphics(log logrus.FieldLogger) *graphics {
	self, err := os.Executable()
	if err != nil {
		log.WithError(err).Warn("graphics")
		return nil
	}
	return &graphics{
		record: filepath.Join(xdg.StateHome, "ers-login", "graphics"), where: graphicsPlace(h.Name(), h.Environ), log: log, settled: startedToDraw(),
		look: func(ctx context.Context) error { return lookWith(ctx, self, ProbeCommand) },
	}
}

// display are the variables that select a display or driver, and their prefixes.
var (
	display         = []string{"DISPLAY", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE", "XDG_SESSION_ID", "SESSIONNAME", "SSH_CONNECTION"}
	displayPrefixes = []string{"LIBGL_", "MESA_", "GALLIUM_", "__GLX_", "__EGL_"}
)

// graphicsPlace identifies a combination of version, display and driver. It is a digest, since
// variables may be private.
func graphicsPlace(version string, environ []string) string {
	digest := sha256.New()
	_, _ = fmt.Fprintln(digest, version, runtime.GOOS, runtime.GOARCH) // never fails
	for _, entry := range slices.Sorted(slices.Values(environ)) {
		name, _, _ := strings.Cut(entry, "=")
		if slices.Contains(display, name) || slices.ContainsFunc(displayPrefixes, func(p string) bool { return strings.HasPrefix(name, p) }) {
			_, _ = fmt.Fprintln(digest, entry)
		}
	}
	return hex.EncodeToString(digest.Sum(nil))
}

// check returns nil if the window can be drawn, else a Problem.
func (g *graphics) check(ctx context.Context) error {
	if g.settled {
		return nil
	}
	known, err := os.ReadFile(g.record)
	if removed := os.Remove(g.record); removed != nil && err == nil {
		g.log.WithError(removed).Warn("graphics")
	}
	if err == nil && string(known) == g.where {
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, probeWithin)
	defer cancel()
	if err := g.look(limited); err != nil {
		return noGraphics.Because(err)
	}
	return nil
}

// drawn records that the window was drawn here.
func (g *graphics) drawn() {
	if g.settled {
		return
	}
	err := os.MkdirAll(filepath.Dir(g.record), 0o700)
	if err == nil {
		err = atomicfile.Write(g.record, []byte(g.where))
	}
	if err != nil {
		// Without the record, the next start probes again.
		g.log.WithError(err).Warn("graphics")
	}
}

// lookWith runs a probe.
func lookWith(ctx context.Context, name string, arguments ...string) error {
	probe := exec.CommandContext(ctx, name, arguments...) //nolint:gosec // this program itself
	hideWindow(probe)
	probe.WaitDelay = time.Second
	said := &bounded.Text{Limit: maxSaid}
	probe.Stderr = said
	err := probe.Run()
	if err == nil || errors.Is(err, exec.ErrWaitDelay) {
		// It succeeded. Another process, such as a driver's helper, may still hold its output open.
		return nil
	}
	err = errors.Join(fmt.Errorf("the graphics probe: %w", err), ctx.Err())
	if text := problem.Clean(said.String(), maxSaid); text != "" {
		err = errors.Join(err, errors.New(text))
	}
	return err
}

// fyneFailures are what Fyne 2.8 logs if it finds no OpenGL, before it ends the process or goes
// on without a window.
var fyneFailures = []string{"window creation error", "failed to initialise OpenGL", "failed to initialise GLFW"}

// fyneLogWatcher passes on what libraries log, and looks for Fyne's last message before it ends the
// process.
type fyneLogWatcher struct {
	io.Writer
	heard func(said string)
}

func (l fyneLogWatcher) Write(p []byte) (int, error) {
	n, err := l.Writer.Write(p)
	if slices.ContainsFunc(fyneFailures, func(words string) bool { return strings.Contains(string(p), words) }) {
		l.heard(problem.Clean(string(p), maxSaid))
	}
	return n, err
}

var (
	noGraphics = &problem.Problem{
		Code:     "WINDOW-NO_OPENGL",
		Title:    "The window cannot be drawn on this computer",
		Happened: "e-RS Login draws its window with OpenGL 2.1, and this desktop does not offer it. This is common in remote desktops and with basic graphics drivers.",
		Steps: []string{
			"Contact your local service desk and quote the reference WINDOW-NO_OPENGL.",
		},
		ServiceDesk: []string{
			"Install a graphics driver with OpenGL 2.1. On Windows, a software driver from " +
				"Mesa can be put in the folder mesa next to the program (see docs/window.md).",
			"Run ers-login doctor to check everything else. It needs no window.",
		},
	}
	deadDisplay = &problem.Problem{
		Code:     "WINDOW-DEAD_DISPLAY",
		Title:    "The desktop does not answer",
		Happened: "e-RS Login was started for a desktop that cannot be reached ({{.Variables}}).",
		Steps: []string{
			"Sign in to the desktop of this computer and start e-RS Login from its menu.",
			"If you start it from a terminal, open a new terminal.",
			"If that does not help, contact your local service desk and quote the reference below.",
		},
	}
	noPicture = &problem.Problem{
		Code:  "WINDOW-NO_PICTURE",
		Title: "The window does not appear",
		Happened: "The graphics driver on this computer did not draw the e-RS Login window in time. " +
			"You are not signed in.",
		Steps: []string{
			"Start e-RS Login again.",
			"If that does not help, sign out of the computer and sign in again.",
			"If it happens again, contact your local service desk and quote the reference " +
				"WINDOW-NO_PICTURE.",
		},
	}
)
