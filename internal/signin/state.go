package signin

import (
	"time"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/problem"
)

// Phase is where the flow stands.
type Phase int

// The phases, in the order in which a sign-in passes through them.
const (
	// Starting clears what a run that ended without a goodbye has left behind.
	Starting Phase = iota
	// Waiting has no session and waits for a proof, or for the user to ask for one.
	Waiting
	// Prompting has the platform ask the user for a proof.
	Prompting
	// SigningIn has a proof and opens a session at e-RS.
	SigningIn
	// Choosing shows the user's organisations and business functions.
	Choosing
	// ChoosingClinician shows the clinicians that the user can work for in the chosen role.
	ChoosingClinician
	// Selecting selects one and hands the session to the keyring.
	Selecting
	// SignedIn has a session that other applications can use.
	SignedIn
	// Ending clears the keyring and then closes the session at e-RS.
	Ending
	// Failed shows a Problem. There is no session.
	Failed
	// Closed is the end: nothing is left, the program can exit.
	Closed
)

// phaseNames are the phases' names in the log, where tests and service desks follow a sign-in.
var phaseNames = map[Phase]string{
	Starting: "starting", Waiting: "waiting", Prompting: "prompting", SigningIn: "signing-in", Choosing: "choosing",
	ChoosingClinician: "choosing-clinician", Selecting: "selecting", SignedIn: "signed-in", Ending: "ending", Failed: "failed", Closed: "closed",
}

// String returns the phase's name as the log has it.
func (p Phase) String() string { return phaseNames[p] }

// Missing is what a user without a session has to do next, in the platform's words: English texts,
// which are the keys of their translations. The zero Missing means that nothing is known yet.
type Missing struct {
	// Name is the log's word for it.
	Name    string
	Picture Picture
	// Title and Text are the screen. Again stands below a title that says why the last session ended.
	Title, Text, Again string
	// Button is the label of the button that signs in, empty for "Sign in".
	Button string
	// First: nothing can be done before, so that it is shown in place of why the last session ended.
	First bool
	// CardIn: a smartcard is in a reader. It may be the next person's, who is not to be asked for it
	// because that of the last one was removed.
	CardIn bool
}

// String returns what is missing, as the log has it.
func (m Missing) String() string {
	if m.Name == "" {
		return "unknown"
	}
	return m.Name
}

// Words is what the window says in a platform's words besides Missing: English texts, which are the
// keys of their translations.
type Words struct {
	// Platform is its name, for the settings and the service desk.
	Platform string
	// Picture is that of work in which the user has no part.
	Picture Picture
	// InBrowser are the steps of a user who gives a proof in the web browser; empty if they give it
	// elsewhere. Then Lost is for one who does not find where: {{.Keys}} go to another window.
	InBrowser []string
	Lost      string
	// Opening stands below "Signing in to e-RS…", and Working below "You are signed in to e-RS".
	Opening, Working string
	// Renewing says what renewing a session takes, if that is a new proof.
	Renewing string
	// Switching says what switching the role interrupts; empty if other applications go on meanwhile.
	Switching string
	// Leaving is what a user who closes the window has to do besides, so that no other one signs in as
	// them; empty if nothing.
	Leaving string
	// CardEnds: removing the smartcard ends the session.
	CardEnds bool
	// Advice is what helps most often if a user cannot sign in, and RoleMissing who can add a role.
	Advice      []string
	RoleMissing string
	// Named says whose name the header shows, and NotYou what another person does after signing out.
	// NotMine and NotMineYet are that in short, for a signed-in user and for one who chooses a role.
	Named               string
	NotYou              []string
	NotMine, NotMineYet string
}

// Picture names a picture of a screen.
type Picture string

// The pictures.
const (
	PictureCard     Picture = "card"
	PictureReader   Picture = "reader"
	PicturePasscode Picture = "passcode"
	PictureProgram  Picture = "program"
	PictureBrowser  Picture = "browser"
)

// Reason is why the last session ended, or why the present one is ending, by its name in the log.
type Reason string

