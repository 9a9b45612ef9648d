package app

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/instance"
	"github.com/ers-login/ers-login/internal/problem"
)

// Probing at each start would delay each; never probing shows nothing at all without OpenGL.
func TestTheGraphicsAreLookedAtWhenTheyMayHaveChanged(t *testing.T) {
	looks, broken := 0, error(nil)
	g := &graphics{
		record: filepath.Join(t.TempDir(), "state", "graphics"), where: graphicsPlace("1.0", []string{"DISPLAY=:0", "EDITOR=vi"}), log: testLog(t),
		look: func(context.Context) error { looks++; return broken },
	}
	step := func(want int, why string) {
		t.Helper()
		require.NoError(t, g.check(t.Context()))
		require.Equal(t, want, looks, why)
	}
	step(1, "nothing is known of this computer")
	step(2, "the window was not drawn")
	g.drawn()
	step(2, "it was drawn the last time")
	step(3, "and was not drawn after that")
	g.drawn()
	g.where = graphicsPlace("1.0", []string{"EDITOR=emacs", "DISPLAY=:0"})
	step(3, "nothing of this is about drawing")
	for name, where := range map[string]string{
		"another version":  graphicsPlace("1.1", []string{"DISPLAY=:0"}),
		"another display":  graphicsPlace("1.0", []string{"DISPLAY=:1"}),
		"another driver":   graphicsPlace("1.0", []string{"DISPLAY=:0", "LIBGL_ALWAYS_SOFTWARE=1"}),
		"a remote desktop": graphicsPlace("1.0", []string{"DISPLAY=:0", "SESSIONNAME=RDP-Tcp#3"}),
	} {
		g.drawn()
		g.where = where
		before := looks
		step(before+1, name)
	}
	// A process started to draw in software neither probes nor records: the next start would take
	// that for the system's own OpenGL.
	in := *g
	in.settled = true
	require.NoError(t, in.check(t.Context()))
	in.drawn()
	require.NoFileExists(t, g.record)
	broken = errors.New("APIUnavailable: GLX: GLX extension not found")
	err := g.check(t.Context())
	require.ErrorIs(t, err, noGraphics)
	assert.ErrorContains(t, err, "GLX extension not found", "for the log")
	content, err := os.ReadFile(g.record)
	require.ErrorIs(t, err, os.ErrNotExist, "%s", content)
}

// Whatever the probe does (report, crash, or not be a program), the log gets the reason, bounded in
// length.
func TestWhatAProbeSays(t *testing.T) {
	require.NoError(t, lookWith(t.Context(), "go", "env", "GOROOT"))
	err := lookWith(t.Context(), "go", "no-such-command-of-"+strings.Repeat("x", 2*maxSaid))
	require.ErrorContains(t, err, "no-such-command")
	assert.Less(t, len(err.Error()), maxSaid+1000)
	require.Error(t, lookWith(t.Context(), filepath.Join(t.TempDir(), "none")))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, lookWith(ended, "go", "version"), context.Canceled)
}

// Fyne ends the process right after logging that it finds no OpenGL: that is the last moment for a
// message.
func TestFynesLastWordsAreHeard(t *testing.T) {
	var log bytes.Buffer
	var heard []string
	words := fyneLogWatcher{&log, func(said string) { heard = append(heard, said) }}
	for _, line := range []string{"Fyne error:  Error reading scale\n", "Fyne error:  window creation error\n"} {
		n, err := words.Write([]byte(line))
		require.NoError(t, err)
		require.Equal(t, len(line), n)
	}
	assert.Equal(t, []string{"Fyne error: window creation error"}, heard)
	assert.Contains(t, log.String(), "Error reading scale\n")
}

