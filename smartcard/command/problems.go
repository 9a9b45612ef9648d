package command

import (
	"fmt"
	"path/filepath"

	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/smartcard"
)

// problem fills a template, and adds to its chain the code that says what the failure means for the
// ticket.
func (a *Agent) problem(template *problem.Problem, operation string, cause error, meaning smartcard.Code) *problem.Problem {
	program := a.program()
	return template.With("Program", program).
		Because(fmt.Errorf("%s %s: %w; this counts as %w", program, operation, cause, meaning))
}

// program returns the program's name without its folders, which the log does not need.
func (a *Agent) program() string { return filepath.Base(a.argv[0]) }

var (
	badSetting = &problem.Problem{
		Code:     "CARD-AGENT_COMMAND_SETTING",
		Title:    "The program that reads your smartcard is not set up correctly",
		Happened: "The setting agent_command must begin with the full path of a program.",
		ServiceDesk: []string{
			"Set agent_command to the full path of the program and its arguments, or remove " +
				"the setting.",
		},
	}
	missing = &problem.Problem{
		Code:  "CARD-AGENT_COMMAND_MISSING",
		Title: "The program that reads your smartcard is not installed",
		Happened: "Your organisation uses the program {{.Program}} instead of the NHS Identity " +
			"Agent, and it is not on this computer.",
		Steps: []string{
			"Contact your local service desk and quote the reference below.",
			"Until then, use a computer that has it.",
		},
		ServiceDesk: []string{
			"Install {{.Program}}, or correct the setting agent_command.",
		},
	}
	notStarted = &problem.Problem{
		Code:  "CARD-AGENT_COMMAND_START",
		Title: "The program that reads your smartcard could not be started",
		Happened: "Your organisation uses the program {{.Program}} instead of the NHS Identity " +
			"Agent, and this computer could not start it.",
		Steps: []string{
			"Press **Try again**.",
			"If it happens again, contact your local service desk and quote the reference below.",
		},
		ServiceDesk: []string{
			"Check that this user is allowed to run {{.Program}}, which the setting " +
				"agent_command names.",
		},
		Retry: true,
	}
	notRunnable = &problem.Problem{
		Code:  notStarted.Code,
		Title: "The program that reads your smartcard cannot be started",
		Happened: "Your organisation uses the program {{.Program}} instead of the NHS Identity " +
			"Agent. This computer cannot start it: {{.Reason}}.",
		Steps: []string{
			"Contact your local service desk and quote the reference below.",
			"When this is done, press **Try again**.",
		},
		ServiceDesk: []string{
			"Correct {{.Program}}, or the setting agent_command, which names it.",
		},
		Retry: true,
	}
	failed = &problem.Problem{
		Code:  "CARD-AGENT_COMMAND",
		Title: "The program that reads your smartcard failed",
		Happened: "Your organisation uses the program {{.Program}} instead of the NHS Identity " +
			"Agent. It ended with {{.Status}}.",
		Steps: []string{
			"Remove your smartcard and insert it again, then press **Try again**.",
			"If it happens again, contact your local service desk and quote the reference below.",
		},
		ServiceDesk: []string{
			"Check {{.Program}}, which the setting agent_command names.",
		},
		Retry: true,
	}
	badOutput = &problem.Problem{
		Code:  "CARD-AGENT_COMMAND_OUTPUT",
		Title: "The program that reads your smartcard gave no usable answer",
		Happened: "Your organisation uses the program {{.Program}} instead of the NHS Identity " +
			"Agent. Its answer could not be used.",
		Steps: []string{
			"Press **Try again**.",
			"If it happens again, contact your local service desk and quote the reference below.",
		},
		ServiceDesk: []string{
			"Check {{.Program}}, which the setting agent_command names.",
		},
		Retry: true,
	}
)
