//go:build linux

package readertest

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/testing/keyringtest"
)

// The exit statuses of all readers.
const (
	SignedIn = iota
	SignedOut
	Usage
	KeyringTrouble
	CallFailed
)

// guard ends a reader that hangs.
const guard = time.Minute

// Reader is a program in another language.
type Reader struct {
	Name string
	// IdentifiersOnly: it does not show names.
	IdentifiersOnly bool
	// Command is the program and its first arguments.
	Command []string
}

// Make makes all of them ready to be run. Their sources are in folder.
func Make(t testing.TB, folder string) []Reader {
	t.Helper()
	folder, err := filepath.Abs(folder)
	require.NoError(t, err)
	in := func(source string) string { return filepath.Join(folder, source) }
	java := t.TempDir()
	makes(t, folder, "javac", "-proc:none", "-cp", JNA, "-d", java, in("java/ErsSession.java"))
	goProgram := filepath.Join(t.TempDir(), "ers-session")
	makes(t, folder, "go", "build", "-o", goProgram, "./go")
	return []Reader{
		{Name: "shell", Command: []string{"/bin/sh", in("shell/ers-session.sh")}, IdentifiersOnly: true},
		Python(folder),
		{Name: "Node", Command: []string{"node", withModules(t, folder)}},
		{Name: "C", Command: []string{compileC(t, folder)}},
		{Name: "Java", Command: []string{"java", "-cp", JNA + ":" + java, "ErsSession"}},
		{Name: "Go", Command: []string{goProgram}},
	}
}

// Python is the one of [Make].
func Python(folder string) Reader {
	return Reader{Name: "Python", Command: []string{"/usr/bin/python3", filepath.Join(folder, "python", "ers_session.py")}}
}

// JNA is where Debian's libjna-java puts it.
const JNA = "/usr/share/java/jna.jar"

// withModules puts the Node program beside the modules that .ci/setup test has fetched.
func withModules(t testing.TB, readers string) string {
	t.Helper()
	modules := filepath.Join(readers, "..", "..", "..", "build", "readers-node", "node_modules")
	require.DirExists(t, modules, ".ci/setup test fetches what Node needs")
	text, err := os.ReadFile(filepath.Join(readers, "node", "ers-session.mjs")) //nolint:gosec // G304: a source of ours
	require.NoError(t, err)
	folder := t.TempDir()
	require.NoError(t, os.Symlink(modules, filepath.Join(folder, "node_modules")))
	copied := filepath.Join(folder, "ers-session.mjs")
	require.NoError(t, os.WriteFile(copied, text, 0o600)) //nolint:gosec // G703: a folder of the test's
	return copied
}

func compileC(t testing.TB, folder string) string {
	t.Helper()
	flags, err := exec.CommandContext(t.Context(), "pkg-config", "--cflags", "--libs", "libsecret-1", "json-glib-1.0", "libcurl").Output()
	require.NoError(t, err, ".ci/setup test installs the libraries")
	program := filepath.Join(t.TempDir(), "ers-session")
	source := filepath.Join(folder, "c-linux", "ers-session.c")
	makes(t, folder, "cc", append([]string{"-Wall", "-Wextra", "-Werror", "-o", program, source}, strings.Fields(string(flags))...)...)
	return program
}

func makes(t testing.TB, folder, name string, arguments ...string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), name, arguments...) //nolint:gosec // G204: the compilers above
	command.Dir = folder
	said, err := command.CombinedOutput()
	require.NoError(t, err, string(said))
}

// Expect runs a reader in the environment of a session, as many times as that allows
// ([keyringtest.Session.Tries]), asserts its exit status, and returns all that it has printed.
func (r Reader) Expect(t testing.TB, want int, session *keyringtest.Session, environ []string) string {
	t.Helper()
	status, printed := r.Run(t, environ)
	for tries := session.Tries(); status != want && tries > 1; tries-- {
		status, printed = r.Run(t, environ)
	}
	require.Equal(t, want, status, "%s: %s", r.Name, printed)
	return printed
}

// Run runs a reader in an environment, and returns its exit status and all that it has printed, which has no session key in it.
func (r Reader) Run(t testing.TB, environ []string, arguments ...string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), guard)
	defer cancel()
	command := exec.CommandContext(ctx, r.Command[0], append(append([]string(nil), r.Command[1:]...), arguments...)...) //nolint:gosec // G204: a reader
	// A child of it that waits for an answer has its output, too.
	command.WaitDelay = time.Second
	command.Env = append(append([]string(nil), environ...), "LANG=C.UTF-8", "LC_ALL=C.UTF-8")
	printed, err := command.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		require.NoError(t, err, r.Name)
	}
	return command.ProcessState.ExitCode(), string(printed)
}
