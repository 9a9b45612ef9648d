package commands

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/problem"
)

// What a notice about a changed file is put up under.
const (
	noticeCertificateFile = "certificate file"
	noticeBundleFile      = "authorities file"
)

// renewing is e-RS for a program that stays open for weeks: before each call it reads again what has changed of the certificate, its
// key and the authorities, and of the settings that name them. What cannot be used never replaces what still works.
type renewing struct {
	real     realServices
	ring     *keyring.Client
	settings config.Config
	// renamed gets the certificate's name after it was read again.
	renamed func(fqdn string)
	// turn is held by the one call that reads, and guards all below.
	turn   chan struct{}
	client atomic.Pointer[ersclient.Client]

	using                        credentials
	certificateFiles, bundleFile changing
}

// credentials are what the calls in use of renewing present and trust.
type credentials struct {
	certificate tls.Certificate
	roots       *x509.CertPool
	trustStore  string
}

// changing are files that are read again as one.
type changing struct {
	// read is of what is in use, and zero if what came later cannot be used.
	read fileDigest
	// notice is what a Problem with them is put up under, and goesOn the Problem whose Happened says what is used meanwhile.
	notice string
	goesOn *problem.Problem
}

// fileDigest identifies the contents of files. They are small, and their times and sizes say less: a copy may keep both.
type fileDigest [sha256.Size]byte

// maxDigested bounds what is read of a file to see whether it has changed; package ersclient reads no longer ones.
const maxDigested = 10 << 20

// digestOf returns the digest of names and of the contents of the files among them. One that cannot be read counts as such.
func digestOf(thumbprint string, paths ...string) fileDigest {
	parts := []byte(thumbprint)
	for _, path := range paths {
		parts = append(append(parts, 0), path...)
		if path == "" {
			continue
		}
		content := sha256.New()
		file, err := os.Open(path) //nolint:gosec // G304: reading the file that a setting names is the purpose
		if err == nil {
			_, err = io.Copy(content, io.LimitReader(file, maxDigested))
			err = errors.Join(err, file.Close())
		}
		if err == nil {
			parts = content.Sum(append(parts, 0))
		}
	}
	return sha256.Sum256(parts)
}

func certificateDigest(settings config.Config) fileDigest {
	return digestOf(settings.CertificateThumbprint, settings.Certificate, settings.Key)
}

func bundleDigest(settings config.Config) fileDigest { return digestOf("", settings.CABundle) }

// newRenewing reads everything for the first time and makes the client.
func (r realServices) newRenewing(ctx context.Context, settings config.Config, ring *keyring.Client) (*renewing, error) {
	made := &renewing{
		real: r, ring: ring, settings: settings, turn: make(chan struct{}, 1), renamed: func(string) {},
		// The digests come first: what changes while the files are read is read again.
		certificateFiles: changing{certificateDigest(settings), noticeCertificateFile, goesOnWithCertificate},
		bundleFile:       changing{bundleDigest(settings), noticeBundleFile, goesOnWithAuthorities},
	}
	certificate, err := r.certificate(ctx, settings, ring.Passphrase)
	if err != nil {
		return nil, err
	}
	roots, trustStore, err := ersclient.LoadRootCAs(settings.CABundle)
	if err != nil {
		return nil, withOrigin(settings, err)
	}
	made.using = credentials{certificate, roots, trustStore}
	client, err := r.client(settings, made.using, ring.ProxyPassword, r.board.Set)
	if err != nil {
		return nil, err
	}
	made.client.Store(client)
	return made, nil
}

// CreateSession is A001. If the keyring is locked, the user may be asked to unlock it for the passphrase of a new certificate.
func (e *renewing) CreateSession(ctx context.Context, ticket ersclient.Token) (ersclient.Session, error) {
	if err := e.signingIn(ctx); err != nil {
		return ersclient.Session{}, err
	}
	return e.client.Load().CreateSession(ctx, ticket)
}

// SelectRole is A002.
func (e *renewing) SelectRole(
	ctx context.Context, session ersclient.Session, permission ersclient.Permission,
) (ersclient.Session, error) {
	e.look(ctx)
	return e.client.Load().SelectRole(ctx, session, permission)
}

// DeleteSession is A003.
func (e *renewing) DeleteSession(ctx context.Context, key ersclient.SessionKey) error {
	e.look(ctx)
	return e.client.Load().DeleteSession(ctx, key)
}

// Reach connects to e-RS and asks nothing. It comes every few minutes, so that a notice goes soon after its cause.
func (e *renewing) Reach(ctx context.Context) error {
	e.look(ctx)
	return e.client.Load().Reach(ctx)
}

