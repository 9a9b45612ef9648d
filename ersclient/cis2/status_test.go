package cis2_test

import (
	"encoding/json"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/cis2"
	"github.com/ers-login/ers-login/ersclient/cis2test"
)

// documented are the codes of the errors in testdata/oauth-errors.json, which were derived from the
// gateway's published configuration.
var documented = map[string]string{
	"AssignMessage.AudClaimInvalid":                       "CIS2-REQUEST",
	"AssignMessage.CacheKeyError":                         "CIS2-REQUEST",
	"AssignMessage.CatchallErrorMessage":                  "CIS2-UNAVAILABLE",
	"AssignMessage.ClientCredentialsInvalidSubject":       "CIS2-REQUEST",
	"AssignMessage.CompanyStatusNotActive":                "CIS2-NOT_APPROVED",
	"AssignMessage.DeveloperStatusNotActive":              "CIS2-NOT_APPROVED",
	"AssignMessage.ExpiredRefreshToken":                   "CIS2-REFRESH_ENDED",
	"AssignMessage.FailedToDecodeClientAssertionJWTError": "CIS2-REQUEST",
	"AssignMessage.FailedToDecodeExternalIdTokenJWTError": "CIS2-REQUEST",
	"AssignMessage.FailedToDecodeLogoutTokenJWTError":     "CIS2-REQUEST",
	"AssignMessage.FailedToDecodeSubjectTokenJWTError":    "CIS2-REQUEST",
	"AssignMessage.FailedToRetrieveIdentityProviderJWKS":  "CIS2-UNAVAILABLE",
	"AssignMessage.FailedToRetrieveJWKS":                  "CIS2-REFUSED",
	"AssignMessage.InvalidApiKey":                         "CIS2-CLIENT_ID",
	"AssignMessage.InvalidApiKeyForGivenResource":         "CIS2-NO_ACCESS",
	"AssignMessage.InvalidApiKeyOrSecret":                 "CIS2-CLIENT_SECRET",
	"AssignMessage.InvalidAuthorizationCode":              "CIS2-CODE",
	"AssignMessage.InvalidClientAppNotApproved":           "CIS2-NOT_APPROVED",
	"AssignMessage.InvalidJWTSignature":                   "CIS2-REFUSED",
	"AssignMessage.InvalidRefreshToken":                   "CIS2-REFRESH_REFUSED",
	"AssignMessage.InvalidSubjectToken":                   "CIS2-REQUEST",
	"AssignMessage.MissingApiKey":                         "CIS2-CLIENT_ID",
	"AssignMessage.MissingClientAssertion":                "CIS2-REQUEST",
	"AssignMessage.MissingSubjectToken":                   "CIS2-REQUEST",
	"AssignMessage.NoMatchingPublicKeyClientCredentials":  "CIS2-REQUEST",
	"AssignMessage.NoMatchingPublicKeyExternalIdToken":    "CIS2-REQUEST",
	"AssignMessage.NoMatchingPublicKeyLogoutToken":        "CIS2-REQUEST",
	"AssignMessage.NoMatchingPublicKeySubjectToken":       "CIS2-REQUEST",
	"RaiseFault.ContentTypeMustBeFormUrlEncoded":          "CIS2-REQUEST",
	"RaiseFault.GatewayTimeout":                           "CIS2-UNAVAILABLE",
	"RaiseFault.InvalidAuthorizationCode":                 "CIS2-CODE",
	"RaiseFault.InvalidClientSecret":                      "CIS2-CLIENT_SECRET",
	"RaiseFault.InvalidGrantType":                         "CIS2-REQUEST",
	"RaiseFault.InvalidJwt":                               "CIS2-REQUEST",
	"RaiseFault.InvalidRequest":                           "CIS2-REFUSED",
	"RaiseFault.InvalidStatusEndpointApiKey":              "CIS2-REFUSED",
	"RaiseFault.InvalidSubjectTokenType":                  "CIS2-REQUEST",
	"RaiseFault.JWTClaimsInvalid":                         "CIS2-REFUSED",
	"RaiseFault.LogoutFailed":                             "CIS2-UNAVAILABLE",
	"RaiseFault.MissingAuthorizationCode":                 "CIS2-REQUEST",
	"RaiseFault.MissingClientSecret":                      "CIS2-SECRET_MISSING",
	"RaiseFault.MissingGrantType":                         "CIS2-REQUEST",
	"RaiseFault.MissingOrInvalidClientAssertionType":      "CIS2-REQUEST",
	"RaiseFault.MissingRedirectUri":                       "CIS2-REDIRECT_URI",
	"RaiseFault.MissingRefreshToken":                      "CIS2-REQUEST",
	"RaiseFault.MissingResponseType":                      "CIS2-REQUEST",
	"RaiseFault.MissingState":                             "CIS2-REQUEST",
	"RaiseFault.NotFound":                                 "CIS2-NOT_FOUND",
	"RaiseFault.PublicKeyMisconfigured":                   "CIS2-REFUSED",
	"RaiseFault.SIDNotFound":                              "CIS2-UNAVAILABLE",
	"RaiseFault.TokenRefreshTimelimitExceeded":            "CIS2-REFRESH_ENDED",
	"RaiseFault.UnsupportedGrantType":                     "CIS2-REQUEST",
	"RaiseFault.UserInfoWrongAuth":                        "CIS2-USERINFO",
	"RaiseFault.VerifyAccessLevel":                        "CIS2-GRANT",
	"RaiseFault.VerifyLogoutJWTFailed":                    "CIS2-REFUSED",
	"RaiseFault.VerifyRedirectUriFormParam":               "CIS2-REDIRECT_URI",
	"RaiseFault.VerifyRedirectUriQueryParam":              "CIS2-REDIRECT_URI",
	"RaiseFault.VerifyResponseType":                       "CIS2-REQUEST",
}

