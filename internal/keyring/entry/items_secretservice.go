//go:build !windows && !darwin

package entry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/zalando/go-keyring"
	ss "github.com/zalando/go-keyring/secret_service"
)

// Single entries are read, written and deleted with go-keyring's client of the Secret Service, over
// its one connection per process: KeePassXC grants access to entries by connection. Its Get, Set
// and Delete prompt unasked, wait for ever, and store a content type that KWallet returns and
// libsecret refuses.
//
// No call has the context of the work, only a prompt has: a write that came too late must be seen,
// and taken back.

const (
	itemInterface = "org.freedesktop.Secret.Item"
	// contentType is the only one that libsecret takes for a password, which may be in UTF-8.
	contentType = "text/plain"
	// quietPrompt bounds a prompt when prompting is not permitted. KeePassXC has one for each write
	// and delete, and shows nothing unless it is set to ask.
	quietPrompt = time.Second
)

func attributes(of Address) map[string]string {
	return map[string]string{"service": of.Service, "username": of.Account}
}

// find returns go-keyring's client and the items at an address.
func (s *store) find(at Address) (*ss.SecretService, []dbus.ObjectPath, error) {
	client, err := ss.NewSecretService()
	if err != nil {
		return nil, nil, err
	}
	var items []dbus.ObjectPath
	err = client.Object(serviceName, s.collection).Call(collectionInterface+".SearchItems", 0, attributes(at)).
		Store(&items)
	return client, items, err
}

// transfer returns the path of the session in which the secrets of this work are transferred. The
// first call opens it.
func (s *store) transfer(client *ss.SecretService) (dbus.ObjectPath, error) {
	if s.session == nil {
		session, err := client.OpenSession()
		if err != nil {
			return "", err
		}
		s.session = session
	}
	return s.session.Path(), nil
}

func (s *store) get(ctx context.Context, from Address) (string, error) {
	client, items, err := s.find(from)
	if err != nil {
		return "", err
	}
	if len(items) == 0 {
		return "", keyring.ErrNotFound
	}
	if err := s.unlockItem(ctx, client, items[0]); err != nil {
		return "", err
	}
	session, err := s.transfer(client)
	if err != nil {
		return "", err
	}
	found, err := client.GetSecret(items[0], session)
	var answer dbus.Error
	if errors.As(err, &answer) && answer.Name == "org.freedesktop.Secret.Error.IsLocked" {
		return "", fmt.Errorf("%w: %w", ErrItemLocked, err)
	}
	if err != nil {
		return "", err
	}
	return string(found.Value), nil
}

// unlockItem asks the user for a single item that is locked, if they may be asked.
func (s *store) unlockItem(ctx context.Context, client *ss.SecretService, item dbus.ObjectPath) error {
	var value dbus.Variant
	object := client.Object(serviceName, item)
	if err := object.Call("org.freedesktop.DBus.Properties.Get", 0, itemInterface, "Locked").Store(&value); err != nil {
		return err
	}
	if locked, isBool := value.Value().(bool); isBool && !locked {
		return nil
	}
	if s.prompting != MayPrompt {
		return ErrItemLocked
	}
	_, dismissed, err := s.askToUnlock(context.WithoutCancel(ctx), ctx, client, item, ErrItemLocked)
	if err == nil && dismissed {
		err = ErrDismissed
	}
	return err
}

// askToUnlock asks the user to unlock a collection or an item, for as long as prompting allows. There may
// be no need of a prompt.
func (s *store) askToUnlock(
	ctx, prompting context.Context, client *ss.SecretService, object dbus.ObjectPath, why error,
) (prompt dbus.ObjectPath, dismissed bool, err error) {
	var unlocked []dbus.ObjectPath
	service := client.Object(serviceName, servicePath)
	err = service.CallWithContext(ctx, serviceInterface+".Unlock", 0, []dbus.ObjectPath{object}).Store(&unlocked, &prompt)
	if err != nil {
		return noObject, false, fmt.Errorf("unlock: %w", err)
	}
	dismissed, err = s.ask(prompting, client.Conn, prompt, why)
	return prompt, dismissed, err
}

