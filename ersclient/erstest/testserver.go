package erstest

import "github.com/ers-login/ers-login/ersclient/testserver"

// What every stand-in has: see package testserver.
type (
	// Call is one of A001 to A003.
	Call = testserver.Call
	// Request is a call that was made.
	Request = testserver.Request
	// Fault is a failure ordered for a call.
	Fault = testserver.Fault
	// FaultKind is a kind of failure.
	FaultKind = testserver.FaultKind
)

// The faults.
const (
	Slow          = testserver.Slow
	CutBefore     = testserver.CutBefore
	CutAfter      = testserver.CutAfter
	CutDuring     = testserver.CutDuring
	Hang          = testserver.Hang
	HTML          = testserver.HTML
	TruncatedJSON = testserver.TruncatedJSON
	HugeBody      = testserver.HugeBody
	Status        = testserver.Status
	Redirect      = testserver.Redirect
	// Outcome answers 422 with an OperationOutcome whose text is Fault.Diagnostics.
	Outcome FaultKind = "outcome"
)
