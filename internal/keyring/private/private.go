//go:build linux

package private

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/gofrs/flock"
	"golang.org/x/sys/unix"

	"github.com/ers-login/ers-login/internal/sessionbus"
)

const (
	busProgram     = "dbus-daemon"
	keyringProgram = "gnome-keyring-daemon"
)

const (
	folderPrefix = "ers-login-demo-"
	lockFile     = "lock"
	// longestFolder bounds the path of the temporary folder, in bytes, so that a socket's path
	// fits: 108 bytes in all.
	longestFolder = 60
	// readyWithin bounds the wait for the bus.
	readyWithin = 30 * time.Second
	// unlockedAfter is the age from which a folder without a lock file belongs to no start.
	unlockedAfter = time.Minute
)

// Keyring is a running bus with its keyring.
type Keyring struct {
	folder       string
	lock         *flock.Flock
	bus, keyring *Daemon
}

// Start starts a bus and an empty, unlocked keyring. The bus is ready then; the keyring may take
// another moment.
func Start(ctx context.Context) (*Keyring, error) {
	k := &Keyring{}
	if err := k.start(ctx); err != nil {
		return nil, errors.Join(err, k.Close())
	}
	return k, nil
}

func (k *Keyring) start(ctx context.Context) error {
	var paths []string
	for _, name := range []string{busProgram, keyringProgram} {
		path, err := exec.LookPath(name)
		if err != nil {
			return fmt.Errorf("find %s: %w", name, err)
		}
		paths = append(paths, path)
	}
	if err := k.makeFolder(); err != nil {
		return err
	}
	config := filepath.Join(k.folder, "bus.conf")
	if err := os.WriteFile(config, fmt.Appendf(nil, BusConfig, k.address(), ""), 0o600); err != nil {
		return fmt.Errorf("configure the bus: %w", err)
	}
	var err error
	if k.bus, err = k.spawn("", paths[0], "--config-file="+config, "--nofork", "--nopidfile"); err != nil {
		return err
	}
	ready, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	if err := k.bus.Await(ready, func() error {
		_, err := os.Stat(k.socket())
		return err
	}); err != nil {
		return err
	}
	err = k.startKeyring(paths[1])
	if errors.Is(err, unix.EPERM) {
		// Distributions give the program a file capability to lock memory, which keeps it from
		// starting in a container without that. A copy lacks the capability, and works: its secrets
		// are made up.
		if path, copied := k.copyOf(paths[1]); copied == nil {
			return k.startKeyring(path)
		}
	}
	return err
}

func (k *Keyring) startKeyring(path string) (err error) {
	// The password is kept nowhere: the keyring stays unlocked as long as it lives.
	k.keyring, err = k.spawn(rand.Text(), path, "--foreground", "--unlock", "--components=secrets")
	return err
}

// copyOf copies a program into the folder, without its file's capabilities.
func (k *Keyring) copyOf(program string) (string, error) {
	content, err := os.ReadFile(program) //nolint:gosec // the keyring
	if err != nil {
		return "", fmt.Errorf("copy %s: %w", filepath.Base(program), err)
	}
	path := filepath.Join(k.folder, filepath.Base(program))
	return path, os.WriteFile(path, content, 0o700) //nolint:gosec // it is a program
}

// makeFolder makes the folder, and locks it as long as this process lives.
func (k *Keyring) makeFolder() error {
	var err error
	if k.folder, err = os.MkdirTemp(base(), folderPrefix); err != nil {
		return fmt.Errorf("make a temporary folder: %w", err)
	}
	// It is locked before it has the name by which RemoveLeftovers looks for it.
	unlocked := filepath.Join(k.folder, lockFile+".new")
	k.lock = flock.New(unlocked, flock.SetFlag(os.O_RDWR|os.O_CREATE|os.O_EXCL))
	err = k.lock.Lock() // no other process knows the name
	if err == nil {
		err = os.Rename(unlocked, filepath.Join(k.folder, lockFile))
	}
	if err != nil {
		return fmt.Errorf("lock the temporary folder: %w", err)
	}
	return nil
}

func base() string {
	if folder := os.TempDir(); len(folder) <= longestFolder {
		return folder
	}
	return "/tmp"
}

// BusConfig is the configuration of a session bus, with its address and an element for the services
// that it can start, or nothing.
const BusConfig = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>%s</listen>
  %s
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`

func (k *Keyring) socket() string { return filepath.Join(k.folder, "bus") }

// Variable is what leads a program to the bus, in its environment.
func (k *Keyring) Variable() (name, value string) { return sessionbus.Variable, k.address() }

func (k *Keyring) address() string { return "unix:path=" + dbus.EscapeBusAddressValue(k.socket()) }

// Ended is closed when the keyring has ended unexpectedly.
func (k *Keyring) Ended() <-chan struct{} { return k.keyring.ended }

// Said returns what the keyring has said. It may be called once [Keyring.Ended] is closed.
func (k *Keyring) Said() string { return strings.TrimSpace(k.keyring.said.String()) }

// Close ends both programs and removes the folder.
func (k *Keyring) Close() error {
	for _, running := range []*Daemon{k.keyring, k.bus} {
		if running != nil {
			running.Kill()
		}
	}
	var failed error
	if k.folder != "" {
		failed = os.RemoveAll(k.folder)
	}
	if k.lock != nil {
		failed = errors.Join(failed, k.lock.Close())
	}
	return failed
}

// RemoveLeftovers removes the folders of this user's runs that were killed.
func RemoveLeftovers() error {
	folders, err := filepath.Glob(filepath.Join(base(), folderPrefix+"*"))
	if err != nil {
		return fmt.Errorf("look for left temporary folders: %w", err)
	}
	var failed []error
	for _, folder := range folders {
		failed = append(failed, removeLeftover(folder))
	}
	return errors.Join(failed...)
}

func removeLeftover(folder string) error {
	info, err := os.Lstat(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at a left temporary folder: %w", err)
	}
	owner, known := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || !known || int(owner.Uid) != os.Getuid() {
		return nil
	}
	lock := flock.New(filepath.Join(folder, lockFile), flock.SetFlag(os.O_RDWR|unix.O_NOFOLLOW))
	switch taken, err := lock.TryLock(); {
	case errors.Is(err, fs.ErrNotExist):
		if time.Since(info.ModTime()) < unlockedAfter {
			return nil
		}
	case err != nil:
		return fmt.Errorf("look whether a temporary folder is in use: %w", err)
	case !taken:
		return nil // It is in use.
	default:
		defer lock.Close() //nolint:errcheck // nothing was written
	}
	return os.RemoveAll(folder)
}

// spawn starts a program in an environment that leads to nothing of the user's.
func (k *Keyring) spawn(stdin, path string, arguments ...string) (*Daemon, error) {
	return Spawn(context.Background(), k.folder, []string{
		"PATH=" + os.Getenv("PATH"), sessionbus.Variable + "=" + k.address(), "HOME=" + k.folder,
		"XDG_RUNTIME_DIR=" + k.folder, "XDG_DATA_HOME=" + k.folder, "XDG_CONFIG_HOME=" + k.folder, "XDG_CACHE_HOME=" + k.folder,
	}, stdin, path, arguments...)
}
