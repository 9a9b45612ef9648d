package signin

// WorkstationEvent is something that has happened to the workstation, and matters to a session.
type WorkstationEvent int

// The incidents.
const (
	// Woke: the computer has slept, or its clock has jumped, so that nothing that a timer promised has
	// happened.
	Woke WorkstationEvent = iota
	// Locked: the screen was locked.
	Locked
	// SwitchedAway: another user works at the computer now, or the connection to the desktop was cut.
	SwitchedAway
	// CameBack: the screen is unlocked, or the user is back at the computer.
	CameBack
	// WentIdle: nobody has used the computer for as long as the setting idle_timeout allows.
	WentIdle
)

var incidentNames = map[WorkstationEvent]string{Woke: "woke", Locked: "screen-locked", SwitchedAway: "user-switched", CameBack: "came-back", WentIdle: "went-idle"}

// String returns the incident's name as the log has it.
func (i WorkstationEvent) String() string { return incidentNames[i] }
