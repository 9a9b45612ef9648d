//go:build linux

package keyringtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/godbus/dbus/v5"
)

// The wallet of KDE's keyring is opened as by a log-in: pam_kwallet passes the hash of the log-in
// password.
const (
	kwalletName       = "org.kde.kwalletd5"
	kwalletPath       = dbus.ObjectPath("/modules/kwalletd5")
	kwalletInterface  = "org.kde.KWallet"
	kwalletHash       = 56
	kwalletCollection = dbus.ObjectPath("/org/freedesktop/secrets/collection/kdewallet")
	kwalletSettings   = "[Wallet]\nEnabled=true\nFirst Use=false\nDefault Wallet=kdewallet\n" +
		"[org.freedesktop.secrets]\napiEnabled=true\n"
)

// MostTries bounds the connections for one read. KWallet 5.103 and a program that encrypts its
// connection (libsecret, SecretStorage) fail together in one of some 128: a public key or a shared
// secret that begins with a zero byte loses it, so that the program is refused, or cannot decode the
// entry and finds nothing. Each connection has a new key.
const MostTries = 5

// kwallet is KDE's keyring, version 5.97 or later.
type kwallet struct{}

func (k *kwallet) start(life, ready context.Context, s *Session, options Options) error {
	s.collection = kwalletCollection
	config := filepath.Join(s.home(), "config")
	if err := os.MkdirAll(config, 0o700); err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	if err := os.WriteFile(filepath.Join(config, "kwalletrc"), []byte(kwalletSettings), 0o600); err != nil {
		return err
	}
	if err := k.spawn(life, ready, s); err != nil || options.State == NoCollection {
		return err
	}
	// A wallet that logging in makes is seen by the Secret Service of the next log-in.
	if err := k.open(s); err != nil {
		return err
	}
	if err := s.keyring.Await(ready, func() error {
		_, err := os.Stat(filepath.Join(s.home(), "data", "kwalletd", "kdewallet.kwl"))
		return err
	}); err != nil {
		return err
	}
	s.keyring.Kill()
	if err := k.spawn(life, ready, s); err != nil {
		return err
	}
	if err := s.keyring.Await(ready, func() error {
		var collections []dbus.ObjectPath
		err := s.property(secretsPath, "Collections", &collections)
		if err == nil && !slices.Contains(collections, kwalletCollection) {
			err = errors.New("there is no wallet")
		}
		return err
	}); err != nil {
		return err
	}
	return k.unlock(s)
}

func (k *kwallet) spawn(life, ready context.Context, s *Session) error {
	var err error
	s.keyring, err = s.spawn(life, offscreen, "", "kwalletd5")
	if err != nil {
		return err
	}
	return s.awaitService(ready)
}

func (k *kwallet) open(s *Session) error {
	return s.call(kwalletName, kwalletPath, kwalletInterface+".pamOpen", nil, "kdewallet", bytes.Repeat([]byte("x"), kwalletHash), int32(0))
}

func (k *kwallet) lock(s *Session) error {
	if err := s.service("Lock", nil, []dbus.ObjectPath{kwalletCollection}); err != nil {
		return err
	}
	return s.call(kwalletName, kwalletPath, kwalletInterface+".closeAllWallets", nil)
}

// unlock opens the wallet, and makes the Secret Service notice: its prompt shows nothing for an
// open wallet.
func (k *kwallet) unlock(s *Session) error {
	if err := k.open(s); err != nil {
		return err
	}
	var unlocked []dbus.ObjectPath
	var prompt dbus.ObjectPath
	if err := s.service("Unlock", []any{&unlocked, &prompt}, []dbus.ObjectPath{kwalletCollection}); err != nil {
		return err
	}
	if prompt != nowhere {
		if err := s.call(secretsName, prompt, "org.freedesktop.Secret.Prompt.Prompt", nil, ""); err != nil {
			return err
		}
	}
	return s.awaitLocked(context.Background(), false)
}
