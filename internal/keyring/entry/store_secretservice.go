//go:build !windows && !darwin

package entry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/godbus/dbus/v5"
	ss "github.com/zalando/go-keyring/secret_service"

	"github.com/ers-login/ers-login/internal/sessionbus"
)

// The Secret Service API, https://specifications.freedesktop.org/secret-service/, as go-keyring
// uses it: the collection login, or else the one with the alias default.
const (
	serviceName         = "org.freedesktop.secrets"
	servicePath         = dbus.ObjectPath("/org/freedesktop/secrets")
	serviceInterface    = "org.freedesktop.Secret.Service"
	promptInterface     = "org.freedesktop.Secret.Prompt"
	sessionInterface    = "org.freedesktop.Secret.Session"
	collectionInterface = "org.freedesktop.Secret.Collection"
	loginCollection     = dbus.ObjectPath("/org/freedesktop/secrets/collection/login")
	noObject            = dbus.ObjectPath("/")

	// gnomeName is owned by GNOME's keyring, which shows its prompts through another program, prompterName.
	gnomeName    = "org.gnome.keyring"
	prompterName = "org.gnome.keyring.SystemPrompter"
)

// patience bounds calls of the Secret Service outside the context of the work, dismissal the
// dismissal of a prompt, whose caller has no more time.
const (
	patience  = 2 * time.Second
	dismissal = 500 * time.Millisecond
)

// store is the Secret Service, over a private connection. go-keyring's is shared with all users of
// the bus in this process, and of no use for finding out why go-keyring hangs.
type store struct {
	conn       *dbus.Conn
	collection dbus.ObjectPath
	prompting  Prompting
	// ended is closed when the service ends, or the bus with it.
	ended <-chan struct{}
	// asking: a prompt is being shown, or taken off the screen.
	asking atomic.Bool
	// session transfers secrets over go-keyring's connection; nil until one is needed.
	session dbus.BusObject
}

// vanished reports whether an item was gone between being found and being read: by the Secret
// Service's error, or the bus's for a missing object.
func vanished(err error) bool {
	var answer dbus.Error
	if !errors.As(err, &answer) {
		return false
	}
	switch answer.Name {
	case "org.freedesktop.Secret.Error.NoSuchObject",
		"org.freedesktop.DBus.Error.UnknownObject", "org.freedesktop.DBus.Error.UnknownMethod",
		"org.freedesktop.DBus.Error.UnknownInterface": // KeePassXC's
		return true
	}
	return false
}

// open finds the bus, the service, the collection and its lock, and prompts to unlock it if
// permitted.
func open(ctx context.Context, prompting Prompting) (*store, error) {
	ended, end := context.WithCancel(context.Background())
	s := &store{prompting: prompting, ended: ended.Done()}
	var err error
	if s.conn, err = connect(ctx, serviceEnds(end)); err != nil {
		return nil, err
	}
	context.AfterFunc(s.conn.Context(), end)
	if err := s.prepare(ctx, prompting); err != nil {
		defer s.close()
		return nil, s.reason(ctx, err)
	}
	return s, nil
}

func (s *store) prepare(ctx context.Context, prompting Prompting) error {
	if err := s.findService(ctx, prompting != ReadOnly); err != nil {
		return err
	}
	if err := s.findCollection(ctx); err != nil {
		return err
	}
	locked, err := s.isLocked(ctx)
	if err != nil || !locked {
		return err
	}
	if prompting != MayPrompt {
		return ErrLocked
	}
	return s.unlock(ctx)
}

// reason adds the sentinel error to an error of the bus.
func (s *store) reason(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, ErrNoService), errors.Is(err, ErrNoCollection), errors.Is(err, ErrLocked), errors.Is(err, ErrDismissed),
		errors.Is(err, ErrNotFound), errors.Is(err, ErrStopped):
		return err
	case ctx.Err() != nil:
		return fmt.Errorf("%w: ask the secret service: %w", ErrTimeout, ctx.Err())
	case s.lost(), unanswered(err):
		return fmt.Errorf("%w: %w", ErrStopped, err)
	default:
		return fmt.Errorf("ask the secret service: %w", err)
	}
}

// unanswered reports whether a call has failed because the service or the bus has ended, which may
// precede the signal of that.
func unanswered(err error) bool {
	var answer dbus.Error
	if errors.As(err, &answer) {
		return slices.Contains([]string{
			"org.freedesktop.DBus.Error.NoReply", "org.freedesktop.DBus.Error.ServiceUnknown",
			"org.freedesktop.DBus.Error.NameHasNoOwner", "org.freedesktop.DBus.Error.Disconnected",
		}, answer.Name)
	}
	for _, closed := range []error{io.EOF, io.ErrUnexpectedEOF, dbus.ErrClosed, net.ErrClosed, syscall.EPIPE, syscall.ECONNRESET} {
		if errors.Is(err, closed) {
			return true
		}
	}
	return false
}

