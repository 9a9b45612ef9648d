package ticketapi

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"runtime"
	"strings"
	"syscall"

	"github.com/ers-login/ers-login/internal/helper"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/smartcard"
	"github.com/ers-login/ers-login/smartcard/ticketbridge/wire"
)

// explain returns the *problem.Problem for an error of a helper; its chain holds the code that says
// what the failure means for the ticket. If ctx ended the call, the chain holds the error of ctx
// instead.
func explain(ctx context.Context, err error) error {
	var known *problem.Problem
	var answer *helper.CallError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return known
	case errors.As(err, &answer):
		return answered(answer)
	case ctx.Err() != nil:
		return fmt.Errorf("ticket API: %w", err)
	case errors.Is(err, context.DeadlineExceeded):
		return smartcard.AgentSilent.Because(counts(err, smartcard.ServerCommFailed))
	}
	return ticketProblem(err)
}

// ticketProblem is for a call to a helper that does not work. Where PC/SC's library can be missing,
// there is no Ticket API either: installing PC/SC would not bring a ticket.
func ticketProblem(err error) *problem.Problem {
	if lacksPCSC(err) {
		return NotInstalled(runtime.GOOS).Because(counts(err, smartcard.NotInstalled))
	}
	return helperProblem(err)
}

// answered returns the Problem for an error answer of a working helper.
func answered(answer *helper.CallError) *problem.Problem {
	if code, ok := wire.ParseTicketAPICode(answer.Code); ok {
		return code.Problem().Because(counts(answer, code))
	}
	switch answer.Code {
	case wire.CodeNotInstalled:
		return NotInstalled(runtime.GOOS).Because(counts(answer, smartcard.NotInstalled))
	case wire.CodeBroken:
		return broken.Because(counts(answer, smartcard.LoadResFailed))
	case helper.CodeTooLong:
		return smartcard.BufferTooSmall.Problem().Because(counts(answer, smartcard.BufferTooSmall))
	}
	return failed.Because(counts(answer, smartcard.InternalError))
}

// helperProblem is why a helper that does not work reports no readers.
func helperProblem(err error) *problem.Problem {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, exec.ErrNotFound), errors.Is(err, syscall.ENOTDIR):
		return missing.Because(counts(err, smartcard.NotInstalled))
	case lacksPCSC(err):
		return noPCSC.Because(counts(err, smartcard.NotInstalled))
	case errors.Is(err, helper.ErrOtherVersion):
		return helper.Upgraded.Because(counts(err, smartcard.InternalError))
	}
	return failed.Because(counts(err, smartcard.InternalError))
}

// NotInstalled is the Problem of a computer without the Identity Agent, which exists for Windows
// alone: on another system ([runtime.GOOS]) nothing can be installed, and a setting is missing.
func NotInstalled(system string) *problem.Problem {
	if system == "windows" {
		return smartcard.NotInstalled.Problem()
	}
	return noAgentHere
}

// lacksPCSC reports whether a helper could not be started for lack of PC/SC's library.
func lacksPCSC(err error) bool {
	return errors.Is(err, helper.ErrNotStarted) && strings.Contains(err.Error(), pcscLibrary)
}

// pcscLibrary is in the Linux loader's message when it lacks the library that the helper is linked
// with.
const pcscLibrary = "libpcsclite"

// counts adds a code to an error's chain and keeps its text for the log.
func counts(err error, meaning smartcard.Code) error {
	return fmt.Errorf("%w; this counts as %w", err, meaning)
}

const (
	ifAgain  = "If it happens again, contact your local service desk and quote the reference below."
	tryAgain = "Press **Try again**."
)

// ServiceProblems are those of PC/SC. Without it a ticket may come all the same, and a removed card is noticed later.
var ServiceProblems = problem.Family{noPCSC, unavailable}

var (
	noAgentHere = &problem.Problem{
		Code:  "CARD-NOT_INSTALLED",
		Title: "Signing in with a smartcard is not set up on this computer",
		Happened: "On this computer a program of your organisation's must read your smartcard for e-RS Login, and none is set " +
			"up. The NHS Identity Agent exists for Windows only.",
		ServiceDesk: []string{
			"Set agent_command to the full path of a program that prints the ticket, as docs/deployment.md describes. Or, if your " +
				"users sign in with NHS Care Identity, set client_id.",
		},
	}
	missing = &problem.Problem{
		Code:     "CARD-BRIDGE_MISSING",
		Title:    "A part of e-RS Login is missing",
		Happened: "The part of e-RS Login that talks to the NHS Identity Agent is not on this computer.",
		ServiceDesk: []string{
			"Install e-RS Login again. The file ers-login-ticketbridge must be in the same folder.",
		},
	}
	failed = &problem.Problem{
		Code:  "CARD-BRIDGE_FAILED",
		Title: "The connection to the Identity Agent failed",
		Happened: "The part of e-RS Login that talks to the NHS Identity Agent stopped working. It " +
			"will start again by itself.",
		Steps: []string{
			tryAgain,
			"If that does not help, restart the computer.",
			ifAgain,
		},
		Retry: true,
	}
	broken = &problem.Problem{
		Code:  "CARD-DLL_BROKEN",
		Title: "The Identity Agent does not work with e-RS Login",
		Happened: "e-RS Login reads your smartcard through the NHS Identity Agent. The one on this " +
			"computer cannot be used.",
		ServiceDesk: []string{
			"Repair the NHS Identity Agent or install it again. Its TicketApiDll.dll must be the 32-bit one, and undamaged.",
		},
	}
	noPCSC = &problem.Problem{
		Code:  "CARD-PCSC_MISSING",
		Title: "The software for smartcard readers is not installed",
		Happened: "e-RS Login cannot see the smartcard reader. You can still sign in. It may take " +
			"longer to notice that you removed your card.",
		ServiceDesk: []string{
			"Install PC/SC: on Debian and Ubuntu, the packages libpcsclite1 and pcscd.",
		},
	}
	unavailable = &problem.Problem{
		Code:     "CARD-PCSC_UNAVAILABLE",
		Title:    "e-RS Login cannot see the smartcard reader",
		Happened: "You can still sign in. It may take longer to notice that you removed your card.",
		Steps: []string{
			"Check that the smartcard reader is plugged in. If it is, unplug it and plug it in again.",
			"If that does not help, contact your local service desk and quote the reference below.",
		},
		ServiceDesk: []string{
			"Check the smart card service of this computer.",
		},
	}
	// NotLooked is the Problem as long as the helper has not seen the readers yet.
	NotLooked = &problem.Problem{
		Code:     "CARD-READERS_UNKNOWN",
		Title:    "The smartcard reader has not been checked yet",
		Happened: "e-RS Login is starting to look for smartcard readers.",
		Steps:    []string{"Wait a moment, then check again."},
	}
)
