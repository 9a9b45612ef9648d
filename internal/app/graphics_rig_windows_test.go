//go:build windowsrig

package app

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/windows"

	"github.com/ers-login/ers-login/internal/logging"
)

// TestDrawingInSoftware is run by the rig of internal/e2e/windows, on a desktop without OpenGL. The
// real program (ERS_LOGIN_TEST_PROGRAM) probes OpenGL, and draws with the library in the folder
// mesa next to it. Wine differs in two points:
//
//   - In Wine, every file belongs to an ordinary user, so the program refuses each library. Here it
//     is trusted.
//   - Wine searches the folder in this process, but does not pass it to a child process, as Windows
//     is documented to (SetDllDirectoryW). So the library is put next to the program after the folder
//     was checked, and each half is proved by itself.
func TestDrawingInSoftware(t *testing.T) {
	self := os.Getenv("ERS_LOGIN_TEST_PROGRAM")
	require.NotEmpty(t, self, "this test is run by .ci/windows-rig test")
	looks, left := 0, false
	log, err := logging.New(logging.Settings{})
	require.NoError(t, err)
	// Nothing is written there, as this process draws nothing. Wine 8 cannot remove the folders of
	// t.TempDir.
	g := &graphics{record: filepath.Join(os.TempDir(), "graphics-of-the-test"), log: log}
	g.look = func(ctx context.Context) error {
		looks++
		return lookWith(ctx, self, ProbeCommand)
	}
	require.ErrorIs(t, g.check(t.Context()), noGraphics, "this desktop has OpenGL")

	folder := filepath.Join(filepath.Dir(self), "mesa")
	beside := filepath.Join(filepath.Dir(self), "opengl32.dll")
	var judged []string
	trust := func(path string) error {
		judged = append(judged, path)
		content, err := os.ReadFile(filepath.Join(folder, "opengl32.dll"))
		require.NoError(t, err)
		return os.WriteFile(beside, content, 0o600)
	}
	t.Cleanup(func() { require.NoError(t, os.Remove(beside)) })
	p := Host{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
	ran, err := software{self, []string{"demo"}, trust, g}.run(t.Context(), p, func() { left = true })
	require.NoError(t, err)
	require.True(t, ran)
	require.Equal(t, []string{self, filepath.Join(folder, "opengl32.dll")}, judged)
	require.Equal(t, 2, looks)
	require.True(t, left, "the other one cannot be the one instance")

	library, err := windows.LoadLibrary("opengl32.dll")
	require.NoError(t, err)
	path := make([]uint16, windows.MAX_PATH)
	_, err = windows.GetModuleFileName(library, &path[0], uint32(len(path)))
	require.NoError(t, err)
	require.Equal(t, filepath.Join(folder, "opengl32.dll"), windows.UTF16ToString(path))
}
