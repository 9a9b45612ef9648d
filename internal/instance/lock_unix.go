//go:build unix

package instance

import (
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// doNotFollow refuses a link in the place of the file.
const doNotFollow = unix.O_NOFOLLOW

// runtimeFolders are the possible runtime folders of the user: the environment's, which su, cron
// and cleaned environments lack, and systemd's.
func runtimeFolders() []string {
	usual := filepath.Join("/run/user", strconv.Itoa(os.Geteuid()))
	if named := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(named) {
		return []string{named, usual}
	}
	return []string{usual}
}

// isOurs reports whether files can be made in a folder that belongs to this user.
func isOurs(folder string) bool {
	var status unix.Stat_t
	return unix.Stat(folder, &status) == nil && int(status.Uid) == os.Geteuid() &&
		unix.Faccessat(unix.AT_FDCWD, folder, unix.W_OK|unix.X_OK, unix.AT_EACCESS) == nil
}

// fileName is the same for all sessions of a user: they share a keyring.
func fileName() string { return "ers-login.lock" }
