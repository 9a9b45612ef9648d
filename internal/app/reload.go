package app

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/hscn"
	"github.com/ers-login/ers-login/ersclient/hscn/certificate"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/problem"
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
	// turn is held by the one call that reloads, and guards all fields below. To wait for it needs no
	// context: that of the call that holds it ends with the flow, too.
	turn   sync.Mutex
	client atomic.Pointer[hscn.Client]
	using  credentials
	// bundleRead and certificateRead are the digests of the files in use, and zero if later contents
	// could not be used.
	bundleRead, certificateRead fileDigest
}

// credentials are what the present client presents and trusts.
type credentials struct {
	certificate tls.Certificate
	roots       *x509.CertPool
	trustStore  string
}

func (r RealServices) credentials(ctx context.Context, settings config.Config, stored config.PassphraseSource) (credentials, error) {
	presented, err := r.certificate(ctx, settings, stored)
	if err != nil {
		return credentials{}, err
	}
	roots, trustStore, err := certificate.LoadRootCAs(settings.CABundle)
	return credentials{presented, roots, trustStore}, withOrigin(settings, err)
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

func bundleDigest(settings config.Config) fileDigest { return digestOf("", settings.CABundle) }

func certificateDigest(settings config.Config) fileDigest {
	return digestOf(settings.CertificateThumbprint, settings.Certificate, settings.Key)
}

// newReloadingClient loads everything for the first time and makes the client.
func (r RealServices) newReloadingClient(ctx context.Context, settings config.Config, ring *keyring.Client) (*reloadingClient, error) {
	made := &reloadingClient{
		real: r, ring: ring, settings: settings, renamed: func(string) {},
		// The digests are taken first: a change during loading causes a reload.
		bundleRead: bundleDigest(settings), certificateRead: certificateDigest(settings),
	}
	var err error
	if made.using, err = r.credentials(ctx, settings, ring.Source(keyring.Passphrase)); err != nil {
		return nil, err
	}
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
	e.turn.Lock()
	defer e.turn.Unlock()
	err := e.reload(ctx, e.ring.Source(keyring.Passphrase))
	if leaf := e.using.certificate.Leaf; err != nil && leaf != nil && time.Now().After(leaf.NotAfter) {
		return err
	}
	return nil
}

// reloadWithoutPrompt reloads what has changed without a prompt, unless another call is doing so: the end
// of a session does not wait for an answer to a prompt.
func (e *reloadingClient) reloadWithoutPrompt(ctx context.Context) {
	if e.turn.TryLock() {
		defer e.turn.Unlock()
		// The board has the error, and the call goes on.
		_ = e.reload(ctx, withoutPrompt(e.ring, keyring.Passphrase))
	}
}

// reload reloads what has changed, for the next calls. The error is that of the certificate. The
// authorities do not wait for it: one that was removed must not be trusted any longer.
func (e *reloadingClient) reload(ctx context.Context, stored config.PassphraseSource) error {
	settings := e.currentSettings()
	// The board has the error of the authorities.
	_ = e.take(settings, &e.bundleRead, bundleDigest(settings), "authorities' file", func(next *credentials) (err error) {
		if err = settings.DistrustBundle(); err != nil {
			return err
		}
		next.roots, next.trustStore, err = certificate.LoadRootCAs(settings.CABundle)
		return withOrigin(settings, err)
	})
	if keyFailed(e.using.certificate) {
		e.certificateRead = fileDigest{}
	}
	return e.take(settings, &e.certificateRead, certificateDigest(settings), "certificate file", func(next *credentials) (err error) {
		others := settings
		others.CABundle = "" // it was looked at above
		if err = others.RequireReal(); err == nil {
			next.certificate, err = e.real.certificate(ctx, settings, stored)
		}
		return err
	})
}

// take uses what get gets from files that have changed since they were read, or that could not be
// used before. The notice about them has the source.
func (e *reloadingClient) take(
	settings config.Config, read *fileDigest, now fileDigest, source string, get func(*credentials) error,
) error {
	if now == *read {
		return nil
	}
	next, client := e.using, e.client.Load()
	err := get(&next)
	if err == nil {
		client, err = client.Renewed(next.certificate, next.roots, next.trustStore)
	}
	if err != nil {
		*read = fileDigest{}
		e.refuse(source, err)
		return err
	}
	e.client.Store(client)
	e.using, e.settings, *read = next, settings, now
	e.real.Board.Set(source, nil)
	fqdn := certificate.CommonName(next.certificate)
	e.renamed(fqdn)
	e.real.Log.WithField("certificate", fqdn).WithField("until", next.certificate.Leaf.NotAfter).Info("read again")
	return nil
}

// goesOn has what is used while a changed file cannot be.
var goesOn = &problem.Problem{Happened: "Until then, e-RS Login uses what it read before."}

// refuse puts up a notice why files are not used. A locked keyring is not their fault: they are
// loaded once it is unlocked.
func (e *reloadingClient) refuse(source string, err error) {
	e.real.Log.WithError(err).Warn("changed files are not used")
	found := problem.Of(err)
	if keyring.Problems.Has(found) || errors.Is(err, context.Canceled) {
		return
	}
	made := *found
	made.Happened = problem.Sentences(found.Happened, goesOn.Happened)
	e.real.Board.Set(source, &made)
}

// currentSettings returns the present settings, since a renewed certificate in Windows' store has
// another thumbprint. Those of another platform or system, and unusable ones, wait for the next
// start: also a slip in the user's own file that leaves nothing to sign in with.
func (e *reloadingClient) currentSettings() config.Config {
	settings, err := config.Load(e.real.Sources)
	var needed *config.Invalid
	slipped := func(p *problem.Problem) bool { return slices.Contains(settings.Warnings, p) }
	if err == nil && len(settings.Warnings) > 0 && errors.As(settings.RequireReal(), &needed) && slices.ContainsFunc(needed.Problems, slipped) {
		return e.settings
	}
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
