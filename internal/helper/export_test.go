package helper

// Bounds that a test goes up to, in lines and lines a second.
const (
	StderrBurst = stderrBurst
	StderrRate  = stderrRate
)

// Idle tells whether nobody has the turn, so that a test knows when a call is under way.
func (s *Supervisor) Idle() bool { return len(s.turn) == 0 }
