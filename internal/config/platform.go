package config

import (
	"cmp"
	"net/url"
	"strings"
	"time"

	"github.com/ers-login/ers-login/internal/problem"
)

// ticketsEnd is when the NHS has retired the platform of the Identity Agent's tickets: the end of
// 28 February 2027.
var ticketsEnd = time.Date(2027, time.March, 1, 0, 0, 0, 0, time.UTC)

// ChoosePlatform chooses the platform by the setting for it, else by the settings that only one of
// them needs; both reports whether users could sign in with either, and no setting has decided. Whether
// the Identity Agent is installed, which may be nil, is asked only if it decides.
func ChoosePlatform(c Config, installed func() bool, now time.Time) (platform string, both bool) {
	switch {
	case c.Platform == PlatformHSCN, c.Platform == PlatformFHIR:
		return c.Platform, false
	case c.ClientID == "":
		return PlatformHSCN, false
	case c.BaseURL == "", len(c.AgentCommand) == 0 && (installed == nil || !installed()):
		return PlatformFHIR, false
	case now.Before(ticketsEnd):
		return PlatformHSCN, true
	default:
		return PlatformFHIR, true
	}
}

// UsedPlatform returns [PlatformHSCN] or [PlatformFHIR]. The zero Config has the former.
func (c Config) UsedPlatform() string { return cmp.Or(c.used, PlatformHSCN) }

// PlatformProblem returns which platform is used, for a service desk, where either could be; nil
// otherwise.
func (c Config) PlatformProblem() *problem.Problem {
	switch {
	case !c.both:
		return nil
	case c.used == PlatformFHIR:
		return bothUseFHIR
	default:
		return bothUseHSCN
	}
}

var (
	bothUseHSCN = &problem.Problem{
		Code:        "PLATFORM-HSCN",
		Title:       "You sign in with your smartcard and the Identity Agent",
		Happened:    "This computer is set up for NHS Care Identity too. It is used once the Identity Agent's platform ends, after 28 February 2027.",
		Steps:       []string{"You do not need to do anything."},
		ServiceDesk: []string{"Set platform to fhir to use NHS Care Identity now, or to hscn to keep the Identity Agent."},
	}
	bothUseFHIR = &problem.Problem{
		Code:        "PLATFORM-FHIR",
		Title:       "You sign in with NHS Care Identity",
		Happened:    "This computer is set up for the Identity Agent too, whose platform ended on 28 February 2027.",
		Steps:       []string{"You do not need to do anything."},
		ServiceDesk: []string{"Set platform to fhir, and remove the Identity Agent and its settings when no other program needs them."},
	}
)

// Broker reports whether users sign in at a broker, which takes any port and no client secret
// (RFC 8252), rather than at the NHS API platform itself.
func (c Config) Broker() bool {
	address, err := url.Parse(c.RedirectURI)
	return err == nil && address.Port() == "0"
}

// Endpoints returns the last parts of the OAuth 2 server's addresses.
func (c Config) Endpoints() (authorize, token, userInfo string) {
	words := strings.Fields(c.OAuthEndpoints)
	if len(words) != endpoints {
		return "", "", ""
	}
	return words[0], words[1], words[2]
}
