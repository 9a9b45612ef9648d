package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"unicode/utf8"

	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
)

// maxPassphrase bounds the file of a passphrase or client secret, in bytes.
const maxPassphrase = 4096

// errAccess is the reason of a secret's file that other users can read or own.
var errAccess = errors.New("it is open to others")

// PassphraseSource returns the certificate's passphrase from the OS keyring. Without one it returns
// the zero Text, or an error.
type PassphraseSource func(context.Context) (secret.Text, error)

// Passphrase returns the passphrase of a PKCS#12 certificate or of an encrypted key: from
// passphrase_file if that is set, else from the OS keyring, the zero Text if that has none. Call it
// only when a file needs a passphrase.
//
// On Unix the file must belong to the user or to root, and be closed to all others. On Windows its
// access list is left to the administrator. The Problem of an unusable file repeats neither its
// content nor its name, which may be a passphrase by mistake.
func (c Config) Passphrase(ctx context.Context, fromKeyring PassphraseSource) (secret.Text, error) {
	return c.secretFor(ctx, "passphrase_file", fromKeyring)
}

// ClientSecret returns the client secret of the FHIR platform's application, from
// client_secret_file if that is set, else from the OS keyring, the zero Text for a broker. The file
// is held to the rules of [Config.Passphrase].
func (c Config) ClientSecret(ctx context.Context, fromKeyring PassphraseSource) (secret.Text, error) {
	if c.Broker() {
		fromKeyring = nil
	}
	return c.secretFor(ctx, "client_secret_file", fromKeyring)
}

// secretFor reads the file that a setting names, or else asks the keyring, if there is one to ask.
func (c Config) secretFor(ctx context.Context, key string, fromKeyring PassphraseSource) (secret.Text, error) {
	switch {
	case ctx.Err() != nil:
		return secret.Text{}, fmt.Errorf("could not read the secret: %w", ctx.Err())
	case c.Value(key) != "":
		return c.readSecretOf(key)
	case fromKeyring == nil:
		return secret.Text{}, nil
	}
	return fromKeyring(ctx)
}

// namesSecret reports whether a setting names a file with a secret in it.
func (s Setting) namesSecret() bool {
	return s.Key == "passphrase_file" || s.Key == "client_secret_file"
}

// readSecretOf reads the file that a setting names.
func (c Config) readSecretOf(key string) (secret.Text, error) {
	setting := lookup(Settings(), key)
	text, err := readSecret(setting.of(c))
	if err == nil {
		return text, nil
	}
	made := unusable(setting, c.Origin(setting.Key), err)
	if errors.Is(err, errAccess) {
		made = notPrivate.With("Setting", setting.Key).WithPhrase("Origin", c.Origin(setting.Key).Phrase()).Because(made.Cause)
	}
	return secret.Text{}, made
}

var notPrivate = &problem.Problem{
	Code:  "SETTING-FILE-ACCESS",
	Title: "The file of a secret is not private",
	Happened: "The file that the setting {{.Setting}} names can be read by others, or belongs to another user. " +
		"The setting comes from {{.Origin}}.",
	ServiceDesk: []string{
		"Make the file readable by its owner only, with chmod 600. It must belong to this user or to root.",
		stepAgain,
	},
}

// readSecret reads a file that only its owner can read.
func readSecret(path string) (secret.Text, error) {
	content, err := readTrusted(path, maxPassphrase, func(file *os.File) error {
		info, err := file.Stat()
		if err != nil {
			return err
		}
		return checkAccess(info)
	})
	if err != nil {
		return secret.Text{}, fmt.Errorf("could not read the file: %w", bare(err))
	}
	content = bytes.TrimPrefix(content, []byte(byteOrderMark))
	content = bytes.TrimSuffix(content, []byte("\n"))
	content = bytes.TrimSuffix(content, []byte("\r"))
	switch {
	case len(content) == 0:
		return secret.Text{}, errors.New("the file is empty")
	case bytes.ContainsAny(content, "\n\x00"):
		return secret.Text{}, errors.New("the file has more than one line, or is not a text file")
	case !utf8.Valid(content):
		return secret.Text{}, errors.New("the file is not UTF-8 text")
	}
	return secret.New(string(content)), nil
}
