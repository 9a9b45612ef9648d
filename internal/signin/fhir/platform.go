// Package fhir is the platform of NHS Care Identity (CIS2): the proof of the user is the code of a
// sign-in in the browser, which is redeemed for an access token; A030 says what the user may work
// as, and A040 for whom. Nothing is created at e-RS, so nothing is closed there: a role is part of
// each call that other applications make, and signing out forgets the tokens. It is behind the seam
// of package signin, beside package hscn.
package fhir

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"sync"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/cis2"
	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/secret"
	"github.com/ers-login/ers-login/internal/signin"
)

// The bounds of a sign-in.
const (
	// DefaultSignInWithin is how long a user may take in the browser.
	DefaultSignInWithin = 5 * time.Minute
	// lifetime is how long the gateway renews a sign-in, whatever a broker says.
	lifetime = 12 * time.Hour
	// A token is refreshed between refreshLatest and refreshEarliest before its end, each at another
	// time: all computers of an application share its limit of calls. One that lives for less than
	// twice that is refreshed in the second half of its life.
	refreshLatest   = 60 * time.Second
	refreshEarliest = 180 * time.Second
	// refreshFloor is the shortest time between a refresh that succeeded and the next one, however
	// soon the token ends: a broker's of a second would have each computer call every second. The
	// flow decides when one that has failed is tried again.
	refreshFloor = 30 * time.Second
)

// Gateway is the OAuth 2 server as this platform calls it; the Client of package cis2 is one. Every
// error is a *problem.Problem.
type Gateway interface {
	Begin(context.Context) (*cis2.Attempt, error)
	Exchange(context.Context, cis2.Code) (cis2.Tokens, error)
	Refresh(context.Context, cis2.RefreshToken) (cis2.Tokens, error)
	UserInfo(context.Context, ersclient.AccessToken) (cis2.UserInfo, error)
}

// ERS is e-RS as this platform calls it; the Client of ersclient/fhir is one. Every error is a
// *problem.Problem.
type ERS interface {
	// Roles is A030.
	Roles(context.Context, ersclient.AccessToken) (ersclient.User, error)
	// Clinicians is A040.
	Clinicians(context.Context, ersclient.AccessToken, ersclient.Permission) ([]ersclient.User, error)
	// Reach connects to e-RS and asks nothing.
	Reach(context.Context) error
}

// Names finds the names of organisations by their codes; package directory has one. Find calls found
// for each name as it comes.
type Names interface {
	Known(code string) (name string, ok bool)
	Find(ctx context.Context, codes []string, found func(code, name string)) error
}

// Settings is what a Platform is made of.
type Settings struct {
	Gateway Gateway
	ERS     ERS
	// Names may be nil: organisations are then shown by their codes.
	Names Names
	// Browse opens an address in the user's browser.
	Browse func(ctx context.Context, address string) error
	// SignInWithin is how long a user may take in the browser; zero is DefaultSignInWithin.
	SignInWithin time.Duration
	// CardRemoved delivers when a smartcard was removed from a reader; nil if that ends nothing.
	CardRemoved <-chan struct{}
	// BaseURL is the FHIR API's. It stands in the keyring entry.
	BaseURL string
	Log     logrus.FieldLogger
}

// Platform signs in with NHS Care Identity.
type Platform struct {
	Settings
	// reports are for Watch to pass on, and wanted are codes without a name.
	reports chan signin.Report
	wanted  chan []string
	// changed has Watch report what has changed without another report of its own.
	changed chan struct{}
	// prompting is held by the one prompt: each has the port.
	prompting sync.Mutex

	mu sync.Mutex
	// standing is what every report says besides its own.
	standing signin.Report
	// code is that of the last sign-in in the browser, by the proof that stands for it.
	code  cis2.Code
	proof secret.Text
	// inDoubt is the refresh token that was sent last without an answer to trust: it may be used up.
	inDoubt secret.Text
}

var _ signin.Platform = (*Platform)(nil)

