package cis2test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/ers-login/ers-login/ersclient/testserver"
)

// The calls of the gateway.
const (
	// Authorize is the page in the browser, and the choice made on it.
	Authorize testserver.Call = "authorize"
	// Token redeems a code, and Refresh a refresh token, at the same address.
	Token   testserver.Call = "token"
	Refresh testserver.Call = "refresh"
	// UserInfo describes the user.
	UserInfo testserver.Call = "userinfo"
)

const (
	oauthPath = "/oauth2"
	formType  = "application/x-www-form-urlencoded"
)

// oauth serves the gateway's calls.
func (s *Server) oauth() {
	s.endpoint("GET "+oauthPath+"/authorize", Authorize, func(r *http.Request, _ []byte) testserver.Reply {
		return s.authorize(r.URL.Query(), s.sessions.automatic())
	})
	s.endpoint("POST "+oauthPath+"/authorize", Authorize, func(r *http.Request, body []byte) testserver.Reply {
		form, _ := url.ParseQuery(string(body)) // What cannot be read is no choice.
		return s.authorize(r.URL.Query(), form.Get("persona"))
	})
	s.endpoint("GET "+oauthPath+"/userinfo", UserInfo, s.userInfo)
	s.DefineCall(Token, http.StatusOK)
	s.DefineCall(Refresh, http.StatusOK)
	s.mux.Handle("POST "+oauthPath+"/token", s.Handler(func(w http.ResponseWriter, r *http.Request, body []byte) {
		form, err := url.ParseQuery(string(body))
		call := Token
		if form.Get("grant_type") == "refresh_token" {
			call = Refresh
		}
		s.Answer(w, r, call, func() testserver.Reply {
			if err != nil {
				return failed(http.StatusBadRequest, "invalid_request", "grant_type is missing")
			}
			return s.token(r.Header, form)
		})
	}))
}

// object is one of JSON.
type object = map[string]any

// failed is an error of the gateway.
func failed(status int, code, description string) testserver.Reply {
	return testserver.JSON(status, object{
		"error": code, "error_description": description, "message_id": "rrt-" + hex.EncodeToString(testserver.RandomBytes(8)),
	})
}

// OAuthError returns the fault of an error of the gateway.
func OAuthError(status int, code, description string) testserver.Fault {
	return failed(status, code, description).Fault()
}

// ApigeeFault returns the fault of an error of the software that the gateway runs on.
func ApigeeFault(status int, text, code string) testserver.Fault {
	return apigee(status, text, code).Fault()
}

func apigee(status int, text, code string) testserver.Reply {
	return testserver.JSON(status, object{"fault": object{"faultstring": text, "detail": object{"errorcode": code}}})
}

// redirects sends the browser to a redirect URI.
func redirects(uri string, values url.Values) testserver.Reply {
	return testserver.Reply{Status: http.StatusFound, Header: map[string]string{"Location": uri + "?" + values.Encode()}}
}

// authorize answers the browser: with the page if no persona is chosen.
func (s *Server) authorize(query url.Values, chosen string) testserver.Reply {
	clientID, redirectURI, state := query.Get("client_id"), query.Get("redirect_uri"), query.Get("state")
	public := clientID == PublicClientID
	switch {
	case clientID == "":
		return failed(http.StatusUnauthorized, "invalid_request", "client_id is missing")
	case !public && clientID != ClientID:
		return failed(http.StatusUnauthorized, "invalid_request", "client_id is invalid")
	case redirectURI == "":
		return failed(http.StatusBadRequest, "invalid_request", "redirect_uri is missing")
	case !s.registered(public, redirectURI):
		return failed(http.StatusBadRequest, "invalid_request", "redirect_uri is invalid")
	}
	back := func(code, description string) testserver.Reply {
		values := url.Values{"error": {code}, "error_description": {description}}
		if state != "" {
			values.Set("state", state)
		}
		return redirects(redirectURI, values)
	}
	switch {
	case state == "":
		return back("invalid_request", "state is missing")
	case !query.Has("response_type"):
		return back("invalid_request", "response_type is missing")
	case query.Get("response_type") != "code":
		return back("unsupported_response_type", "response_type is invalid")
	case public && (query.Get("code_challenge") == "" || query.Get("code_challenge_method") != "S256"):
		return back("invalid_request", "PKCE is required")
	}
	persona, known := s.Persona(chosen)
	// The texts of what follows are a choice: the gateway's are not public. It shows them in the
	// browser; an OAuth 2 server for native applications sends them back.
	var refusal string
	switch {
	case chosen == Cancel:
		refusal = "The user cancelled the sign-in"
	case !known:
		return s.page()
	case persona.Level < levelOf(query.Get("acr_values")):
		refusal = "The authentication level of the user is too low"
	case persona.NotRegistered:
		refusal = "The user has no suitable role"
	}
	switch {
	case refusal != "" && public:
		return back("access_denied", refusal)
	case refusal != "":
		return failed(http.StatusUnauthorized, "access_denied", refusal)
	}
	code := s.sessions.grant(grant{
		clientID: clientID, redirectURI: redirectURI, challenge: query.Get("code_challenge"), persona: persona,
	})
	return redirects(redirectURI, url.Values{"code": {code}, "state": {state}})
}