// Every documented error has a reference with a remedy, and the server's words.
func TestEveryDocumentedError(t *testing.T) {
	data, err := os.ReadFile("testdata/oauth-errors.json")
	require.NoError(t, err)
	var entries []struct {
		Policy      string `json:"policy"`
		Status      string `json:"status"`
		Error       string `json:"error"`
		Description string `json:"error_description"`
		Redirect    string `json:"redirect"`
	}
	require.NoError(t, json.Unmarshal(data, &entries))
	require.Len(t, entries, len(documented))
	server, client := fixed(t)
	for _, entry := range entries {
		t.Run(entry.Policy, func(t *testing.T) {
			code := documented[entry.Policy]
			require.NotEmpty(t, code)
			if entry.Redirect != "" {
				attempt := begin(t, client)
				uri, state := callbackOf(t, attempt)
				_, query, _ := strings.Cut(entry.Redirect, "?")
				query = strings.ReplaceAll(strings.ReplaceAll(query, "{request.queryparam.state}", state), " ", "+")
				if !strings.Contains(query, "state=") {
					require.Equal(t, 404, get(t, http.MethodGet, uri+"?"+query), "without the state any site could end a sign-in")
					query += "&state=" + state
				}
				require.Equal(t, 200, get(t, http.MethodGet, uri+"?"+query))
				_, err := attempt.Wait(bounded(t))
				requireCode(t, code, err)
				return
			}
			status, err := strconv.Atoi(entry.Status)
			if err != nil {
				status = http.StatusUnauthorized // The configuration leaves it to the software.
			}
			fault := cis2test.OAuthError(status, entry.Error, entry.Description)
			require.NoError(t, server.Fail(cis2test.Token, fault))
			_, err = client.Exchange(t.Context(), codeOf(t, server, client, cis2test.GP))
			found := problemOf(t, code, err)
			require.Contains(t, found.Expand(found.Quoted), entry.Error)
			require.Contains(t, err.Error(), "message rrt-", "the operators ask for it")
			require.Equal(t, entry.Error == "invalid_grant", isRefused(err))

			require.NoError(t, server.Fail(cis2test.Refresh, fault))
			_, err = client.Refresh(t.Context(), cis2.NewRefreshToken("a token"))
			if code == "CIS2-CODE" {
				code = "CIS2-REFRESH_REFUSED"
			}
			requireCode(t, code, err)
			require.Equal(t, status == 400 || status == 401 || status == 403, isRefreshRefused(err))

			require.NoError(t, server.Fail(cis2test.UserInfo, fault))
			_, err = client.UserInfo(t.Context(), ersclient.NewAccessToken("a token"))
			require.Error(t, err)
			require.True(t, strings.HasPrefix(err.Error(), "CIS2-"), err.Error())
		})
	}
}

// A refusal for another reason than those that are published is one of access.
func TestAnAccessDeniedThatIsNotPublished(t *testing.T) {
	server, client := fixed(t)
	require.NoError(t, server.Fail(cis2test.Refresh, cis2test.OAuthError(403, "access_denied", "Another reason")))
	_, err := client.Refresh(t.Context(), cis2.NewRefreshToken("a token"))
	found := problemOf(t, "CIS2-NO_ACCESS", err)
	require.Contains(t, found.Expand(found.Quoted), "Another reason")
}

// An error of the software that the gateway runs on.
func TestApigeeFaults(t *testing.T) {
	server, client := fixed(t)
	require.NoError(t, server.Fail(cis2test.Refresh, cis2test.ApigeeFault(401, "Invalid API Key", "oauth.v2.InvalidApiKey")))
	_, err := client.Refresh(t.Context(), cis2.NewRefreshToken("a token"))
	found := problemOf(t, "CIS2-REFUSED", err)
	require.Contains(t, found.Expand(found.Quoted), "oauth.v2.InvalidApiKey: Invalid API Key")
	require.True(t, isRefreshRefused(err))
}

// What is said in an error comes from outside.
func TestErrorsFromOutside(t *testing.T) {
	server, client := fixed(t)
	for name, body := range map[string]string{
		"a novel":         `{"error":"` + strings.Repeat("x", 100000) + `","error_description":"y"}`,
		"an escape":       `{"error":"\u001b[2J\u202e","error_description":"a\nb"}`,
		"another shape":   `{"error":{"code":7},"error_description":[],"message_id":{}}`,
		"another fault":   `{"fault":"x"}`,
		"a fault of text": `{"fault":{"faultstring":7,"detail":"x"}}`,
		"an outcome":      `{"resourceType":"OperationOutcome","issue":[{"diagnostics":"x"}]}`,
		"nothing":         ``,
		"no JSON":         `nope`,
	} {
		t.Run(name, func(t *testing.T) {
			fault := cis2test.OAuthError(400, "", "")
			fault.Body = body
			require.NoError(t, server.Fail(cis2test.Refresh, fault))
			_, err := client.Refresh(t.Context(), cis2.NewRefreshToken("a token"))
			found := problemOf(t, "CIS2-REFUSED", err)
			require.Less(t, len(err.Error()), 1000)
			require.NotContains(t, err.Error()+found.Expand(found.Quoted), "\u001b")
			require.NotContains(t, err.Error(), "\n")
		})
	}
}