// New makes a Platform. It does nothing before Watch.
func New(settings Settings) *Platform {
	if settings.SignInWithin == 0 {
		settings.SignInWithin = DefaultSignInWithin
	}
	return &Platform{
		Settings: settings, standing: about.Start,
		reports: make(chan signin.Report), wanted: make(chan []string, 1), changed: make(chan struct{}, 1),
	}
}

// Watch passes on what prompts report, has the names of organisations found, and reports the proof
// as gone when a card was removed.
func (p *Platform) Watch(ctx context.Context) <-chan signin.Report {
	reports := make(chan signin.Report)
	go func() {
		defer close(reports)
		var finding sync.WaitGroup
		defer finding.Wait()
		for {
			var report signin.Report
			select {
			case report = <-p.reports:
			case <-p.CardRemoved:
				report = p.stand(signin.ProofGone, func(r *signin.Report) { r.Source = NotSignedIn })
			case <-p.changed:
				report = p.stand(signin.StatusChanged, nil)
			case codes := <-p.wanted:
				finding.Go(func() { p.find(ctx, codes) })
				continue
			case <-ctx.Done():
				return
			}
			select {
			case reports <- report:
			case <-ctx.Done():
				return
			}
		}
	}()
	return reports
}

// stand changes what holds, and returns it as a report.
func (p *Platform) stand(kind signin.ReportKind, change func(*signin.Report)) signin.Report {
	p.mu.Lock()
	defer p.mu.Unlock()
	if change != nil {
		change(&p.standing)
	}
	report := p.standing
	report.Kind = kind
	return report
}

// setSource has Watch report whether a user is signed in, if that has changed. It does not wait.
func (p *Platform) setSource(source signin.Link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.standing.Source == source {
		return
	}
	p.standing.Source = source
	select {
	case p.changed <- struct{}{}:
	default:
	}
}

// report hands a report to Watch, and reports whether it did before ctx ended.
func (p *Platform) report(ctx context.Context, report signin.Report) (delivered bool) {
	select {
	case p.reports <- report:
		return true
	case <-ctx.Done():
		return false
	}
}

// find has the names of organisations found, and reports each.
func (p *Platform) find(ctx context.Context, codes []string) {
	err := p.Names.Find(ctx, codes, func(code, name string) {
		report := p.stand(signin.StatusChanged, nil)
		report.OrgNames = map[string]string{code: name}
		p.report(ctx, report)
	})
	if err != nil && ctx.Err() == nil {
		p.Log.WithError(err).Info("the names of organisations could not be found")
	}
}

// Look has nothing to look at: a sign-in in the browser reports itself.
func (p *Platform) Look() {}

// Prompt opens the sign-in page in the browser, and waits until the user has come back. A browser
// that does not open does not end it, since the user can copy the address. The gateway decides by
// itself how fresh a sign-in has to be.
func (p *Platform) Prompt(ctx context.Context, _ bool) error {
	p.prompting.Lock()
	defer p.prompting.Unlock()
	until := time.Now().Add(p.SignInWithin)
	within, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	attempt, err := p.Gateway.Begin(within)
	if err != nil {
		return err
	}
	defer attempt.Close()
	page := signin.Browser{Address: attempt.Address(), Until: until}
	p.report(within, p.showing(&page))
	defer p.showing(nil)
	if err := p.Browse(within, page.Address); err != nil && within.Err() == nil {
		p.Log.WithError(err).Warn("the browser did not open")
		p.report(within, p.showing(&signin.Browser{Address: page.Address, Until: until, NotOpened: true}))
	}
	code, err := attempt.Wait(within)
	if err != nil {
		return err
	}
	proof := signin.Proof{Text: secret.New(rand.Text())}
	p.mu.Lock()
	p.code, p.proof = code, proof.Text
	p.mu.Unlock()
	came := p.stand(signin.ProofAppeared, func(r *signin.Report) { r.Source, r.Browser = SignedIn, nil })
	came.Proof = proof
	if !p.report(ctx, came) {
		// The user has given up meanwhile: nothing is left of it.
		if _, err := p.take(proof); err == nil {
			p.setSource(NotSignedIn)
		}
		return ctx.Err()
	}
	return nil
}

