package fhir

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/sirupsen/logrus/hooks/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/cis2"
	"github.com/ers-login/ers-login/ersclient/cis2test"
	"github.com/ers-login/ers-login/ersclient/fhir"
	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/ersclient/testserver"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
	"github.com/ers-login/ers-login/internal/signin"
)

// enough is longer than anything here takes.
const enough = 30 * time.Second

// desk is a platform at the stand-in, with a user who picks a persona in the browser.
type desk struct {
	*Platform
	server  *cis2test.Server
	reports <-chan signin.Report
	// browse is what the browser does with an address.
	browse func(ctx context.Context, address string) error
}

func newDesk(t testing.TB, persona string, change func(*Settings), options ...cis2test.Option) *desk {
	t.Helper()
	d := unwatched(t, persona, change, options...)
	ctx, cancel := context.WithCancel(t.Context())
	d.reports = d.Watch(ctx)
	t.Cleanup(func() {
		cancel()
		for range d.reports {
			continue
		}
	})
	return d
}

// unwatched is a desk whose reports are a flow's.
func unwatched(t testing.TB, persona string, change func(*Settings), options ...cis2test.Option) *desk {
	t.Helper()
	server := cis2test.NewServer(options...)
	t.Cleanup(server.Close)
	log, _ := test.NewNullLogger()
	d := &desk{server: server, browse: func(ctx context.Context, address string) error {
		_, err := server.SignIn(ctx, address, persona)
		return err
	}}
	settings := Settings{
		BaseURL: server.FHIRURL(), Log: log,
		Browse: func(ctx context.Context, address string) error { return d.browse(ctx, address) },
	}
	settings.Gateway, settings.ERS = clients(t, server, 0)
	if change != nil {
		change(&settings)
	}
	d.Platform = New(settings)
	return d
}

// clients are those of the stand-in. A zero timeout is the default.
func clients(t testing.TB, server *cis2test.Server, timeout time.Duration) (Gateway, ERS) {
	t.Helper()
	at := transport.Config{BaseURL: server.OAuthURL(), RootCAs: server.RootCAs(), Pace: transport.Unpaced(), Timeout: timeout}
	gateway, err := cis2.New(cis2.Config{Config: at, ClientID: cis2test.PublicClientID, RedirectURI: anyPort})
	require.NoError(t, err)
	t.Cleanup(gateway.Close)
	at.BaseURL = server.FHIRURL()
	ers, err := fhir.New(at)
	require.NoError(t, err)
	t.Cleanup(ers.Close)
	return gateway, ers
}

// next returns the next report.
func (d *desk) next(t testing.TB) signin.Report {
	t.Helper()
	select {
	case report, open := <-d.reports:
		require.True(t, open)
		return report
	case <-time.After(enough):
		require.Fail(t, "no report")
		return signin.Report{}
	}
}

// proof has the user sign in, and returns the proof.
func (d *desk) proof(t testing.TB) signin.Proof {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- d.Prompt(t.Context(), false) }()
	came, shown := d.next(t), false
	for came.Kind == signin.StatusChanged { // the end of an earlier sign-in is reported, too
		shown = shown || came.Browser != nil
		came = d.next(t)
	}
	require.True(t, shown, "the window shows the address at once")
	require.Equal(t, signin.ProofAppeared, came.Kind)
	require.NoError(t, <-done)
	return came.Proof
}

func (d *desk) open(t testing.TB) signin.Grant {
	t.Helper()
	grant, err := d.Open(t.Context(), d.proof(t), nil)
	require.NoError(t, err)
	return grant
}