// findService makes sure that the service runs, and that its end will be noticed. One that does not
// run is started, or distinguished from one that cannot be.
func (s *store) findService(ctx context.Context, start bool) error {
	if err := s.conn.AddMatchSignalContext(ctx, dbus.WithMatchSender("org.freedesktop.DBus"),
		dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, serviceName)); err != nil {
		return fmt.Errorf("watch it: %w", err)
	}
	var running bool
	if err := s.bus(ctx, "NameHasOwner", serviceName).Store(&running); err != nil {
		return err
	}
	switch {
	case running:
		return nil
	case !start:
		return s.notRunning(ctx)
	}
	// The first to need it starts it, here as with every other client.
	if err := s.bus(ctx, "StartServiceByName", serviceName, uint32(0)).Err; err != nil {
		if ctx.Err() != nil {
			return err
		}
		return fmt.Errorf("%w: %w", s.noService(ctx), err)
	}
	return nil
}

// kdeNames are those of KDE's keyring on the bus: each version has another.
var kdeNames = []string{"org.kde.ksecretd", "org.kde.kwalletd6", "org.kde.kwalletd5"}

// ownerOf returns the connection that owns a name, empty if there is none.
func (s *store) ownerOf(ctx context.Context, name string) (owner string) {
	_ = s.bus(ctx, "GetNameOwner", name).Store(&owner)
	return owner
}

// noService is ErrNoService, or what it is on KDE's desktop.
func (s *store) noService(ctx context.Context) error {
	runs := func(name string) bool { return s.ownerOf(ctx, name) != "" }
	if slices.Contains(strings.Split(os.Getenv("XDG_CURRENT_DESKTOP"), ":"), "KDE") || slices.ContainsFunc(kdeNames, runs) {
		return ErrNoKDEService
	}
	return ErrNoService
}

// noCollection is ErrNoCollection, or what it is where another keyring than GNOME's is the service.
func (s *store) noCollection(ctx context.Context) error {
	service := s.ownerOf(ctx, serviceName)
	serves := func(name string) bool { return service != "" && s.ownerOf(ctx, name) == service }
	switch {
	case slices.ContainsFunc(kdeNames, serves):
		return ErrNoWallet
	case serves("org.keepassxc.KeePassXC.MainWindow"):
		return ErrNoDatabase
	}
	return ErrNoCollection
}

// notRunning returns the error of a service that does not run, for OnlyLook. If the bus can start
// it, the next sign-in will, and until then there is nothing to read.
func (s *store) notRunning(ctx context.Context) error {
	var startable []string
	if err := s.bus(ctx, "ListActivatableNames").Store(&startable); err != nil {
		return err
	}
	if slices.Contains(startable, serviceName) {
		return fmt.Errorf("%w: the secret service has not been started", ErrNotFound)
	}
	return s.noService(ctx)
}

func (s *store) findCollection(ctx context.Context) error {
	var collections []dbus.ObjectPath
	if err := s.property(ctx, servicePath, serviceInterface, "Collections", &collections); err != nil {
		return err
	}
	s.collection = loginCollection
	if slices.Contains(collections, loginCollection) {
		return nil
	}
	service := s.conn.Object(serviceName, servicePath)
	if err := service.CallWithContext(ctx, serviceInterface+".ReadAlias", 0, "default").Store(&s.collection); err != nil {
		return err
	}
	if s.collection == noObject || !slices.Contains(collections, s.collection) {
		// KWallet names a default that it does not have yet.
		return s.noCollection(ctx)
	}
	return nil
}

// unlock asks the user to unlock the collection, for as long as ctx allows.
func (s *store) unlock(ctx context.Context) error {
	client, err := ss.NewSecretService()
	if err != nil {
		return err
	}
	prompt, dismissed, err := s.askToUnlock(ctx, ctx, client, s.collection, ErrLocked)
	if err != nil || prompt == noObject {
		return err
	}
	if !dismissed {
		// A prompt that ends without unlocking was dismissed, whatever the service returns.
		locked, err := s.isLocked(ctx)
		if err != nil || !locked {
			return err
		}
	}
	if !s.canPrompt(ctx) {
		return fmt.Errorf("%w: its prompt cannot be shown", ErrLocked)
	}
	return ErrDismissed
}

// takeBack dismisses a prompt that is not waited for any more. Not GNOME's: its keyring aborts,
// with all that other programs keep in it, when an unlock prompt on the screen is dismissed (an
// assertion in gkd-secret-unlock.c; seen with version 42.1). There the prompt stays, and answering
// it unlocks the keyring for the next try.
func (s *store) takeBack(ctx context.Context, prompt dbus.BusObject) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), dismissal)
	defer cancel()
	if gnome, err := s.isGNOME(ctx); err != nil || gnome {
		return
	}
	// A failure has no receiver any more.
	_ = prompt.CallWithContext(ctx, promptInterface+".Dismiss", 0).Err
}

