package fhir

import (
	"context"
	"crypto/tls"
	"net/http" //nolint:depguard // the bare calls that the platform is measured against
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/ers-login/ers-login/ersclient/cis2test"
	"github.com/ers-login/ers-login/internal/testing/ratio"
)

// bareSignIn is the baseline: three net/http calls with the same content over the same TLS, the
// second and third at the same time, which read what the next one needs.
type bareSignIn struct {
	b      *testing.B
	server *cis2test.Server
	client *ratio.Client
}

const bareRedirect = "http://localhost:8149/callback"

// code signs a persona in.
func (s bareSignIn) code(persona, verifier string) string {
	config := oauth2.Config{
		ClientID: cis2test.PublicClientID, RedirectURL: bareRedirect,
		Endpoint: oauth2.Endpoint{AuthURL: s.server.OAuthURL() + "/authorize"},
	}
	address := config.AuthCodeURL("state", oauth2.S256ChallengeOption(verifier), oauth2.SetAuthURLParam("acr_values", "AAL2_OR_AAL3_ANY"))
	browser := s.server.Client()
	browser.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	form := strings.NewReader(url.Values{"persona": {persona}}.Encode())
	request, err := http.NewRequestWithContext(s.b.Context(), http.MethodPost, address, form)
	require.NoError(s.b, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := browser.Do(request)
	require.NoError(s.b, err)
	require.NoError(s.b, answer.Body.Close())
	callback, err := answer.Location()
	require.NoError(s.b, err)
	return callback.Query().Get("code")
}

func (s bareSignIn) open(ctx context.Context, code, verifier string) {
	var tokens struct {
		Access string `json:"access_token"`
	}
	s.client.Call(ctx, http.MethodPost, s.server.OAuthURL()+"/token", url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {bareRedirect},
		"client_id": {cis2test.PublicClientID}, "code_verifier": {verifier},
	}.Encode(), http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, &tokens)
	bearer := http.Header{"Authorization": {"Bearer " + tokens.Access}, "Accept": {"application/fhir+json"}}
	var asking sync.WaitGroup
	var info, roles map[string]any
	asking.Go(func() { s.client.Call(ctx, http.MethodGet, s.server.OAuthURL()+"/userinfo", "", bearer, &info) })
	s.client.Call(ctx, http.MethodGet, s.server.FHIRURL()+"/R4/PractitionerRole", "", bearer, &roles)
	asking.Wait()
	if info["sub"] == nil || roles["entry"] == nil {
		s.b.Error("no answer")
	}
}

// BenchmarkCodeToRolesRatio reports the time of what follows a sign-in in the browser (token,
// userinfo, A030), for the persona with forty organisations, as a multiple of that of bare calls. The
// budget is 1.10.
func BenchmarkCodeToRolesRatio(b *testing.B) {
	d := newDesk(b, cis2test.Consultant, nil)
	bare := bareSignIn{b, d.server, ratio.NewClient(b, &tls.Config{RootCAs: d.server.RootCAs()})}
	timed := func(open func()) time.Duration {
		start := time.Now()
		open()
		return time.Since(start)
	}
	ratio.ReportPairs(b, func(oursFirst bool) (ours, theirs time.Duration) {
		// Both sign-ins in the browser come first, whose connections take a moment to end.
		proof, verifier := d.proof(b), oauth2.GenerateVerifier()
		code := bare.code(cis2test.Consultant, verifier)
		opensOurs := func() {
			grant, err := d.Open(b.Context(), proof, nil)
			if err != nil || len(grant.User.Permissions) != 80 {
				b.Fatal(err)
			}
		}
		opensTheirs := func() { bare.open(b.Context(), code, verifier) }
		if oursFirst {
			ours = timed(opensOurs)
			return ours, timed(opensTheirs)
		}
		theirs = timed(opensTheirs)
		return timed(opensOurs), theirs
	})
}
