package audit_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/cis2"
	"github.com/ers-login/ers-login/ersclient/cis2test"
	"github.com/ers-login/ers-login/ersclient/fhir"
	"github.com/ers-login/ers-login/ersclient/testserver"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/audit"
	"github.com/ers-login/ers-login/internal/problem"
	signinfhir "github.com/ers-login/ers-login/internal/signin/fhir"
)

var (
	_ signinfhir.ERS     = (*audit.FHIR)(nil)
	_ signinfhir.Gateway = (*audit.FHIR)(nil)
	_ audit.Gateway      = (*cis2.Client)(nil)
	_ audit.FHIRCaller   = (*fhir.Client)(nil)
)

// careIdentity is a stand-in for the NHS API platform, and audited clients of it.
func careIdentity(t *testing.T, s audit.Settings, required bool) (*cis2test.Server, *audit.FHIR) {
	t.Helper()
	server := cis2test.NewServer()
	t.Cleanup(server.Close)
	at := transport.Config{BaseURL: server.OAuthURL(), RootCAs: server.RootCAs(), Pace: transport.Unpaced()}
	gateway, err := cis2.New(cis2.Config{Config: at, ClientID: cis2test.PublicClientID, RedirectURI: "http://localhost:0/callback"})
	require.NoError(t, err)
	t.Cleanup(gateway.Close)
	at.BaseURL = server.FHIRURL()
	ers, err := fhir.New(at)
	require.NoError(t, err)
	t.Cleanup(ers.Close)
	return server, audit.NewFHIR(gateway, ers, open(t, s), required)
}

// signedIn has a persona sign in in the browser.
func signedIn(t *testing.T, server *cis2test.Server, calls *audit.FHIR, persona string) cis2.Tokens {
	t.Helper()
	attempt, err := calls.Begin(t.Context())
	require.NoError(t, err)
	defer attempt.Close()
	_, err = server.SignIn(t.Context(), attempt.Address(), persona)
	require.NoError(t, err)
	code, err := attempt.Wait(t.Context())
	require.NoError(t, err)
	tokens, err := calls.Exchange(t.Context(), code)
	require.NoError(t, err)
	return tokens
}

// The whole life of a session of the FHIR platform: each step has its record, all have the session's
// name, through refreshes too, and the calls the ids by which NHS England finds them. A token that
// is found in a log could act as the user.
func TestLAL001ASessionOfNHSCareIdentity(t *testing.T) {
	s := settings(t)
	s.ASID, s.FQDN = "", ""
	server, calls := careIdentity(t, s, true)
	began := time.Now()
	tokens := signedIn(t, server, calls, cis2test.Admin)
	require.NoError(t, calls.Ready(t.Context()))
	user, err := calls.Roles(t.Context(), tokens.Access)
	require.NoError(t, err)
	require.NoError(t, calls.SignedIn(t.Context(), began, tokens.Access.Text, tokens.Refresh.Text, user.Identifier, nil))
	selected := user.Permissions[0]
	clinicians, err := calls.Clinicians(t.Context(), tokens.Access, selected)
	require.NoError(t, err)
	selected.OrgName, selected.OnBehalfOf = "Hospital", clinicians[0].Identifier
	require.NoError(t, calls.RoleChosen(t.Context(), tokens.Access.Text, selected))
	renewed, err := calls.Refresh(t.Context(), tokens.Refresh)
	require.NoError(t, err)
	server.Revoke(cis2test.Admin)
	_, err = calls.Refresh(t.Context(), renewed.Refresh)
	require.ErrorIs(t, err, ersclient.ErrRefreshRefused)
	_, err = calls.Roles(t.Context(), renewed.Access)
	require.ErrorIs(t, err, ersclient.ErrProofRefused)
	calls.SignedOut(t.Context(), renewed.Access.Text)

	assert.Equal(t, []string{
		"1 GET user=555020964104 org=/ as= 200 ",
		"2 POST user=555020964104 org=/ as= 200 ",
		"3 GET user=555020964104 org=RX001/ as=SERVICE_PROVIDER_CLINICIAN_ADMIN 200 ",
		"4  user=555020964104 org=RX001/Hospital as=SERVICE_PROVIDER_CLINICIAN_ADMIN done ",
		"5 POST user=555020964104 org=RX001/Hospital as=SERVICE_PROVIDER_CLINICIAN_ADMIN 200 ",
		"6 POST user=555020964104 org=RX001/Hospital as=SERVICE_PROVIDER_CLINICIAN_ADMIN 401 CIS2-REFRESH_REFUSED",
		"7 GET user=555020964104 org=/ as= 401 ERS-A030-401",
		"8  user=555020964104 org=RX001/Hospital as=SERVICE_PROVIDER_CLINICIAN_ADMIN done ",
	}, shorts(t, s.Dir))
	found, _ := records(t, s.Dir)
	var types []string
	for i, record := range found {
		types = append(types, record.AuditType)
		assert.Equal(t, found[0].SessionID, record.SessionID, "it is one session")
		assert.Equal(t, record.EventType == "GET", record.CorrelationID != "", "record %d", i+1)
		want := ""
		if i >= 3 && i != 6 {
			want = clinicians[0].Identifier
		}
		assert.Equal(t, want, record.OnBehalfOfUUID, "record %d", i+1)
	}
	assert.Equal(t, []string{
		"API Retrieve Practitioner Role", "API Establish Session", "API Retrieve Practitioner", "API Professional login attempt",
		"API Refresh Session", "API Refresh Session", "API Retrieve Practitioner Role", "API Close Session",
	}, types)
	text := inAllFiles(t, s.Dir)
	for _, token := range []string{tokens.Access.Reveal(), tokens.Refresh.Reveal(), renewed.Access.Reveal(), renewed.Refresh.Reveal()} {
		assert.NotContains(t, text, token)
	}
}

