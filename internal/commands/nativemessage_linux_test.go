package commands

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A dialogue gets the text as an argument of its own, as no shell may ever read it.
func TestTheMessageIsShownWithWhatIsThere(t *testing.T) {
	for name, c := range map[string]struct {
		there string
		exit  string
		fails bool
	}{
		"zenity":             {"zenity", "0", false},
		"kdialog":            {"kdialog", "0", false},
		"xmessage":           {"xmessage", "0", false},
		"closed by a corner": {"zenity", "1", false},
		"nothing":            {"", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			said := filepath.Join(folder, "said")
			if c.there != "" {
				script := "#!/bin/sh\nprintf '%s\\n' \"$@\" > '" + said + "'\nexit " + c.exit + "\n"
				require.NoError(t, os.WriteFile(filepath.Join(folder, c.there), []byte(script), 0o700))
			}
			t.Setenv("PATH", folder)
			p := testProgram(t, "DISPLAY=:99")
			err := p.message(t.Context(), "e-RS Login", messageText(noGraphics))
			require.Equal(t, c.fails, err != nil)
			if c.fails {
				return
			}
			content, err := os.ReadFile(said)
			require.NoError(t, err)
			assert.Contains(t, string(content), "The window cannot be drawn on this computer\n")
			for line := range strings.Lines(string(content)) {
				assert.LessOrEqual(t, utf8.RuneCountInString(line), messageColumns+1)
			}
		})
	}
}

// Without a display there is nobody to read a message, and nothing waits for one.
func TestNoMessageWithoutADisplay(t *testing.T) {
	var complaints strings.Builder
	p := testProgram(t, "DISPLAY=")
	p.stderr = &complaints
	p.tellNatively(t.Context(), noGraphics)
	assert.Empty(t, complaints.String())
}
