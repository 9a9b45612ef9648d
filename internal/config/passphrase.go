package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
)

// maxPassphrase bounds the passphrase's file, in bytes.
const maxPassphrase = 4096

// errAccess is the reason of a passphrase file that other users can read or own.
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
	if err := ctx.Err(); err != nil {
		return secret.Text{}, fmt.Errorf("could not read the passphrase: %w", err)
	}
	if c.PassphraseFile != "" {
		return c.readPassphrase()
	}
	if fromKeyring == nil {
		return secret.Text{}, nil
	}
	return fromKeyring(ctx)
}

func (c Config) readPassphrase() (secret.Text, error) {
	text, err := readSecret(c.PassphraseFile)
	if err == nil {
		return text, nil
	}
	setting := lookup(Settings(), "passphrase_file")
	made := unusable(setting, c.Origin(setting.Key), err)
	if errors.Is(err, errAccess) {
		made = passphraseAccess.With("Setting", setting.Key).WithPhrase("Origin", c.Origin(setting.Key).Phrase()).Because(made.Cause)
	}
	return secret.Text{}, made
}

var passphraseAccess = &problem.Problem{
	Code:  "SETTING-PASSPHRASE_FILE-ACCESS",
	Title: "The passphrase's file is not private",
	Happened: "The file that the setting {{.Setting}} names can be read by others, or belongs to another user. " +
		"The setting comes from {{.Origin}}.",
	Steps: []string{
		stepDesk,
	},
	ServiceDesk: []string{
		"Make the file readable by its owner only, with chmod 600. It must belong to this " +
			"user or to root.",
		stepAgain,
	},
}

// readSecret reads a file that only its owner can read. The check is on the open file, which cannot
// be exchanged.
func readSecret(path string) (secret.Text, error) {
	file, err := openRegular(path)
	if err != nil {
		return secret.Text{}, fmt.Errorf("could not open the file: %w", bare(err))
	}
	var content []byte
	info, err := file.Stat()
	if err == nil {
		err = checkAccess(info)
	}
	if err == nil {
		content, err = io.ReadAll(io.LimitReader(file, maxPassphrase+1))
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return secret.Text{}, fmt.Errorf("could not read the file: %w", bare(err))
	}
	content = bytes.TrimPrefix(content, []byte("\ufeff"))
	content = bytes.TrimSuffix(content, []byte("\n"))
	content = bytes.TrimSuffix(content, []byte("\r"))
	switch {
	case len(content) == 0:
		return secret.Text{}, errors.New("the file is empty")
	case len(content) > maxPassphrase:
		return secret.Text{}, fmt.Errorf("the file is larger than %d bytes", maxPassphrase)
	case bytes.ContainsAny(content, "\n\x00"):
		return secret.Text{}, errors.New("the file has more than one line, or is not a text file")
	case !utf8.Valid(content):
		return secret.Text{}, errors.New("the file is not UTF-8 text")
	}
	return secret.New(string(content)), nil
}
