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
	// turn is held by the one call that reloads, and guards all fields below.
	turn   sync.Mutex
	client atomic.Pointer[hscn.Client]
	using  credentials
	// read is the digest of the files in use, and zero if later contents could not be used.
	read fileDigest
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

// digestOf returns the digest of the names and contents of the files that settings name. An
// unreadable file has its own digest.
func digestOf(settings config.Config) fileDigest {
	parts := []byte(settings.CertificateThumbprint)
	for _, path := range []string{settings.Certificate, settings.Key, settings.CABundle} {
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

// newReloadingClient loads everything for the first time and makes the client.
func (r RealServices) newReloadingClient(ctx context.Context, settings config.Config, ring *keyring.Client) (*reloadingClient, error) {
	made := &reloadingClient{
		real: r, ring: ring, settings: settings, renamed: func(string) {},
		// The digest is taken first: a change during loading causes a reload.
		read: digestOf(settings),
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

// reload reloads what has changed, or could not be used before, for the next calls.
func (e *reloadingClient) reload(ctx context.Context, stored config.PassphraseSource) error {
	settings := e.currentSettings()
	now := digestOf(settings)
	if now == e.read && !keyFailed(e.using.certificate) {
		return nil
	}
	next, client, err := e.renewed(ctx, settings, stored)
	if err != nil {
		e.refuse(err)
		return err
	}
	e.client.Store(client)
	e.using, e.settings, e.read = next, settings, now
	e.real.Board.Set(noticeFiles, nil)
	fqdn := certificate.CommonName(next.certificate)
	e.renamed(fqdn)
	e.real.Log.WithField("certificate", fqdn).WithField("until", next.certificate.Leaf.NotAfter).Info("read again")
	return nil
}

func (e *reloadingClient) renewed(
	ctx context.Context, settings config.Config, stored config.PassphraseSource,
) (next credentials, client *hscn.Client, err error) {
	if err = settings.DistrustBundle(); err == nil {
		err = settings.RequireReal()
	}
	if err == nil {
		next, err = e.real.credentials(ctx, settings, stored)
	}
	if err == nil {
		client, err = e.client.Load().Renewed(next.certificate, next.roots, next.trustStore)
	}
	return next, client, err
}

// noticeFiles is the source of the notice about changed files.
const noticeFiles = "changed files"

// goesOn has what is used while a changed file cannot be.
var goesOn = &problem.Problem{Happened: "Until then, e-RS Login uses what it read before."}

// refuse puts up a notice why files are not used. A locked keyring is not their fault: they are
// loaded once it is unlocked.
func (e *reloadingClient) refuse(err error) {
	e.read = fileDigest{}
	e.real.Log.WithError(err).Warn("changed files are not used")
	found := problem.Of(err)
	if keyring.Problems.Has(found) || errors.Is(err, context.Canceled) {
		return
	}
	made := *found
	made.Happened = problem.Sentences(found.Happened, goesOn.Happened)
	e.real.Board.Set(noticeFiles, &made)
}

// currentSettings returns the present settings, since a renewed certificate in Windows' store has
// another thumbprint. Those of another platform or system, and unusable ones, wait for the next
// start: also a slip in the user's own file that leaves nothing to sign in with.
func (e *reloadingClient) currentSettings() config.Config {
	settings, err := config.Load(e.real.Sources)
	var needed *config.Invalid
	slipped := func(p *problem.Problem) bool { return slices.Contains(settings.Warnings, p) }
	if err == nil && errors.As(settings.RequireReal(), &needed) && slices.ContainsFunc(needed.Problems, slipped) {
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
