package smartcard

import (
	"fmt"

	"github.com/ers-login/ers-login/internal/problem"
)

// AgentSilent is the Problem of an Identity Agent that does not answer, or not intelligibly.
var AgentSilent = &problem.Problem{
	Code:     "CARD-AGENT_SILENT",
	Title:    "The Identity Agent does not answer",
	Happened: "e-RS Login cannot check whether your smartcard is signed in.",
	Steps:    []string{checkAgentRuns, tryAgain, restartComputer, ifAgain},
	Retry:    true,
}

// Err returns the code's Problem as an error, and nil for Success.
func (c Code) Err() error {
	if c == Success {
		return nil
	}
	return c.Problem()
}

// Problem returns the advice to the user for the code, under a reference such as CARD-PIN_BLOCKED,
// with the Code as its cause. An unpublished code gets the advice of its group and its number in
// the reference. It is nil for Success; where an error is wanted, use [Code.Err].
func (c Code) Problem() *problem.Problem {
	if c == Success {
		return nil
	}
	advice, ok := guidance[c]
	if !ok {
		if advice, ok = groupGuidance[c.Group()]; !ok {
			advice = foreignGuidance
		}
	}
	advice.Code = "CARD-" + c.reference()
	advice.Cause = c
	return &advice
}

// reference returns the code's reference for the service desk.
func (c Code) reference() string {
	if name, ok := c.name(); ok {
		return name
	}
	if number, ok := c.Windows(); ok {
		return fmt.Sprintf("WINDOWS-%d", number)
	}
	return fmt.Sprintf("0x%08X", uint32(c))
}

// Steps that several codes share. A Problem mentions **Try again** if and only if its Retry shows
// the button.
const (
	checkAgentRuns = "Check that the NHS Identity Agent is running. Its icon is next to the clock on " +
		"the taskbar."
	checkNetwork    = "Check that this computer is connected to your organisation's network."
	checkOwnCard    = "Check that you have inserted your NHS smartcard and not another card."
	insertCard      = "Insert your smartcard."
	reinsertCard    = "Remove your smartcard and insert it again."
	enterPasscode   = "Enter your passcode, then press **Try again**."
	tryAgain        = "Press **Try again**."
	waitAndTry      = "Wait a minute, then press **Try again**."
	restartProgram  = "If that does not help, close e-RS Login and start it again."
	restartComputer = "If that does not help, restart the computer."
	ifAgain         = "If it happens again, contact your local service desk and quote the reference below."
)

