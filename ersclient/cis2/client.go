// Package cis2 signs a user in with NHS Care Identity Service 2 (CIS2) in the system's browser,
// through the OAuth 2 gateway of the NHS API platform, and keeps the sign-in fresh: the
// authorization code grant of RFC 6749 for a native application (RFC 8252), always with PKCE S256
// (RFC 7636) and a fresh state.
//
// [Client.Begin] makes an [Attempt], which listens on the loopback interface for one callback and
// has the address to open. [Client.Exchange] redeems the callback's code, [Client.Refresh] a
// refresh token, and [Client.UserInfo] describes the user. There are two kinds of server: the
// gateway itself, where the organisation's application is registered with one redirect URI and a
// secret ([Config.Secret]), and a broker of the organisation's, for which the program is a public
// client without a secret, on any port.
//
// Every error is a [*problem.Problem], whose chain has the errors of package ersclient. The package
// logs nothing, opens no browser, and no error's text holds a secret, a code, a verifier or a
// token.
package cis2

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/oauth2"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
)

const (
	// DefaultACRValues are the levels of authentication that e-RS accepts.
	DefaultACRValues = "AAL2_OR_AAL3_ANY"
	// DefaultTimeout is the timeout of a call. The gateway's operators advise 15 to 30 seconds.
	DefaultTimeout = 30 * time.Second
)

// Service names the OAuth 2 server to a user.
var Service = problem.Words("the sign-in service")

// Config holds the parameters of a Client. BaseURL, ClientID and RedirectURI are required.
type Config struct {
	// Config's BaseURL is that of the OAuth 2 server, such as https://api.service.nhs.uk/oauth2.
	// Timeout is DefaultTimeout if 0.
	transport.Config
	// ClientID names the registered application.
	ClientID string
	// Secret returns the application's secret, for each call anew; nil means a public client. It may
	// block within the context. Its error is returned if it is a *problem.Problem.
	Secret func(context.Context) (secret.Text, error)
	// RedirectURI is a loopback URI with its port, such as http://localhost:8149/callback. It is sent
	// unchanged, since the gateway compares it as a text; port 0 means any, for a broker.
	RedirectURI string
	// ACRValues are the levels of authentication asked for; empty means DefaultACRValues.
	ACRValues string
	// Scopes are for brokers that want them; the gateway needs none.
	Scopes []string
	// Endpoints are for brokers with other names.
	Endpoints Endpoints
}

// Endpoints are the last segments of the server's addresses. Empty ones are "authorize", "token"
// and "userinfo".
type Endpoints struct{ Authorize, Token, UserInfo string }

// Client signs users in. It is safe for concurrent use. For its rate limit see [transport.Client].
type Client struct {
	*transport.Client
	config   Config
	redirect redirect
	// callbackTimeout bounds each step of a connection to an Attempt.
	callbackTimeout time.Duration
}

// New makes a Client. It does not connect. The error is CIS2-CLIENT_ID, or about an address, which the
// settings have refused before.
func New(config Config) (*Client, error) {
	config.Timeout = cmp.Or(config.Timeout, DefaultTimeout)
	config.ACRValues = cmp.Or(config.ACRValues, DefaultACRValues)
	config.Endpoints = Endpoints{
		cmp.Or(config.Endpoints.Authorize, "authorize"), cmp.Or(config.Endpoints.Token, "token"), cmp.Or(config.Endpoints.UserInfo, "userinfo"),
	}
	if !transport.IsToken(config.ClientID, maxClientID) {
		return nil, withOutcome(unknownClient, "").Because(errors.New("there is no client id, or one that cannot be"))
	}
	redirect, err := parseRedirect(config.RedirectURI)
	if err != nil {
		return nil, problem.Unexpected.Because(err)
	}
	config.Service = Service
	shared, err := transport.New(config.Config)
	if err != nil {
		return nil, err
	}
	return &Client{shared, config, redirect, callbackTimeout}, nil
}

// authorizeURL is the address that the browser opens.
func (c *Client) authorizeURL(redirectURI, state, verifier string) (string, error) {
	base, err := url.Parse(c.config.BaseURL)
	if err != nil {
		return "", err // New has parsed it.
	}
	config := oauth2.Config{
		ClientID:    c.config.ClientID,
		RedirectURL: redirectURI,
		Scopes:      c.config.Scopes,
		Endpoint:    oauth2.Endpoint{AuthURL: base.JoinPath(c.config.Endpoints.Authorize).String()},
	}
	// The gateway ignores the challenge, and brokers demand it.
	return config.AuthCodeURL(state, oauth2.S256ChallengeOption(verifier),
		oauth2.SetAuthURLParam("acr_values", c.config.ACRValues)), nil
}