func (s *store) isGNOME(ctx context.Context) (bool, error) {
	var gnome bool
	err := s.bus(ctx, "NameHasOwner", gnomeName).Store(&gnome)
	return gnome, err
}

func (s *store) property(ctx context.Context, path dbus.ObjectPath, owner, name string, into any) error {
	var value dbus.Variant
	call := s.conn.Object(serviceName, path).CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0, owner, name)
	if err := call.Store(&value); err != nil {
		return fmt.Errorf("property %s: %w", name, err)
	}
	if err := value.Store(into); err != nil {
		return fmt.Errorf("property %s: %w", name, err)
	}
	return nil
}

func (s *store) bus(ctx context.Context, method string, arguments ...any) *dbus.Call {
	return s.conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus."+method, 0, arguments...)
}

// explain finds the reason for an error of go-keyring: for most of them it has the same text.
func (s *store) explain(err error) error {
	if s.lost() && !errors.Is(err, ErrStopped) {
		return fmt.Errorf("%w: %w", ErrStopped, err)
	}
	for _, known := range []error{ErrNotFound, ErrStopped, ErrReadBack, ErrLeftover, ErrDismissed, ErrTimeout, ErrLocked} {
		if errors.Is(err, known) {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	locked, unknown := s.isLocked(ctx)
	switch {
	case unknown != nil:
		// go-keyring may have noticed before we did.
		return fmt.Errorf("%w: %w", ErrStopped, err)
	case locked:
		// It was locked after we had looked, and go-keyring has prompted.
		return fmt.Errorf("%w: %w", ErrDismissed, err)
	default:
		return err
	}
}

func (s *store) isLocked(ctx context.Context) (bool, error) {
	var locked bool
	err := s.property(ctx, s.collection, collectionInterface, "Locked", &locked)
	return locked, err
}

// usable reports whether the keyring can be worked on without a prompt.
func (s *store) usable() bool {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	locked, err := s.isLocked(ctx)
	return err == nil && !locked
}

// probe has nothing to add to what open has found.
func (*store) probe() error { return nil }

// canPrompt reports whether a dismissed prompt was one that the user can have seen. GNOME's keyring
// reports its prompts as dismissed if the program that shows them does not start, as without a
// display.
func (s *store) canPrompt(ctx context.Context) bool {
	var prompter bool
	if gnome, err := s.isGNOME(ctx); err != nil || !gnome {
		return true
	}
	if err := s.bus(ctx, "NameHasOwner", prompterName).Store(&prompter); err != nil || prompter {
		return true
	}
	return s.bus(ctx, "StartServiceByName", prompterName, uint32(0)).Err == nil
}

// count returns how many items have this address.
func (s *store) count(at Address) int {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var items []dbus.ObjectPath
	err := s.conn.Object(serviceName, s.collection).CallWithContext(ctx, collectionInterface+".SearchItems", 0,
		attributes(at)).Store(&items)
	if err != nil {
		return uncounted
	}
	return len(items)
}

func (s *store) gone() <-chan struct{} { return s.ended }

func (s *store) lost() bool {
	select {
	case <-s.ended:
		return true
	default:
		return !s.conn.Connected()
	}
}

// close ends session and connection. It waits for neither, and starts no service that is gone, which
// has closed the session already. What the connection's socket returns is of no interest any more.
func (s *store) close() {
	if s.session != nil {
		// Not Call, which never returns for a message without a reply over a closed connection.
		s.session.Go(sessionInterface+".Close", dbus.FlagNoAutoStart|dbus.FlagNoReplyExpected, nil)
	}
	_ = s.conn.Close()
}

// serviceEnds is the connection's signal handler, which is called when the service ends. It needs no
// goroutine.
type serviceEnds func()

// DeliverSignal is called for each signal of the connection.
func (end serviceEnds) DeliverSignal(_, name string, signal *dbus.Signal) {
	if name == "NameOwnerChanged" && len(signal.Body) == 3 && signal.Body[0] == serviceName && signal.Body[1] != "" {
		end()
	}
}

// connect opens a private connection to the session bus.
func connect(ctx context.Context, handler dbus.SignalHandler) (*dbus.Conn, error) {
	conn, err := sessionbus.Connect(ctx, busAddress, dbus.WithSignalHandler(handler))
	switch {
	case err == nil:
		return conn, nil
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%w: connect to the session bus: %w", ErrTimeout, ctx.Err())
	default:
		return nil, fmt.Errorf("%w: %w", ErrNoBus, err)
	}
}

// busAddress finds the session bus, and sets it in the environment for go-keyring.
func busAddress() (string, error) {
	address, err := sessionbus.Address()
	if err != nil {
		return "", err
	}
	if err := os.Setenv(sessionbus.Variable, address); err != nil {
		return "", fmt.Errorf("set %s: %w", sessionbus.Variable, err)
	}
	return address, nil
}