// The reasons for which a session ends. CardRemoved and TicketChanged are named after HSCN's proof,
// and mean that of either platform.
const (
	// NotEnded: no session has ended yet.
	NotEnded Reason = ""
	// SignedOut: the user asked for it.
	SignedOut Reason = "signed-out"
	// CardRemoved: the proof is gone, most often because the card was removed.
	CardRemoved Reason = "card-removed"
	// TicketChanged: a user authenticated anew, so the session may belong to another person.
	TicketChanged Reason = "ticket-changed"
	// Expired: the session has reached its maximum age.
	Expired Reason = "expired"
	// RoleSwitched: the user wants to work as something else.
	RoleSwitched Reason = "role-switched"
	// Cancelled: the user gave up a sign-in under way.
	Cancelled Reason = "cancelled"
	// Quitting: the program is about to exit.
	Quitting Reason = "quitting"
	// Abandoned: the sign-in could not be completed, or the session not be refreshed, and what was
	// created for it is taken back.
	Abandoned Reason = "abandoned"
	// ScreenLocked: the screen was locked, and the organisation wants a session to end with that.
	ScreenLocked Reason = "screen-locked"
	// UserSwitched: another user works at the workstation now.
	UserSwitched Reason = "user-switched"
	// Renewed: the user wants to go on in the same role for longer.
	Renewed Reason = "renewed"
	// Idle: the computer was not used for as long as the organisation allows.
	Idle Reason = "idle"
	// RoleGivenUp: the user gave up a role that was being opened, to choose again with the same proof.
	RoleGivenUp Reason = "role-given-up"
)

// Health is what is known of one link of the chain.
type Health int

// The states of a link.
const (
	// HealthUnknown: it was not asked yet.
	HealthUnknown Health = iota
	// HealthGood: it answered as it should.
	HealthGood
	// HealthWaiting: it works, and waits for the user, as it does before each sign-in (no card).
	HealthWaiting
	// HealthAttention: it works, but not without the user (no reader, a locked keyring).
	HealthAttention
	// HealthBad: it does not work.
	HealthBad
)

// Link is the health of a link, with the words of the platform that knows it. Text is English, and
// the key of its translation.
type Link struct {
	Health Health
	Text   string
}

// Links is the health of the three neighbours, for the status bar.
type Links struct {
	// Proof is where proofs come from: good with a proof, attention while the user has to give one.
	// Its zero value is that no platform is known yet.
	Proof Link
	// ERS is good when the last connection to e-RS succeeded, or the last call was answered.
	ERS Health
	// Keyring is attention while it is locked.
	Keyring Health
}

// State is all the window needs to draw itself. It is a value, complete in itself, and holds no
// secret.
type State struct {
	Phase Phase
	// Since is when the phase began.
	Since time.Time
	// Missing is what a user has to do next, while Waiting and Prompting.
	Missing Missing
	// Words are the platform's; nil while none is known.
	Words *Words
	// Browser is the page in which the user signs in, while Prompting; nil if they do so elsewhere.
	Browser *Browser
	// Reason is why the session before ended (Waiting), or why this one is ending (Ending).
	Reason Reason
	// Holder is who signed in before with the proof that is there, while Waiting. It is zero without a
	// proof, or if the proof was not used yet.
	Holder User
	// User is who signed in, from Choosing on.
	User User
	// Permissions is what the user can choose from while Choosing.
	Permissions []ersclient.Permission
	// LastUsed is the pair that this user chose last time, if it is among the Permissions.
	LastUsed *ersclient.Permission
	// Chosen is the pair that is being or was selected, from ChoosingClinician on; with a Problem, the
	// one that it is about, or zero.
	Chosen ersclient.Permission
	// Clinicians are the 12-digit ids to choose from in ChoosingClinician.
	Clinicians []string
	// Switching: a signed-in user is choosing another role. Until they have, other applications go on
	// in the present one, and Cancel returns to it.
	Switching bool
	// SignedInAt and ExpiresAt bound the session while SignedIn.
	SignedInAt, ExpiresAt time.Time
	// Problem is what a Failed flow shows, or why a choice has failed (Choosing: TryAgain and Cancel
	// show the choice again). ProblemAt is when it happened.
	Problem   *problem.Problem
	ProblemAt time.Time
	// Proven: the user of a Failed sign-in had given a proof.
	Proven bool
	// Uncleared: a Failed flow has not made sure that the keyring holds no session. TryAgain begins
	// with that.
	Uncleared bool
	// EndsSoon: the session of a SignedIn user reaches its maximum age within five minutes. Renew
	// starts it anew.
	EndsSoon bool
	// RenewAsks: to renew the session, the user is asked for a new proof, since the present one
	// expires soon.
	RenewAsks bool
	// EntryGone: a SignedIn user's session was removed from the keyring. The reason is not known, and
	// it may be closed at e-RS: the user decides how to go on.
	EntryGone bool
	// AskedBy is the program that wants the user to sign in, as it calls itself; empty if none does.
	// It stays until a user is signed in or the user has given up (Cancel, in every phase but
	// Selecting).
	AskedBy string
	// IdleAfter is how long the computer can be unused before the session ends; 0 if it does not end
	// then. The publisher of the flow's states fills it in.
	IdleAfter time.Duration
	// Environment is the e-RS that the program signs in to. The publisher of the flow's
	// states fills it in.
	Environment Environment
	// Links is the health of the neighbours.
	Links Links
	// Notices is what is wrong without keeping a user from working, in a stable order.
	Notices []Notice
}

