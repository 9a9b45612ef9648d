package app

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/hscn"
	"github.com/ers-login/ers-login/ersclient/hscn/certificate"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/problem"
)

// The sources of notices about changed files.
const (
	noticeCertificateFile = "certificate file"
	noticeBundleFile      = "authorities file"
)

// reloadingClient is e-RS for a program that stays open for weeks: before each call it reloads the
// certificate, its key, the authorities, and the settings that name them, if changed. What cannot
// be used never replaces what still works.
type reloadingClient struct {
	real     RealServices
	ring     *keyring.Client
	settings config.Config
	// renamed receives the certificate's name after a reload.
	renamed func(fqdn string)
	// turn is held by the one call that reloads, and guards all fields below.
	turn   chan struct{}
	client atomic.Pointer[hscn.Client]

	using                        credentials
	certificateFiles, bundleFile changing
}

// credentials are what the present client presents and trusts.
type credentials struct {
	certificate tls.Certificate
	roots       *x509.CertPool
	trustStore  string
}

// changing are files that are reloaded together.
type changing struct {
	// read is the digest of what is in use, and zero if later contents could not be used.
	read fileDigest
	// notice is the source of a notice about them, and goesOn the Problem whose Happened names what
	// is used meanwhile.
	notice string
	goesOn *problem.Problem
}

// fileDigest identifies the contents of files. They are small, and times and sizes are unreliable:
// a copy may keep both.
type fileDigest [sha256.Size]byte

// maxDigested bounds the part of a file that is compared, in bytes; package certificate reads no
// longer ones.
const maxDigested = 10 << 20

// digestOf returns the digest of names and of the files' contents. An unreadable file has its own
// digest.
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

// newReloadingClient loads everything for the first time and makes the client.
func (r RealServices) newReloadingClient(ctx context.Context, settings config.Config, ring *keyring.Client) (*reloadingClient, error) {
	made := &reloadingClient{
		real: r, ring: ring, settings: settings, turn: make(chan struct{}, 1), renamed: func(string) {},
		// The digests are taken first: a change during loading causes a reload.
		certificateFiles: changing{certificateDigest(settings), noticeCertificateFile, goesOnWithCertificate},
		bundleFile:       changing{bundleDigest(settings), noticeBundleFile, goesOnWithAuthorities},
	}
	presented, err := r.certificate(ctx, settings, ring.Source(keyring.Passphrase))
	if err != nil {
		return nil, err
	}
	roots, trustStore, err := certificate.LoadRootCAs(settings.CABundle)
	if err != nil {
		return nil, withOrigin(settings, err)
	}
	made.using = credentials{presented, roots, trustStore}
	client, err := r.client(settings, made.using, ring.Source(keyring.ProxyPassword), r.Board.Set)
	if err != nil {
		return nil, err
	}
	made.client.Store(client)
	return made, nil
}

// CreateSession is A001. A locked keyring may prompt, for the passphrase of a new certificate.
func (e *reloadingClient) CreateSession(ctx context.Context, ticket ersclient.Ticket) (ersclient.Session, error) {
	if err := e.signingIn(ctx); err != nil {
		return ersclient.Session{}, err
	}
	return e.client.Load().CreateSession(ctx, ticket)
}

// SelectRole is A002.
func (e *reloadingClient) SelectRole(
	ctx context.Context, session ersclient.Session, permission ersclient.Permission,
) (ersclient.Session, error) {
	e.reloadWithoutPrompt(ctx)
	return e.client.Load().SelectRole(ctx, session, permission)
}

// DeleteSession is A003.
func (e *reloadingClient) DeleteSession(ctx context.Context, key ersclient.SessionKey) error {
	e.reloadWithoutPrompt(ctx)
	return e.client.Load().DeleteSession(ctx, key)
}

// Reach connects to e-RS without a request. It is called every few minutes, so that a notice goes
// soon after its cause.
func (e *reloadingClient) Reach(ctx context.Context) error {
	e.reloadWithoutPrompt(ctx)
	return e.client.Load().Reach(ctx)
}

// Close closes idle connections.
func (e *reloadingClient) Close() { e.client.Load().Close() }