// If this fails, a user whom the NHS knows cannot work, or works as another person.
func TestSignIn(t *testing.T) {
	d := newDesk(t, cis2test.GP, nil)
	before := time.Now()
	grant := d.open(t)
	persona, _ := d.server.Persona(cis2test.GP)
	assert.Equal(t, persona.Identifier, grant.User.Identifier)
	assert.Equal(t, persona.Name(), grant.User.Name())
	require.Len(t, grant.User.Permissions, 1)
	assert.Equal(t, persona.Organisations[0].Name, grant.User.Permissions[0].OrgName, "userinfo names it")
	life := grant.KeyExpiresAt.Sub(before)
	assert.InDelta(t, 599, life.Seconds(), enough.Seconds())
	early := grant.KeyExpiresAt.Sub(grant.RefreshAt)
	assert.GreaterOrEqual(t, early, refreshLatest)
	assert.LessOrEqual(t, early, refreshEarliest)
	assert.False(t, grant.ExpiresAt.After(before.Add(lifetime).Add(enough)))

	grant, err := d.Select(t.Context(), grant, grant.User.Permissions[0])
	require.NoError(t, err)
	entry, ofFHIR := d.Entry(grant, signin.EntryDetails{Generation: 7, Revision: 3, IssuedAt: before, ExpiresAt: grant.ExpiresAt, Publisher: "test"}).(handoff.FHIRSession)
	require.True(t, ofFHIR)
	assert.True(t, entry.AccessToken.Equal(grant.Key))
	assert.Equal(t, []any{int64(7), int64(3), d.server.FHIRURL(), persona.Identifier, persona.Organisations[0].Code},
		[]any{entry.Generation, entry.Revision, entry.BaseURL, entry.UserIdentifier, entry.OrgIdentifier})
	_, err = handoff.Encode(entry)
	require.NoError(t, err, "the entry can be published")
	require.NoError(t, d.Close(t.Context(), grant))
	assert.True(t, d.Leftover(entry).Key.IsZero(), "there is nothing to close")
}

// Each code is redeemed once, however often it is asked for.
func TestAProofIsUsedOnce(t *testing.T) {
	d := newDesk(t, cis2test.GP, nil)
	proof := d.proof(t)
	_, err := d.Open(t.Context(), proof, nil)
	require.NoError(t, err)
	for name, other := range map[string]signin.Proof{"again": proof, "an invented one": {Text: secret.New("invented")}, "none": {}} {
		_, err = d.Open(t.Context(), other, nil)
		assert.ErrorIs(t, err, ersclient.ErrProofRefused, name)
	}
}

// A user in no role reads so, and one who gives up is left with nothing.
func TestOpen(t *testing.T) {
	t.Run("no roles", func(t *testing.T) {
		grant := newDesk(t, cis2test.NoRoles, nil).open(t)
		assert.Empty(t, grant.User.Permissions)
	})
	t.Run("given up", func(t *testing.T) {
		d := newDesk(t, cis2test.GP, nil)
		proof := d.proof(t)
		givenUp := make(chan struct{})
		close(givenUp)
		grant, err := d.Open(t.Context(), proof, givenUp)
		require.Error(t, err)
		assert.True(t, grant.Key.IsZero())
	})
	t.Run("the user's name is not to be had", func(t *testing.T) {
		d := newDesk(t, cis2test.GP, nil)
		proof := d.proof(t)
		for range 5 {
			require.NoError(t, d.server.Fail(cis2test.UserInfo, cis2test.OAuthError(500, "server_error", "")))
		}
		grant, err := d.Open(t.Context(), proof, nil)
		require.NoError(t, err, "a name is for display alone")
		assert.Empty(t, grant.User.Name())
		assert.NotEmpty(t, grant.User.Identifier)
	})
	t.Run("e-RS refuses the token", func(t *testing.T) {
		d := newDesk(t, cis2test.GP, nil)
		proof := d.proof(t)
		require.NoError(t, d.server.Fail(cis2test.A030, cis2test.OutcomeFault(401, "security", "", "")))
		_, err := d.Open(t.Context(), proof, nil)
		assert.ErrorIs(t, err, ersclient.ErrProofRefused)
	})
}