// The calls. A code and a refresh token work once, so that neither is sent again here.
var (
	callToken = transport.Call{
		Name: "token", Method: http.MethodPost, Success: http.StatusOK, Once: true, Unusable: unusable,
	}
	callRefresh = transport.Call{
		Name: "refresh", Method: http.MethodPost, Success: http.StatusOK, Once: true, Unusable: unusable,
	}
	callUserInfo = transport.Call{
		Name: "userinfo", Method: http.MethodGet, Success: http.StatusOK, Unusable: unusable,
	}
)

// Exchange redeems the code of a callback, once. The error matches ersclient.ErrProofRefused if the
// code is not accepted. After any error the user signs in anew.
func (c *Client) Exchange(ctx context.Context, code Code) (Tokens, error) {
	if code.code.IsZero() {
		return Tokens{}, problem.Unexpected.Because(errors.New("token: there is no code"))
	}
	return c.tokens(ctx, callToken, url.Values{
		"grant_type":    {"authorization_code"},
		"code":          {code.code.Reveal()},
		"redirect_uri":  {code.redirectURI},
		"code_verifier": {code.verifier.Reveal()},
	}, code.code, code.verifier)
}

// Refresh redeems a refresh token, which works once, and kills the previous access token; it makes
// a single attempt. The error matches ersclient.ErrRefreshRefused if the user has to sign in again,
// and ersclient.ErrAnswerLost if the token may have been used up: it may be sent once more then. A
// server that gives no new refresh token lets the old one be used again.
func (c *Client) Refresh(ctx context.Context, token RefreshToken) (Tokens, error) {
	if token.IsZero() {
		return Tokens{}, problem.Unexpected.Because(errors.New("refresh: there is no refresh token"))
	}
	tokens, err := c.tokens(ctx, callRefresh, url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {token.Reveal()},
	}, token.Text)
	if err == nil && tokens.Refresh.IsZero() {
		tokens.Refresh = token
	}
	return tokens, err
}

// tokens makes a token call. golang.org/x/oauth2 could make it as well, but not with the TLS rules,
// proxies, bounds and explained errors that the other calls have.
func (c *Client) tokens(ctx context.Context, call transport.Call, form url.Values, secrets ...secret.Text) (Tokens, error) {
	form.Set("client_id", c.config.ClientID)
	if c.config.Secret != nil {
		text, err := c.config.Secret(ctx)
		var known *problem.Problem
		switch {
		case errors.As(err, &known):
			return Tokens{}, err
		case err != nil:
			return Tokens{}, withOutcome(noSecret, "").Because(err)
		case text.IsZero():
			return Tokens{}, withOutcome(noSecret, "").Because(errors.New("the client secret is empty"))
		}
		form.Set("client_secret", text.Reveal())
		secrets = append(secrets, text)
	}
	asked := time.Now()
	var tokens Tokens
	err := c.send(ctx, transport.Request{
		Call: call, Step: c.config.Endpoints.Token, Body: []byte(form.Encode()), Secrets: secrets,
		// The gateway compares the content type as a text: no charset.
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"application/json"}},
		Read:   func(body []byte) (err error) { tokens, err = decodeTokens(body, asked); return err },
	})
	return tokens, err
}

// UserInfo describes the user of an access token. The error matches ersclient.ErrSessionGone if the
// token is not accepted any more.
func (c *Client) UserInfo(ctx context.Context, token ersclient.AccessToken) (UserInfo, error) {
	if token.IsZero() {
		return UserInfo{}, problem.Unexpected.Because(errors.New("userinfo: there is no access token"))
	}
	var info UserInfo
	err := c.send(ctx, transport.Request{
		Call: callUserInfo, Step: c.config.Endpoints.UserInfo, Secrets: []secret.Text{token.Text},
		Header: http.Header{"Authorization": {"Bearer " + token.Reveal()}, "Accept": {"application/json"}},
		Read:   func(body []byte) (err error) { info, err = decodeUserInfo(body); return err },
	})
	return info, err
}

func (c *Client) send(ctx context.Context, r transport.Request) error {
	r.Decode = decodeError
	r.Refused = func(cause *transport.StatusError) error { return statusProblem(r.Call, cause) }
	return c.Send(ctx, r)
}
