package smartcard

import (
	"fmt"
	"slices"
	"strings"

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
	row := c.row()
	if row == nil {
		row = c.unpublished()
	}
	made := row.advice
	made.Code, made.Cause = "CARD-"+row.name, c
	made.Retry = slices.ContainsFunc(made.Steps, func(step string) bool { return strings.Contains(step, "**Try again**") })
	return &made
}

// unpublished returns the name for references and the advice of a code that is not in the table.
func (c Code) unpublished() *row {
	name := fmt.Sprintf("0x%08X", uint32(c))
	if number, ok := c.Windows(); ok {
		name = fmt.Sprintf("WINDOWS-%d", number)
	}
	if group, ok := groups[c.Group()]; ok {
		return &row{c, name, group.advice}
	}
	return &row{c, name, foreignGuidance}
}

// Steps that several codes share. One that mentions **Try again** shows that button.
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

// row is a published code: the Ticket API's name for it, and our advice.
type row struct {
	code   Code
	name   string
	advice problem.Problem
}

// published is the Ticket API's table in order of group and number. The advice keeps to what the
// names imply: public documentation names the codes and says little more.
var published = []row{
	{Internal, "INTERNAL", internalFault},
	{NotInitialized, "NOT_INITIALIZED", problem.Problem{
		Title:    "The connection to the Identity Agent was not ready",
		Happened: "e-RS Login asked for your sign-in before it was connected to the Identity Agent.",
		Steps:    []string{tryAgain, restartProgram, ifAgain},
	}},
	{InvalidParameter, "INVALID_PARAMETER", problem.Problem{
		Title:       "The Identity Agent did not accept the request",
		Happened:    "e-RS Login and the Identity Agent on this computer do not understand each other.",
		ServiceDesk: []string{"Check that the version of the Identity Agent works with e-RS Login."},
	}},
	{BufferTooSmall, "BUFFER_TOO_SMALL", problem.Problem{
		Title:    "The Identity Agent's answer was too long",
		Happened: "The Identity Agent sent more than e-RS Login can accept.",
		Steps:    []string{reinsertCard, enterPasscode, ifAgain},
	}},
	{InvalidInstanceHandle, "INVALID_INSTANCE_HANDLE", problem.Problem{
		Title:    "The connection to the Identity Agent was lost",
		Happened: "The Identity Agent no longer knows e-RS Login. It may have been restarted.",
		Steps:    []string{tryAgain, restartProgram, ifAgain},
	}},
	{ServerBusy, "SERVER_BUSY", problem.Problem{
		Title:    "The Identity Agent is busy",
		Happened: "The Identity Agent is doing something else.",
		Steps:    []string{"If an Identity Agent window is open, finish what it asks for or close it.", waitAndTry, ifAgain},
	}},
	{ServerCommFailed, "SERVER_COMM_FAILED", problem.Problem{
		Title:    "The Identity Agent could not be reached",
		Happened: "The part of the Identity Agent that looks after your sign-in did not respond.",
		Steps:    []string{checkAgentRuns, tryAgain, restartComputer, ifAgain},
	}},
	{ResourceAllocationFailed, "RESOURCE_ALLOCATION_FAILED", problem.Problem{
		Title:    "The Identity Agent ran out of memory",
		Happened: "The Identity Agent could not get the memory or another resource that it needs.",
		Steps:    []string{"Close the programs that you do not need.", tryAgain, restartComputer, ifAgain},
	}},
	{TicketNotAvailable, "TICKET_NOT_AVAILABLE", problem.Problem{
		Title:    "No smartcard is signed in",
		Happened: "The Identity Agent has no smartcard sign-in at the moment.",
		Steps:    []string{"If your smartcard is not in the reader, insert it.", enterPasscode, ifAgain},
	}},
	{InternalError, "INTERNAL_ERROR", internalFault},
	{NotImplemented, "NOT_IMPLEMENTED", problem.Problem{
		Title:       "This Identity Agent cannot do what was asked",
		Happened:    "e-RS Login needs a newer version of the Identity Agent than the one on this computer.",
		ServiceDesk: []string{"Update the NHS Identity Agent."},
	}},

	{SmartcardNotSupported, "SMARTCARD_NOT_SUPPORTED", problem.Problem{
		Title:    "This type of smartcard is not supported",
		Happened: "The Identity Agent does not know the type of the card in the reader.",
		Steps: []string{
			checkOwnCard, enterPasscode,
			"If it is your NHS smartcard, ask your Registration Authority whether it must be " +
				"replaced.",
		},
	}},
	{ReaderNotAvailable, "READER_NOT_AVAILABLE", problem.Problem{
		Title:    "No smartcard reader was found",
		Happened: "The Identity Agent cannot find a smartcard reader on this computer.",
		Steps: []string{
			"Check that the reader is plugged in. If it is, unplug it and plug it in again.", insertCard, tryAgain, ifAgain,
		},
	}},
	{SmartcardNotValid, "SMARTCARD_NOT_VALID", problem.Problem{
		Title:    "Your smartcard is not valid",
		Happened: "The Identity Agent does not accept the smartcard in the reader.",
		Steps: []string{checkOwnCard, "Ask your Registration Authority to check whether your smartcard must be renewed " +
			"or replaced."},
	}},
	{PINBlocked, "PIN_BLOCKED", problem.Problem{
		Title:    "Your smartcard is blocked",
		Happened: "The wrong passcode was entered too many times.",
		Steps:    []string{"Ask your Registration Authority to unblock your smartcard.", "When they have unblocked it, insert your smartcard and sign in again."},
	}},
	{CardTransactionFailed, "CARD_TRANSACTION_FAILED", problem.Problem{
		Title:    "Your smartcard could not be read",
		Happened: "The exchange between the smartcard and the reader failed.",
		Steps:    []string{reinsertCard, "Push it in firmly, chip first, and leave it in the reader.", enterPasscode, ifAgain},
	}},
	{NoCertFound, "NO_CERT_FOUND", problem.Problem{
		Title:    "Your smartcard has no certificate to sign in with",
		Happened: "The Identity Agent found no certificate on the card in the reader.",
		Steps: []string{
			checkOwnCard, "Ask your Registration Authority to check the certificates on your smartcard and to renew them.",
		},
	}},
	{NoKeyFound, "NO_KEY_FOUND", problem.Problem{
		Title:    "Your smartcard has no key to sign in with",
		Happened: "The Identity Agent found no key on the card in the reader.",
		Steps:    []string{checkOwnCard, "Ask your Registration Authority to check your smartcard and to renew or replace it."},
	}},

	{UserAbort, "USER_ABORT", problem.Problem{
		Title:    "Sign-in was cancelled",
		Happened: "The passcode window was closed before the sign-in was complete.",
		Steps:    []string{"To sign in, press **Try again** and enter your passcode."},
	}},
	{AuthenticationFailed, "AUTHENTICATION_FAILED", problem.Problem{
		Title:    "Your smartcard sign-in failed",
		Happened: "The passcode was wrong, or the sign-in was refused.",
		Steps: []string{
			"If you are not sure of your passcode, ask your Registration Authority first. Too " +
				"many wrong entries block your smartcard.",
			"Press **Try again** and enter your passcode.",
			ifAgain,
		},
	}},
	{AuthenticationNotPossible, "AUTHENTICATION_NOT_POSSIBLE", problem.Problem{
		Title:    "Signing in is not possible at the moment",
		Happened: "The Identity Agent could not carry out the smartcard sign-in.",
		Steps:    []string{checkNetwork, reinsertCard, enterPasscode, ifAgain},
	}},
	{UserNotValid, "USER_NOT_VALID", problem.Problem{
		Title:    "This smartcard cannot be used to sign in",
		Happened: "The NHS sign-in service did not accept it.",
		Steps: []string{
			"Check that the smartcard is yours.",
			"Ask your Registration Authority to check that your smartcard and your access are active.",
		},
	}},
	{AuthServerNotAvailable, "AUTHSERVER_NOT_AVAILABLE", problem.Problem{
		Title:    "The NHS sign-in service could not be reached",
		Happened: "The Identity Agent got no answer from the service that checks smartcards.",
		Steps:    []string{checkNetwork, waitAndTry, ifAgain},
	}},
	{AuthDataSyntaxError, "AUTHDATA_SYNTAX_ERROR", problem.Problem{
		Title:    "The sign-in data could not be understood",
		Happened: "The Identity Agent did not understand the data to sign you in.",
		Steps:    []string{reinsertCard, enterPasscode, ifAgain},
	}},
	{AuthNotValid, "AUTH_NOT_VALID", problem.Problem{
		Title:    "Your smartcard sign-in is not valid",
		Happened: "The Identity Agent does not accept your sign-in, which may have ended.",
		Steps:    []string{reinsertCard, enterPasscode, ifAgain},
	}},
	{AuthMethodNotSupported, "AUTHMETHOD_NOT_SUPPORTED", problem.Problem{
		Title:       "This way of signing in is not supported",
		Happened:    "The way of signing in that was asked for is not supported for your smartcard sign-in.",
		ServiceDesk: []string{"Check how the NHS Identity Agent is set up."},
	}},

	{VersionConflict, "VERSION_CONFLICT", problem.Problem{
		Title:       "The parts of the Identity Agent do not fit together",
		Happened:    "Parts of the Identity Agent on this computer have different versions.",
		ServiceDesk: []string{"Install the NHS Identity Agent again."},
	}},
	{NotInstalled, "NOT_INSTALLED", problem.Problem{
		Title: "The NHS Identity Agent is not installed",
		Happened: "e-RS Login needs the NHS Identity Agent to read your smartcard, and it is not on " +
			"this computer.",
		Steps: []string{
			"Ask your local service desk to install the NHS Identity Agent. Quote the " +
				"reference below.", "Until then, use a computer that has it.",
		},
	}},
	{NoServerFound, "NO_SERVERFOUND", problem.Problem{
		Title:       "The Identity Agent found no sign-in service",
		Happened:    "The Identity Agent does not know a server at which it can sign you in.",
		Steps:       []string{checkNetwork, tryAgain, ifAgain},
		ServiceDesk: []string{"Check the Identity Agent's settings."},
	}},
	{LoadResFailed, "LOAD_RES_FAILED", problem.Problem{
		Title:       "A part of the Identity Agent is missing",
		Happened:    "The Identity Agent could not load one of its own parts.",
		ServiceDesk: []string{"Repair the NHS Identity Agent or install it again."},
	}},
	{AuthMethodNotAvailable, "AUTHMETHOD_NOT_AVAILABLE", problem.Problem{
		Title:       "This way of signing in is not available",
		Happened:    "The Identity Agent on this computer does not offer the way of signing in that was asked for.",
		ServiceDesk: []string{"Check how the NHS Identity Agent is set up."},
	}},
	{AuthMethodNotPossible, "AUTHMETHOD_NOT_POSSIBLE", problem.Problem{
		Title:    "This way of signing in cannot be used here",
		Happened: "The Identity Agent cannot use the way of signing in that was asked for on this computer.",
		Steps:    []string{reinsertCard, enterPasscode, ifAgain},
	}},
	{ResourceNotAvailable, "RESOURCE_NOT_AVAILABLE", problem.Problem{
		Title:    "Something that the Identity Agent needs is missing",
		Happened: "Something that the Identity Agent depends on is not available on this computer.",
		Steps:    []string{tryAgain, restartComputer, ifAgain},
	}},
}