// showing reports a sign-in under way in the browser, or with nil that there is none.
func (p *Platform) showing(page *signin.Browser) signin.Report {
	return p.stand(signin.StatusChanged, func(r *signin.Report) { r.Browser = page })
}

// take returns the code that a proof stands for, once.
func (p *Platform) take(proof signin.Proof) (cis2.Code, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	code := p.code
	if p.proof.IsZero() || !proof.Text.Equal(p.proof) {
		return cis2.Code{}, spent.Because(ersclient.ErrProofRefused)
	}
	p.code, p.proof = cis2.Code{}, secret.Text{}
	return code, nil
}

// Open redeems the code, and asks who the user is (userinfo) and as what they may work (A030).
// Nothing is left of one that was given up.
func (p *Platform) Open(ctx context.Context, proof signin.Proof, givenUp <-chan struct{}) (signin.Grant, error) {
	grant, err := p.open(ctx, proof, givenUp)
	if err != nil {
		p.setSource(NotSignedIn)
	} else {
		p.setSource(SignedIn)
	}
	return grant, err
}

func (p *Platform) open(ctx context.Context, proof signin.Proof, givenUp <-chan struct{}) (signin.Grant, error) {
	code, err := p.take(proof)
	if err != nil {
		return signin.Grant{}, err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		select {
		case <-givenUp:
			stop()
		case <-ctx.Done():
		}
	}()
	tokens, err := p.Gateway.Exchange(ctx, code)
	if err != nil {
		return signin.Grant{}, fmt.Errorf("%w: %w", signin.ErrNotERS, err)
	}
	var info cis2.UserInfo
	var unnamed error
	var asking sync.WaitGroup
	asking.Go(func() { info, unnamed = p.Gateway.UserInfo(ctx, tokens.Access) })
	user, err := p.ERS.Roles(ctx, tokens.Access)
	asking.Wait()
	switch {
	case err != nil:
		return signin.Grant{}, err
	case errors.Is(unnamed, ersclient.ErrSessionGone), ctx.Err() != nil:
		return signin.Grant{}, errors.Join(unnamed, ctx.Err())
	case unnamed != nil:
		// A name is for display alone.
		p.Log.WithError(unnamed).Warn("userinfo: the user is shown by number")
	}
	p.fillNames(&user, info)
	return renewed(signin.Grant{User: user}, tokens, time.Now()), nil
}

// fillNames fills in the names of a user and their organisations, as far as they are known, and has the
// others found.
func (p *Platform) fillNames(user *ersclient.User, info cis2.UserInfo) {
	user.FirstName, user.LastName = info.GivenName, info.FamilyName
	if user.Name() == "" {
		user.FirstName = info.Name
	}
	if user.Identifier == "" {
		user.Identifier = info.Identifier
	}
	var unknown []string
	seen := map[string]bool{}
	for i := range user.Permissions {
		permission := &user.Permissions[i]
		permission.OrgName = info.OrgNames[permission.OrgIdentifier]
		if permission.OrgName == "" && p.Names != nil {
			permission.OrgName, _ = p.Names.Known(permission.OrgIdentifier)
		}
		if permission.OrgName == "" && !seen[permission.OrgIdentifier] {
			seen[permission.OrgIdentifier] = true
			unknown = append(unknown, permission.OrgIdentifier)
		}
	}
	if len(unknown) > 0 && p.Names != nil {
		select {
		case p.wanted <- unknown:
		default:
			// Those of an earlier sign-in are still to be begun with.
		}
	}
}

// renewed returns a grant with the tokens. It ends twelve hours after the first sign-in at the
// latest, and with the access token if that cannot be refreshed.
func renewed(grant signin.Grant, tokens cis2.Tokens, now time.Time) signin.Grant {
	grant.Key, grant.Credential = tokens.Access.Text, tokens.Refresh.Text
	grant.KeyExpiresAt, grant.RefreshAt = tokens.AccessEnds, refreshAt(now, tokens.AccessEnds)
	ends := tokens.RefreshEnds
	if grant.ExpiresAt.IsZero() {
		grant.ExpiresAt = now.Add(lifetime)
	}
	if tokens.Refresh.IsZero() {
		grant.RefreshAt, ends = time.Time{}, tokens.AccessEnds
	}
	if !ends.IsZero() && ends.Before(grant.ExpiresAt) {
		grant.ExpiresAt = ends
	}
	return grant
}