// A service provider clinician admin works for a clinician, and says for whom.
func TestOnBehalfOf(t *testing.T) {
	d := newDesk(t, cis2test.Admin, nil)
	grant := d.open(t)
	var admin ersclient.Permission
	for _, permission := range grant.User.Permissions {
		if permission.BusinessFunction == ersclient.ServiceProviderClinicianAdmin {
			admin = permission
		}
	}
	require.NotEmpty(t, admin.OrgIdentifier)
	asked, err := d.Select(t.Context(), grant, admin)
	require.NoError(t, err)
	persona, _ := d.server.Persona(cis2test.Admin)
	assert.Equal(t, persona.OnBehalfOf, asked.Clinicians)
	assert.Empty(t, asked.Permission.OrgIdentifier)

	admin.OnBehalfOf = asked.Clinicians[1]
	grant, err = d.Select(t.Context(), grant, admin)
	require.NoError(t, err)
	entry, _ := d.Entry(grant, signin.EntryDetails{}).(handoff.FHIRSession)
	assert.Equal(t, admin.OnBehalfOf, entry.OnBehalfOf)

	t.Run("no one", func(t *testing.T) {
		d.ERS = nobodyToWorkFor{d.ERS}
		admin.OnBehalfOf = ""
		_, err = d.Select(t.Context(), grant, admin)
		require.ErrorIs(t, err, noClinicians)
	})
}

// nobodyToWorkFor is e-RS for an admin whom no clinician has named.
type nobodyToWorkFor struct{ ERS }

func (nobodyToWorkFor) Clinicians(context.Context, ersclient.AccessToken, ersclient.Permission) ([]ersclient.User, error) {
	return nil, nil
}

// If this fails, a session ends ten minutes after the sign-in, or lives for longer than the NHS
// allows.
func TestRefresh(t *testing.T) {
	d := newDesk(t, cis2test.GP, nil)
	grant := d.open(t)
	grant.Permission = grant.User.Permissions[0]
	next, err := d.Refresh(t.Context(), grant)
	require.NoError(t, err)
	assert.False(t, next.Key.Equal(grant.Key))
	assert.False(t, next.Credential.Equal(grant.Credential))
	assert.Equal(t, grant.Permission, next.Permission)
	assert.Equal(t, grant.ExpiresAt, next.ExpiresAt, "it is counted from the first sign-in")

	_, err = d.Refresh(t.Context(), grant)
	require.ErrorIs(t, err, ersclient.ErrRefreshRefused, "a refresh token works once")
	d.server.Revoke(cis2test.GP)
	_, err = d.Refresh(t.Context(), next)
	require.ErrorIs(t, err, ersclient.ErrRefreshRefused, "CIS2 has ended the session")
}

// A refresh token may be used up by a refresh without an answer. If this fails, users who are signed
// out by that do not learn why, or an outage signs them out.
func TestARefreshWithoutAnAnswer(t *testing.T) {
	for name, test := range map[string]struct {
		fault   testserver.Fault
		revoked bool
		code    string // of the next refresh; "" is none
	}{
		"504, carried out":         {testserver.Fault{Kind: testserver.Status, Status: 504, Handled: true}, false, "CIS2-REFRESH_LOST"},
		"502, carried out":         {testserver.Fault{Kind: testserver.Status, Status: 502, Handled: true}, false, "CIS2-REFRESH_LOST"},
		"cut, carried out":         {testserver.Fault{Kind: testserver.CutAfter}, false, "CIS2-REFRESH_LOST"},
		"504, not carried out":     {testserver.Fault{Kind: testserver.Status, Status: 504}, false, ""},
		"429, and the user is out": {testserver.Fault{Kind: testserver.Status, Status: 429}, true, "CIS2-REFRESH_REFUSED"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, cis2test.GP, nil)
			grant := d.open(t)
			require.NoError(t, d.server.Fail(cis2test.Refresh, test.fault))
			_, err := d.Refresh(t.Context(), grant)
			require.Error(t, err)
			require.NotErrorIs(t, err, ersclient.ErrRefreshRefused)
			if test.revoked {
				d.server.Revoke(cis2test.GP)
			}
			next, err := d.Refresh(t.Context(), grant)
			if test.code == "" {
				require.NoError(t, err)
				d.server.Revoke(cis2test.GP)
				_, err = d.Refresh(t.Context(), next)
				test.code = "CIS2-REFRESH_REFUSED"
			}
			require.ErrorIs(t, err, ersclient.ErrRefreshRefused)
			assert.Equal(t, test.code, problem.Of(err).Code)
			require.NoError(t, d.Close(t.Context(), grant))
			assert.True(t, d.inDoubt.IsZero(), "no token outlives its session")
		})
	}
}

