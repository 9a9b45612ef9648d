package app

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/cis2"
	"github.com/ers-login/ers-login/ersclient/fhir"
	"github.com/ers-login/ers-login/ersclient/fhir/directory"
	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/ersclient/hscn/certificate"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/audit"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/desktop"
	"github.com/ers-login/ers-login/internal/history"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
	"github.com/ers-login/ers-login/internal/signin"
	signinfhir "github.com/ers-login/ers-login/internal/signin/fhir"
	"github.com/ers-login/ers-login/internal/workstation"
)

// careIdentityServices are those of the FHIR platform.
func (r RealServices) careIdentityServices(settings config.Config, ring *keyring.Client) (Services, error) {
	stored, password := ring.Source(keyring.ClientSecret), ring.Source(keyring.ProxyPassword)
	clients, err := r.careIdentityClients(settings, stored, password, r.Board.Set)
	if err != nil {
		return Services{}, err
	}
	cards := r.openReaders(settings)
	r.CardSide.Store(&cards)
	log := r.openAuditLog(settings, "")
	records := audit.NewFHIR(clients.gateway, clients.ers, log, settings.AuditRequired)
	platform := signinfhir.New(signinfhir.Settings{
		Gateway: records, ERS: records, Names: clients.names, Browse: r.browse(), SignInWithin: settings.SignInTimeout,
		CardRemoved: cards.removals.removed, BaseURL: settings.FHIRBaseURL, Log: r.Log,
	})
	return Services{
		platform: auditedPlatform{platform, records, cards.removals},
		close: func() {
			r.CardSide.Store(nil)
			clients.close()
			if err := errors.Join(cards.Close(), closeAudit(log)); err != nil {
				r.Log.WithError(err).Warn("not all ended as it should")
			}
		},
	}, nil
}

// browse returns what opens a page: the desktop's program, unless a test has another.
func (r RealServices) browse() func(context.Context, string) error {
	if r.Browse != nil {
		return r.Browse
	}
	return func(ctx context.Context, address string) error {
		if err := desktop.Browse(ctx, address); err != nil {
			return cis2.NoBrowser.Because(err)
		}
		return nil
	}
}

// careIdentity are the clients of the FHIR platform's servers.
type careIdentity struct {
	gateway gateway
	ers     *fhir.Client
	// names is nil if organisations are shown by their codes.
	names signinfhir.Names
	close func()
}

// careIdentityClients makes the clients. The client secret comes from stored, unless a file has it,
// and the proxy's password from password. Notices go to notice, which may be nil.
func (r RealServices) careIdentityClients(
	settings config.Config, stored, password config.PassphraseSource, notice func(string, *problem.Problem),
) (careIdentity, error) {
	at, err := r.publicTransport(settings, password)
	if err != nil {
		return careIdentity{}, err
	}
	var made careIdentity
	if made.gateway, err = r.newGateway(settings, at, stored); err != nil {
		return careIdentity{}, err
	}
	api := at
	api.BaseURL, api.Timeout, api.Notice = settings.FHIRBaseURL, settings.RequestTimeout, notice
	api.Trace = func(trace transport.Trace) {
		r.Log.WithFields(logrus.Fields{"call": trace.Call.Name, "status": trace.Status, "took": trace.Took.Round(time.Millisecond).String()}).Info(trace)
	}
	if made.ers, err = fhir.New(api); err != nil {
		made.gateway.Close()
		return careIdentity{}, err
	}
	made.close = func() {
		made.gateway.Close()
		made.ers.Close()
	}
	if settings.DirectoryURL == config.NoDirectory {
		return made, nil
	}
	at.BaseURL = settings.DirectoryURL
	names, err := directory.New(directory.Config{Config: at, File: organisationsFile()})
	if err != nil {
		// Names are decoration: cards have the organisations' codes without.
		r.Log.WithError(err).Warn("the directory of organisations")
		return made, nil
	}
	clients := made.close
	made.names, made.close = names, func() {
		clients()
		names.Close()
	}
	return made, nil
}

// organisationsFile keeps the names of organisations, beside what else the program remembers.
func organisationsFile() string {
	return filepath.Join(filepath.Dir(history.DefaultFile()), "organisations.json")
}

// publicTransport is what all connections to the FHIR platform's servers have in common, whose
// certificates are public ones.
func (r RealServices) publicTransport(settings config.Config, password config.PassphraseSource) (transport.Config, error) {
	roots, trustStore, err := certificate.LoadFurtherCAs(settings.CABundle)
	if err != nil {
		return transport.Config{}, withOrigin(settings, err)
	}
	return transport.Config{
		PlainLoopback: true, RootCAs: roots, TrustStore: trustStore,
		UserAgent: strings.Replace(r.Program.Name(), " ", "/", 1),
		Proxy:     transport.ProxyOf(settings.Proxy), ProxyCredentials: r.ProxyCredentials(settings, password),
	}, nil
}