func refreshAt(now, ends time.Time) time.Time {
	earliest, latest := refreshEarliest, refreshLatest
	if life := ends.Sub(now); life < 2*refreshEarliest {
		earliest, latest = life/2, life/6
	}
	floor := now.Add(refreshFloor)
	if earliest <= latest {
		return floor
	}
	at := ends.Add(-latest - mathrand.N(earliest-latest)) //nolint:gosec // G404: it spreads load, and keeps no secret
	if at.Before(floor) {
		return floor
	}
	return at
}

// Select is carried out by each call that other applications make. For a service provider clinician
// admin it asks for whom they can work (A040).
func (p *Platform) Select(ctx context.Context, grant signin.Grant, permission ersclient.Permission) (signin.Grant, error) {
	if !permission.NeedsClinician() {
		grant.Permission = permission
		return grant, nil
	}
	clinicians, err := p.ERS.Clinicians(ctx, ersclient.AccessToken{Text: grant.Key}, permission)
	if err != nil {
		return grant, err
	}
	if len(clinicians) == 0 {
		return grant, noClinicians
	}
	for _, clinician := range clinicians {
		grant.Clinicians = append(grant.Clinicians, clinician.Identifier)
	}
	return grant, nil
}

// Refresh redeems the refresh token. One whose answer was lost, a gateway's 502, 503 or 504
// included, may have been used up by that: if it is refused then, the error says so.
func (p *Platform) Refresh(ctx context.Context, grant signin.Grant) (signin.Grant, error) {
	tokens, err := p.Gateway.Refresh(ctx, cis2.RefreshToken{Text: grant.Credential})
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case err == nil:
		p.inDoubt = secret.Text{}
		return renewed(grant, tokens, time.Now()), nil
	case errors.Is(err, ersclient.ErrAnswerLost):
		p.inDoubt = grant.Credential
	case errors.Is(err, cis2.RefreshUsed) && grant.Credential.Equal(p.inDoubt):
		err = usedUp.Because(err)
	}
	return signin.Grant{}, err
}

// Close has nothing to call: the tokens are forgotten.
func (p *Platform) Close(context.Context, signin.Grant) error {
	p.mu.Lock()
	p.inDoubt = secret.Text{}
	p.mu.Unlock()
	p.setSource(NotSignedIn)
	return nil
}

// Reach connects to e-RS and asks nothing.
func (p *Platform) Reach(ctx context.Context) error { return p.ERS.Reach(ctx) }

// Entry is what other applications read.
func (p *Platform) Entry(grant signin.Grant, details signin.EntryDetails) handoff.Entry {
	return handoff.FHIRSession{
		Version:          handoff.Version,
		Generation:       details.Generation,
		Revision:         details.Revision,
		AccessToken:      ersclient.AccessToken{Text: grant.Key},
		BaseURL:          p.BaseURL,
		UserIdentifier:   grant.User.Identifier,
		UserName:         grant.User.Name(),
		OrgIdentifier:    grant.Permission.OrgIdentifier,
		OrgName:          grant.Permission.OrgName,
		BusinessFunction: string(grant.Permission.BusinessFunction),
		OnBehalfOf:       grant.Permission.OnBehalfOf,
		IssuedAt:         details.IssuedAt,
		TokenExpiresAt:   grant.KeyExpiresAt.UTC(),
		ExpiresAt:        details.ExpiresAt,
		Publisher:        details.Publisher,
	}
}

// Leftover has nothing to close: the token of a killed run dies within ten minutes.
func (p *Platform) Leftover(handoff.Entry) signin.Grant { return signin.Grant{} }