// signingIn reloads what has changed. The error is why an expired certificate is not replaced.
func (e *reloadingClient) signingIn(ctx context.Context) error {
	select {
	case e.turn <- struct{}{}:
		defer func() { <-e.turn }()
	case <-ctx.Done():
		// The call reports it.
		return nil
	}
	err := e.reload(ctx, e.ring.Source(keyring.Passphrase))
	if leaf := e.using.certificate.Leaf; err != nil && leaf != nil && time.Now().After(leaf.NotAfter) {
		return err
	}
	return nil
}

// reloadWithoutPrompt reloads what has changed without a prompt, unless another call is doing so: the end
// of a session does not wait for an answer to a prompt.
func (e *reloadingClient) reloadWithoutPrompt(ctx context.Context) {
	select {
	case e.turn <- struct{}{}:
		defer func() { <-e.turn }()
	default:
		return
	}
	// The board has the error, and the call goes on.
	_ = e.reload(ctx, withoutPrompt(e.ring, keyring.Passphrase))
}

// reload reloads what has changed, for the next calls. The error is that of the certificate.
func (e *reloadingClient) reload(ctx context.Context, stored config.PassphraseSource) error {
	settings := e.currentSettings()
	next := e.using
	changed, refused := e.reloadFiles(&e.certificateFiles, certificateDigest(settings), keyFailed(e.using.certificate), func() (err error) {
		if err = settings.RequireReal(); err == nil {
			next.certificate, err = e.real.certificate(ctx, settings, stored)
		}
		return err
	})
	others, _ := e.reloadFiles(&e.bundleFile, bundleDigest(settings), false, func() error {
		if err := settings.DistrustBundle(); err != nil {
			return err
		}
		roots, trustStore, err := certificate.LoadRootCAs(settings.CABundle)
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
	fqdn := certificate.CommonName(next.certificate)
	e.renamed(fqdn)
	e.real.Log.WithField("certificate", fqdn).WithField("until", next.certificate.Leaf.NotAfter).Info("read again")
	return refused
}

// reloadFiles reloads files that have changed, or that could not be used before. changed reports
// whether they can be used now.
func (e *reloadingClient) reloadFiles(files *changing, now fileDigest, anyway bool, read func() error) (changed bool, err error) {
	if now == files.read && !anyway {
		return false, nil
	}
	if err := read(); err != nil {
		e.refuse(files, err)
		return false, err
	}
	files.read = now
	e.real.Board.Set(files.notice, nil)
	return true, nil
}

// refuse puts up a notice why files are not used. A locked keyring is not their fault: they are
// loaded once it is unlocked.
func (e *reloadingClient) refuse(files *changing, err error) {
	files.read = fileDigest{}
	e.real.Log.WithError(err).Warn("changed files are not used")
	found := problem.Of(err)
	if keyring.Problems.Has(found) || errors.Is(err, context.Canceled) {
		return
	}
	made := *found
	made.Happened = problem.Sentences(found.Happened, files.goesOn.Happened)
	e.real.Board.Set(files.notice, &made)
}

// currentSettings returns the present settings, since a renewed certificate in Windows' store has
// another thumbprint. Those of another platform or system, and unusable ones, wait for the next
// start.
func (e *reloadingClient) currentSettings() config.Config {
	settings, err := config.Load(e.real.Sources)
	if err != nil || settings.UsedPlatform() != e.settings.UsedPlatform() || settings.BaseURL != e.settings.BaseURL || settings.ASID != e.settings.ASID {
		return e.settings
	}
	return settings
}

// keyFailed reports whether the latest use of a key in Windows failed: it may have been imported
// again.
func keyFailed(certificate tls.Certificate) bool {
	remembers, ok := certificate.PrivateKey.(interface{ Failure() error })
	return ok && remembers.Failure() != nil
}

// What is used while a changed file cannot be.
var (
	goesOnWithCertificate = &problem.Problem{Happened: "Until then, e-RS Login uses the certificate that it read before."}
	goesOnWithAuthorities = &problem.Problem{Happened: "Until then, e-RS Login uses the authorities that it read before."}
)