// Close closes the connections that are idle.
func (e *renewing) Close() { e.client.Load().Close() }

// signingIn reads what has changed. The error is why a certificate that has expired is not replaced.
func (e *renewing) signingIn(ctx context.Context) error {
	select {
	case e.turn <- struct{}{}:
		defer func() { <-e.turn }()
	case <-ctx.Done():
		// The call says so.
		return nil
	}
	err := e.readAgain(ctx, e.ring.Passphrase)
	if leaf := e.using.certificate.Leaf; err != nil && leaf != nil && time.Now().After(leaf.NotAfter) {
		return err
	}
	return nil
}

// look reads what has changed without asking the user for anything, unless another call does so just now: the end of a session does
// not wait for an answer to a prompt.
func (e *renewing) look(ctx context.Context) {
	select {
	case e.turn <- struct{}{}:
		defer func() { <-e.turn }()
	default:
		return
	}
	// What is wrong stands on the board, and the call goes on.
	_ = e.readAgain(ctx, withoutPrompt(e.ring, e.ring.Passphrase))
}

// readAgain reads what has changed, and has the next calls use it. The error is that of the certificate.
func (e *renewing) readAgain(ctx context.Context, stored config.PassphraseSource) error {
	settings := e.currentSettings()
	next := e.using
	changed, refused := e.again(&e.certificateFiles, certificateDigest(settings), keyFailed(e.using.certificate), func() (err error) {
		if err = settings.RequireReal(); err == nil {
			next.certificate, err = e.real.certificate(ctx, settings, stored)
		}
		return err
	})
	others, _ := e.again(&e.bundleFile, bundleDigest(settings), false, func() error {
		if err := settings.DistrustBundle(); err != nil {
			return err
		}
		roots, trustStore, err := ersclient.LoadRootCAs(settings.CABundle)
		if err == nil {
			next.roots, next.trustStore = roots, trustStore
		}
		return withOrigin(settings, err)
	})
	if !changed && !others {
		return refused
	}
	client, err := e.client.Load().Renewed(next.certificate, next.roots, next.trustStore)
	if err != nil {
		e.refuse(&e.certificateFiles, err)
		e.bundleFile.read = fileDigest{} // the authorities are not in use either
		return err
	}
	e.client.Store(client)
	e.using, e.settings = next, settings
	fqdn := ersclient.CommonName(next.certificate)
	e.renamed(fqdn)
	e.real.log.WithField("certificate", fqdn).WithField("until", next.certificate.Leaf.NotAfter).Info("read again")
	return refused
}

// again reads files that have changed, or that could not be used before. Changed reports whether they could be used now.
func (e *renewing) again(files *changing, now fileDigest, anyway bool, read func() error) (changed bool, err error) {
	if now == files.read && !anyway {
		return false, nil
	}
	if err := read(); err != nil {
		e.refuse(files, err)
		return false, err
	}
	files.read = now
	e.real.board.Set(files.notice, nil)
	return true, nil
}

// refuse puts up why files are not used. A keyring that is locked is no fault of theirs: they are read when it is not.
func (e *renewing) refuse(files *changing, err error) {
	files.read = fileDigest{}
	e.real.log.WithError(err).Warn("changed files are not used")
	found := problem.Of(err)
	if strings.HasPrefix(found.Code, "KEYRING-") || errors.Is(err, context.Canceled) {
		return
	}
	made := *found
	made.Happened = problem.Sentences(found.Happened, files.goesOn.Happened)
	e.real.board.Set(files.notice, &made)
}

// currentSettings returns the settings as they are now, since a certificate in Windows' store is renewed under another thumbprint.
// Those of another platform or system wait for the next start, as do those that cannot be used.
func (e *renewing) currentSettings() config.Config {
	settings, err := lookAtSettings(e.real.sources)
	if err != nil || settings.BaseURL != e.settings.BaseURL || settings.ASID != e.settings.ASID {
		return e.settings
	}
	return settings
}

// keyFailed reports whether a key that Windows has could not be used last time: it may have been imported again.
func keyFailed(certificate tls.Certificate) bool {
	remembers, ok := certificate.PrivateKey.(interface{ Failure() error })
	return ok && remembers.Failure() != nil
}

// What is used while a changed file cannot be.
var (
	goesOnWithCertificate = &problem.Problem{Happened: "Until it can be read, this program works with the certificate that it has read before."}
	goesOnWithAuthorities = &problem.Problem{Happened: "Until it can be read, this program works with the authorities that it has read before."}
)
