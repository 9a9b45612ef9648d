//go:build linux

package keyringtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/ers-login/ers-login/internal/keyring/private"
)

// State is how a session starts.
type State int

// The states.
const (
	// Unlocked: the usual keyring of a user who has logged in.
	Unlocked State = iota
	// Locked: the keyring is there, and asks for its password.
	Locked
	// NoCollection: the service runs, and has no keyring yet.
	NoCollection
	// NotStarted: the bus can start a Secret Service, which does not run yet. It has no keyring
	// yet.
	NotStarted
	// NoService: there is a bus without a Secret Service.
	NoService
	// NoBus: there is nothing at all.
	NoBus
)

// Prompts is what happens to the keyring's prompts.
type Prompts int

// What happens to a prompt.
const (
	// NoPrompter: nothing can show prompts, as without a display. The keyring treats that as
	// dismissed.
	NoPrompter Prompts = iota
	// Unanswered: the prompt is shown, without an answer.
	Unanswered
	// Dismissed: the user presses Cancel.
	Dismissed
	// Answered: the user types the password.
	Answered
)

// Options are the circumstances of a session.
type Options struct {
	State   State
	Prompts Prompts
	// Fake takes the place of gnome-keyring, if it is set; State is then Unlocked or NoBus.
	Fake *Fake
	// Daemon is the real keyring. Prompts is for GNOME's alone: the others draw theirs off screen.
	Daemon Daemon
	// Asks: KeePassXC asks before an entry is read, its default, and before one is deleted, as
	// without a recycle bin.
	Asks bool
	// OtherDefault: the default collection is not login, but an unlocked and empty one beside it
	// (GNOME's).
	OtherDefault bool
}

// Daemon is a program that keeps a keyring.
type Daemon int

// The programs.
const (
	GNOME Daemon = iota
	KWallet
	KeePassXC
)

// Session is a running bus with its keyring.
type Session struct {
	folders  []string
	homes    []string
	address  string
	bus      *private.Daemon
	keyring  *private.Daemon
	conn     *dbus.Conn
	prompter *prompter
	fake     *fakeService
	// collection holds the session; other is the keyring, if it is not GNOME's.
	collection dbus.ObjectPath
	other      otherDaemon
	// startable: the bus may have started a service.
	startable bool
}

// password of the keyring that gnome-keyring is given. It protects nothing.
const password = "correct horse"

// collection is the one that gnome-keyring keeps for the log-in password.
const collection = dbus.ObjectPath("/org/freedesktop/secrets/collection/login")

// ForTest is [Start] for a test, which fails if the session does not start or does not end.
func ForTest(t testing.TB, options Options) *Session {
	t.Helper()
	// The test's own context ends before its clean-up.
	session, err := Start(context.WithoutCancel(t.Context()), t.TempDir(), options)
	if err != nil {
		t.Fatalf("no keyring: %v", err)
		return nil
	}
	t.Cleanup(func() {
		if err := session.Close(); err != nil {
			t.Fatalf("the keyring did not end: %v", err)
		}
	})
	return session
}

// Start starts a session that keeps its files under dir, and returns when it is ready. It lives until [Session.Close], the end
// of ctx or the death of this program.
func Start(ctx context.Context, dir string, options Options) (*Session, error) {
	var failed error
	for try := range startTries {
		if try > 0 {
			dir = filepath.Join(dir, "again")
			if err := os.Mkdir(dir, 0o700); err != nil {
				return nil, errors.Join(failed, err)
			}
		}
		s := &Session{collection: collection}
		err := s.start(ctx, dir, options)
		if err == nil {
			return s, nil
		}
		failed = errors.Join(failed, err, s.Close())
		if !errors.Is(err, private.ErrEnded) {
			break
		}
	}
	return nil, failed
}

// startTries bounds the starts of a keyring that ends by itself meanwhile. gnome-keyring 42.1 aborts
// now and then while it answers a program that has left the bus.
const startTries = 3

