package app

import (
	"context"
	"crypto/tls"
	"errors"
	"io/fs"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/ersclient/hscn/certificate"
	"github.com/ers-login/ers-login/ersclient/hscn/certificate/certstore"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
)

// certificate loads the organisation's certificate. stored supplies a passphrase if one is needed
// and no file has it.
func (r RealServices) certificate(
	ctx context.Context, settings config.Config, stored config.PassphraseSource,
) (tls.Certificate, error) {
	if settings.CertificateThumbprint != "" {
		loaded, err := certstore.Load(settings.CertificateThumbprint)
		return loaded, withOrigin(settings, err)
	}
	files := certificate.Files{Certificate: settings.Certificate, Key: settings.Key}
	if settings.PKCS12() {
		files = certificate.Files{PKCS12: settings.Certificate}
	}
	loaded, err := certificate.Load(files)
	if !errors.Is(err, certificate.ErrNoPassphrase) {
		return loaded, withOrigin(settings, err)
	}
	locked := problem.Of(err)
	passphrase, err := settings.Passphrase(ctx, stored)
	switch {
	case errors.Is(err, handoff.ErrNotFound), err == nil && passphrase.IsZero():
		made := noPassphrase.With("File", settings.Shown(locked.Args["Setting"])).With("Setting", locked.Args["Setting"])
		return tls.Certificate{}, made.WithPhrase("Origin", settings.Origin(locked.Args["Setting"]).Phrase()).Because(errNoneStored)
	case err != nil:
		return tls.Certificate{}, err
	}
	r.Log.Guard(passphrase)
	files.Passphrase = passphrase
	loaded, err = certificate.Load(files)
	return loaded, withOrigin(settings, err)
}

// withOrigin adds to a file's Problem the origin of the setting that names it, which packages
// certificate and certstore cannot know.
func withOrigin(settings config.Config, err error) error {
	var found *problem.Problem
	if !errors.As(err, &found) {
		return err
	}
	origin := settings.Origin(found.Args["Setting"])
	if origin.String() == "" {
		return err
	}
	made := found.WithPhrase("Origin", origin.Phrase())
	setting := found.Args["Setting"]
	if shown := settings.Shown(setting); settings.Value(setting) != "" && shown == secret.Mask {
		// The value may be a secret, which the file system's error quotes.
		var at *fs.PathError
		made = made.With("File", shown)
		if errors.As(made.Cause, &at) {
			made = made.Because(at.Err)
		}
	}
	made.Happened = problem.Sentences(made.Happened, "The setting comes from {{.Origin}}.")
	return made
}

// errNoneStored is the cause of a secret that is missing. That of the keyring is about a session.
var errNoneStored = errors.New("the keyring has no such secret, and no setting names a file with it")

var noPassphrase = &problem.Problem{
	Code:  "CERT-NO_PASSPHRASE",
	Title: "The passphrase of your organisation's certificate is missing",
	Happened: "{{.File}} needs a passphrase, and none is stored. The setting {{.Setting}} names " +
		"the file. It comes from {{.Origin}}.",
	Steps: []string{
		"Contact your local service desk and quote the reference below.",
		"Press **Try again**.",
	},
	ServiceDesk: []string{
		"Run ers-login passphrase as this user, which stores the passphrase in the " +
			"keyring. Or set passphrase_file to a file that has it and that only this user can " +
			"read.",
	},
	Retry: true,
}