func TestWhenATokenIsRefreshed(t *testing.T) {
	now := time.Date(2027, 3, 1, 8, 42, 0, 0, time.UTC)
	tokens := func(life time.Duration, refresh string, refreshLife time.Duration) cis2.Tokens {
		made := cis2.Tokens{Access: ersclient.NewAccessToken("a"), AccessEnds: now.Add(life)}
		if refresh != "" {
			made.Refresh = cis2.NewRefreshToken(refresh)
		}
		if refreshLife > 0 {
			made.RefreshEnds = now.Add(refreshLife)
		}
		return made
	}
	for name, test := range map[string]struct {
		tokens         cis2.Tokens
		earliest, last time.Duration // RefreshAt; zero is never
		ends           time.Duration
	}{
		"the gateway":                  {tokens(599*time.Second, "r", 43199*time.Second), 419 * time.Second, 539 * time.Second, 43199 * time.Second},
		"a broker of long days":        {tokens(time.Hour, "r", 30*24*time.Hour), 57 * time.Minute, 59 * time.Minute, lifetime},
		"a broker that does not say":   {tokens(time.Hour, "r", 0), 57 * time.Minute, 59 * time.Minute, lifetime},
		"a broker without refreshing":  {tokens(time.Hour, "", 0), 0, 0, time.Hour},
		"tokens of a minute":           {tokens(time.Minute, "r", time.Hour), 30 * time.Second, 50 * time.Second, time.Hour},
		"tokens of a second":           {tokens(time.Second, "r", time.Hour), refreshFloor, refreshFloor, time.Hour},
		"a clock that makes them past": {tokens(-time.Minute, "r", time.Hour), refreshFloor, refreshFloor, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			for range 50 {
				grant := renewed(signin.Grant{}, test.tokens, now)
				assert.Equal(t, now.Add(test.ends), grant.ExpiresAt)
				if test.last == 0 {
					require.True(t, grant.RefreshAt.IsZero())
					continue
				}
				require.False(t, grant.RefreshAt.Before(now.Add(test.earliest)), grant.RefreshAt)
				require.False(t, grant.RefreshAt.After(now.Add(test.last)), grant.RefreshAt)
			}
		})
	}
}

// The user has to be able to go on without our help, and to give up.
func TestPrompt(t *testing.T) {
	t.Run("the browser does not open", func(t *testing.T) {
		d := newDesk(t, cis2test.GP, nil)
		d.browse = func(context.Context, string) error { return errors.New("no browser") }
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- d.Prompt(ctx, false) }()
		assert.False(t, d.next(t).Browser.NotOpened)
		page := d.next(t).Browser
		assert.True(t, page.NotOpened)
		_, err := d.server.SignIn(t.Context(), page.Address, cis2test.GP)
		require.NoError(t, err, "the address can be copied")
		assert.Equal(t, signin.ProofAppeared, d.next(t).Kind)
		require.NoError(t, <-done)
		cancel()
	})
	t.Run("the user gives up, and begins again", func(t *testing.T) {
		d := newDesk(t, cis2test.GP, nil)
		opened := make(chan struct{}, 1)
		d.browse = func(context.Context, string) error {
			opened <- struct{}{}
			return nil
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- d.Prompt(ctx, false) }()
		d.next(t)
		<-opened
		cancel()
		require.Error(t, <-done)
		d.browse = func(ctx context.Context, address string) error {
			_, err := d.server.SignIn(ctx, address, cis2test.GP)
			return err
		}
		d.open(t)
	})
	t.Run("the user never comes back", func(t *testing.T) {
		d := newDesk(t, cis2test.GP, func(s *Settings) { s.SignInWithin = 50 * time.Millisecond })
		d.browse = func(context.Context, string) error { return nil }
		go func() {
			for range 2 {
				<-d.reports
			}
		}()
		err := d.Prompt(t.Context(), false)
		require.Error(t, err)
		assert.Equal(t, "CIS2-TIMEOUT", problem.Of(err).Code)
	})
}

