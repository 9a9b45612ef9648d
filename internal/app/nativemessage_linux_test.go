package app

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/desktop"
	"github.com/ers-login/ers-login/internal/signin"
	xvfb "github.com/ers-login/ers-login/internal/testing/desktop"
	"github.com/ers-login/ers-login/ui"
)

// A dialogue gets the text as one argument, which no shell interprets. A message not shown does not
// count as read.
func TestTheMessageIsShownWithWhatIsThere(t *testing.T) {
	type there map[string]int
	for name, c := range map[string]struct {
		there there
		shown string
	}{
		"zenity":                       {there{"zenity": 0, "xmessage": 0}, "zenity"},
		"kdialog":                      {there{"kdialog": 0}, "kdialog"},
		"xmessage":                     {there{"xmessage": 0}, "xmessage"},
		"zenity closed by a corner":    {there{"zenity": 10, "xmessage": 0}, "zenity"},
		"kdialog closed by a corner":   {there{"kdialog": 2, "xmessage": 0}, "kdialog"},
		"zenity that has no display":   {there{"zenity": 1, "kdialog": 0}, "kdialog"},
		"zenity without an option":     {there{"zenity": 255, "xmessage": 0}, "xmessage"},
		"kdialog without an option":    {there{"kdialog": 1, "xmessage": 0}, "xmessage"},
		"kdialog whose toolkit aborts": {there{"kdialog": 134, "xmessage": 0}, "xmessage"},
		"none that works":              {there{"zenity": 255, "kdialog": 1, "xmessage": 1}, ""},
		"nothing":                      {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			for program, status := range c.there {
				writeDialogue(t, folder, program, status)
			}
			t.Setenv("PATH", folder)
			err := desktop.Message(t.Context(), "e-RS Login", messageText(noGraphics))
			require.Equal(t, c.shown == "", err != nil)
			if c.shown == "" {
				for _, program := range []string{"zenity", "kdialog", "xmessage"} {
					require.ErrorContains(t, err, program)
				}
				return
			}
			content, err := os.ReadFile(filepath.Join(folder, c.shown+".said"))
			require.NoError(t, err)
			assert.Contains(t, string(content), "The window cannot be drawn on this computer\n")
			for line := range strings.Lines(string(content)) {
				if !strings.Contains(line, "#override") {
					assert.LessOrEqual(t, utf8.RuneCountInString(line), desktop.MessageColumns+1)
				}
			}
			if c.shown != "xmessage" {
				assert.NoFileExists(t, filepath.Join(folder, "xmessage.said"), "the user reads it twice")
			}
		})
	}
}

// writeDialogue makes a stand-in that writes its text to a file next to it, and exits with status:
// zenity with the status passed to it for a closed message, if that is 10.
func writeDialogue(t *testing.T, folder, program string, status int) {
	t.Helper()
	end := strconv.Itoa(status)
	if program == "zenity" && status == 10 {
		end = "${ZENITY_ESC:-1}"
	}
	script := "#!/bin/sh\nprintf '%s\\n' \"$@\" > '" + filepath.Join(folder, program+".said") + "'\nexit " + end + "\n"
	require.NoError(t, os.WriteFile(filepath.Join(folder, program), []byte(script), 0o700))
}

// fakeDialogue replaces the desktop's dialogue by one that closes at once, and returns a function
// that returns its text.
func fakeDialogue(t *testing.T) func() string {
	t.Helper()
	folder := t.TempDir()
	writeDialogue(t, folder, "zenity", 0)
	t.Setenv("PATH", folder)
	return func() string {
		content, err := os.ReadFile(filepath.Join(folder, "zenity.said"))
		require.NoError(t, err)
		return string(content)
	}
}

// xmessage is all that a bare desktop has, perhaps without a mouse: without keys it held the
// program for ten minutes.
func TestXmessageIsClosedWithAKey(t *testing.T) {
	for _, key := range []string{"Return", "space", "Escape", "KP_Enter"} {
		t.Run(key, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			screen, err := xvfb.Start(ctx, 800, 600)
			require.NoError(t, err)
			defer func() { assert.NoError(t, screen.Close()) }()
			folder := t.TempDir()
			for _, program := range []string{"xmessage", "xdotool"} {
				path, err := exec.LookPath(program)
				require.NoError(t, err, ".ci/setup test installs it")
				require.NoError(t, os.Symlink(path, filepath.Join(folder, program)))
			}
			t.Setenv("PATH", folder)
			for _, variable := range screen.Env() {
				name, value, _ := strings.Cut(variable, "=")
				t.Setenv(name, value)
			}
			read := make(chan error, 1)
			go func() { read <- desktop.Message(ctx, "e-RS Login", messageText(noGraphics)) }()
			require.NoError(t, screen.WaitWindow(ctx, "e-RS Login"))
			require.NoError(t, screen.Press(ctx, key))
			require.NoError(t, <-read)
		})
	}
}

// For a Welsh reader whose window cannot be drawn there is only this message, which comes before a
// window has set the language.
func TestTheMessageIsInTheLanguageOfTheWindow(t *testing.T) {
	require.NoError(t, ui.UseLanguage("en"))
	t.Cleanup(func() { require.NoError(t, ui.UseLanguage("en")) })
	for name, settings := range map[string]ui.Settings{
		"set":                  {Language: "cy"},
		"preferred":            {Language: "en", Preferences: newPreferences(welsh(t), nil, testLog(t))},
		"preferred, by itself": {Preferences: newPreferences(welsh(t), nil, testLog(t))},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, ui.UseLanguage("en"))
			atDesktop(t)
			message := fakeDialogue(t)
			p := testProgram(t, "DISPLAY=:99")
			log := testLog(t)
			cannot := &graphics{record: filepath.Join(t.TempDir(), "graphics"), log: log,
				look: func(context.Context) error { return errors.New("no OpenGL") }}
			err := p.openWindow(t.Context(), log, signin.NewBoard(), windowOptions{settings: settings, graphics: cannot})
			require.ErrorIs(t, err, noGraphics)
			assert.Contains(t, message(), "Ni ellir llunio'r ffenestr ar y cyfrifiadur hwn")
			assert.NotContains(t, message(), noGraphics.Title)
		})
	}
}

// welsh returns settings with Welsh chosen.
func welsh(t *testing.T) config.Config {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config.toml")
	require.NoError(t, os.WriteFile(file, []byte("language = \"cy\"\n"), 0o600))
	return settingsForLooks(config.Sources{UserFile: file})
}

// Without a display no message is shown, and nothing waits for one.
func TestNoMessageWithoutADisplay(t *testing.T) {
	var complaints strings.Builder
	p := testProgram(t, "DISPLAY=")
	p.Stderr = &complaints
	p.showNatively(t.Context(), noGraphics)
	assert.Empty(t, complaints.String())
}
