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
		Title:    "The setting for the smartcard program is not right",
		Happened: "The setting agent_command has to begin with the full path of a program.",
		Steps: []string{
			"Give your local service desk the reference below.",
			"Ask them to set agent_command to the full path of the program and its arguments, or to remove the setting.",
		},
	}
	missing = &problem.Problem{
		Code:  "CARD-AGENT_COMMAND_MISSING",
		Title: "The program that reads your smartcard is not installed",
		Happened: "Your organisation uses the program {{.Program}} in place of the NHS Identity Agent, " +
			"and it is not on this computer.",
		Steps: []string{
			"Ask your local service desk to install {{.Program}}, or to correct the setting agent_command.",
			"Until then, use a computer that has it.",
		},
	}
	notStarted = &problem.Problem{
		Code:  "CARD-AGENT_COMMAND_START",
		Title: "The program that reads your smartcard could not be started",
		Happened: "Your organisation uses the program {{.Program}} in place of the NHS Identity Agent, " +
			"and this computer did not start it.",
		Steps: []string{
			"Press **Try again**.",
			"If it happens again, give your local service desk the reference below.",
			"Ask them to check that you are allowed to run {{.Program}}, which the setting agent_command names.",
		},
		Retry: true,
	}
	notRunnable = &problem.Problem{
		Code:  notStarted.Code,
		Title: "The program that reads your smartcard cannot be started",
		Happened: "Your organisation uses the program {{.Program}} in place of the NHS Identity Agent. " +
			"It cannot be started on this computer: {{.Reason}}.",
		Steps: []string{
			"Give your local service desk the reference below.",
			"Ask them to put {{.Program}} right, or to correct the setting agent_command, which names it.",
			"When that is done, press **Try again**.",
		},
		Retry: true,
	}
	incomplete = &problem.Problem{
		Code:  missing.Code,
		Title: "The program that reads your smartcard lacks something",
		Happened: "Your organisation uses the program {{.Program}} in place of the NHS Identity Agent. " +
			"It is on this computer, and cannot be started: {{.Reason}}.",
		Steps: []string{
			"Give your local service desk the reference below.",
			"Ask them to put {{.Program}} right, or to correct the setting agent_command, which names it.",
			"When that is done, press **Try again**.",
		},
		Retry: true,
	}
	failed = &problem.Problem{
		Code:  "CARD-AGENT_COMMAND",
		Title: "The program that reads your smartcard failed",
		Happened: "Your organisation uses the program {{.Program}} in place of the NHS Identity Agent, " +
			"and it ended with {{.Status}}.",
		Steps: []string{
			"Remove your smartcard and insert it again, then press **Try again**.",
			"If it happens again, give your local service desk the reference below.",
			"Ask them to check {{.Program}}, which the setting agent_command names.",
		},
		Retry: true,
	}
	badOutput = &problem.Problem{
		Code:  "CARD-AGENT_COMMAND_OUTPUT",
		Title: "The program that reads your smartcard gave no usable answer",
		Happened: "Your organisation uses the program {{.Program}} in place of the NHS Identity Agent, " +
			"and what it answered is not a ticket.",
		Steps: []string{
			"Press **Try again**.",
			"If it happens again, give your local service desk the reference below.",
			"Ask them to check {{.Program}}, which the setting agent_command names.",
		},
		Retry: true,
	}
)
