package logging_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/logging"
)

// TestTheLogHasPrintableCharactersAlone: on a terminal, text from outside in a log file must not
// control the terminal.
func TestTheLogHasPrintableCharactersAlone(t *testing.T) {
	const foreign = "Dr \u202eeno\u202c \u009b31m \u200bx\u2028y \U000e0041 \U000f0000 Łukasz 李"
	folder := t.TempDir()
	var console bytes.Buffer
	log, err := logging.New(logging.Settings{Dir: folder, Console: &console, Version: "1.2.3"})
	require.NoError(t, err)
	log.WithField("name", foreign).Warn(foreign)
	require.NoError(t, log.Close())
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	file, err := os.ReadFile(files[0])
	require.NoError(t, err)
	for name, text := range map[string]string{"file": string(file), "console": console.String()} {
		for _, r := range text {
			assert.True(t, r == '\n' || unicode.IsPrint(r), "%s has %U", name, r)
		}
		assert.Contains(t, text, "Łukasz 李")
	}
	var line map[string]any
	require.NoError(t, json.Unmarshal(file, &line))
	assert.Equal(t, foreign, line["name"], "nothing is lost in the file")
}
