package signin_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/cis2"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/internal/signin/fhir"
)

// What the gateway bears of one registered application, in calls a minute.
const (
	oauthLimit = 300
	ersLimit   = 600
)

// simulatedGateway is the gateway of the fleet: its tokens are the real one's, in simulated time.
type simulatedGateway struct {
	fhir.Gateway
	begun time.Time
	down  func(time.Duration) error
}

func (g *simulatedGateway) Refresh(context.Context, cis2.RefreshToken) (cis2.Tokens, error) {
	now := time.Now().Round(0)
	if err := g.down(now.Sub(g.begun)); err != nil {
		return cis2.Tokens{}, err
	}
	return cis2.Tokens{
		Access: ersclient.NewAccessToken("access"), AccessEnds: now.Add(599 * time.Second),
		Refresh: cis2.NewRefreshToken("refresh"), RefreshEnds: now.Add(43199 * time.Second),
	}, nil
}

// answers is what the gateway answers in an outage.
func answers(status int) error {
	return (&problem.Problem{Code: "CIS2-UNAVAILABLE", Title: "x"}).Because(&transport.StatusError{Call: "refresh", Status: status})
}

var offline = &problem.Problem{Code: "NET-OFFLINE", Title: "x"}

// The shifts of a hospital with 2,000 computers, of which three in ten have two users a day, and those of
// practices that open at the same time.
var (
	hospital = []signin.Shift{
		{0.3, 7 * time.Hour, 14 * time.Hour, 20 * time.Minute, []time.Duration{11 * time.Hour, 690 * time.Minute}},
		{0.3, 14*time.Hour + 30*time.Minute, 21 * time.Hour, 20 * time.Minute, []time.Duration{17*time.Hour + 30*time.Minute, 18 * time.Hour}},
		{0.7, 8*time.Hour + 30*time.Minute, 17 * time.Hour, time.Hour, []time.Duration{12 * time.Hour, 750 * time.Minute, 13 * time.Hour}},
	}
	practices = []signin.Shift{
		{1, 8*time.Hour + 15*time.Minute, 18 * time.Hour, time.Hour, []time.Duration{12 * time.Hour, 750 * time.Minute, 13 * time.Hour}},
	}
)

// If this fails, the gateway refuses users of an organisation, on a day like any other or after an
// outage of ten minutes.
func TestAFleetStaysBelowTheGatewaysLimits(t *testing.T) {
	const never, morning, lunch = -1, 10 * time.Hour, 13*time.Hour + 25*time.Minute
	// What is begun by hand, by users who could not sign in during an outage, no program can spread.
	const byHand = 150
	for name, day := range map[string]struct {
		shifts []signin.Shift
		idle   bool
		outage time.Duration
		fails  error
		limit  int
	}{
		"a hospital":                           {hospital, false, never, nil, oauthLimit},
		"a hospital, idle sessions end":        {hospital, true, never, nil, oauthLimit},
		"practices":                            {practices, false, never, nil, oauthLimit},
		"practices, idle sessions end":         {practices, true, never, nil, oauthLimit},
		"an outage: 503":                       {practices, false, morning, answers(503), oauthLimit},
		"an outage: 500":                       {practices, false, morning, answers(500), oauthLimit},
		"an outage: 429":                       {practices, false, morning, answers(429), oauthLimit},
		"an outage of the network":             {practices, false, morning, offline, oauthLimit},
		"an outage at the shift change":        {hospital, false, 14*time.Hour + 10*time.Minute, answers(503), oauthLimit},
		"an outage when lunch ends":            {practices, false, lunch, answers(503), oauthLimit},
		"the same, idle sessions have ended":   {practices, true, lunch, answers(503), oauthLimit + byHand},
		"an outage when the practices open":    {practices, true, 8*time.Hour + 10*time.Minute, answers(503), oauthLimit + byHand},
		"an outage, idle sessions end all day": {practices, true, morning, answers(503), oauthLimit + byHand},
	} {
		if testing.Short() && name != "an outage: 503" {
			continue // make e2e runs the others.
		}
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				down := func(at time.Duration) bool {
					return day.outage >= 0 && at >= day.outage && at < day.outage+10*time.Minute
				}
				gateway := &simulatedGateway{begun: time.Now().Round(0), down: func(at time.Duration) error {
					if down(at) {
						return day.fails
					}
					return nil
				}}
				fleet := &signin.Fleet{
					Platform: fhir.New(fhir.Settings{Gateway: gateway}), Computers: 2000, Shifts: day.shifts, Idle: day.idle, Down: down,
				}
				fleet.Run()
				oauth, at := signin.Worst(fleet.OAuth, func(at time.Duration) bool { return !down(at) })
				failing, _ := signin.Worst(fleet.OAuth, down)
				ers, _ := signin.Worst(fleet.ERS, func(time.Duration) bool { return true })
				t.Logf("worst minute: OAuth %d at %v, e-RS %d; OAuth during the outage %d", oauth, at, ers, failing)
				t.Logf("worst minute of each hour from six to ten: OAuth %v, e-RS %v",
					signin.Hourly(fleet.OAuth)[6:22], signin.Hourly(fleet.ERS)[6:22])
				t.Logf("sessions lost: %d; users without a good token: %.1f minutes each", fleet.Lost,
					fleet.Unusable.Minutes()/float64(fleet.Computers))
				require.Greater(t, oauth, oauthLimit/2, "the computers are in use")
				require.Less(t, oauth, day.limit)
				require.Less(t, failing, 2*oauthLimit+byHand, "one repetition each, soon")
				require.Less(t, ers, ersLimit)
				require.Less(t, fleet.Lost, fleet.Computers/100, "an outage signs no one out")
			})
		})
	}
}