// guidance has the texts for the published codes. They keep to what the names imply: public
// documentation names the codes and says little more.
var guidance = map[Code]problem.Problem{
	Internal:      internalFault,
	InternalError: internalFault,
	NotInitialized: {
		Title:    "The connection to the Identity Agent was not ready",
		Happened: "e-RS Login asked for your sign-in before it was connected to the Identity Agent.",
		Steps:    []string{tryAgain, restartProgram, ifAgain},
		Retry:    true,
	},
	InvalidParameter: {
		Title:    "The Identity Agent did not accept the request",
		Happened: "e-RS Login and the Identity Agent on this computer do not understand each other.",
		ServiceDesk: []string{
			"Check that the version of the Identity Agent works with e-RS Login.",
		},
	},
	BufferTooSmall: {
		Title:    "The Identity Agent's answer was too long",
		Happened: "The Identity Agent sent more than e-RS Login can accept.",
		Steps:    []string{reinsertCard, enterPasscode, ifAgain},
		Retry:    true,
	},
	InvalidInstanceHandle: {
		Title:    "The connection to the Identity Agent was lost",
		Happened: "The Identity Agent no longer knows e-RS Login. It may have been restarted.",
		Steps:    []string{tryAgain, restartProgram, ifAgain},
		Retry:    true,
	},
	ServerBusy: {
		Title:    "The Identity Agent is busy",
		Happened: "The Identity Agent is doing something else.",
		Steps: []string{
			"If an Identity Agent window is open, finish what it asks for or close it.", waitAndTry, ifAgain,
		},
		Retry: true,
	},
	ServerCommFailed: {
		Title:    "The Identity Agent could not be reached",
		Happened: "The part of the Identity Agent that looks after your sign-in did not respond.",
		Steps:    []string{checkAgentRuns, tryAgain, restartComputer, ifAgain},
		Retry:    true,
	},
	ResourceAllocationFailed: {
		Title:    "The Identity Agent ran out of memory",
		Happened: "The Identity Agent could not get the memory or another resource that it needs.",
		Steps:    []string{"Close the programs that you do not need.", tryAgain, restartComputer, ifAgain},
		Retry:    true,
	},
	TicketNotAvailable: {
		Title:    "No smartcard is signed in",
		Happened: "The Identity Agent has no smartcard sign-in at the moment.",
		Steps:    []string{"If your smartcard is not in the reader, insert it.", enterPasscode, ifAgain},
		Retry:    true,
	},
	NotImplemented: {
		Title:    "This Identity Agent cannot do what was asked",
		Happened: "e-RS Login needs a newer version of the Identity Agent than the one on this computer.",
		ServiceDesk: []string{
			"Update the NHS Identity Agent.",
		},
	},

	SmartcardNotSupported: {
		Title:    "This type of smartcard is not supported",
		Happened: "The Identity Agent does not know the type of the card in the reader.",
		Steps: []string{
			checkOwnCard, enterPasscode,
			"If it is your NHS smartcard, ask your Registration Authority whether it must be " +
				"replaced.",
		},
		Retry: true,
	},
	ReaderNotAvailable: {
		Title:    "No smartcard reader was found",
		Happened: "The Identity Agent cannot find a smartcard reader on this computer.",
		Steps: []string{
			"Check that the reader is plugged in. If it is, unplug it and plug it in again.", insertCard, tryAgain, ifAgain,
		},
		Retry: true,
	},
	SmartcardNotValid: {
		Title:    "Your smartcard is not valid",
		Happened: "The Identity Agent does not accept the smartcard in the reader.",
		Steps: []string{checkOwnCard, "Ask your Registration Authority to check whether your smartcard must be renewed " +
			"or replaced."},
	},
	PINBlocked: {
		Title:    "Your smartcard is blocked",
		Happened: "The wrong passcode was entered too many times.",
		Steps:    []string{"Ask your Registration Authority to unblock your smartcard.", "When they have unblocked it, insert your smartcard and sign in again."},
	},
	CardTransactionFailed: {
		Title:    "Your smartcard could not be read",
		Happened: "The exchange between the smartcard and the reader failed.",
		Steps: []string{
			reinsertCard, "Push it in firmly, chip first, and leave it in the reader.", enterPasscode, ifAgain,
		},
		Retry: true,
	},
	NoCertFound: {
		Title:    "Your smartcard has no certificate to sign in with",
		Happened: "The Identity Agent found no certificate on the card in the reader.",
		Steps: []string{
			checkOwnCard, "Ask your Registration Authority to check the certificates on your smartcard and to renew them.",
		},
	},
	NoKeyFound: {
		Title:    "Your smartcard has no key to sign in with",
		Happened: "The Identity Agent found no key on the card in the reader.",
		Steps: []string{
			checkOwnCard, "Ask your Registration Authority to check your smartcard and to renew or replace it.",
		},
	},

	UserAbort: {
		Title:    "Sign-in was cancelled",
		Happened: "The passcode window was closed before the sign-in was complete.",
		Steps:    []string{"To sign in, press **Try again** and enter your passcode."},
		Retry:    true,
	},
	AuthenticationFailed: {
		Title:    "Your smartcard sign-in failed",
		Happened: "The passcode was wrong, or the sign-in was refused.",
		Steps: []string{
			"If you are not sure of your passcode, ask your Registration Authority first. Too " +
				"many wrong entries block your smartcard.",
			"Press **Try again** and enter your passcode.",
			ifAgain,
		},
		Retry: true,
	},
	AuthenticationNotPossible: {
		Title:    "Signing in is not possible at the moment",
		Happened: "The Identity Agent could not carry out the smartcard sign-in.",
		Steps:    []string{checkNetwork, reinsertCard, enterPasscode, ifAgain},
		Retry:    true,
	},
	UserNotValid: {
		Title:    "This smartcard cannot be used to sign in",
		Happened: "The NHS sign-in service did not accept it.",
		Steps: []string{
			"Check that the smartcard is yours.",
			"Ask your Registration Authority to check that your smartcard and your access are active.",
		},
	},
	AuthServerNotAvailable: {
		Title:    "The NHS sign-in service could not be reached",
		Happened: "The Identity Agent got no answer from the service that checks smartcards.",
		Steps:    []string{checkNetwork, waitAndTry, ifAgain},
		Retry:    true,
	},
	AuthDataSyntaxError: {
		Title:    "The sign-in data could not be understood",
		Happened: "The Identity Agent did not understand the data to sign you in.",
		Steps:    []string{reinsertCard, enterPasscode, ifAgain},
		Retry:    true,
	},
	AuthNotValid: {
		Title:    "Your smartcard sign-in is not valid",
		Happened: "The Identity Agent does not accept your sign-in, which may have ended.",
		Steps:    []string{reinsertCard, enterPasscode, ifAgain},
		Retry:    true,
	},
	AuthMethodNotSupported: {
		Title:    "This way of signing in is not supported",
		Happened: "The way of signing in that was asked for is not supported for your smartcard sign-in.",
		ServiceDesk: []string{
			"Check how the NHS Identity Agent is set up.",
		},
	},

	VersionConflict: {
		Title:    "The parts of the Identity Agent do not fit together",
		Happened: "Parts of the Identity Agent on this computer have different versions.",
		ServiceDesk: []string{
			"Install the NHS Identity Agent again.",
		},
	},
	NotInstalled: {
		Title: "The NHS Identity Agent is not installed",
		Happened: "e-RS Login needs the NHS Identity Agent to read your smartcard, and it is not on " +
			"this computer.",
		Steps: []string{
			"Ask your local service desk to install the NHS Identity Agent. Quote the " +
				"reference below.", "Until then, use a computer that has it.",
		},
	},
	NoServerFound: {
		Title:    "The Identity Agent found no sign-in service",
		Happened: "The Identity Agent does not know a server at which it can sign you in.",
		Steps: []string{
			checkNetwork,
			tryAgain,
			"If it happens again, contact your local service desk and quote the reference below.",
		},
		ServiceDesk: []string{
			"Check the Identity Agent's settings.",
		},
		Retry: true,
	},
	LoadResFailed: {
		Title:    "A part of the Identity Agent is missing",
		Happened: "The Identity Agent could not load one of its own parts.",
		ServiceDesk: []string{
			"Repair the NHS Identity Agent or install it again.",
		},
	},
	AuthMethodNotAvailable: {
		Title:    "This way of signing in is not available",
		Happened: "The Identity Agent on this computer does not offer the way of signing in that was asked for.",
		ServiceDesk: []string{
			"Check how the NHS Identity Agent is set up.",
		},
	},
	AuthMethodNotPossible: {
		Title:    "This way of signing in cannot be used here",
		Happened: "The Identity Agent cannot use the way of signing in that was asked for on this computer.",
		Steps:    []string{reinsertCard, enterPasscode, ifAgain},
		Retry:    true,
	},
	ResourceNotAvailable: {
		Title:    "Something that the Identity Agent needs is missing",
		Happened: "Something that the Identity Agent depends on is not available on this computer.",
		Steps:    []string{tryAgain, restartComputer, ifAgain},
		Retry:    true,
	},
}