// registered reports whether a redirect URI is the client's: the whole text, or, for a native
// application, any port of a loopback address (RFC 8252).
func (s *Server) registered(public bool, uri string) bool {
	if !public {
		return slices.Contains(s.redirectURIs, uri)
	}
	given, err := url.Parse(uri)
	if err != nil || given.Scheme != "http" || given.RawQuery != "" || given.Fragment != "" || given.User != nil {
		return false
	}
	ip := net.ParseIP(given.Hostname())
	return given.Path == "/callback" && (given.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}

// levelOf returns the lowest level that acr_values accept.
func levelOf(values string) int {
	switch values {
	case "AAL1_USERPASS":
		return 1
	case "AAL2_OR_AAL3_ANY", "AAL2_ANY":
		return 2
	}
	return 3
}

// token redeems a code or a refresh token.
func (s *Server) token(header http.Header, form url.Values) testserver.Reply {
	if got := header.Values("Content-Type"); len(got) != 1 || got[0] != formType {
		return failed(http.StatusUnsupportedMediaType, "invalid_request", "Content-Type header must be "+formType)
	}
	kind := form.Get("grant_type")
	switch kind {
	case "":
		return failed(http.StatusBadRequest, "invalid_request", "grant_type is missing")
	case "authorization_code", "refresh_token":
	default:
		return failed(http.StatusBadRequest, "unsupported_grant_type", "grant_type is invalid")
	}
	clientID := form.Get("client_id")
	switch {
	case clientID == "":
		return failed(http.StatusUnauthorized, "invalid_request", "client_id is missing")
	case clientID == PublicClientID:
		if form.Has("client_secret") {
			return failed(http.StatusUnauthorized, "invalid_client", "this client has no secret")
		}
	case clientID != ClientID:
		return failed(http.StatusUnauthorized, "invalid_client", "client_id or client_secret is invalid")
	case !form.Has("client_secret") || header.Get("Authorization") != "":
		return failed(http.StatusUnauthorized, "invalid_request", "client_secret is missing")
	case form.Get("client_secret") != ClientSecret:
		return failed(http.StatusUnauthorized, "invalid_client", "client_id or client_secret is invalid")
	}
	if kind == "refresh_token" {
		return s.refresh(clientID, form)
	}
	return s.redeem(clientID, form)
}

func (s *Server) redeem(clientID string, form url.Values) testserver.Reply {
	redirectURI := form.Get("redirect_uri")
	switch {
	case form.Get("code") == "":
		return failed(http.StatusBadRequest, "invalid_request", "authorization_code is missing")
	case redirectURI == "":
		return failed(http.StatusBadRequest, "invalid_request", "redirect_uri is missing")
	}
	found, valid := s.sessions.redeem(form.Get("code"), clientID)
	switch {
	case !valid:
		return failed(http.StatusBadRequest, "invalid_grant", "authorization_code is invalid")
	case redirectURI != found.redirectURI:
		return failed(http.StatusBadRequest, "invalid_request", "redirect_uri is invalid")
	case clientID == PublicClientID && challengeOf(form.Get("code_verifier")) != found.challenge:
		return failed(http.StatusBadRequest, "invalid_grant", "code_verifier is invalid")
	}
	return s.tokens(s.sessions.begin(found))
}

func (s *Server) refresh(clientID string, form url.Values) testserver.Reply {
	if form.Get("refresh_token") == "" {
		return failed(http.StatusBadRequest, "invalid_request", "refresh_token is missing")
	}
	renewed, err := s.sessions.refresh(form.Get("refresh_token"), clientID)
	if err != nil {
		return failed(http.StatusUnauthorized, "invalid_grant", err.Error())
	}
	return s.tokens(renewed)
}

func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// tokens is the answer of a token call: the gateway's numbers are strings.
func (s *Server) tokens(made session) testserver.Reply {
	access := int(s.sessions.accessLife / time.Second)
	left := access + int(made.Ends.Sub(made.AccessEnds).Round(time.Second)/time.Second)
	answer := object{"access_token": made.AccessToken, "refresh_token": made.RefreshToken}
	if made.clientID == PublicClientID {
		answer["expires_in"], answer["token_type"] = access, "bearer"
	} else {
		answer["expires_in"], answer["token_type"] = strconv.Itoa(access), "Bearer"
		answer["refresh_token_expires_in"], answer["refresh_count"] = strconv.Itoa(left), strconv.Itoa(made.Refreshed)
	}
	return testserver.JSON(http.StatusOK, answer)
}

// userInfo describes the user whose access token it gets.
func (s *Server) userInfo(r *http.Request, _ []byte) testserver.Reply {
	one, err := s.bearer(r)
	switch {
	// The software's own texts: those of the gateway for this are not public.
	case errors.Is(err, errExpiredToken):
		return apigee(http.StatusUnauthorized, "Access Token expired", "keymanagement.service.access_token_expired")
	case err != nil:
		return apigee(http.StatusUnauthorized, "Invalid access token", "oauth.v2.InvalidAccessToken")
	}
	info := object{"sub": one.Persona.Identifier, "nhsid_useruid": one.Persona.Identifier}
	if !one.Persona.Unnamed {
		orgs, roles := []object{}, []object{}
		for _, org := range one.Persona.Organisations {
			orgs = append(orgs, object{"org_code": org.Code, "org_name": org.Name})
			roles = append(roles, object{"org_code": org.Code, "role_name": `"Clinical":"Clinical Provision":"Health Professional Access Role"`})
		}
		info["name"], info["given_name"], info["family_name"] = one.Persona.Name(), one.Persona.GivenName, one.Persona.FamilyName
		info["nhsid_user_orgs"], info["nhsid_nrbac_roles"] = orgs, roles
	}
	return testserver.JSON(http.StatusOK, info)
}
