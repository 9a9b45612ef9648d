//go:build !windows && !darwin

package diagnose

import (
	"context"
	"errors"
	"fmt"

	"github.com/godbus/dbus/v5"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/sessionbus"
)

// readers are the kinds of reader on a desktop with a Secret Service.
func readers(settings HandoffSettings) []readerCheck {
	lookUp := program{env: settings.Env, candidates: [][]string{
		{"secret-tool", "lookup", "service", handoff.Service, "username", keyring.TrialAccount},
	}}
	return []readerCheck{
		goKeyring(settings.Keyring),
		{id: "libsecret", name: nameBus, read: secretService(settings.Env).readFirst},
		{id: "secret-tool", name: nameSecretTool, read: lookUp.read},
		{id: "python", name: namePython, read: python(settings.Env).read},
		{id: "napi", name: nameNode, read: secretService(settings.Env).readOnly},
		{id: "keytar", name: nameKeytar, cannot: saidKeytar},
	}
}

// secretService reads over the bus. The environment says where that is.
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

// readFirst reads as libsecret and Java's clients do: it searches by the two attributes in all
// collections, and takes the first unlocked item.
func (s secretService) readFirst(ctx context.Context) (string, error) {
	bus, err := s.connect(ctx)
	if err != nil {
		return "", err
	}
	defer bus.close()
	found, err := bus.search(ctx, keyring.TrialAccount)
	if err != nil {
		return "", err
	}
	bus.textOnly = true
	return bus.first(ctx, found)
}

// readOnly reads as Node's @napi-rs/keyring and its base, Rust's keyring, do: same search, and an
// error for more than one item, locked or not. The test entry is always single, so the session's
// entries are counted, too, without reading them. Node would unlock a locked item; this shows no
// prompt.
func (s secretService) readOnly(ctx context.Context) (string, error) {
	bus, err := s.connect(ctx)
	if err != nil {
		return "", err
	}
	defer bus.close()
	var found matches
	for _, account := range []string{
		handoff.AccountSession, handoff.AccountSessionKey, handoff.AccountFHIRSession, handoff.AccountAccessToken, keyring.TrialAccount,
	} {
		if found, err = bus.search(ctx, account); err != nil {
			return "", err
		}
		if count := len(found.unlocked) + len(found.locked); count > 1 {
			return "", fmt.Errorf("%w: %d with the account %s", errAmbiguous, count, account)
		}
	}
	return bus.first(ctx, found)
}

// secretBus is a connection to the bus that the Secret Service is on.
type secretBus struct {
	conn *dbus.Conn
	// textOnly: what is not text/plain is refused, as by libsecret.
	textOnly bool
}

// matches are the items that have the two attributes, over all collections.
type matches struct{ unlocked, locked []dbus.ObjectPath }

func (b secretBus) search(ctx context.Context, account string) (found matches, err error) {
	attributes := map[string]string{"service": handoff.Service, "username": account}
	call := b.conn.Object(secretsName, secretsPath).CallWithContext(ctx, secretsInterface+".SearchItems", 0, attributes)
	if err := call.Store(&found.unlocked, &found.locked); err != nil {
		return matches{}, fmt.Errorf("search the secret service: %w", err)
	}
	return found, nil
}

// first returns what is in the first unlocked item.
func (b secretBus) first(ctx context.Context, found matches) (string, error) {
	switch {
	case len(found.unlocked) == 0 && len(found.locked) > 0:
		return "", errors.New("the entry is locked")
	case len(found.unlocked) == 0:
		return "", errors.New("no entry has the two attributes")
	}
	var nothing dbus.Variant
	var session dbus.ObjectPath
	opened := b.conn.Object(secretsName, secretsPath).
		CallWithContext(ctx, secretsInterface+".OpenSession", 0, "plain", dbus.MakeVariant(""))
	if err := opened.Store(&nothing, &session); err != nil {
		return "", fmt.Errorf("open a session of the secret service: %w", err)
	}
	var secret wireSecret
	item := b.conn.Object(secretsName, found.unlocked[0])
	if err := item.CallWithContext(ctx, itemInterface+".GetSecret", 0, session).Store(&secret); err != nil {
		return "", fmt.Errorf("read the entry: %w", err)
	}
	if b.textOnly && secret.ContentType != "text/plain" {
		return "", fmt.Errorf("libsecret takes an entry of the type %q for no text", problem.Clean(secret.ContentType, 64))
	}
	return string(secret.Value), nil
}

func (b secretBus) close() { _ = b.conn.Close() } // what its socket says to that is of no interest

// connect opens a private connection to an existing bus: godbus would start one otherwise.
func (s secretService) connect(ctx context.Context) (secretBus, error) {
	address, err := sessionbus.AddressIn(s)
	if err != nil {
		return secretBus{}, err
	}
	conn, err := dbus.Connect(address, dbus.WithContext(ctx))
	if err != nil {
		return secretBus{}, fmt.Errorf("connect to the session bus: %w", err)
	}
	return secretBus{conn: conn}, nil
}
