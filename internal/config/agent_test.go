package config_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/config"
)

// A policy on the source of tickets is worthless if a user's own program comes before it.
func TestAPolicyDecidesWhereTicketsComeFrom(t *testing.T) {
	mine, theirs := absolute(t, "home", "ann", "tickets"), absolute(t, "opt", "tickets")
	for name, test := range map[string]struct {
		policy, machine, user, environment string
		agent                              string
		command                            string
		// locked reports whether the policy has decided both.
		locked bool
		code   string
	}{
		"nothing":                     {agent: config.AgentAuto},
		"the user's":                  {user: "agent_command = " + "'" + mine + "'", agent: config.AgentAuto, command: mine},
		"the user's, without":         {user: "agent = 'identity-agent'\nagent_command = " + "'" + mine + "'", agent: config.AgentIdentity},
		"the computer's, overruled":   {machine: "agent_command = " + "'" + theirs + "'", user: "agent = 'identity-agent'", agent: config.AgentIdentity},
		"policy: identity-agent":      {policy: "agent = 'identity-agent'", user: "agent_command = " + "'" + mine + "'", agent: config.AgentIdentity, locked: true},
		"policy: auto":                {policy: "agent = 'auto'", user: "agent_command = " + "'" + mine + "'", agent: config.AgentAuto, locked: true},
		"policy: auto, variable":      {policy: "agent = 'auto'", environment: mine, agent: config.AgentAuto, locked: true},
		"policy: auto, computer's":    {policy: "agent = 'auto'", machine: "agent_command = " + "'" + theirs + "'", agent: config.AgentAuto, locked: true},
		"policy: auto and a command":  {policy: "agent = 'auto'\nagent_command = " + "'" + theirs + "'", environment: mine, agent: config.AgentAuto, command: theirs, locked: true},
		"policy: both":                {policy: "agent = 'command'\nagent_command = " + "'" + theirs + "'", environment: mine, agent: config.AgentByCommand, command: theirs, locked: true},
		"policy: command":             {policy: "agent_command = " + "'" + theirs + "'", user: "agent = 'identity-agent'", agent: config.AgentByCommand, command: theirs, locked: true},
		"policy: no command":          {policy: "agent_command = ''", user: "agent_command = " + "'" + mine + "'", agent: config.AgentAuto, locked: true},
		"policy: no command, wanted":  {policy: "agent_command = ''", user: "agent = 'command'\nagent_command = " + "'" + mine + "'", agent: config.AgentAuto, locked: true},
		"policy: command, unnamed":    {policy: "agent = 'command'", user: "agent_command = " + "'" + mine + "'", agent: config.AgentByCommand, locked: true, code: "SETTING-AGENT_COMMAND"},
		"policy: neither, and a slip": {policy: "agent = 'identity-agent'", user: "agent_command = 'tickets'", agent: config.AgentIdentity, locked: true},
		"policy: contradictory":       {policy: "agent = 'identity-agent'\nagent_command = " + "'" + theirs + "'", agent: config.AgentIdentity, locked: true},
	} {
		t.Run(name, func(t *testing.T) {
			sources := config.Sources{Trust: trustAll, PolicyFile: settingsFile(t, test.policy), MachineFile: settingsFile(t, test.machine),
				UserFile: settingsFile(t, test.user)}
			if test.environment != "" {
				sources.Environ = []string{"ERS_LOGIN_AGENT_COMMAND=" + test.environment}
			}
			c, err := config.Load(sources)
			if test.code == "" {
				require.NoError(t, err)
				assert.Equal(t, config.LayerDefault, c.UnusableLayer())
			} else {
				assert.Equal(t, []string{test.code}, codes(problems(t, err)))
				assert.Equal(t, config.LayerPolicy, c.UnusableLayer())
			}
			assert.Equal(t, test.agent, c.Agent)
			var command []string
			if test.command != "" {
				command = []string{test.command}
			}
			assert.Equal(t, command, c.AgentCommand)
			assert.Equal(t, test.locked, c.Locked("agent") && c.Locked("agent_command"))
		})
	}
}