// A window that was drawn is not reported as missing, and a missing one is reported once.
func TestTheWatchForTheFirstPicture(t *testing.T) {
	for name, c := range map[string]struct {
		happens  []func(*pictureWatch)
		reported []string
		known    bool
	}{
		"drawn":          {[]func(*pictureWatch){(*pictureWatch).drawn, late}, nil, true},
		"late":           {[]func(*pictureWatch){late, late}, []string{"WINDOW-NO_PICTURE"}, false},
		"drawn too late": {[]func(*pictureWatch){late, (*pictureWatch).drawn}, []string{"WINDOW-NO_PICTURE"}, false},
		"left before":    {[]func(*pictureWatch){(*pictureWatch).stop, late}, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			var reported []string
			g := &graphics{record: filepath.Join(t.TempDir(), "graphics"), where: "here", log: testLog(t)}
			w := &pictureWatch{graphics: g, late: func(found *problem.Problem, _ string) { reported = append(reported, found.Code) }}
			w.expect()
			for _, happens := range c.happens {
				happens(w)
			}
			w.stop()
			assert.Equal(t, c.reported, reported)
			_, err := os.Stat(g.record)
			assert.Equal(t, c.known, err == nil)
		})
	}
	// The watch ends with a window that has quit, even if it is raised afterwards.
	left := &pictureWatch{graphics: &graphics{}}
	left.stop()
	left.expect()
	assert.Nil(t, left.timer)
	blind := &pictureWatch{}
	blind.expect()
	blind.drawn()
	blind.stop()
}

func late(w *pictureWatch) { w.fail(noPicture, "no picture in time") }

// A service desk called for a driver must learn of a broken policy at once, and first.
func TestWhatWouldBeWrongInAWindowTooIsToldFirst(t *testing.T) {
	policy := func() []config.Policy {
		return []config.Policy{{Where: "the registry", Err: errors.New("it has keys below it")}}
	}
	settings := RealServices{Sources: config.Sources{Policy: policy}}
	badPolicy := problem.Of(settings.unusable())
	require.Equal(t, "SETTING-POLICY", badPolicy.Code)
	for name, c := range map[string]struct {
		known error
		find  func() error
		want  []*problem.Problem
	}{
		"the drawing alone":       {nil, func() error { return nil }, []*problem.Problem{noGraphics}},
		"nothing to ask":          {nil, nil, []*problem.Problem{noGraphics}},
		"the policy":              {nil, settings.unusable, []*problem.Problem{badPolicy, noGraphics}},
		"another one is stuck":    {instance.Unreachable, nil, []*problem.Problem{instance.Unreachable, noGraphics}},
		"stuck, and a bad policy": {instance.Unreachable, settings.unusable, []*problem.Problem{instance.Unreachable, noGraphics}},
	} {
		t.Run(name, func(t *testing.T) {
			var printed strings.Builder
			p := testProgram(t)
			p.Stderr = &printed
			w := windowRun{program: p, log: testLog(t), how: windowOptions{unusable: c.find}, joined: c.known}
			assert.Equal(t, c.want, w.reasons(noGraphics))
			for _, earlier := range c.want[:len(c.want)-1] {
				assert.Contains(t, printed.String(), earlier.Code, "for a terminal without a desktop")
			}
			text := messageText(c.want...)
			assert.True(t, strings.HasPrefix(text, c.want[0].Expand(c.want[0].Title)+"\n"))
			assert.True(t, strings.HasSuffix(text, noGraphics.Code))
		})
	}
}

// The message is the only thing to see after a start from a menu.
func TestTheNativeMessage(t *testing.T) {
	text := messageText(noGraphics)
	assert.True(t, strings.HasPrefix(text, noGraphics.Title+"\n\n"))
	assert.Contains(t, text, "\n1. Contact your local service desk")
	assert.Contains(t, text, "\n\nFor the service desk:\n1. Install a graphics driver")
	assert.Contains(t, text, "ers-login doctor")
	assert.NotContains(t, text, "**")
	assert.True(t, strings.HasSuffix(text, noGraphics.Code))
	assert.Contains(t, messageText(instance.Unreachable), "\n1. Start e-RS Login again.\n", "there is no button to press")
}
