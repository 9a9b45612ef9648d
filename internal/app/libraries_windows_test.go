package app

import (
	"io"
	"os"
	"path/filepath"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/windows"
)

// A web page can have a library saved among the downloads, from where the program may be started.
func TestNoLibraryFromTheWorkingFolder(t *testing.T) {
	system, err := windows.GetSystemDirectory()
	require.NoError(t, err)
	planted, err := os.ReadFile(filepath.Join(system, "version.dll"))
	require.NoError(t, err)
	// Wine cannot remove the folder of TempDir.
	folder, err := os.MkdirTemp("", "planted")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.Remove(folder)) })
	t.Chdir(folder)
	const name = "ers-login-planted.dll"
	require.NoError(t, os.WriteFile(name, planted, 0o600))
	t.Cleanup(func() { assert.NoError(t, os.Remove(name)) })
	load := func() error {
		library, err := windows.LoadLibrary(name)
		if err == nil {
			assert.NoError(t, windows.FreeLibrary(library))
		}
		return err
	}
	t.Cleanup(func() { assert.NoError(t, windows.SetDllDirectory("")) })

	DropWorkingFolder(io.Discard)
	assert.Error(t, load(), "the working folder")

	require.NoError(t, windows.SetDllDirectory("mesa"))
	t.Setenv(softwareVariable, "1")
	DropWorkingFolder(io.Discard)
	var inherited [windows.MAX_PATH]uint16
	n, _, _ := windows.NewLazySystemDLL("kernel32.dll").NewProc("GetDllDirectoryW").Call(uintptr(len(inherited)), uintptr(unsafe.Pointer(&inherited[0])))
	assert.Equal(t, "mesa", windows.UTF16ToString(inherited[:n]), "the folder of the one that draws")
}
