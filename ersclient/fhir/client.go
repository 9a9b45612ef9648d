// Package fhir makes the calls of the NHS e-Referral Service's FHIR API (R4) that a sign-in with
// NHS Care Identity needs: A030, who the user is and as what they may work ([Client.Roles]), and
// A040, the clinicians that a service provider clinician admin may act for ([Client.Clinicians]).
// Nothing selects a role there: each later call, of any program, has the choice in its header
// ([Header]). There is no session to close, and no client certificate.
//
// The proof of the user is an access token, which lives ten minutes (package cis2). Neither call
// changes anything, so both are repeated where package transport repeats calls at all, and a lost
// answer ([ersclient.ErrAnswerLost]) leaves nothing behind.
//
// Neither answer has names of people or organisations. Package directory finds those of
// organisations.
//
// Every error is a [*problem.Problem]; its cause names the X-Correlation-ID that was sent and the
// answer's X-Request-ID, by which NHS England finds the call. [transport.Config.Trace] gets them of
// calls that succeed too. The package logs nothing, and no error's text holds a token.
package fhir

import (
	"context"
	"fmt"
	"net/http"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
)

// The base URLs of e-RS, for [transport.Config.BaseURL]. All have certificates that the system
// trusts.
const (
	ProductionURL  = "https://api.service.nhs.uk/referrals/FHIR"
	IntegrationURL = "https://int.api.service.nhs.uk/referrals/FHIR"
)

const mediaType = "application/fhir+json"

var (
	callA030 = transport.Call{Name: "A030", Method: http.MethodGet, Success: http.StatusOK, Safe: true}
	callA040 = transport.Call{Name: "A040", Method: http.MethodGet, Success: http.StatusOK, Safe: true}
)

// Client makes the calls. It is safe for concurrent use. For its rate limit see [transport.Client].
type Client struct{ *transport.Client }

// New makes a Client of the API at config.BaseURL, such as [ProductionURL]. It does not connect.
// The error is that of [transport.New].
func New(config transport.Config) (*Client, error) {
	shared, err := transport.New(config, "R4")
	if err != nil {
		return nil, err
	}
	return &Client{shared}, nil
}

// Roles returns the user whom the token stands for, with all pairs of organisation and business
// function that they may work as (A030), in e-RS's order. Names of people and organisations are
// empty. A user without roles has no Identifier either, since the answer is then empty.
func (c *Client) Roles(ctx context.Context, token ersclient.AccessToken) (ersclient.User, error) {
	header, err := bearer(token)
	if err != nil {
		return ersclient.User{}, problem.Unexpected.Because(fmt.Errorf("A030: %w", err))
	}
	var user ersclient.User
	err = c.send(ctx, token, transport.Request{
		Call: callA030, Step: "PractitionerRole", Header: header,
		Read: func(body []byte) (err error) { user, err = decodeRoles(body); return err },
	})
	return user, err
}

// Clinicians returns the people whom the user may act for as a permission whose function is
// SERVICE_PROVIDER_CLINICIAN_ADMIN (A040): each an Identifier without a name, for
// [ersclient.Permission.OnBehalfOf], in e-RS's order.
func (c *Client) Clinicians(ctx context.Context, token ersclient.AccessToken, as ersclient.Permission) ([]ersclient.User, error) {
	header, err := Header(as, token)
	if err != nil {
		return nil, problem.Unexpected.Because(fmt.Errorf("A040: %w", err))
	}
	var clinicians []ersclient.User
	err = c.send(ctx, token, transport.Request{
		Call: callA040, Step: "Practitioner", Query: "_query=onBehalfOf", Header: header,
		Read: func(body []byte) (err error) { clinicians, err = decodeClinicians(body); return err },
	})
	return clinicians, err
}

func (c *Client) send(ctx context.Context, token ersclient.AccessToken, r transport.Request) error {
	r.Header[headerAccept] = []string{mediaType}
	r.Traced, r.Secrets = true, []secret.Text{token.Text}
	r.Refused = func(cause *transport.StatusError) error { return statusProblem(cause) }
	return c.Send(ctx, r)
}
