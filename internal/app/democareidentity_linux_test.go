package app

import (
	"context"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/cis2test"
	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/diagnose"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
	"github.com/ers-login/ers-login/smartcard/simulator"
	"github.com/ers-login/ers-login/ui"
)

// startedDemo is a demonstration of the FHIR platform with a keyring.
func startedDemo(t *testing.T) careIdentityDemo {
	t.Helper()
	session := keyringtest.ForTest(t, keyringtest.Options{Fake: &keyringtest.Fake{}})
	p := testProgram(t, append(os.Environ(), session.Env()...)...)
	demo, err := newCareIdentityDemo(NewDemonstration(p, testLog(t), signin.NewBoard(), nil, nil, simulator.Persona{}))
	require.NoError(t, err)
	t.Cleanup(demo.server.Close)
	return demo
}

// choose chooses an entry of a menu by its titles.
func choose(t *testing.T, menu []ui.SimulatorItem, titles ...string) {
	t.Helper()
	for _, item := range menu {
		switch {
		case item.Title != titles[0]:
		case len(titles) == 1:
			item.Do()
			return
		default:
			choose(t, item.Items, titles[1:]...)
			return
		}
	}
	require.FailNow(t, "not in the menu: "+titles[0])
}

// signInTo signs a persona in, as the flow and a user in the browser do.
func signInTo(ctx context.Context, t *testing.T, demo careIdentityDemo, platform signin.Platform, persona string) (signin.Grant, error) {
	t.Helper()
	watching, stop := context.WithCancel(ctx)
	reports := platform.Watch(watching)
	defer func() {
		stop()
		for range reports {
			continue
		}
	}()
	demo.server.SignInAs(persona)
	prompted := make(chan error, 1)
	go func() { prompted <- platform.Prompt(watching, false) }()
	for {
		select {
		case report := <-reports:
			if report.Browser != nil && report.Browser.NotOpened {
				page, err := url.Parse(report.Browser.Address)
				require.NoError(t, err)
				require.Equal(t, "127.0.0.1", page.Hostname())
				if _, err := demo.server.SignIn(ctx, report.Browser.Address, persona); err != nil {
					return signin.Grant{}, err
				}
			}
			if report.Kind == signin.ProofAppeared {
				return platform.Open(ctx, report.Proof, nil)
			}
		case err := <-prompted:
			if err != nil {
				return signin.Grant{}, err
			}
			prompted = nil
		}
	}
}

// The demonstration needs no settings: it signs in, marks its session, and meets the faults that the
// presenter has chosen, the last one only.
func TestTheDemonstrationOfCareIdentity(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	demo := startedDemo(t)
	t.Setenv("PATH", t.TempDir()) // no browser opens
	found, err := demo.Prepare(ctx)
	require.NoError(t, err)
	defer found.close()
	menu := demo.menu()

	grant, err := signInTo(ctx, t, demo, found.platform, cis2test.Admin)
	require.NoError(t, err)
	assert.Equal(t, "Owen Adminton", grant.User.Name())
	assert.Equal(t, "Made-up Hospital 1", grant.User.Permissions[0].OrgName)
	grant.Permission = grant.User.Permissions[0]
	entry := found.platform.Entry(grant, signin.EntryDetails{Generation: 1, IssuedAt: time.Now().UTC(), ExpiresAt: time.Now().Add(time.Hour).UTC()})
	require.NoError(t, found.keyring.Publish(ctx, entry))
	published, err := found.keyring.Read(ctx)
	require.NoError(t, err)
	assert.Equal(t, handoff.KindDemonstration, published.Details().Kind)
	require.NoError(t, found.keyring.Clear(ctx))

	choose(t, menu, "Next list of roles", "a server error (500)")
	choose(t, menu, "Next list of roles", "refused")
	_, err = signInTo(ctx, t, demo, found.platform, cis2test.GP)
	assert.Equal(t, "ERS-A030-403", problem.Of(err).Code)
	choose(t, menu, "Next sign-in", "refused")
	choose(t, menu, "Next sign-in", "as usual")
	_, err = signInTo(ctx, t, demo, found.platform, cis2test.GP)
	require.NoError(t, err)

	choose(t, menu, "Next renewal", "cut off before its answer")
	_, err = found.platform.Refresh(ctx, grant)
	require.Error(t, err)
	choose(t, menu, "End the session at NHS Care Identity")
	assert.Empty(t, demo.server.Sessions())

	choose(t, menu, "Remove the card")
	choose(t, menu, "Remove the card")
	watching, stop := context.WithCancel(ctx)
	reports := found.platform.Watch(watching)
	assert.Equal(t, signin.ProofGone, (<-reports).Kind)
	stop()
	for range reports {
		continue
	}
}

// The diagnostics of the demonstration have the rows of the platform, and find nothing wrong.
func TestTheDiagnosticsOfCareIdentity(t *testing.T) {
	demo := startedDemo(t)
	_, target, end := demo.openChecks()
	for _, result := range diagnose.Run(t.Context(), diagnose.Checks(target), nil) {
		assert.NotEqual(t, diagnose.Failed, result.State, "%s: %v", result.Name, result.Problem)
		assert.NotContains(t, result.Text(), "no connection")
		assert.False(t, result.ID == "workstation" && result.State == diagnose.Skipped, "the demonstration sees it as well")
		if result.ID == "redirect" {
			assert.Equal(t, "The open window of e-RS Login uses this way, so it was not checked.", result.Text())
		}
	}
	require.NoError(t, end())
}

func TestDemoPersona(t *testing.T) {
	for name, test := range map[string]struct{ platform, key, refused string }{
		"the first one":        {config.PlatformHSCN, "", ""},
		"one of them":          {config.PlatformHSCN, "consultant", ""},
		"none of them":         {config.PlatformHSCN, "nobody", "--persona"},
		"another platform":     {"cis3", "", "--platform"},
		"in the browser":       {config.PlatformFHIR, "", ""},
		"a card for a browser": {config.PlatformFHIR, "gp", "--persona"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := demoPersona(test.platform, test.key)
			if test.refused == "" {
				require.NoError(t, err)
				return
			}
			var usage UsageError
			require.ErrorAs(t, err, &usage)
			assert.ErrorContains(t, err, test.refused)
		})
	}
}
