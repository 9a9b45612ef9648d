//go:build linux

package e2e_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/testing/keyringtest"
	"github.com/ers-login/ers-login/internal/testing/stage"
)

// The start at log-in that is switched on in the window runs the program the next morning, and not
// once it is switched off.
func TestStartingWithTheComputerIsSwitchedOnAndOffInTheWindow(t *testing.T) {
	s := open(t, keyringtest.Options{})
	s.start()
	entry := filepath.Join(filepath.Dir(filepath.Dir(s.SettingsFile())), "autostart", "io.github.ers_login.ErsLogin.desktop")
	require.NoFileExists(t, entry)
	s.press(stage.ToAutostart()...)
	s.press("space")
	var content []byte
	require.Eventually(t, func() bool {
		var err error
		content, err = os.ReadFile(entry)
		return err == nil
	}, time.Minute, 50*time.Millisecond)
	require.Contains(t, string(content), "\nExec=\""+programs.login+"\" --background\n")
	s.press("Tab", "space")
	require.Eventually(t, func() bool {
		_, err := os.Stat(entry)
		return os.IsNotExist(err)
	}, time.Minute, 50*time.Millisecond)
}