// If this fails, the status bar says that a user is signed in who is not, or the window loses the
// address of the sign-in page when a name arrives.
func TestWhatEveryReportSays(t *testing.T) {
	removed := make(chan struct{})
	d := newDesk(t, cis2test.GP, func(s *Settings) { s.Names, s.CardRemoved = names{}, removed })
	assert.Equal(t, WithCard, d.About().Words)
	d.browse = func(context.Context, string) error {
		d.fillNames(&ersclient.User{Permissions: []ersclient.Permission{{OrgIdentifier: "A1"}}}, cis2.UserInfo{})
		return nil
	}
	ctx := t.Context()
	done := make(chan error, 1)
	go func() { done <- d.Prompt(ctx, false) }()
	shown := d.next(t)
	require.NotNil(t, shown.Browser)
	assert.Equal(t, NotSignedIn, shown.Source)
	named := d.next(t)
	assert.NotEmpty(t, named.OrgNames)
	assert.Equal(t, shown.Browser, named.Browser)
	back := make(chan error, 1)
	go func() {
		_, err := d.server.SignIn(ctx, shown.Browser.Address, cis2test.GP)
		back <- err
	}()
	came := d.next(t)
	require.NoError(t, <-done)
	require.NoError(t, <-back)
	assert.Equal(t, SignedIn, came.Source)
	assert.Nil(t, came.Browser)
	_, err := d.Open(ctx, came.Proof, nil)
	require.NoError(t, err)

	require.NoError(t, d.Close(ctx, signin.Grant{}))
	for d.next(t).Source != NotSignedIn { // names may come before
		continue
	}
	d.setSource(SignedIn)
	assert.Equal(t, SignedIn, d.next(t).Source)
	removed <- struct{}{}
	assert.Equal(t, NotSignedIn, d.next(t).Source)
}

// A smartcard that is removed ends the session, although the NHS does not ask for that any more.
func TestTheCardIsRemoved(t *testing.T) {
	removed := make(chan struct{})
	d := newDesk(t, cis2test.GP, func(s *Settings) { s.CardRemoved = removed })
	removed <- struct{}{}
	assert.Equal(t, signin.ProofGone, d.next(t).Kind)
}

// names is a directory that knows what it is asked for, late.
type names struct{ known string }

func (n names) Known(string) (string, bool) { return n.known, n.known != "" }

func (n names) Find(_ context.Context, codes []string, found func(code, name string)) error {
	for _, code := range codes {
		found(code, "Name of "+code)
	}
	return nil
}

// The answers of e-RS have no names. Roles are shown by code at once, and names fill in.
func TestNamesOfOrganisations(t *testing.T) {
	d := newDesk(t, cis2test.GP, func(s *Settings) { s.Names = names{} })
	user := ersclient.User{Permissions: []ersclient.Permission{{OrgIdentifier: "A1"}, {OrgIdentifier: "A2"}, {OrgIdentifier: "A1"}}}
	d.fillNames(&user, cis2.UserInfo{OrgNames: map[string]string{"A2": "Known"}})
	assert.Equal(t, []string{"", "Known", ""}, []string{user.Permissions[0].OrgName, user.Permissions[1].OrgName, user.Permissions[2].OrgName})
	assert.Equal(t, map[string]string{"A1": "Name of A1"}, d.next(t).OrgNames)

	d.Names = names{"Cached"}
	user.Permissions[0].OrgName = ""
	d.fillNames(&user, cis2.UserInfo{})
	assert.Equal(t, "Cached", user.Permissions[0].OrgName)
}

// If this fails, a token or a code of a user is found in a log.
func TestNothingSecretIsShown(t *testing.T) {
	logger, hook := test.NewNullLogger()
	logger.SetLevel(logrus.DebugLevel)
	d := newDesk(t, cis2test.GP, func(s *Settings) { s.Log = logger })
	grant := d.open(t)
	require.NoError(t, d.server.Fail(cis2test.Refresh, cis2test.OAuthError(400, "invalid_request", "bad")))
	_, err := d.Refresh(t.Context(), grant)
	shown := fmt.Sprintf("%v %+v %#v %v %#v %+v", grant, grant, grant, err, err, d.Platform)
	for _, entry := range hook.AllEntries() {
		line, err := entry.String()
		require.NoError(t, err)
		shown += line
	}
	for name, hidden := range map[string]secret.Text{"access token": grant.Key, "refresh token": grant.Credential} {
		assert.NotContains(t, shown, hidden.Reveal(), name)
	}
}
