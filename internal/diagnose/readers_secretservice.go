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
		{id: "libsecret", name: nameBus, read: secretService{settings.Env, []string{keyring.TrialAccount}, false}.read},
		{id: "secret-tool", name: nameSecretTool, read: lookUp.read},
		{id: "python", name: namePython, read: python(settings.Env).read},
		{id: "napi", name: nameNode, read: secretService{settings.Env, allAccounts, true}.read},
		{id: "keytar", name: nameKeytar, cannot: saidKeytar},
	}
}

// allAccounts are those of the session, and of the test entry.
var allAccounts = []string{
	handoff.AccountSession, handoff.AccountSessionKey, handoff.AccountFHIRSession, handoff.AccountAccessToken, keyring.TrialAccount,
}

// secretService reads over the bus, by the two attributes, in all collections. libsecret and Java's
// clients take the first unlocked item. Node's @napi-rs/keyring and its base, Rust's keyring, have an
// error for more than one item, locked or not. Node would unlock a locked one; this shows no prompt.
type secretService struct {
	// environ says where the bus is.
	environ []string
	// accounts end with that of the test entry, which is read. The others are counted.
	accounts []string
	// only: there must be one item for each account, of any type, where libsecret wants a text.
	only bool
}

const (
	secretsName      = "org.freedesktop.secrets"
	secretsPath      = dbus.ObjectPath("/org/freedesktop/secrets")
	secretsInterface = "org.freedesktop.Secret.Service"
	itemInterface    = "org.freedesktop.Secret.Item"
)

func (s secretService) read(ctx context.Context) (string, error) {
	// A private connection to an existing bus, where the keyring's worker and programs with libsecret
	// look for it.
	bus, err := sessionbus.Connect(ctx, func() (string, error) { return sessionbus.AddressIn(s.environ) })
	if err != nil {
		return "", fmt.Errorf("connect to the session bus: %w", err)
	}
	defer func() { _ = bus.Close() }() // what its socket says to that is of no interest
	var unlocked, locked []dbus.ObjectPath
	for _, account := range s.accounts {
		attributes := map[string]string{"service": handoff.Service, "username": account}
		found := bus.Object(secretsName, secretsPath).CallWithContext(ctx, secretsInterface+".SearchItems", 0, attributes)
		unlocked, locked = nil, nil
		if err := found.Store(&unlocked, &locked); err != nil {
			return "", fmt.Errorf("search the secret service: %w", err)
		}
		if count := len(unlocked) + len(locked); s.only && count > 1 {
			return "", fmt.Errorf("%w: %d with the account %s", errAmbiguous, count, account)
		}
	}
	switch {
	case len(unlocked) == 0 && len(locked) > 0:
		return "", errors.New("the entry is locked")
	case len(unlocked) == 0:
		return "", errors.New("no entry has the two attributes")
	}
	return s.secret(ctx, bus, unlocked[0])
}

// secret returns what is in an unlocked item.
func (s secretService) secret(ctx context.Context, bus *dbus.Conn, item dbus.ObjectPath) (string, error) {
	var nothing dbus.Variant
	var session dbus.ObjectPath
	opened := bus.Object(secretsName, secretsPath).CallWithContext(ctx, secretsInterface+".OpenSession", 0, "plain", dbus.MakeVariant(""))
	if err := opened.Store(&nothing, &session); err != nil {
		return "", fmt.Errorf("open a session of the secret service: %w", err)
	}
	var secret struct {
		Session     dbus.ObjectPath
		Parameters  []byte
		Value       []byte
		ContentType string
	}
	if err := bus.Object(secretsName, item).CallWithContext(ctx, itemInterface+".GetSecret", 0, session).Store(&secret); err != nil {
		return "", fmt.Errorf("read the entry: %w", err)
	}
	if !s.only && secret.ContentType != "text/plain" {
		return "", fmt.Errorf("libsecret takes an entry of the type %q for no text", problem.Clean(secret.ContentType, 64))
	}
	return string(secret.Value), nil
}