func (s *Session) start(ctx context.Context, dir string, options Options) error {
	if err := s.makeHome(dir); err != nil {
		return err
	}
	if options.State == NoBus {
		return nil
	}
	if options.State == NotStarted {
		if err := s.makeStartable(); err != nil {
			return err
		}
		s.startable = true
	}
	ready, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	if err := s.startBus(ctx, ready); err != nil {
		return err
	}
	s.prompter = newPrompter(s.conn)
	if err := s.SetPrompts(options.Prompts); err != nil {
		return err
	}
	switch {
	case options.Fake != nil:
		var err error
		s.fake, err = startFake(s.address, *options.Fake, s.prompter.shown)
		return err
	case options.State == NoService, options.State == NotStarted:
		return nil
	case options.Daemon != GNOME:
		return s.startOther(ctx, ready, options)
	}
	if err := s.startKeyring(ctx, ready, options.State); err != nil || !options.OtherDefault {
		return err
	}
	return s.makeOtherDefault()
}

// otherDaemon is a keyring that is not GNOME's.
type otherDaemon interface {
	start(life, ready context.Context, s *Session, options Options) error
	lock(s *Session) error
	unlock(s *Session) error
}

func (s *Session) startOther(life, ready context.Context, options Options) error {
	s.other = &kwallet{}
	if options.Daemon == KeePassXC {
		s.other = &keepassxc{}
	}
	if err := s.other.start(life, ready, s, options); err != nil || options.State == NoCollection {
		return err
	}
	if options.State == Locked {
		return s.Lock()
	}
	return nil
}

// call calls a method of a program on the bus. What it returns goes where into points, unless that is
// nil.
func (s *Session) call(program string, path dbus.ObjectPath, method string, into []any, arguments ...any) error {
	ctx, cancel := context.WithTimeout(context.Background(), startWithin)
	defer cancel()
	made := s.conn.Object(program, path).CallWithContext(ctx, method, 0, arguments...)
	err := made.Err
	if into != nil {
		err = made.Store(into...)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	return nil
}

// service calls a method of the Secret Service.
func (s *Session) service(method string, into []any, arguments ...any) error {
	return s.call(secretsName, secretsPath, "org.freedesktop.Secret.Service."+method, into, arguments...)
}

// unlocking calls a method of GNOME's keyring that takes the password, which is its last argument.
func (s *Session) unlocking(method string, into []any, arguments ...any) error {
	var ignored dbus.Variant
	var session dbus.ObjectPath
	if err := s.service("OpenSession", []any{&ignored, &session}, "plain", dbus.MakeVariant("")); err != nil {
		return err
	}
	master := secretValue{Session: session, Parameters: []byte{}, Value: []byte(password), ContentType: "text/plain"}
	method = "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface." + method
	return s.call(secretsName, secretsPath, method, into, append(arguments, master)...)
}

// property asks the Secret Service, or a collection of it, for a property.
func (s *Session) property(path dbus.ObjectPath, name string, into any) error {
	owner := "org.freedesktop.Secret.Collection"
	if path == secretsPath {
		owner = "org.freedesktop.Secret.Service"
	}
	var value dbus.Variant
	if err := s.call(secretsName, path, "org.freedesktop.DBus.Properties.Get", []any{&value}, owner, name); err != nil {
		return err
	}
	return value.Store(into)
}

// makeOtherDefault makes a second collection, with the same password, the default one.
func (s *Session) makeOtherDefault() error {
	var made dbus.ObjectPath
	label := map[string]dbus.Variant{"org.freedesktop.Secret.Collection.Label": dbus.MakeVariant("Other")}
	if err := s.unlocking("CreateWithMasterPassword", []any{&made}, label); err != nil {
		return err
	}
	return s.service("SetAlias", nil, "default", made)
}

// makeHome makes the folders that programs find through the environment.
func (s *Session) makeHome(dir string) error {
	runtimeDir := filepath.Join(dir, "run")
	// The name of a socket has 108 bytes at most, and a test's folder has the test's name in it.
	if len(runtimeDir) > 80 {
		short, err := os.MkdirTemp("", "keyring")
		if err != nil {
			return fmt.Errorf("make a folder for sockets: %w", err)
		}
		s.folders = append(s.folders, short)
		runtimeDir = short
	}
	home := filepath.Join(dir, "home")
	s.homes = []string{
		"HOME=" + home, "XDG_RUNTIME_DIR=" + runtimeDir,
		"XDG_DATA_HOME=" + filepath.Join(home, "data"), "XDG_CONFIG_HOME=" + filepath.Join(home, "config"),
		"XDG_CACHE_HOME=" + filepath.Join(home, "cache"), "XDG_STATE_HOME=" + filepath.Join(home, "state"),
		"GNOME_KEYRING_CONTROL=", "DBUS_SESSION_BUS_ADDRESS=",
	}
	for _, folder := range []string{home, runtimeDir} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return fmt.Errorf("make a folder: %w", err)
		}
	}
	s.address = "unix:path=" + dbus.EscapeBusAddressValue(filepath.Join(runtimeDir, "bus"))
	// It starts only the services in its home, never the computer's.
	config := fmt.Appendf(nil, private.BusConfig, s.address, "<servicedir>"+s.services()+"</servicedir>")
	return os.WriteFile(filepath.Join(home, "bus.conf"), config, 0o600)
}