// What a sign-in came to is recorded if it has failed, too, and the failure comes back.
func TestLAL001AFailedSignInOfNHSCareIdentity(t *testing.T) {
	s := settings(t)
	server, calls := careIdentity(t, s, false)
	refused := &problem.Problem{Code: "CIS2-CODE"}
	require.ErrorIs(t, calls.SignedIn(t.Context(), time.Now(), tokensOf(t, server, calls).Access.Text, cis2.RefreshToken{}.Text, "", refused), refused)
	require.ErrorIs(t, calls.SignedIn(t.Context(), time.Now(), cis2.Tokens{}.Access.Text, cis2.RefreshToken{}.Text, "", refused), refused)
	require.NoError(t, server.Fail(cis2test.A030, testserver.Fault{Kind: testserver.Status, Status: 403}))
	_, err := calls.Roles(t.Context(), tokensOf(t, server, calls).Access)
	require.Error(t, err)
	assert.Equal(t, []string{
		"1 POST user= org=/ as= CIS2-CODE CIS2-CODE", "2 POST user= org=/ as= CIS2-CODE CIS2-CODE", "3 GET user= org=/ as= 403 ERS-A030-403",
	}, shorts(t, s.Dir))
	found, _ := records(t, s.Dir)
	assert.NotEmpty(t, found[0].SessionID)
	assert.Empty(t, found[1].SessionID, "there were no tokens")
}

func tokensOf(t *testing.T, server *cis2test.Server, calls *audit.FHIR) cis2.Tokens {
	t.Helper()
	return signedIn(t, server, calls, cis2test.GP)
}

// An organisation that wants no sign-in without a record gets none; a user at work goes on.
func TestLAL001RequiredOnTheFHIRPlatform(t *testing.T) {
	s := settings(t)
	server, calls := careIdentity(t, s, true)
	tokens := tokensOf(t, server, calls)
	require.NoError(t, calls.SignedIn(t.Context(), time.Now(), tokens.Access.Text, tokens.Refresh.Text, "555020964101", nil))
	closed := closedLog(t)
	without := audit.NewFHIR(calls.Gateway, unreached{}, closed, true)
	require.ErrorIs(t, without.Ready(t.Context()), audit.Required)
	require.ErrorIs(t, without.SignedIn(t.Context(), time.Now(), tokens.Access.Text, tokens.Refresh.Text, "555020964101", nil), audit.Required)
	require.ErrorIs(t, without.RoleChosen(t.Context(), tokens.Access.Text, surgery), audit.Required)
	_, err := without.Refresh(t.Context(), tokens.Refresh)
	require.NoError(t, err)
	require.NoError(t, audit.NewFHIR(calls.Gateway, unreached{}, closed, false).Ready(t.Context()))
}

// closedLog is a log that can no longer be written.
func closedLog(t *testing.T) *audit.Log {
	t.Helper()
	log, err := audit.Open(settings(t))
	require.NoError(t, err)
	require.NoError(t, log.Close())
	return log
}

// unreached is an API that is not called.
type unreached struct{}

func (unreached) Roles(context.Context, ersclient.AccessToken) (ersclient.User, error) {
	panic("A030 was not expected")
}

func (unreached) Clinicians(context.Context, ersclient.AccessToken, ersclient.Permission) ([]ersclient.User, error) {
	panic("A040 was not expected")
}

func (unreached) Reach(context.Context) error { return nil }
