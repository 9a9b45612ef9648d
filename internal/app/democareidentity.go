package app

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/ers-login/ers-login/ersclient/cis2test"
	"github.com/ers-login/ers-login/ersclient/testserver"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/diagnose"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/secret"
	signinfhir "github.com/ers-login/ers-login/internal/signin/fhir"
	"github.com/ers-login/ers-login/ui"
)

// demoTokenLife is that of an access token: less than a real one's, so that renewals are seen.
const demoTokenLife = 2 * time.Minute

// careIdentityDemo is the demonstration of the FHIR platform: a stand-in for the gateway, e-RS and
// the sign-in page, over plain HTTP on this computer, since the user's own browser opens it.
type careIdentityDemo struct {
	Demonstration
	server   *cis2test.Server
	settings config.Config
	removed  chan struct{}
}

// newCareIdentityDemo starts the stand-in.
func newCareIdentityDemo(d Demonstration) (careIdentityDemo, error) {
	redirect, err := freeRedirectURI()
	if err != nil {
		return careIdentityDemo{}, err
	}
	server := cis2test.NewUnstartedServer(
		cis2test.WithoutTLS(), cis2test.WithRedirectURI(redirect), cis2test.WithLifetimes(demoTokenLife, cis2test.TotalLife),
	)
	if err := server.Start(); err != nil {
		return careIdentityDemo{}, err
	}
	settings := DemoSettings()
	settings.Platform, settings.ClientID, settings.RedirectURI = config.PlatformFHIR, cis2test.ClientID, redirect
	settings.OAuthURL, settings.FHIRBaseURL = server.OAuthURL(), server.FHIRURL()
	// All names are in the stand-in's userinfo. Others are invented, and a threat to none.
	settings.DirectoryURL, settings.Proxy, settings.SharedLoopback = config.NoDirectory, config.ProxyNone, true
	return careIdentityDemo{Demonstration: d, server: server, settings: settings, removed: make(chan struct{}, 1)}, nil
}

// freeRedirectURI returns one with a port that is free now, below those that systems give to other
// connections. A real application has a registered one, which a real sign-in on this computer may be
// using.
func freeRedirectURI() (string, error) {
	const from, to, tries = 20000, 32000, 100
	var failed error
	for range tries {
		port := from + rand.IntN(to-from)                                                     //nolint:gosec // G404: it is no secret
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))) //nolint:noctx // it does not wait
		if err != nil {
			failed = err
			continue
		}
		return "http://" + listener.Addr().String() + "/callback", listener.Close()
	}
	return "", fmt.Errorf("no port is free: %w", failed)
}

// Prepare finds the services, as the settings do for a real sign-in.
func (d careIdentityDemo) Prepare(ctx context.Context) (Services, error) {
	ring, err := d.ring.open(ctx, d.settings)
	if err != nil {
		return Services{}, err
	}
	services := RealServices{Program: d.program, Log: d.log, Board: d.ring.board}
	clients, err := services.careIdentityClients(d.settings, standInSecret, nil, d.ring.board.Set)
	if err != nil {
		return Services{}, errors.Join(err, ring.Close())
	}
	return d.complete(d.settings, ring, Services{
		environment: demoEnvironment(config.PlatformFHIR, d.settings.FHIRBaseURL, ""),
		platform: signinfhir.New(signinfhir.Settings{
			Gateway: clients.gateway, ERS: clients.ers, Names: clients.names, Browse: services.browse(), SignInWithin: d.settings.SignInTimeout,
			CardRemoved: d.removed, BaseURL: d.settings.FHIRBaseURL, Log: d.log,
		}),
		close: clients.close,
	}), nil
}

// standInSecret is the client secret of the stand-in's application.
func standInSecret(context.Context) (secret.Text, error) {
	return secret.New(cis2test.ClientSecret), nil
}

// openChecks opens what the diagnostics check.
func (d careIdentityDemo) openChecks() (CheckRun, diagnose.Target, func() error) {
	e := CheckRun{Demo: config.PlatformFHIR, Program: d.ring.user(), Log: d.log, Settings: d.settings}
	e.Ring = e.Program.OpenKeyring(d.settings, d.log)
	target := d.target(e.Ring)
	target.Redirect = leftToWindow
	return e, target, e.Ring.Close
}

// target returns what the checks look at.
func (d careIdentityDemo) target(ring *keyring.Client) diagnose.Target {
	target := diagnose.Target{Platform: config.PlatformFHIR, Settings: d.settings, Keyring: ring, MissingEvents: missingEvents(0)}
	RealServices{Program: d.program, Log: d.log}.diagnoseCareIdentity(&target, ring)
	target.ClientSecret = func(context.Context) error { return nil }
	return target
}

// menu is the Simulator menu: the next fault at each server, and what happens elsewhere.
func (d careIdentityDemo) menu() []ui.SimulatorItem {
	oauth := cis2test.OAuthError
	const forbidden = "ACCESS_DENIED"
	return []ui.SimulatorItem{
		{Title: "The next sign-in page is", Items: d.faultItems(cis2test.Authorize, oauth(http.StatusUnauthorized, "access_denied", "The user has no suitable role"))},
		{Title: "Next sign-in", Items: d.faultItems(cis2test.Token, oauth(http.StatusBadRequest, "invalid_grant", "authorization_code is invalid"))},
		{Title: "Next renewal", Items: d.faultItems(cis2test.Refresh, oauth(http.StatusUnauthorized, "invalid_grant", "refresh_token is invalid"))},
		{Title: "Next list of roles", Items: d.faultItems(cis2test.A030,
			cis2test.OutcomeFault(http.StatusForbidden, "forbidden", forbidden, "The organisation is not allowed."))},
		{Title: "Next list of clinicians", Items: d.faultItems(cis2test.A040,
			cis2test.OutcomeFault(http.StatusForbidden, "forbidden", forbidden, "The business function is not held."))},
		{},
		{Title: "End the session at NHS Care Identity", Do: func() {
			for _, one := range d.server.Sessions() {
				d.server.Revoke(one.Persona.ID)
			}
		}},
		{Title: "Remove the card", Do: func() {
			select {
			case d.removed <- struct{}{}:
			default:
			}
		}},
	}
}

// faultItems are the entries of a call.
func (d careIdentityDemo) faultItems(call testserver.Call, refused testserver.Fault) []ui.SimulatorItem {
	return faultItems(d.log, d.server, call, ui.SimulatorItem{Title: "refused", Do: orderFault(d.log, d.server, call, refused)})
}