var internalFault = problem.Problem{
	Title:    "The Identity Agent has a fault",
	Happened: "The Identity Agent reported a fault of its own and did not say which.",
	Steps:    []string{tryAgain, restartComputer, ifAgain},
}

// groups are the published ones: what they are about, and the advice for their unpublished codes and for Windows errors.
var groups = map[Group]struct {
	name   string
	advice problem.Problem
}{
	GroupGeneric: {"generic", internalFault},
	GroupCardAndDevice: {"card and device", problem.Problem{
		Title:    "There is a problem with the smartcard or its reader",
		Happened: "The Identity Agent could not work with the smartcard or the reader.",
		Steps:    []string{reinsertCard, enterPasscode, ifAgain},
	}},
	GroupAuthentication: {"authentication", problem.Problem{
		Title:    "Your smartcard sign-in did not succeed",
		Happened: "The Identity Agent could not sign you in.",
		Steps:    []string{reinsertCard, enterPasscode, ifAgain},
	}},
	GroupConfiguration: {"configuration", problem.Problem{
		Title:       "The Identity Agent is not set up properly",
		Happened:    "The Identity Agent on this computer reported a problem with its installation or its settings.",
		ServiceDesk: []string{"Check how the NHS Identity Agent is installed and set up."},
	}},
	GroupWindows: {"Windows", problem.Problem{
		Title:    "Windows stopped the Identity Agent's work",
		Happened: "The Identity Agent passed on an error of Windows.",
		Steps:    []string{tryAgain, restartComputer, ifAgain},
	}},
}

// foreignGuidance is for a code of no published group.
var foreignGuidance = problem.Problem{
	Title:    "The Identity Agent gave an unknown answer",
	Happened: "The Identity Agent reported a problem that e-RS Login does not know.",
	Steps:    []string{tryAgain, restartComputer, ifAgain},
}