// services is where the bus looks for services that it can start.
func (s *Session) services() string { return filepath.Join(s.home(), "services") }

// makeStartable lets the bus start the keyring, which runs under the bus, and ends with it.
func (s *Session) makeStartable() error {
	if err := os.Mkdir(s.services(), 0o700); err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	daemon, err := exec.LookPath("gnome-keyring-daemon")
	if err != nil {
		return fmt.Errorf("find the keyring: %w", err)
	}
	service := fmt.Sprintf("[D-BUS Service]\nName=%s\nExec=%s --foreground --components=secrets\n", secretsName, daemon)
	return os.WriteFile(filepath.Join(s.services(), secretsName+".service"), []byte(service), 0o600)
}

// Started reports whether a process is the Secret Service.
func (s *Session) Started() (bool, error) {
	var started bool
	err := s.conn.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, secretsName).Store(&started)
	return started, err
}

// endStarted ends a service that the bus has started, and which would outlive it by a moment.
func (s *Session) endStarted() error {
	started, err := s.Started()
	if err != nil || !started {
		// The bus may have been killed, and then there is no answer.
		return nil //nolint:nilerr // As it says.
	}
	var process uint32
	if err := s.conn.BusObject().Call("org.freedesktop.DBus.GetConnectionUnixProcessID", 0, secretsName).Store(&process); err != nil {
		return fmt.Errorf("find the keyring that was started: %w", err)
	}
	return syscall.Kill(int(process), syscall.SIGKILL)
}

// spawn starts a program of the session's, with more variables than those.
func (s *Session) spawn(life context.Context, env []string, stdin, name string, arguments ...string) (*private.Daemon, error) {
	return private.Spawn(life, "", slices.Concat(os.Environ(), s.Env(), env), stdin, name, arguments...)
}

func (s *Session) startBus(life, ready context.Context) error {
	config := filepath.Join(s.home(), "bus.conf")
	var err error
	s.bus, err = s.spawn(life, nil, "", "dbus-daemon", "--config-file="+config, "--nofork")
	if err != nil {
		return err
	}
	return s.bus.Await(ready, func() error {
		s.conn, err = dbus.Connect(s.address)
		return err
	})
}

func (s *Session) startKeyring(life, ready context.Context, state State) error {
	arguments := []string{"--foreground", "--components=secrets"}
	stdin := ""
	if state != NoCollection {
		arguments = append(arguments, "--unlock")
		stdin = password
	}
	var err error
	s.keyring, err = s.spawn(life, nil, stdin, "gnome-keyring-daemon", arguments...)
	if err != nil {
		return err
	}
	if state == NoCollection {
		return s.awaitService(ready)
	}
	if err := s.awaitLocked(ready, false); err != nil || state != Locked {
		return err
	}
	return s.Lock()
}