// ask shows a prompt and waits for its end, or that of ctx; then the error has why in its chain.
func (s *store) ask(ctx context.Context, conn *dbus.Conn, prompt dbus.ObjectPath, why error) (dismissed bool, err error) {
	if prompt == noObject {
		return false, nil
	}
	announce, announced := ctx.Value(promptsKey{}).(func(error))
	if s.prompting != MayPrompt || ctx.Err() != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), quietPrompt)
		defer cancel()
	} else if announced {
		announce(why)
		defer announce(nil)
	}
	s.asking.Store(true)
	defer s.asking.Store(false)
	signals := make(chan *dbus.Signal, 16)
	conn.Signal(signals)
	defer conn.RemoveSignal(signals)
	match := []dbus.MatchOption{dbus.WithMatchInterface(promptInterface), dbus.WithMatchObjectPath(prompt)}
	if err := conn.AddMatchSignalContext(ctx, match...); err != nil {
		return false, fmt.Errorf("watch the prompt: %w", err)
	}
	// The bus may have gone, and its rules with it.
	defer func() { _ = conn.RemoveMatchSignal(match...) }()
	asked := conn.Object(serviceName, prompt)
	if err := asked.CallWithContext(ctx, promptInterface+".Prompt", 0, "").Err; err != nil && ctx.Err() == nil {
		return false, fmt.Errorf("prompt: %w", err)
	}
	for {
		select {
		case signal, open := <-signals:
			if !open {
				return false, ErrStopped
			}
			if signal.Path == prompt && signal.Name == promptInterface+".Completed" && len(signal.Body) > 0 {
				dismissed, isBool := signal.Body[0].(bool)
				return dismissed || !isBool, nil
			}
		case <-s.ended:
			return false, fmt.Errorf("%w: the secret service has gone during its prompt", ErrStopped)
		case <-ctx.Done():
			s.takeBack(ctx, asked)
			return false, fmt.Errorf("%w: its prompt was not answered: %w", why, ctx.Err())
		}
	}
}

// set writes with the attributes and the label of go-keyring, so that its Get and Set find the same item.
func (s *store) set(ctx context.Context, to Address, text string) error {
	client, err := ss.NewSecretService()
	if err != nil {
		return err
	}
	session, err := s.transfer(client)
	if err != nil {
		return err
	}
	value := ss.NewSecret(session, text)
	value.ContentType = contentType
	properties := map[string]dbus.Variant{
		itemInterface + ".Label":      dbus.MakeVariant(fmt.Sprintf("Password for '%s' on '%s'", to.Account, to.Service)),
		itemInterface + ".Attributes": dbus.MakeVariant(attributes(to)),
	}
	var item, prompt dbus.ObjectPath
	err = client.Object(serviceName, s.collection).
		Call(collectionInterface+".CreateItem", 0, properties, value, true).Store(&item, &prompt)
	clear(value.Value)
	if err != nil {
		return err
	}
	// Reading it back shows whether it was dismissed.
	_, err = s.ask(ctx, client.Conn, prompt, ErrItemLocked)
	return err
}

func (s *store) remove(ctx context.Context, from Address) error {
	client, items, err := s.find(from)
	if err != nil {
		return err
	}
	if len(items) == 0 {
		return keyring.ErrNotFound
	}
	var prompt dbus.ObjectPath
	if err := client.Object(serviceName, items[0]).Call(itemInterface+".Delete", 0).Store(&prompt); err != nil {
		return err
	}
	// Counting shows whether it was dismissed.
	_, err = s.ask(ctx, client.Conn, prompt, ErrItemLocked)
	return err
}

// takesBack reports whether a prompt is on the screen, to be dismissed when the context of the work
// ends.
func (s *store) takesBack() bool { return s.asking.Load() }