var internalFault = problem.Problem{
	Title:    "The Identity Agent has a fault",
	Happened: "The Identity Agent reported a fault of its own and did not say which.",
	Steps:    []string{tryAgain, restartComputer, ifAgain},
	Retry:    true,
}

// groupGuidance is for unpublished codes of a known group, and for Windows errors.
var groupGuidance = map[Group]problem.Problem{
	GroupGeneric: internalFault,
	GroupCardAndDevice: {
		Title:    "There is a problem with the smartcard or its reader",
		Happened: "The Identity Agent could not work with the smartcard or the reader.",
		Steps:    []string{reinsertCard, enterPasscode, ifAgain},
		Retry:    true,
	},
	GroupAuthentication: {
		Title:    "Your smartcard sign-in did not succeed",
		Happened: "The Identity Agent could not sign you in.",
		Steps:    []string{reinsertCard, enterPasscode, ifAgain},
		Retry:    true,
	},
	GroupConfiguration: {
		Title:    "The Identity Agent is not set up properly",
		Happened: "The Identity Agent on this computer reported a problem with its installation or its settings.",
		ServiceDesk: []string{
			"Check how the NHS Identity Agent is installed and set up.",
		},
	},
	GroupWindows: {
		Title:    "Windows stopped the Identity Agent's work",
		Happened: "The Identity Agent passed on an error of Windows.",
		Steps:    []string{tryAgain, restartComputer, ifAgain},
		Retry:    true,
	},
}

// foreignGuidance is for a code of no published group.
var foreignGuidance = problem.Problem{
	Title:    "The Identity Agent gave an unknown answer",
	Happened: "The Identity Agent reported a problem that e-RS Login does not know.",
	Steps:    []string{tryAgain, restartComputer, ifAgain},
	Retry:    true,
}