// newGateway makes the client of the OAuth 2 server. The application's secret is read anew for each
// sign-in, and kept for the refreshes of that.
func (r RealServices) newGateway(settings config.Config, at transport.Config, stored config.PassphraseSource) (gateway, error) {
	authorize, token, userInfo := settings.Endpoints()
	at.BaseURL = settings.OAuthURL
	made := cis2.Config{
		Config: at, ClientID: settings.ClientID, RedirectURI: settings.RedirectURI, ACRValues: settings.ACRValues,
		Scopes:    strings.Fields(settings.OAuthScope),
		Endpoints: cis2.Endpoints{Authorize: authorize, Token: token, UserInfo: userInfo},
	}
	var kept atomic.Pointer[secret.Text]
	kept.Store(&secret.Text{})
	if !settings.Broker() || settings.ClientSecretFile != "" {
		made.Secret = func(context.Context) (secret.Text, error) { return *kept.Load(), nil }
	}
	client, err := cis2.New(made)
	if err != nil {
		return gateway{}, err
	}
	return gateway{client, func(ctx context.Context) error {
		if err := r.ownLoopback(ctx, settings); err != nil || made.Secret == nil {
			return err
		}
		text, err := r.clientSecret(ctx, settings, stored)
		if err == nil {
			kept.Store(&text)
		}
		return err
	}}, nil
}

// gateway is the OAuth 2 server, for a program that stays open for weeks.
type gateway struct {
	*cis2.Client
	// prepare is called before each sign-in.
	prepare func(context.Context) error
}

// Begin begins a sign-in in the browser, unless that is not safe or cannot succeed here.
func (g gateway) Begin(ctx context.Context) (*cis2.Attempt, error) {
	if err := g.prepare(ctx); err != nil {
		return nil, err
	}
	return g.Client.Begin(ctx)
}

// ownLoopback returns a Problem if another user of this computer could take the port of the redirect
// URI, and with it a sign-in: the NHS API platform ignores what protects a broker's (PKCE).
func (r RealServices) ownLoopback(ctx context.Context, settings config.Config) error {
	if settings.Broker() || settings.SharedLoopback {
		return nil
	}
	others, err := workstation.OtherLogOns(ctx)
	if err != nil {
		r.Log.WithError(err).Info("other users' log-on sessions cannot be seen")
	}
	if others > 0 {
		return sharedComputer
	}
	return nil
}

// clientSecret reads the secret of the registered application.
func (r RealServices) clientSecret(ctx context.Context, settings config.Config, stored config.PassphraseSource) (secret.Text, error) {
	text, err := settings.ClientSecret(ctx, stored)
	switch {
	case errors.Is(err, handoff.ErrNotFound), err == nil && text.IsZero() && !settings.Broker():
		return secret.Text{}, noClientSecret.Because(errNoneStored)
	case err != nil:
		return secret.Text{}, err
	}
	r.Log.Guard(text)
	return text, nil
}

// auditedPlatform records what the FHIR platform makes no call for (LAL-001), and has the card of a
// sign-in watched from its beginning.
type auditedPlatform struct {
	*signinfhir.Platform
	records *audit.FHIR
	cards   *removals
}

var _ signin.Platform = auditedPlatform{}

// Prompt has the user sign in in the browser.
func (p auditedPlatform) Prompt(ctx context.Context, fresh bool) error {
	p.cards.begin()
	return p.Platform.Prompt(ctx, fresh)
}

// Open redeems the proof, and records the sign-in.
func (p auditedPlatform) Open(ctx context.Context, proof signin.Proof, givenUp <-chan struct{}) (signin.Grant, error) {
	p.cards.open()
	began := time.Now()
	if err := p.records.Ready(ctx); err != nil {
		return signin.Grant{}, err
	}
	grant, err := p.Platform.Open(ctx, proof, givenUp)
	if err := p.records.SignedIn(ctx, began, grant.Key, grant.Credential, grant.User.Identifier, err); err != nil {
		return signin.Grant{}, err
	}
	return grant, nil
}

// Select selects a role, and records one that needs no further choice.
func (p auditedPlatform) Select(ctx context.Context, grant signin.Grant, permission ersclient.Permission) (signin.Grant, error) {
	selected, err := p.Platform.Select(ctx, grant, permission)
	if err != nil || len(selected.Clinicians) > 0 {
		return selected, err
	}
	if err := p.records.RoleChosen(ctx, selected.Key, selected.Permission); err != nil {
		return grant, err
	}
	return selected, nil
}

// Close records the end. The tokens are forgotten with the grant.
func (p auditedPlatform) Close(ctx context.Context, grant signin.Grant) error {
	p.records.SignedOut(ctx, grant.Key)
	return p.Platform.Close(ctx, grant)
}

var (
	noClientSecret = &problem.Problem{
		Code:     "CIS2-NO_SECRET",
		Title:    "Signing in with NHS Care Identity is not set up on this computer",
		Happened: "The client secret of your organisation's application is not stored for you on this computer.",
		Steps: []string{
			"Contact your local service desk and quote the reference below.",
			"When they have set it up, press **Try again**.",
		},
		ServiceDesk: []string{
			"Run ers-login client-secret as this user, which stores the client secret in the keyring, or set " +
				"client_secret_file to a file that has it and that only this user can read.",
		},
		Retry: true,
	}
	sharedComputer = &problem.Problem{
		Code:  "CIS2-SHARED",
		Title: "Other users are signed in to this computer",
		Happened: "Your browser comes back to e-RS Login over a connection that all users of a computer share. While others are signed in " +
			"to the computer too, another user could get your sign-in.",
		Steps: []string{
			"If you do not share this computer, ask the other user to sign out of the computer, then press **Try again**.",
			"If you share it, contact your local service desk and quote the reference below.",
		},
		ServiceDesk: []string{
			"On terminal servers, set up a broker (see docs/deployment.md). The computer's setting shared_loopback lets users sign in without one.",
		},
		Retry: true,
	}
)
