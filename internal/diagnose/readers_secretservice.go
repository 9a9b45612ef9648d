//go:build !windows && !darwin

package diagnose

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/godbus/dbus/v5"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/keyring"
)

// readers are the kinds of reader on a desktop with a Secret Service.
func readers(settings HandoffSettings) []readerCheck {
	lookUp := program{env: settings.Env, candidates: [][]string{
		{"secret-tool", "lookup", "service", handoff.Service, "username", keyring.TrialAccount},
	}}
	return []readerCheck{
		goKeyring(settings.Keyring),
		{id: "libsecret", name: nameBus, read: secretService(settings.Env).read},
		{id: "secret-tool", name: nameSecretTool, read: lookUp.read},
		{id: "python", name: namePython, read: python(settings.Env).read},
		{id: "keytar", name: nameKeytar, cannot: saidKeytar},
	}
}

// secretService reads as libsecret does: it searches by the two attributes over all collections, and takes the first unlocked item.
// So do Node's @napi-rs/keyring and Java's clients. The environment says where the bus is.
type secretService []string

const (
	secretsName      = "org.freedesktop.secrets"
	secretsPath      = dbus.ObjectPath("/org/freedesktop/secrets")
	secretsInterface = "org.freedesktop.Secret.Service"
	itemInterface    = "org.freedesktop.Secret.Item"
)

// wireSecret is the structure of a secret on the bus.
type wireSecret struct {
	Session     dbus.ObjectPath
	Parameters  []byte
	Value       []byte
	ContentType string
}

func (s secretService) read(ctx context.Context) (string, error) {
	conn, err := s.connect(ctx)
	if err != nil {
		return "", err
	}
	// What its socket says to that is of no interest.
	defer func() { _ = conn.Close() }()
	service := conn.Object(secretsName, secretsPath)
	var unlocked, locked []dbus.ObjectPath
	attributes := map[string]string{"service": handoff.Service, "username": keyring.TrialAccount}
	if err := service.CallWithContext(ctx, secretsInterface+".SearchItems", 0, attributes).Store(&unlocked, &locked); err != nil {
		return "", fmt.Errorf("search the secret service: %w", err)
	}
	switch {
	case len(unlocked) == 0 && len(locked) > 0:
		return "", errors.New("the entry is locked")
	case len(unlocked) == 0:
		return "", errors.New("no entry has the two attributes")
	}
	var nothing dbus.Variant
	var session dbus.ObjectPath
	err = service.CallWithContext(ctx, secretsInterface+".OpenSession", 0, "plain", dbus.MakeVariant("")).Store(&nothing, &session)
	if err != nil {
		return "", fmt.Errorf("open a session of the secret service: %w", err)
	}
	var found wireSecret
	if err := conn.Object(secretsName, unlocked[0]).CallWithContext(ctx, itemInterface+".GetSecret", 0, session).Store(&found); err != nil {
		return "", fmt.Errorf("read the entry: %w", err)
	}
	return string(found.Value), nil
}

// connect opens a connection of its own to a bus that is there: godbus would start one otherwise.
func (s secretService) connect(ctx context.Context) (*dbus.Conn, error) {
	address := s.variable("DBUS_SESSION_BUS_ADDRESS")
	if address == "" || strings.HasPrefix(address, "autolaunch:") {
		// The keyring's worker looks for the bus where desktops put it, and so do programs with libsecret.
		folder := s.variable("XDG_RUNTIME_DIR")
		if folder == "" {
			folder = filepath.Join("/run/user", strconv.Itoa(os.Getuid()))
		}
		address = "unix:path=" + dbus.EscapeBusAddressValue(filepath.Join(folder, "bus"))
	}
	conn, err := dbus.Connect(address, dbus.WithContext(ctx))
	if err != nil {
		return nil, fmt.Errorf("connect to the session bus: %w", err)
	}
	return conn, nil
}

func (s secretService) variable(name string) (value string) {
	env := []string(s)
	if env == nil {
		env = os.Environ()
	}
	for _, pair := range env {
		// The last one counts, as with processes.
		if found, is := strings.CutPrefix(pair, name+"="); is {
			value = found
		}
	}
	return value
}
