package signin

// phaseNames are the phases' names in the log, where tests and service desks follow a sign-in.
var phaseNames = map[Phase]string{
	Starting: "starting", Waiting: "waiting", Prompting: "prompting", SigningIn: "signing-in", Choosing: "choosing",
	ChoosingClinician: "choosing-clinician", Selecting: "selecting", SignedIn: "signed-in", Ending: "ending", Failed: "failed", Closed: "closed",
}

// String returns the phase's name as the log has it.
func (p Phase) String() string { return phaseNames[p] }

var reasonNames = map[Reason]string{
	NotEnded: "", SignedOut: "signed-out", CardRemoved: "card-removed", TicketChanged: "ticket-changed", Expired: "expired",
	RoleSwitched: "role-switched", Cancelled: "cancelled", Quitting: "quitting", Abandoned: "abandoned",
	ScreenLocked: "screen-locked", UserSwitched: "user-switched", Renewed: "renewed",
	RoleGivenUp: "role-given-up", Idle: "idle",
}

// String returns the reason's name as the log has it.
func (r Reason) String() string { return reasonNames[r] }
