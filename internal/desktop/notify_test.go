package desktop

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// If this fails after an update of Fyne, Windows shows no balloon any more: see notify_windows.go.
func TestTheIconIsWhereTheBalloonLooks(t *testing.T) {
	list := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "fyne.io/systray")
	folder, err := list.Output()
	require.NoError(t, err)
	source, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(folder)), "systray_windows.go"))
	require.NoError(t, err)
	ours, err := os.ReadFile("notify_windows.go")
	require.NoError(t, err)
	for theirs, own := range map[string]string{`className\s+= "SystrayClass"`: `trayClass = "SystrayClass"`, `ID:\s+100,`: `trayIcon  = 100`} {
		assert.Regexp(t, theirs, string(source))
		assert.Contains(t, string(ours), own)
	}
}
