package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// aptCommand stands in for apt-get, which must not install anything here. It fails as the real one
// does while another program holds the lock of its lists, for which apt has no time-out, and as it
// does for a package that is not there.
const aptCommand = `#!/bin/sh
echo "$*" >>calls
case "$*" in
  *update*) [ "$(grep -c update calls)" -gt "$HELD" ] && exit; why="Could not get lock /var/lib/apt/lists/lock. It is held by process 1" ;;
  *missing*) why="Unable to locate package missing" ;;
  *) exit 0 ;;
esac
echo "E: $why" >&2
exit 100
`

// If this fails, a newcomer's first make test ends at once because the computer is just installing
// its updates.
func TestSettingUpWaitsForApt(t *testing.T) {
	for name, c := range map[string]struct {
		held   int
		wanted string
		// patience is how many seconds apt may be in use.
		patience int
		says     string
		fails    bool
	}{
		"apt is free":          {0, "debootstrap", 600, "Installing: debootstrap iproute2\n", false},
		"apt is in use":        {2, "debootstrap", 600, "Installing: debootstrap iproute2\nWaiting for another program that installs packages\n", false},
		"apt stays in use":     {9, "debootstrap", 0, "Another program has been installing packages", true},
		"a package is missing": {0, "missing", 600, "Unable to locate package missing", true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write := func(name, text string, mode os.FileMode) {
				require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
				require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), mode))
			}
			setup, err := os.ReadFile("../../../.ci/setup")
			require.NoError(t, err)
			script := strings.NewReplacer(`package_test="debootstrap`, `package_test="`+c.wanted,
				"apt_wait=600", fmt.Sprint("apt_wait=", c.patience)).Replace(string(setup))
			write(".ci/setup", script, 0o755)
			write("bin/apt-get", aptCommand, 0o755)
			write("bin/dpkg-query", "#!/bin/sh\nexit 1\n", 0o755)
			write("bin/sudo", "#!/bin/sh\nexec \"$@\"\n", 0o755)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, ".ci/setup", "package-test")
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "PATH="+filepath.Join(dir, "bin")+":"+os.Getenv("PATH"), fmt.Sprint("HELD=", c.held))
			said, err := cmd.CombinedOutput()
			assert.Contains(t, string(said), c.says)
			assert.Equal(t, c.fails, err != nil)
			calls, err := os.ReadFile(filepath.Join(dir, "calls"))
			require.NoError(t, err)
			all := strings.Split(strings.TrimSpace(string(calls)), "\n")
			if c.patience > 0 {
				require.Len(t, all, c.held+2)
			}
			for _, call := range all {
				assert.Contains(t, call, "-o DPkg::Lock::Timeout=", "for the lock that apt waits for by itself")
			}
		})
	}
}