// Environment is an e-RS, as its users distinguish it from another.
type Environment struct {
	// Name is that of a test environment, such as dev1. It is empty for the live one, and while none
	// is known.
	Name string
	// Host is the host of its address, empty while none is known.
	Host string
	// Platform is that of the settings, such as hscn, and ASID the accredited system ID, if it has one:
	// a service desk asks for them.
	Platform, ASID string
}

// Notice is a fault that a user or their service desk should know of, and that does not prevent
// working.
type Notice struct {
	// Problem is the fault. Its Code distinguishes notices.
	Problem *problem.Problem
	// Quiet: it helps to find a fault, and is of no interest to other users.
	Quiet bool
	// Instead: while Waiting, it replaces what the user has to do next, which would not help.
	Instead bool
	// Session: while SignedIn, other applications cannot use the session.
	Session bool
}

// User is who signed in, as far as the window shows it.
type User struct {
	Name string
	// Identifier is the 12-digit national id.
	Identifier string
}

// Intent is what a user wants. The window sends intents; the flow decides.
type Intent interface{ intent() }

// The intents.
type (
	// SignIn signs in with the proof that is there, and has the user asked for one if there is none.
	SignIn struct{}
	// Requested says that another program wants the user to sign in; with an empty name, that none
	// does any more. It begins nothing.
	Requested struct{ By string }
	// Cancel gives up what is under way, and what another program has asked for. While Selecting it
	// gives up that role alone: the user chooses again.
	Cancel struct{}
	// Choose selects an organisation and business function; in ChoosingClinician, with OnBehalfOf.
	Choose struct{ Permission ersclient.Permission }
	// SwitchRole offers the choice again: within the session, or else by ending it and beginning one
	// with the same proof.
	SwitchRole struct{}
	// Renew replaces the session by one that lives longer, in the same organisation and role.
	Renew struct{}
	// SignOut ends the session.
	SignOut struct{}
	// TryAgain leaves a Problem by starting over.
	TryAgain struct{}
	// Look has the neighbours looked at now, for [State.Links].
	Look struct{}
	// Quit ends the session, and then the flow. AtOnce means a computer that does not wait (log-off,
	// shutdown): there is no grace.
	Quit struct{ AtOnce bool }
)

func (SignIn) intent()     {}
func (Requested) intent()  {}
func (Cancel) intent()     {}
func (Choose) intent()     {}
func (SwitchRole) intent() {}
func (Renew) intent()      {}
func (SignOut) intent()    {}
func (TryAgain) intent()   {}
func (Look) intent()       {}
func (Quit) intent()       {}

// WorkstationEvent is something that has happened to the workstation, and matters to a session, by its
// name in the log.
type WorkstationEvent string

// The workstation events.
const (
	// Woke: the computer has slept, or its clock has jumped, so that nothing that a timer promised has
	// happened.
	Woke WorkstationEvent = "woke"
	// Locked: the screen was locked.
	Locked WorkstationEvent = "screen-locked"
	// SwitchedAway: another user works at the computer now, or the connection to the desktop was cut.
	SwitchedAway WorkstationEvent = "user-switched"
	// CameBack: the screen is unlocked, or the user is back at the computer.
	CameBack WorkstationEvent = "came-back"
	// WentIdle: the computer was not used for as long as the setting idle_timeout allows.
	WentIdle WorkstationEvent = "went-idle"
)
