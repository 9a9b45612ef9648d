package config_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/config"
)

// If this fails, users of a computer that is set up for one platform are sent to the other.
func TestChoosePlatform(t *testing.T) {
	before := time.Date(2027, time.February, 28, 23, 59, 59, 0, time.UTC)
	after := before.Add(time.Second)
	type choice struct {
		platform string
		both     bool
	}
	hscn, fhir := choice{config.PlatformHSCN, false}, choice{config.PlatformFHIR, false}
	both := func(platform string) choice { return choice{platform, true} }
	auto, tickets, browser := config.PlatformAuto, config.Config{BaseURL: "https://e.nhs.uk"}, config.Config{ClientID: "x"}
	either := config.Config{BaseURL: tickets.BaseURL, ClientID: browser.ClientID}
	command := either
	command.AgentCommand = []string{"agent"}
	for name, test := range map[string]struct {
		setting string
		c       config.Config
		agent   bool
		now     time.Time
		want    choice
	}{
		"nothing is set up":                  {auto, config.Config{}, false, before, hscn},
		"nothing is set up, later":           {auto, config.Config{}, false, after, hscn},
		"tickets alone":                      {auto, tickets, true, before, hscn},
		"tickets alone, without an agent":    {auto, tickets, false, before, hscn},
		"tickets alone, later":               {auto, tickets, true, after, hscn},
		"a client id alone":                  {auto, browser, false, before, fhir},
		"a client id beside an agent":        {auto, browser, true, before, fhir},
		"both, without an agent":             {auto, either, false, before, fhir},
		"both, with an agent":                {auto, either, true, before, both(config.PlatformHSCN)},
		"both, with an agent, later":         {auto, either, true, after, both(config.PlatformFHIR)},
		"both, with a command":               {auto, command, false, before, both(config.PlatformHSCN)},
		"both, with a command, later":        {auto, command, false, after, both(config.PlatformFHIR)},
		"hscn is set":                        {config.PlatformHSCN, browser, false, after, hscn},
		"fhir is set":                        {config.PlatformFHIR, tickets, true, before, fhir},
		"fhir is set, and nothing is set up": {config.PlatformFHIR, config.Config{}, false, before, fhir},
	} {
		t.Run(name, func(t *testing.T) {
			test.c.Platform = test.setting
			platform, both := config.ChoosePlatform(test.c, func() bool { return test.agent }, test.now)
			assert.Equal(t, test.want, choice{platform, both})
		})
	}
	platform, _ := config.ChoosePlatform(either, nil, before)
	assert.Equal(t, config.PlatformFHIR, platform, "without a question")
}

// The Identity Agent is asked for by a process of its own, so only where it decides.
func TestTheIdentityAgentIsAskedForIfItDecides(t *testing.T) {
	command := "agent_command = '" + absolute(t, "bin", "agent") + "'\n"
	const address, id = "base_url = 'https://e.nhs.uk'\n", "client_id = 'x'\n"
	for name, test := range map[string]struct {
		settings  string
		installed bool
		asked     int
		fhir      bool
		both      bool
	}{
		"nothing is set up":       {"", true, 0, false, false},
		"tickets alone":           {address, true, 0, false, false},
		"a client id alone":       {id, true, 0, true, false},
		"both, and it is there":   {address + id, true, 1, false, true},
		"both, and it is not":     {address + id, false, 1, true, false},
		"a command is enough":     {address + id + command, false, 0, false, true},
		"the setting has decided": {address + id + "platform = 'fhir'\n", true, 0, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			c, err := config.Load(config.Sources{File: settingsFile(t, test.settings), IdentityAgent: func() bool {
				asked++
				return test.installed
			}})
			require.NoError(t, err)
			assert.Equal(t, test.asked, asked)
			want := config.PlatformHSCN
			if test.fhir || c.PlatformProblem() != nil && c.PlatformProblem().Code == "PLATFORM-FHIR" {
				want = config.PlatformFHIR // in the second case, the platform of tickets has ended
			}
			assert.Equal(t, test.both, c.PlatformProblem() != nil, "a service desk learns which")
			assert.Equal(t, want, c.UsedPlatform())
		})
	}
	assert.Equal(t, config.PlatformHSCN, config.Config{}.UsedPlatform())
	assert.Nil(t, config.Config{}.PlatformProblem())
}

// A reader of the settings of one platform must not look for those of the other.
func TestEachSettingIsForAPlatform(t *testing.T) {
	only := map[string][]string{}
	for _, setting := range config.Settings() {
		if setting.Platform != "" {
			only[setting.Platform] = append(only[setting.Platform], setting.Key)
			assert.False(t, setting.IsFor(map[string]string{
				config.PlatformHSCN: config.PlatformFHIR, config.PlatformFHIR: config.PlatformHSCN,
			}[setting.Platform]), setting.Key)
		}
		assert.True(t, setting.IsFor(config.PlatformHSCN) || setting.IsFor(config.PlatformFHIR), setting.Key)
	}
	assert.Equal(t, []string{
		"base_url", "asid", "certificate", "certificate_thumbprint", "key", "passphrase_file", "server_name", "tls_ciphers", "agent",
		"agent_command", "agent_poll_interval", "card_removal", "closing_grace", "send_fqdn", "audit_session_id",
	}, only[config.PlatformHSCN])
	assert.Equal(t, []string{
		"client_id", "client_secret_file", "redirect_uri", "fhir_base_url", "oauth_url", "oauth_endpoints", "oauth_scope", "acr_values",
		"directory_url", "sign_in_timeout", "idle_timeout", "end_on_card_removal", "shared_loopback",
	}, only[config.PlatformFHIR])
}