// awaitService waits until the keyring answers.
func (s *Session) awaitService(ctx context.Context) error {
	return s.keyring.Await(ctx, func() error {
		return s.conn.Object(secretsName, secretsPath).CallWithContext(ctx, "org.freedesktop.DBus.Peer.Ping", 0).Err
	})
}

// awaitLocked waits until the keyring is locked, or is not.
func (s *Session) awaitLocked(ctx context.Context, want bool) error {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	return s.keyring.Await(ctx, func() error {
		locked, err := s.Locked()
		if err == nil && locked != want {
			err = fmt.Errorf("locked is %t", locked)
		}
		return err
	})
}

// Env returns the variables for programs in this session, to append to their environment.
func (s *Session) Env() []string {
	if s.bus == nil && s.conn == nil {
		return s.homes
	}
	return append(append([]string(nil), s.homes...), "DBUS_SESSION_BUS_ADDRESS="+s.address)
}

func (s *Session) home() string { return s.homes[0][len("HOME="):] }

// Tries returns how many times a program reads before a test takes what it finds for the truth: more
// than once with KWallet alone, whose connections fail by chance.
func (s *Session) Tries() int {
	if _, is := s.other.(*kwallet); is {
		return MostTries
	}
	return 1
}

// Locked reports whether the keyring is locked.
func (s *Session) Locked() (bool, error) {
	var locked bool
	err := s.property(s.collection, "Locked", &locked)
	return locked, err
}

// Lock locks the keyring, as the user can in their settings.
func (s *Session) Lock() error {
	if s.other != nil {
		return s.other.lock(s)
	}
	return s.service("Lock", nil, []dbus.ObjectPath{collection})
}

// Unlock unlocks the keyring without a prompt, as a log-in does. A prompt on the screen stays.
func (s *Session) Unlock() error {
	if s.other != nil {
		return s.other.unlock(s)
	}
	return s.unlocking("UnlockWithMasterPassword", nil, collection)
}

// SetPrompts changes what happens to prompts, to one that is being shown too.
func (s *Session) SetPrompts(prompts Prompts) error { return s.prompter.set(prompts) }

// Prompted has something to receive for each prompt that was shown, up to a hundred.
func (s *Session) Prompted() <-chan struct{} { return s.prompter.shown }

// Showing is how many prompts are on the screen, unanswered and not taken back.
func (s *Session) Showing() int {
	if s.fake != nil {
		return s.fake.showing()
	}
	return s.prompter.showing()
}

// Release lets the calls that a [Fake] hangs in go on, and no other hang.
func (s *Session) Release() { s.fake.release() }

// KillDaemon kills the keyring's service at once. The bus lives on.
func (s *Session) KillDaemon() error {
	switch {
	case s.fake != nil:
		s.fake.close()
		return nil
	case s.keyring != nil:
		s.keyring.Kill()
		return nil
	default:
		return errors.New("there is no service to kill")
	}
}

// KillBus kills the bus at once, with all its connections.
func (s *Session) KillBus() error {
	if s.bus == nil {
		return errors.New("there is no bus to kill")
	}
	s.bus.Kill()
	return nil
}

// Close ends everything and removes what is outside of the folder that was given to [Start].
func (s *Session) Close() error {
	var failed []error
	if s.fake != nil {
		s.fake.close()
	}
	if s.startable && s.conn != nil {
		failed = append(failed, s.endStarted())
	}
	if s.conn != nil {
		// The bus may have been killed.
		_ = s.conn.Close()
	}
	for _, running := range []*private.Daemon{s.keyring, s.bus} {
		if running != nil {
			running.Kill()
		}
	}
	for _, folder := range s.folders {
		failed = append(failed, os.RemoveAll(folder))
	}
	return errors.Join(failed...)
}
